//! Built-in catalogs held against lists that others publish, name by name, in both directions.
//!
//! The lists are no part of this project. `TIDEGATE_SHARED` names a folder whose `data` has them; without it nothing is
//! compared and a line says so. Every difference has its reason in `explained.yaml`, with the number of names it is
//! about: a difference that is new, and one that is gone, fails.

mod aks_hci;
mod azure_local;
mod explained;
mod hdinsight;

use std::collections::BTreeSet;
use std::fmt;

use camino::Utf8PathBuf;
use tidegate::intent::catalog::{Catalog, Direction, Endpoint, Region, TemplateKind};

use super::support::project;

const VARIABLE: &str = "TIDEGATE_SHARED";

/// The folder of lists; `None` when the environment names none.
fn lists() -> Option<Utf8PathBuf> {
    let Ok(shared) = std::env::var(VARIABLE) else {
        println!("skipped: {VARIABLE} names no folder with lists to hold catalogs against");
        return None;
    };
    let folder = project(&shared).join("data");
    assert!(folder.is_dir(), "{folder} is not there");
    Some(folder)
}

/// A name that must be reachable, as a list or a catalog asks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    /// The part of the list, such as a region.
    place: String,
    /// The name or pattern, in lower case; `{}` stands for a part that only the user knows.
    name: String,
    /// The ports; none where only names are compared.
    ports: Option<(u16, u16)>,
}

impl Wanted {
    fn at(place: &str, name: &str, port: u16) -> Self {
        Self {
            place: place.to_owned(),
            name: name.to_lowercase(),
            ports: Some((port, port)),
        }
    }

    /// Whether it lets everything through that another one asks for.
    fn covers(&self, other: &Self) -> bool {
        let ports = match (self.ports, other.ports) {
            (Some((first, last)), Some(other)) => first <= other.0 && other.1 <= last,
            (own, other) => own == other,
        };
        ports && self.place == other.place && matches(&self.name, &other.name)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.ports {
            None => Ok(()),
            Some((first, last)) if first == last => write!(f, ":{first}"),
            Some((first, last)) => write!(f, ":{first}-{last}"),
        }
    }
}

/// Whether a name is of a pattern in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter()
                .any(|at| name.get(at..).is_some_and(|end| matches(rest, end)))
        }),
    }
}

/// A list and what it is held against.
struct Comparison {
    /// What it is called in `explained.yaml`.
    name: &'static str,
    /// What the two sides are called there.
    sides: [&'static str; 2],
    /// What the two sides ask for.
    wanted: [BTreeSet<Wanted>; 2],
}

/// What became of one side of a comparison.
struct Side<'c> {
    /// Names that the other side has in the same words.
    same: usize,
    /// Names that a pattern of the other side covers.
    covered: usize,
    /// Names that the other side does not let through.
    only: Vec<&'c Wanted>,
}

impl Comparison {
    fn side(&self, index: usize) -> Side<'_> {
        let own = &self.wanted[index];
        let other = &self.wanted[1 - index];
        // Whole names are looked up; only patterns and ranges have to be tried.
        let wide = |it: &&Wanted| {
            it.name.contains('*') || it.ports.is_some_and(|(first, last)| first != last)
        };
        let patterns: Vec<&Wanted> = other.iter().filter(wide).collect();
        let mut side = Side {
            same: 0,
            covered: 0,
            only: Vec::new(),
        };
        for wanted in own {
            if other.contains(wanted) {
                side.same += 1;
            } else if patterns.iter().any(|it| it.covers(wanted)) {
                side.covered += 1;
            } else {
                side.only.push(wanted);
            }
        }
        side
    }
}

/// The names that endpoints of a catalog ask for in a region, whatever has to hold for them to be needed.
///
/// Addresses and tags are left out: the lists have names.
fn names_of<'e>(
    catalog: &Catalog,
    place: &str,
    region: Option<&Region>,
    endpoints: impl Iterator<Item = &'e Endpoint>,
) -> BTreeSet<Wanted> {
    let value = |name: &str| region?.value_of(catalog.parameter(name)?.kind);
    let mut names = BTreeSet::new();
    for endpoint in endpoints.filter(|it| it.direction == Direction::Outbound) {
        let listed = &endpoint.regions_listed;
        if region.is_some_and(|region| !listed.is_empty() && !listed.contains(&region.name)) {
            continue;
        }
        let templates = endpoint.form.destinations.iter();
        for template in templates.filter(|it| it.kind() == TemplateKind::Fqdn) {
            let name = open(&template.fill(value));
            for service in &endpoint.form.services {
                let (_, ports) = service.transport_ports();
                names.insert(Wanted {
                    place: place.to_owned(),
                    name: name.to_lowercase(),
                    ports: Some(ports.bounds()),
                });
            }
        }
    }
    names
}

/// A text with `{}` for each placeholder, whatever it is called.
fn open(text: &str) -> String {
    let mut parts = text.split('{');
    let mut open = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        open.push_str("{}");
        open.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    open
}

#[test]
fn patterns_cover_names() {
    for (pattern, name, expected) in [
        ("*.his.arc.azure.com", "gbl.his.arc.azure.com", true),
        ("*.mcr.microsoft.com", "westus.data.mcr.microsoft.com", true),
        ("*.mcr.microsoft.com", "mcr.microsoft.com", false),
        (
            "azgn*.servicebus.windows.net",
            "azgn1.servicebus.windows.net",
            true,
        ),
        ("{}.vault.azure.net", "{}.vault.azure.net", true),
        ("{}.vault.azure.net", "a.vault.azure.net", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
    assert_eq!(open("{a}.b.{c}"), "{}.b.{}");
}
