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

mod way;

use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::base::{FileId, SourceMap, Span, Spanned};
use crate::diag::Severity;
use crate::estate::{Estate, Id, Subnet};
use crate::intent::{Assertion, Demand, Subject};
use crate::net::{
    AddressRange, Destination, FqdnPattern, FqdnTag, Service, ServiceTag, parse_prefix,
};
use crate::report::Gap;

use self::way::{Seen, Way};

/// A line and a column of the configuration, from 1.
pub(super) type Place = (u32, u32);

/// A word of the configuration.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Place,
}

/// An assertion as it is written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) place: Place,
    pub(super) from: Vec<Word>,
    pub(super) reaches: Vec<Word>,
    pub(super) never_reaches: Vec<Word>,
    pub(super) only_reaches: Vec<Word>,
    pub(super) via: Option<Word>,
    pub(super) over: Vec<Word>,
    pub(super) because: Option<String>,
    pub(super) severity: Severity,
}

/// The assertions of one configuration.
#[derive(Debug, Clone, Default)]
pub struct Assertions {
    path: Utf8PathBuf,
    text: String,
    all: Vec<Asserted>,
}

/// One assertion, not yet about the subnets of a network.
#[derive(Debug, Clone)]
struct Asserted {
    place: Place,
    from: Vec<Subnets>,
    /// Without the way, which each network has for itself.
    demand: Demand,
    way: Option<Way>,
    destinations: Vec<(Destination, Place)>,
    services: Vec<(Service, Place)>,
    reason: Option<SmolStr>,
    severity: Severity,
}

/// Subnets by name.
#[derive(Debug, Clone)]
struct Subnets {
    written: String,
    matcher: GlobMatcher,
}

impl Subnets {
    /// # Errors
    /// When it is no pattern.
    fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text)
            .case_insensitive(true)
            .literal_separator(true)
            .build();
        let matcher = glob
            .map_err(|error| error.kind().to_string())?
            .compile_matcher();
        let written = text.to_owned();
        Ok(Self { written, matcher })
    }

    /// Azure's own subnets, such as that of the firewall, are meant only where they are named.
    fn is(&self, estate: &Estate, subnet: &Subnet, facts: &Facts) -> bool {
        let name = subnet.meta.name.as_str();
        let network = estate.vnets[subnet.vnet].meta.name.as_str();
        let fits = if self.written.contains('/') {
            self.matcher.is_match(format!("{network}/{name}"))
        } else {
            self.matcher.is_match(name)
        };
        let named = self.written.rsplit('/').next();
        fits && (facts.reserved_subnet(name).is_none()
            || named.is_some_and(|named| named.eq_ignore_ascii_case(name)))
    }
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
            if let Some((way, span)) = open.way {
                let via = Some(way.in_network(estate, span));
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

impl Asserted {
    fn parse(written: &Written) -> Result<Self, (Place, String)> {
        let place = written.place;
        let wrong = |message: &str| (place, message.to_owned());
        let lists = [
            (&written.reaches, Demand::Reaches { via: None }),
            (&written.never_reaches, Demand::NeverReaches),
            (&written.only_reaches, Demand::OnlyReaches),
        ];
        let mut said = lists.into_iter().filter(|(to, _)| !to.is_empty());
        let (Some((to, demand)), None) = (said.next(), said.next()) else {
            return Err(wrong(
                "an assertion has one of `reaches`, `never-reaches` and `only-reaches`, with what is meant",
            ));
        };
        let way = match &written.via {
            Some(via) if !matches!(demand, Demand::Reaches { .. }) => {
                let message = "`via` belongs to `reaches`: say in an assertion of its own what is reached that way";
                return Err((via.place, message.to_owned()));
            }
            via => via
                .as_ref()
                .map(|via| Way::parse(via).map_err(|message| (via.place, message))),
        };
        if written.from.is_empty() || written.over.is_empty() {
            return Err(wrong(
                "an assertion names subnets in `from` and services in `over`",
            ));
        }
        let from = written.from.iter().map(|pattern| {
            Subnets::parse(&pattern.text).map_err(|message| (pattern.place, message))
        });
        let destinations = to.iter().map(|target| {
            destination(&target.text)
                .map(|destination| (destination, target.place))
                .map_err(|message| (target.place, message))
        });
        let services = written.over.iter().map(|service| {
            let parsed = service.text.parse::<Service>();
            parsed
                .map(|parsed| (parsed, service.place))
                .map_err(|error| (service.place, format!("`{}`: {error}", service.text)))
        });
        Ok(Self {
            place,
            from: from.collect::<Result<_, _>>()?,
            demand,
            way: way.transpose()?,
            destinations: destinations.collect::<Result<_, _>>()?,
            services: services.collect::<Result<_, _>>()?,
            reason: written.because.as_deref().map(SmolStr::from),
            severity: written.severity,
        })
    }
}

/// A destination in the words of policies.
fn destination(text: &str) -> Result<Destination, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["any"] => Ok(Destination::Anywhere),
        ["tag", tag] => Ok(Destination::ServiceTag(ServiceTag::new(*tag))),
        ["fqdn-tag", tag] => Ok(Destination::FqdnTag(FqdnTag::new(*tag))),
        [word] => {
            if let Some(range) = AddressRange::parse(word) {
                return Ok(Destination::Range(range));
            }
            let is_address = word.contains('/') || word.contains(':');
            match (parse_prefix(word), word.parse::<FqdnPattern>()) {
                (Ok(prefix), _) => Ok(Destination::Prefix(prefix)),
                (Err(error), _) if is_address => Err(format!("`{word}`: {error}")),
                (Err(_), Ok(_)) if !word.contains('.') && !word.starts_with('*') => Err(format!(
                    "`{word}`: expected a domain name, an address or a prefix"
                )),
                (Err(_), Ok(pattern)) => Ok(Destination::Fqdn(pattern)),
                (Err(_), Err(error)) => Err(format!("`{word}`: {error}")),
            }
        }
        _ => Err(format!(
            "`{text}`: expected a name, an address, a prefix, `tag NAME`, `fqdn-tag NAME` or `any`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_the_words_of_policies() {
        for (text, shown) in [
            ("any", "any"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.4", "10.0.0.4"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("10.0.0.4-10.0.0.9", "10.0.0.4-10.0.0.9"),
            ("tag Sql.WestEurope", "tag Sql.WestEurope"),
            (
                "fqdn-tag AzureKubernetesService",
                "fqdn-tag AzureKubernetesService",
            ),
            ("*.contoso.com", "*.contoso.com"),
            ("mcr.microsoft.com", "mcr.microsoft.com"),
        ] {
            assert_eq!(
                destination(text).map(|it| it.to_string()),
                Ok(shown.to_owned())
            );
        }
        for text in ["", "10.0.0.0/33", "10.0.0.4/8", "tag", "a..b", "tag A B"] {
            assert!(destination(text).is_err(), "{text}");
        }
    }

    #[test]
    fn places_count_characters() {
        let mut sources = SourceMap::default();
        let file = sources.add("tidegate.yaml", "a: 1\nä: [x, yz]\r\n".to_owned());
        let span = place_in(&sources, file, (2, 8));
        assert_eq!(sources.text(span), "yz]");
        assert_eq!(sources.text(place_in(&sources, file, (9, 9))), "");
    }
}
