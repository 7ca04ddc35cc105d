//! Targets of requirements and rules: addresses, names, tags, groups, parts of the estate.

use smol_str::SmolStr;

use crate::base::{Spanned, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Endpoint, Id, Subnet, Vnet};
use crate::net::{
    AddressRange, Destination, FqdnPattern, FqdnTag, OpenKind, OpenValue, ServiceTag, parse_prefix,
};
use crate::syntax::tree::{Target, TargetKind, Word};

use super::Lowering;
use super::parameter::{LeftOpen, Text};
use super::value::name_finding;

impl Lowering<'_> {
    /// What the targets of a requirement stand for.
    pub(super) fn destinations(&mut self, targets: &[Target]) -> Vec<Spanned<Destination>> {
        let mut out = Vec::with_capacity(targets.len());
        for target in targets {
            match target.kind {
                TargetKind::IpGroup | TargetKind::SecurityGroup => {
                    let finding = Finding::new(
                        FindingId::TG0023,
                        "a requirement cannot go to this kind of group",
                    )
                    .at(target.word.span, "named here")
                    .help("name addresses, domain names, tags, or a `group`");
                    self.report(finding);
                }
                _ => self.expand(target, &mut Vec::new(), &mut out),
            }
        }
        out
    }

    /// What the targets of a rule stand for.
    pub(super) fn endpoints(&mut self, targets: &[Target]) -> Vec<Endpoint> {
        let mut out = Vec::with_capacity(targets.len());
        for target in targets {
            match target.kind {
                TargetKind::IpGroup => {
                    let reference = self.reference(&target.word, |names| &names.ip_groups);
                    out.extend(reference.map(Endpoint::IpGroup));
                }
                TargetKind::SecurityGroup => {
                    let reference = self.reference(&target.word, |names| &names.security_groups);
                    out.extend(reference.map(Endpoint::SecurityGroup));
                }
                _ => {
                    let mut destinations = Vec::new();
                    self.expand(target, &mut Vec::new(), &mut destinations);
                    out.extend(
                        destinations
                            .into_iter()
                            .map(|destination| Endpoint::Plain(destination.value)),
                    );
                }
            }
        }
        out
    }

    /// Adds what one target stands for. `inside` are the groups being expanded, to notice circles.
    fn expand(
        &mut self,
        target: &Target,
        inside: &mut Vec<SmolStr>,
        out: &mut Vec<Spanned<Destination>>,
    ) {
        let word = &target.word;
        let mut push = |destination| out.push(Spanned::new(destination, word.span));
        let text = match self.parameters.text(word, &mut self.findings) {
            None => return,
            Some(Text::Known(text)) => text,
            Some(Text::Open(name)) => {
                self.parameters.leave_open(&name, LeftOpen::Needed);
                push(Destination::Open(OpenValue {
                    parameter: name,
                    kind: OpenKind::Name,
                }));
                return;
            }
        };
        match target.kind {
            TargetKind::ServiceTag => push(Destination::ServiceTag(ServiceTag::new(text))),
            TargetKind::FqdnTag => push(Destination::FqdnTag(FqdnTag::new(text))),
            TargetKind::IpGroup | TargetKind::SecurityGroup => {
                let finding = Finding::new(
                    FindingId::TG0023,
                    "a group cannot hold another kind of group",
                )
                .at(word.span, "named here");
                self.report(finding);
            }
            TargetKind::Plain => self.expand_plain(word, &text, inside, out),
        }
    }

    fn expand_plain(
        &mut self,
        word: &Word,
        text: &str,
        inside: &mut Vec<SmolStr>,
        out: &mut Vec<Spanned<Destination>>,
    ) {
        let at = |destination| Spanned::new(destination, word.span);
        if text == "*" || text == "any" {
            out.push(at(Destination::Anywhere));
        } else if let Ok(prefix) = parse_prefix(text) {
            out.push(at(Destination::Prefix(prefix)));
        } else if let Some(range) = AddressRange::parse(text) {
            out.push(at(Destination::Range(range)));
        } else if looks_like_address(text) {
            self.prefix_of(word, text);
        } else if !text.contains('.') && !text.starts_with('*') {
            self.expand_name(word, text, inside, out);
        } else if let Some(prefixes) = self.subnet_prefixes(word, text) {
            out.extend(prefixes.into_iter().map(at));
        } else {
            match text.parse::<FqdnPattern>() {
                Ok(pattern) => out.push(at(Destination::Fqdn(pattern))),
                Err(error) => {
                    let finding = name_finding(word, text, &error);
                    self.report(finding);
                }
            }
        }
    }

    /// A word without dots names a group, a network or a pool.
    fn expand_name(
        &mut self,
        word: &Word,
        name: &str,
        inside: &mut Vec<SmolStr>,
        out: &mut Vec<Spanned<Destination>>,
    ) {
        let at = |destination| Spanned::new(destination, word.span);
        if let Some(group) = self.groups.get(name).copied() {
            if inside.iter().any(|open| open == name) {
                let finding =
                    Finding::new(FindingId::TG0011, format!("group `{name}` contains itself"))
                        .at(word.span, "closes the circle");
                self.report(finding);
                return;
            }
            self.used_groups.insert(SmolStr::from(name));
            inside.push(SmolStr::from(name));
            for member in group.members {
                self.expand(member, inside, out);
            }
            inside.pop();
        } else if let Some(vnet) = self.names.vnets.get(name) {
            let prefixes = &self.estate.vnets[vnet].prefixes;
            out.extend(
                prefixes
                    .iter()
                    .map(|prefix| at(Destination::Prefix(prefix.value))),
            );
        } else if let Some(pool) = self.names.pools.get(name) {
            let subnets: Vec<_> = self.estate.pools[pool]
                .subnets
                .iter()
                .filter_map(|subnet| subnet.id)
                .collect();
            for subnet in subnets {
                let prefixes = &self.estate.subnets[subnet].prefixes;
                out.extend(
                    prefixes
                        .iter()
                        .map(|prefix| at(Destination::Prefix(prefix.value))),
                );
            }
        } else {
            let groups = self.groups.keys().map(|name| name.as_str());
            let known = groups
                .chain(self.names.vnets.written())
                .chain(self.names.pools.written());
            let finding = Finding::new(
                FindingId::TG0008,
                format!("there is no group, vnet or pool `{name}`"),
            )
            .at(word.span, "refers to nothing")
            .maybe_help(did_you_mean_help(name, known))
            .help("a domain name has a dot; a service tag is written `tag NAME`");
            self.report(finding);
        }
    }

    /// The prefixes of `vnet.subnet`, when the first part names a network.
    fn subnet_prefixes(&mut self, word: &Word, text: &str) -> Option<Vec<Destination>> {
        let (vnet, subnet) = text.split_once('.')?;
        let vnet = self.names.vnets.get(vnet)?;
        // Subnet names may hold dots, but a name with more than two parts is a domain unless the subnet exists.
        match self.find_subnet(vnet, subnet) {
            Some(subnet) => {
                let prefixes = &self.estate.subnets[subnet].prefixes;
                Some(
                    prefixes
                        .iter()
                        .map(|prefix| Destination::Prefix(prefix.value))
                        .collect(),
                )
            }
            None if subnet.contains('.') => None,
            None => {
                let finding = self.unknown_subnet(word, vnet, subnet);
                self.report(finding);
                Some(Vec::new())
            }
        }
    }

    pub(super) fn find_subnet(&self, vnet: Id<Vnet>, name: &str) -> Option<Id<Subnet>> {
        self.names
            .subnets
            .get(&format!("{}.{name}", self.estate.vnets[vnet].meta.name))
    }

    pub(super) fn unknown_subnet(&self, word: &Word, vnet: Id<Vnet>, subnet: &str) -> Finding {
        let names = self
            .estate
            .subnets_of(vnet)
            .map(|(_, subnet)| subnet.meta.name.as_str());
        let vnet = &self.estate.vnets[vnet].meta;
        Finding::new(
            FindingId::TG0008,
            format!("vnet `{}` has no subnet `{subnet}`", vnet.name),
        )
        .at(word.span, "refers to nothing")
        .related(vnet.origin, "the vnet")
        .maybe_help(did_you_mean_help(subnet, names))
    }
}

/// Whether a text was meant as an address or prefix, so that it is not taken for a domain name.
fn looks_like_address(text: &str) -> bool {
    let address = text.split(['/', '-']).next().unwrap_or(text);
    text.contains('/')
        || (address.contains(':')
            && address
                .chars()
                .all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')))
        || (address.contains('.')
            && address
                .split('.')
                .all(|part| part.bytes().all(|b| b.is_ascii_digit())))
}
