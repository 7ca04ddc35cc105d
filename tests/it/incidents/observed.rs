//! What the evaluator said to a check, in the words of the incident files.

use std::net::IpAddr;

use tidegate::azure::{Blocker, Element, Site};
use tidegate::base::Origin;

use super::build::OR;
use super::deficit::Lacking;
use super::path::{Part, Path};
use super::topology::Built;

/// What the evaluator said. Fields that a kind of check does not have stay empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Observed {
    pub(super) verdict: &'static str,
    pub(super) cause: Option<&'static str>,
    /// The element that decides.
    pub(super) element: Option<Seen>,
    /// Every element that a step is about.
    pub(super) steps: Vec<Seen>,
    /// The rules that nearly decided otherwise, the nearest first.
    pub(super) near: Vec<Seen>,
    /// Rules that would have decided otherwise and were not asked.
    pub(super) shadowed: Vec<Seen>,
    pub(super) matched: Vec<Seen>,
    pub(super) path: Vec<Seen>,
    pub(super) source_nat: Vec<IpAddr>,
    /// Whether a flow shows as one that does not arrive.
    pub(super) lacks: Option<Lacking>,
    pub(super) missing_actions: Vec<String>,
    pub(super) log: Option<String>,
    /// `private`, `public` or `none`.
    pub(super) answer: Option<&'static str>,
    pub(super) answered: Option<IpAddr>,
    /// A name has an answer that is of no use.
    pub(super) misleads: bool,
    pub(super) codes: Vec<String>,
    pub(super) exits: Vec<u16>,
    pub(super) messages: Vec<String>,
    /// Why, in the evaluator's words.
    pub(super) text: String,
}

/// An element as the evaluator shows it, turned back into paths.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) name: String,
    /// The paths it may be written as; none for Azure's own.
    pub(super) paths: Vec<Path>,
}

impl Seen {
    pub(super) fn of(element: &Element, built: &Built) -> Self {
        let mut paths = paths_at(element.origin, built);
        if let Site::DefaultRule(nsg, _) = element.site {
            paths = paths_at(built.estate.nsgs[nsg].meta.origin, built);
            if let Some(rule) = element.name.split('`').nth(1) {
                for Path { parts, .. } in &mut paths {
                    parts.push(Part::Key("rules".to_owned()));
                    parts.push(Part::Pick(rule.to_owned()));
                }
            }
        }
        Self {
            name: element.name.clone(),
            paths,
        }
    }

    /// How it is called in a list of names.
    pub(super) fn short(&self) -> &str {
        let mut names = self
            .paths
            .iter()
            .filter_map(|path| path.names().last().copied());
        names.next_back().unwrap_or(&self.name)
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.paths.first() {
            Some(path) => path.fmt(f),
            None => f.write_str(&self.name),
        }
    }
}

fn paths_at(origin: Origin, built: &Built) -> Vec<Path> {
    let Some(span) = origin.span() else {
        return Vec::new();
    };
    let text = built.sources.text(span);
    text.split(OR).filter_map(Path::parse).collect()
}

impl Observed {
    /// Takes over what the deciding blocker says.
    pub(super) fn blocked_by(&mut self, blocker: &Blocker, built: &Built) {
        let seen = |element: &Element| Seen::of(element, built);
        self.cause = Some(blocker.cause.slug());
        self.element = Some(seen(&blocker.element));
        self.near = blocker
            .near
            .iter()
            .map(|near| seen(&near.element))
            .collect();
        self.shadowed.extend(blocker.shadowed.iter().map(seen));
        self.log.clone_from(&blocker.log);
        self.text.clone_from(&blocker.text);
    }
}
