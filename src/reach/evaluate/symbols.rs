//! What is not known, as atoms.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::azure::{Membership, membership};
use crate::base::Origin;
use crate::estate::{Endpoint, Estate, RouteDestination, Rules};
use crate::net::{Destination, ServiceTag};
use crate::space::{Atom, Atoms, Known, Side};

/// All atoms of an evaluation.
#[derive(Debug, Clone, Default)]
pub(super) struct Symbols {
    pub(super) atoms: Atoms,
}

impl Symbols {
    /// The atoms of these tags, with what is known of them.
    pub(super) fn of(tags: &[ServiceTag], facts: &Facts) -> Self {
        let mut symbols = Self::default();
        symbols.relate(tags, facts);
        symbols
    }

    /// Says of tags which lie in which, and which have nothing in common.
    pub(super) fn relate(&mut self, tags: &[ServiceTag], facts: &Facts) {
        for inner in tags {
            for outer in tags.iter().filter(|outer| *outer != inner) {
                let stated = std::slice::from_ref(inner);
                let relation = membership(outer, None, stated, None, facts).membership;
                for side in [Side::Source, Side::Destination] {
                    let (a, b) = (self.tag(inner, side), self.tag(outer, side));
                    match relation {
                        Membership::Yes => self.atoms.put_within(a, b),
                        Membership::No => self.atoms.put_apart(a, b),
                        Membership::Unknown => {}
                    }
                }
            }
        }
    }

    /// Whether a tag holds the address of one side.
    pub(super) fn tag(&mut self, tag: &ServiceTag, side: Side) -> Atom {
        let tag = tag.as_str().to_ascii_lowercase();
        self.atoms.atom(side, format!("tag {tag}"))
    }

    /// That a tag holds the address of one side.
    pub(super) fn in_tag(&mut self, tag: &ServiceTag, side: Side) -> Known {
        Known::that(self.tag(tag, side), true)
    }

    /// That something is so which is not known, in words. The same words are the same thing.
    pub(super) fn that(&mut self, side: Side, words: impl Into<SmolStr>) -> Known {
        Known::that(self.atom(side, words), true)
    }

    pub(super) fn atom(&mut self, side: Side, words: impl Into<SmolStr>) -> Atom {
        self.atoms.atom(side, words)
    }

    /// That an element is deployed, where a condition decides that.
    pub(super) fn deployed(&mut self, estate: &Estate, origin: Origin) -> Known {
        let condition = estate.gaps.condition_of(origin);
        condition.map_or_else(Known::default, |condition| {
            self.that(Side::Deployment, condition.text.clone())
        })
    }
}

/// Every service tag that rules and routes of an estate name, and some more.
#[must_use]
pub fn tags_of(estate: &Estate, more: &[ServiceTag]) -> Vec<ServiceTag> {
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let mut tags = Vec::new();
    let mut add = |tag: &ServiceTag| {
        let name = tag.as_str().to_ascii_lowercase();
        if seen.insert(name.clone()) {
            tags.push(ServiceTag::new(name));
        }
    };
    let mut of = |endpoints: &[Endpoint]| {
        for endpoint in endpoints {
            if let Endpoint::Plain(Destination::ServiceTag(tag)) = endpoint {
                add(tag);
            }
        }
    };
    for (_, nsg) in estate.nsgs.iter() {
        for rule in &nsg.rules {
            of(&rule.sources);
            of(&rule.destinations);
        }
    }
    let policies = estate.firewall_policies.iter();
    let groups = policies.flat_map(|(_, policy)| &policy.groups);
    let of_policies = groups.flat_map(|group| &group.collections);
    let classic = estate.firewalls.iter();
    let classic = classic.flat_map(|(_, firewall)| &firewall.collections);
    for collection in of_policies.chain(classic) {
        if let Rules::Network(rules) = &collection.rules {
            for rule in rules {
                of(&rule.sources);
                of(&rule.destinations);
            }
        }
    }
    for (_, table) in estate.route_tables.iter() {
        for route in &table.routes {
            if let RouteDestination::ServiceTag(tag) = &route.destination.value {
                add(tag);
            }
        }
    }
    more.iter().for_each(add);
    tags
}
