//! Which declaration of a Bicep file a resource of the compiled template comes from.
//!
//! Templates with symbolic names say it. In others the type tells where only one declaration has it, and the name where
//! several do; the last one is what is left. Where more than one declaration could be meant, none is.

use crate::import::json::Json;

use super::outline::{Declaration, Declares, Outline};

/// The type of all modules in a template.
const DEPLOYMENT: &str = "Microsoft.Resources/deployments";

/// The declaration of the resource under a symbolic name, such as `net::inner`.
pub(super) fn by_symbol<'o>(outline: &'o Outline, symbol: &str) -> Option<&'o Declaration> {
    let declarations = outline.declarations();
    let mut names = symbol.split("::");
    let first = names.next()?;
    let top = |one: &Declaration| {
        matches!(one.kind, Declares::Resource | Declares::Module) && one.parent.is_none()
    };
    let mut at = declarations
        .iter()
        .position(|one| top(one) && one.name == first)?;
    for name in names {
        at = declarations
            .iter()
            .position(|one| one.parent == Some(at) && one.name == name)?;
    }
    declarations.get(at)
}

/// The declaration of a resource in a list, by its type and name.
pub(super) fn by_content<'o>(
    outline: &'o Outline,
    resources: Json<'_>,
    resource: Json<'_>,
) -> Option<&'o Declaration> {
    let kind = kind_of(resource)?;
    let is_kind = |own: Option<String>| own.is_some_and(|own| own.eq_ignore_ascii_case(&kind));
    let alike: Vec<Json<'_>> = resources
        .items()
        .filter(|other| is_kind(kind_of(*other)))
        .collect();
    let declarations = outline.declarations();
    let candidates: Vec<usize> = (0..declarations.len())
        .filter(|at| is_kind(declared_kind(outline, *at)))
        .collect();
    if alike.len() != candidates.len() {
        return None;
    }
    // A name that one declaration gives and one resource has makes them a pair.
    let pair = |resource: Json<'_>| {
        let mut named = candidates
            .iter()
            .filter(|at| has_name(outline, **at, resource));
        let only = named.next().filter(|_| named.next().is_none())?;
        let holders = alike
            .iter()
            .filter(|other| has_name(outline, *only, **other));
        (holders.count() == 1).then_some(*only)
    };
    if let Some(found) = pair(resource) {
        return declarations.get(found);
    }
    // What is left when all others have found each other is a pair too.
    let others = alike.iter().filter(|other| !other.is_same(resource));
    let taken: Vec<usize> = others.map(|other| pair(*other)).collect::<Option<_>>()?;
    let mut left = candidates.iter().filter(|at| !taken.contains(at));
    let found = left.next().filter(|_| left.next().is_none())?;
    declarations.get(*found)
}

/// Type and version as Bicep writes them. All modules are of one type.
fn kind_of(resource: Json<'_>) -> Option<String> {
    let kind = resource.get("type")?.as_str()?;
    if kind.eq_ignore_ascii_case(DEPLOYMENT) && resource.at(&["properties", "template"]).is_some() {
        return Some(DEPLOYMENT.to_owned());
    }
    let version = resource.get("apiVersion")?.as_str()?;
    Some(format!("{kind}@{version}"))
}

/// The same of a declaration. What exists already is not in a list.
fn declared_kind(outline: &Outline, at: usize) -> Option<String> {
    let one = outline.declarations().get(at)?;
    match one.kind {
        Declares::Module => Some(DEPLOYMENT.to_owned()),
        Declares::Resource if !one.existing => full_kind(outline, one, 0),
        _ => None,
    }
}

/// A resource in the body of another one gives the rest of the type only, and may leave out the version.
fn full_kind(outline: &Outline, one: &Declaration, depth: usize) -> Option<String> {
    let own = outline.content(one.target.clone()?)?;
    let Some(parent) = one.parent else {
        return Some(own.to_owned());
    };
    let parent = outline.declarations().get(parent).filter(|_| depth < 16)?;
    let above = full_kind(outline, parent, depth + 1)?;
    let (above, version) = above.split_once('@')?;
    let (kind, version) = own.split_once('@').unwrap_or((own, version));
    Some(format!("{above}/{kind}@{version}"))
}

/// Whether the name that a declaration gives is certainly the last part of the name of a resource.
fn has_name(outline: &Outline, at: usize, resource: Json<'_>) -> bool {
    let written = || {
        let one = outline.declarations().get(at)?;
        let body = outline.body(one.value?)?;
        let (_, value) = outline.member(body, "name")?;
        Some(outline.value_range(value))
    };
    let Some(range) = written() else {
        return false;
    };
    let Some(name) = resource.get("name").and_then(Json::as_str) else {
        return false;
    };
    match outline.content(range.clone()) {
        // Of a child, the name is `[format('{0}/{1}', …, 'child')]`.
        Some(text) => {
            *name == *text
                || name.ends_with(&format!(", '{text}')]"))
                || (!name.starts_with('[') && name.ends_with(&format!("/{text}")))
        }
        None => {
            let word = outline.source(range);
            let plain = word.chars().all(|c| c.is_alphanumeric() || c == '_');
            plain
                && ["parameters", "variables"].iter().any(|function| {
                    name == format!("[{function}('{word}')]")
                        || name.ends_with(&format!(", {function}('{word}'))]"))
                })
        }
    }
}
