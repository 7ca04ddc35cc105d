//! What a team wants of every network: the `assertions` of `tidegate.yaml`.
//!
//! ```yaml
//! assertions:
//!   - from: ["snet-*", hub/jump]       # subnets: NAME or NETWORK/NAME
//!     never-reaches: [0.0.0.0/0]
//!     over: [tcp/22, tcp/3389]
//!     because: administrators come through the bastion
//!     severity: warning
//!   - from: [snet-aks]
//!     only-reaches: ["*.azurecr.io", tag AzureActiveDirectory]
//!     over: [https]
//!   - from: [snet-aks]
//!     reaches: [mcr.microsoft.com]
//!     over: [https]
//!     via: fw-hub                      # a firewall; `appliance NAME` for another device
//! ```

mod read;
mod way;

use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use crate::azure::facts::Facts;
use crate::base::{FileId, SourceMap, Span, Spanned};
use crate::diag::Severity;
use crate::estate::{Estate, Id, Subnet};
use crate::intent::{Assertion, Demand, Subject};
use crate::report::Gap;

pub(super) use self::read::{Word, Written};

use self::read::{Asserted, Subnets};
use self::way::{Seen, Way};

/// A line and a column of the configuration, from 1.
pub(super) type Place = (u32, u32);

/// The assertions of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Assertions {
    path: Utf8PathBuf,
    text: String,
    all: Vec<Asserted>,
}

impl Assertions {
    /// Reads the assertions of a configuration.
    ///
    /// # Errors
    /// One message with its place, for the first that is no assertion.
    pub(super) fn parse(
        path: &Utf8Path,
        text: &str,
        written: impl Iterator<Item = Written>,
    ) -> Result<Self, String> {
        let all = written.map(|written| Asserted::parse(&written));
        let all: Result<Vec<Asserted>, (Place, String)> = all.collect();
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            all: all.map_err(|((line, column), message)| {
                format!("{path}:{line}:{column}: {message}")
            })?,
        })
    }
}

/// The assertions of a run.
#[derive(Debug)]
pub(super) struct Asserting<'a> {
    all: Vec<Open<'a>>,
    seen: Seen,
}

/// An assertion at its place in a file that was read, not yet about the subnets of a network.
#[derive(Debug)]
struct Open<'a> {
    from: &'a [Subnets],
    assertion: Assertion,
    way: Option<(&'a Way, Span)>,
    place: Span,
    /// Whether any network has a subnet that it is about.
    met: AtomicBool,
}

impl<'a> Asserting<'a> {
    /// Takes the configuration in as a file, so that findings can show it.
    pub(super) fn new(assertions: &'a Assertions, sources: &mut SourceMap) -> Self {
        if assertions.all.is_empty() {
            return Self {
                all: Vec::new(),
                seen: Seen::default(),
            };
        }
        let file = sources.add(assertions.path.clone(), assertions.text.clone());
        let span = |place: &Place| place_in(sources, file, *place);
        let all = assertions.all.iter().map(|asserted| {
            let destinations = asserted.destinations.iter();
            let services = asserted.services.iter();
            let place = span(&asserted.place);
            let assertion = Assertion {
                from: Subject::Subnets(Vec::new()),
                demand: asserted.demand.clone(),
                destinations: destinations
                    .map(|(destination, place)| Spanned::new(destination.clone(), span(place)))
                    .collect(),
                services: services
                    .map(|(service, place)| Spanned::new(*service, span(place)))
                    .collect(),
                reason: asserted.reason.clone(),
                severity: asserted.severity,
                origin: place.into(),
            };
            Open {
                from: &asserted.from,
                assertion,
                way: asserted.way.as_ref().map(|way| (way, span(&way.place))),
                place,
                met: AtomicBool::new(false),
            }
        });
        Self {
            all: all.collect(),
            seen: Seen::default(),
        }
    }

    /// The file that they are written in.
    pub(super) fn file(&self) -> Option<FileId> {
        self.all.first().map(|open| open.place.file)
    }

    /// What must hold in one estate.
    pub(super) fn about(&self, estate: &Estate, facts: &Facts) -> Vec<Assertion> {
        self.seen.note(estate);
        let mut about = Vec::new();
        for open in &self.all {
            let subnets = estate.subnets.iter().filter(|(_, subnet)| {
                let mut from = open.from.iter();
                from.any(|pattern| pattern.is(estate, subnet, facts))
            });
            let subnets: Vec<Id<Subnet>> = subnets.map(|(id, _)| id).collect();
            if subnets.is_empty() {
                continue;
            }
            open.met.store(true, Ordering::Relaxed);
            let mut assertion = open.assertion.clone();
            assertion.from = Subject::Subnets(subnets);
            if let Some((way, _)) = open.way {
                let via = Some(way.in_network(estate));
                assertion.demand = Demand::Reaches { via };
            }
            about.push(assertion);
        }
        about
    }

    /// What no network has: the subnets that an assertion is about, or what its way has to pass.
    pub(super) fn idle(&self) -> impl Iterator<Item = Gap> + '_ {
        let warning = |message: String, place: Span| Gap {
            severity: Severity::Warning,
            message,
            place: Some(place),
        };
        self.all.iter().flat_map(move |open| {
            let is_idle = !open.met.load(Ordering::Relaxed);
            let idle = is_idle.then_some("no network has a subnet that this assertion is about");
            let idle = idle.map(|message| warning(message.to_owned(), open.place));
            let lacking = open.way.and_then(|(way, span)| {
                let message = self.seen.lacks(way)?;
                Some(warning(message, span))
            });
            idle.into_iter().chain(lacking)
        })
    }
}

/// What stands at a place, to the end of its line.
fn place_in(sources: &SourceMap, file: FileId, (line, column): Place) -> Span {
    let Some(source) = sources.get(file) else {
        return sources.span(file, 0, 0);
    };
    let start = source.line_start(line) as usize;
    let rest = source.text().get(start..).unwrap_or("");
    let row = rest.lines().next().unwrap_or("");
    let before: usize = row
        .chars()
        .take(column.saturating_sub(1) as usize)
        .map(char::len_utf8)
        .sum();
    let end = start + row.trim_end().len();
    sources.span(file, (start + before).min(end), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let mut sources = SourceMap::default();
        let file = sources.add("tidegate.yaml", "a: 1\nä: [x, yz]\r\n".to_owned());
        let span = place_in(&sources, file, (2, 8));
        assert_eq!(sources.text(span), "yz]");
        assert_eq!(sources.text(place_in(&sources, file, (9, 9))), "");
    }
}
