//! The ends of rules: which addresses and names they are, as far as it is known.

use smol_str::SmolStr;

use crate::base::Origin;
use crate::estate::{Endpoint, Estate, Gap};
use crate::net::{Destination, FqdnPattern};
use crate::space::{
    Atom, Atoms, Block, Kind, Known, Names, Ranges, Side, Targets, every_port, every_v4, every_v6,
    number_of,
};

use super::protocols::LAST;

/// The beginning of the tags that stand for the Azure host.
const AZURE_HOST: &str = "azureplatform";

/// Whether a rule has to name this tag to mean it: one of the Azure host's
/// (MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md).
#[must_use]
pub fn names_the_azure_host(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Plain(Destination::ServiceTag(tag)) => {
            tag.as_str().to_ascii_lowercase().starts_with(AZURE_HOST)
        }
        _ => false,
    }
}

/// What one side of a rule names.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// Of IPv4 and of IPv6.
    Addresses(Ranges, Ranges),
    /// Names, whatever their addresses.
    Names(Names),
    /// All that the tag, group or parameter holds.
    Holders(Known),
    /// The Azure host behind this tag. Only rules that name it mean it, so it is a destination of its own.
    AzureHost(SmolStr),
    /// Something that is not known, and not the same as anything else.
    Unknown(Known),
}

impl End {
    /// Whether it is known what it is, if not which addresses that has.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

/// Reads the ends of one rule.
pub(super) struct Reader<'a> {
    pub(super) estate: &'a Estate,
    /// The rule.
    pub(super) origin: Origin,
    /// Whether the rule can name names. Of such a rule a value told at deployment may be anything.
    pub(super) names: bool,
    pub(super) atoms: &'a mut Atoms,
}

#[derive(Default)]
struct Gathered {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
    names: Names,
    ends: Vec<End>,
}

impl Gathered {
    fn add(&mut self, first: std::net::IpAddr, last: std::net::IpAddr) {
        let range = (number_of(first), number_of(last));
        if first.is_ipv4() {
            self.v4.push(range);
        } else {
            self.v6.push(range);
        }
    }
}

impl Reader<'_> {
    /// What one side names: its addresses together, its names together, and each of the rest.
    pub(super) fn ends(&mut self, endpoints: &[Endpoint], side: Side) -> Vec<End> {
        let mut all = Gathered::default();
        for endpoint in endpoints {
            self.gather(endpoint, side, &mut all);
        }
        let (v4, v6) = (Ranges::of(all.v4), Ranges::of(all.v6));
        let mut ends = Vec::new();
        if !v4.is_empty() || !v6.is_empty() {
            // Whoever means every address means every name: a name is somewhere.
            let everywhere = self.names && v4 == every_v4();
            ends.extend(everywhere.then(|| End::Names(Names::all())));
            ends.push(End::Addresses(v4, v6));
        }
        if !all.names.is_empty() {
            ends.push(End::Names(all.names));
        }
        ends.extend(all.ends);
        ends
    }

    fn gather(&mut self, endpoint: &Endpoint, side: Side, all: &mut Gathered) {
        match endpoint {
            Endpoint::Plain(Destination::Anywhere) => {
                all.v4.extend(every_v4().ranges());
                all.v6.extend(every_v6().ranges());
            }
            Endpoint::Plain(Destination::Prefix(prefix)) => {
                all.add(prefix.network(), prefix.broadcast());
            }
            Endpoint::Plain(Destination::Range(range)) => {
                let (first, last) = range.bounds();
                all.add(first, last);
            }
            Endpoint::Plain(Destination::ServiceTag(tag)) => {
                let tag = tag.as_str().to_ascii_lowercase();
                all.ends.push(if names_the_azure_host(endpoint) {
                    End::AzureHost(tag.into())
                } else {
                    End::Holders(Known::that(tag_atom(&tag, side, self.atoms), true))
                });
            }
            Endpoint::Plain(Destination::Fqdn(pattern @ FqdnPattern::Exact(_))) if self.names => {
                all.names = all.names.or(&Names::of(pattern));
            }
            Endpoint::Plain(Destination::Open(open)) if !self.names => {
                let name = format!("parameter {}", open.parameter);
                all.ends.push(End::Holders(self.that(side, name)));
            }
            Endpoint::SecurityGroup(group) if group.id.is_some() => {
                let name = format!("group {:?}", group.id);
                all.ends.push(End::Holders(self.that(side, name)));
            }
            Endpoint::IpGroup(group) => {
                let Some(id) = group.id else {
                    all.ends.push(self.unknown(endpoint, side));
                    return;
                };
                let group = &self.estate.ip_groups[id];
                for prefix in &group.prefixes {
                    all.add(prefix.value.network(), prefix.value.broadcast());
                }
                for range in &group.ranges {
                    let (first, last) = range.value.bounds();
                    all.add(first, last);
                }
                if !self.estate.gaps.at(Gap::Members(id)).is_empty() {
                    all.ends.push(self.unknown(endpoint, side));
                }
            }
            Endpoint::SecurityGroup(_)
            | Endpoint::Plain(
                Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_),
            ) => {
                all.ends.push(self.unknown(endpoint, side));
            }
        }
    }

    fn that(&mut self, side: Side, name: String) -> Known {
        Known::that(self.atoms.atom(side, name), true)
    }

    fn unknown(&mut self, endpoint: &Endpoint, side: Side) -> End {
        let name = format!("{endpoint:?} of {:?}", self.origin);
        End::Unknown(self.that(side, name))
    }
}

