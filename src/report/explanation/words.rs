//! How flows, places and verdicts read.

use crate::azure::provisioning::Symptom;
use crate::azure::{Announced, Element, Flow, Sender, Verdict};
use crate::base::{Origin, SourceMap, Span};
use crate::diag::Edit;
use crate::estate::Estate;

/// Who starts a flow, such as `analytics.pool (10.10.1.4)`.
pub(super) fn sender(estate: &Estate, sender: &Sender) -> String {
    match sender {
        Sender::Inside { subnet, address } => {
            let path = estate.subnet_path(*subnet).replace('/', ".");
            format!("{path} ({address})")
        }
        Sender::Outside { address, .. } => format!("{address} (outside)"),
    }
}

/// Where a flow goes, such as `mcr.microsoft.com:443/tcp`.
pub(super) fn target(flow: &Flow) -> String {
    let transport = flow.transport.keyword();
    let port = if flow.transport.has_ports() {
        format!(":{}", flow.port)
    } else {
        String::new()
    };
    let place = match (&flow.to.name, flow.to.address) {
        (Some(name), Some(address)) => format!("{name}{port}/{transport} ({address})"),
        (Some(name), None) => format!("{name}{port}/{transport}"),
        (None, Some(address)) if address.is_ipv6() => format!("[{address}]{port}/{transport}"),
        (None, Some(address)) => format!("{address}{port}/{transport}"),
        (None, None) => match flow.to.tags.first() {
            Some(tag) => format!("an address of service tag {tag}{port}/{transport}"),
            None => format!("any public address{port}/{transport}"),
        },
    };
    match &flow.announced {
        Announced::Target => place,
        Announced::Nothing => format!("{place}, telling no name"),
        Announced::Name(name) => format!("{place}, telling {name}"),
    }
}

/// `path:line`, where an element is written.
pub(super) fn place(sources: &SourceMap, origin: Origin) -> Option<String> {
    origin.span().and_then(|span| line_of(sources, span))
}

fn line_of(sources: &SourceMap, span: Span) -> Option<String> {
    let file = sources.get(span.file)?;
    let line = file.line_column(span.start).line;
    Some(format!("{}:{line}", file.path()))
}

/// An element with its place.
pub(in crate::report) fn placed(sources: &SourceMap, element: &Element) -> String {
    match place(sources, element.origin) {
        Some(place) => format!("{} ({place})", element.name),
        None => element.name.clone(),
    }
}

/// Words that a sentence about an element begins with when it does not go on from the element's name.
const OPENERS: [&str; 12] = [
    "a", "an", "firewall", "identity", "its", "network", "nothing", "packets", "rule", "subnet",
    "the", "which",
];

/// An element and what is said of it, as one sentence: the text goes on from the name, or follows a colon.
pub(super) fn said(name: &str, text: &str) -> String {
    said_as(name, name, text)
}

/// The same with the place of the element behind its name.
pub(in crate::report) fn said_placed(sources: &SourceMap, element: &Element, text: &str) -> String {
    said_as(&element.name, &placed(sources, element), text)
}

fn said_as(name: &str, shown: &str, text: &str) -> String {
    if let Some(rest) = text.strip_prefix(name) {
        return format!("{shown}{rest}");
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    let verb = first.chars().all(|c| c.is_ascii_lowercase()) && !OPENERS.contains(&first);
    if verb {
        format!("{shown} {text}")
    } else {
        format!("{shown}: {text}")
    }
}

/// What becomes of a flow, for people.
pub(in crate::report) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "reachable",
        Verdict::Uncertain => "uncertain",
        Verdict::NoReturn => "the reply is lost",
        Verdict::Denied => "not reachable",
    }
}

/// The same behind a number.
pub(super) fn counted(of: Verdict) -> &'static str {
    match of {
        Verdict::NoReturn => "with the reply lost",
        other => verdict(other),
    }
}

/// The word that ends where a span begins.
fn word_before(sources: &SourceMap, span: Span) -> Option<&str> {
    let text = sources.get(span.file)?.text();
    let before = text.get(..span.start as usize)?;
    before.rsplit(char::is_whitespace).next()
}

/// An edit as what to write where.
pub(super) fn edit(sources: &SourceMap, edit: &Edit) -> String {
    let written = sources.text(edit.span).trim();
    let text = edit.text.trim();
    let at = line_of(sources, edit.span).unwrap_or_default();
    if let Some(last) = word_before(sources, edit.span).filter(|_| text.starts_with(',')) {
        return format!("{at}: add `{text}` behind `{last}`");
    }
    match (written.is_empty(), text.is_empty()) {
        (true, _) => format!("{at}: add `{text}`"),
        (false, true) => format!("{at}: remove `{written}`"),
        (false, false) => format!("{at}: write `{text}` for `{written}`"),
    }
}

/// Errors as Azure shows them, a line each: those of the node's script, with what wraps them.
pub(super) fn symptoms(symptoms: &[Symptom]) -> Vec<String> {
    const MOST: usize = 2;
    let wrappers = |exit| {
        let wrapping = symptoms
            .iter()
            .filter(move |s| s.is_wrapper() && s.exit == exit);
        let codes: Vec<&str> = wrapping.filter_map(|s| s.code.as_deref()).collect();
        codes.join(" or ")
    };
    // What has no code of its own comes later in the script, or is a variant of what has one.
    let named = symptoms.iter().any(|s| s.code.is_some());
    let own = symptoms
        .iter()
        .filter(|s| !s.is_wrapper() && (s.code.is_some() || !named));
    own.take(MOST)
        .map(|symptom| {
            let exit = symptom
                .exit
                .map(|exit| format!("vmssCSE exit status={exit}"));
            let head: Vec<String> = exit.into_iter().chain(symptom.code.clone()).collect();
            let mut line = head.join(", ");
            let wrapped = wrappers(symptom.exit);
            if !wrapped.is_empty() {
                line.push_str(&format!(" (inside {wrapped})"));
            }
            if let Some(message) = &symptom.message {
                line.push_str(&format!(": \"{message}\""));
            }
            line
        })
        .collect()
}
