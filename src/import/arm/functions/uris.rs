//! Addresses on the web.

use crate::import::Text;

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome};
use super::texts;

/// `uri(base, relative)`, as RFC 3986, section 5, resolves it.
///
/// Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-string.md, uri. What
/// .NET would write differently (escapes, capitals in host names) is left to Azure.
pub(super) fn uri(call: &Call<'_>) -> Outcome {
    let base = call.text(0)?;
    let relative = call.text(1)?;
    if let (Text::Known(base), Text::Known(relative)) = (&base, &relative) {
        if ![base, relative]
            .into_iter()
            .all(|text| text.bytes().all(is_plain))
        {
            return Err(ONLY_AZURE_KNOWS);
        }
        let Some(base) = Parts::of(base) else {
            return Err(call.wrong(format!("wants an absolute URI, not `{base}`")));
        };
        return call.string_value(resolved(&base, relative).ok_or(ONLY_AZURE_KNOWS)?);
    }
    // A folder and something in it.
    let inside = texts::prefix(&relative);
    let is_inside = !inside.is_empty() && !inside.starts_with(['/', '?', '#', '.']);
    let has_scheme = inside.contains(':');
    if texts::suffix(&base).ends_with('/') && is_inside && !has_scheme && !inside.contains("./") {
        return Ok(call.text_value(texts::joined([&base, &relative])?));
    }
    let unknown = if base.hole().is_some() {
        &base
    } else {
        &relative
    };
    Err(call.inside(unknown))
}

/// What is written the same after resolving.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&()*+,;=".contains(&byte)
}

struct Parts<'a> {
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
}

impl<'a> Parts<'a> {
    /// The parts of `SCHEME://AUTHORITY/PATH`; query and fragment of a base do not matter.
    fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at)?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        (is_scheme && !authority.is_empty()).then_some(Self {
            scheme,
            authority,
            path,
        })
    }
}

fn resolved(base: &Parts<'_>, relative: &str) -> Option<String> {
    let has_scheme = relative
        .split(['/', '?', '#'])
        .next()
        .is_some_and(|s| s.contains(':'));
    let lower = |text: &str| !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if has_scheme || relative.starts_with("//") || !lower(base.scheme) || !lower(base.authority) {
        return None;
    }
    let Parts {
        scheme,
        authority,
        path,
    } = base;
    let root = format!("{scheme}://{authority}");
    if relative.is_empty() || relative.starts_with(['?', '#']) {
        return Some(format!(
            "{root}{}{relative}",
            if path.is_empty() { "/" } else { path }
        ));
    }
    let at = relative.find(['?', '#']).unwrap_or(relative.len());
    let (own, tail) = relative.split_at_checked(at)?;
    let folder = path
        .rfind('/')
        .and_then(|at| path.get(..=at))
        .unwrap_or("/");
    let merged = if own.starts_with('/') {
        own.to_owned()
    } else {
        format!("{folder}{own}")
    };
    Some(format!("{root}{}{tail}", without_dots(&merged)))
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}