/// Whether a rule is deployed, where a condition decides that: rules on one condition are deployed together.
pub(super) fn deployed(estate: &Estate, origin: Origin, atoms: &mut Atoms) -> Known {
    let condition = estate.gaps.condition_of(origin);
    condition.map_or_else(Known::default, |condition| {
        let name = format!("{condition:?}");
        Known::that(atoms.atom(Side::Deployment, name), true)
    })
}

/// The atom of a service tag. A region of a service lies in the tag of the whole service.
fn tag_atom(tag: &str, side: Side, atoms: &mut Atoms) -> Atom {
    let own = atoms.atom(side, format!("tag {tag}"));
    if let Some((service, _)) = tag.split_once('.') {
        let whole = atoms.atom(side, format!("tag {service}"));
        atoms.put_within(own, whole);
    }
    own
}

/// The flows from one end to another, over everything. No flow has addresses of two families.
pub(super) fn between(source: &End, target: &End, atoms: &Atoms) -> Vec<Block> {
    let (v4, v6, from) = addresses(source);
    let block = |kind: Kind, sources: &Ranges, targets: Targets, known: Known| Block {
        kind,
        protocols: Ranges::span(0, LAST),
        ports: every_port(),
        targets,
        sources: sources.clone(),
        source_ports: every_port(),
        known,
    };
    let named = |names: Names| {
        let names = Targets::Names(names);
        vec![
            block(Kind::V4ToName, &v4, names.clone(), from.clone()),
            block(Kind::V6ToName, &v6, names, from.clone()),
        ]
    };
    match target {
        End::AzureHost(tag) => named(Names::exactly(tag)),
        End::Names(names) => named(names.clone()),
        _ => {
            let (to_v4, to_v6, to) = addresses(target);
            let Some(known) = from.both(&to, atoms) else {
                return Vec::new();
            };
            vec![
                block(Kind::V4, &v4, Targets::Addresses(to_v4), known.clone()),
                block(Kind::V6, &v6, Targets::Addresses(to_v6), known),
            ]
        }
    }
}

fn addresses(end: &End) -> (Ranges, Ranges, Known) {
    match end {
        End::Addresses(v4, v6) => (v4.clone(), v6.clone(), Known::default()),
        End::Holders(known) | End::Unknown(known) => (every_v4(), every_v6(), known.clone()),
        // Names and the Azure host send nothing.
        End::Names(_) | End::AzureHost(_) => (Ranges::none(), Ranges::none(), Known::default()),
    }
}
