//! Targets of requirements and rules: addresses, names, tags, groups, parts of the estate.

use crate::base::{Spanned, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Endpoint, Id, Subnet, Vnet};
use crate::net::{
    AddressRange, Destination, FqdnPattern, FqdnTag, OpenKind, OpenValue, ServiceTag, parse_prefix,
};
use crate::syntax::tree::{Target, TargetKind, Word};

use super::Lowering;
use super::group::Member;
use super::parameter::{LeftOpen, Text};
use super::value::name_finding;

impl Lowering<'_> {
    /// What the targets of a requirement stand for.
    pub(super) fn destinations(&mut self, targets: &[Target]) -> Vec<Spanned<Destination>> {
        let mut members = Vec::with_capacity(targets.len());
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
                _ => members.extend(self.members(target)),
            }
        }
        let mut out = Vec::with_capacity(members.len());
        self.flatten(members, &mut out);
        out
    }

    /// What an appliance lets through. Nothing of it may wait for a deployment, because an appliance is not deployed.
    pub(super) fn known_destinations(&mut self, targets: &[Target]) -> Vec<Spanned<Destination>> {
        let known: Vec<Target> = targets
            .iter()
            .filter(|target| self.text(&target.word, "what is let through").is_some())
            .cloned()
            .collect();
        self.destinations(&known)
    }

    /// A domain name, a pattern of names, an address, a prefix or a range.
    pub(super) fn name_or_address(&mut self, word: &Word) -> Option<Spanned<Destination>> {
        let text = self.text(word, "a domain name or an address")?;
        let destination = if let Some(range) = AddressRange::parse(&text) {
            Destination::Range(range)
        } else if looks_like_address(&text) || parse_prefix(&text).is_ok() {
            Destination::Prefix(self.prefix_of(word, &text)?.value)
        } else if !text.contains('.') && !text.starts_with('*') {
            let expected = "expected a domain name, an address, a prefix or a range";
            self.malformed(word, &text, expected);
            return None;
        } else {
            match text.parse::<FqdnPattern>() {
                Ok(pattern) => Destination::Fqdn(pattern),
                Err(error) => {
                    let finding = name_finding(word, &text, &error);
                    self.report(finding);
                    return None;
                }
            }
        };
        Some(Spanned::new(destination, word.span))
    }

    fn report_web_category(&mut self, word: &Word) {
        let finding = Finding::new(
            FindingId::TG0023,
            "a web category stands behind `to` in application-rules only",
        )
        .at(word.span, "named here")
        .help("only Azure knows the names in it: name domains instead");
        self.report(finding);
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
                TargetKind::WebCategory => self.report_web_category(&target.word),
                _ => {
                    let mut destinations = Vec::new();
                    let members = self.members(target);
                    self.flatten(members, &mut destinations);
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

    /// What one target stands for, groups left as they are.
    pub(super) fn members(&mut self, target: &Target) -> Vec<Member> {
        let word = &target.word;
        if target.kind == TargetKind::WebCategory {
            self.report_web_category(word);
            return Vec::new();
        }
        let one = |destination| vec![Member::Is(Spanned::new(destination, word.span))];
        if target.kind == TargetKind::ApiServer {
            return self.api_server_of(word).map_or_else(Vec::new, one);
        }
        let text = match self.parameters.text(word, &mut self.findings) {
            None => return Vec::new(),
            Some(Text::Known(text)) => text,
            Some(Text::Open(name)) => {
                self.parameters.leave_open(&name, LeftOpen::Needed);
                return one(Destination::Open(OpenValue {
                    parameter: name,
                    kind: OpenKind::Name,
                }));
            }
        };
        match target.kind {
            TargetKind::ServiceTag => one(Destination::ServiceTag(ServiceTag::new(text))),
            TargetKind::FqdnTag => one(Destination::FqdnTag(FqdnTag::new(text))),
            TargetKind::IpGroup | TargetKind::SecurityGroup => {
                let finding = Finding::new(
                    FindingId::TG0023,
                    "a group cannot hold another kind of group",
                )
                .at(word.span, "named here")
                .help("name addresses, domain names, tags, or another `group`");
                self.report(finding);
                Vec::new()
            }
            TargetKind::WebCategory | TargetKind::ApiServer => Vec::new(),
            TargetKind::Plain => self.plain_members(word, &text),
        }
    }

    fn plain_members(&mut self, word: &Word, text: &str) -> Vec<Member> {
        let one = |destination| vec![Member::Is(Spanned::new(destination, word.span))];
        if text == "*" || text == "any" {
            one(Destination::Anywhere)
        } else if let Ok(prefix) = parse_prefix(text) {
            one(Destination::Prefix(prefix))
        } else if let Some(range) = AddressRange::parse(text) {
            one(Destination::Range(range))
        } else if let Some((_, rest)) = text.split_once("://") {
            self.report_url(word, text, rest);
            Vec::new()
        } else if looks_like_address(text) {
            let prefix = self.prefix_of(word, text);
            prefix.map_or_else(Vec::new, |prefix| one(Destination::Prefix(prefix.value)))
        } else if !text.contains('.') && !text.starts_with('*') {
            self.named_members(word, text)
        } else if let Some(prefixes) = self.subnet_prefixes(word, text) {
            prefixes.into_iter().flat_map(one).collect()
        } else {
            match text.parse::<FqdnPattern>() {
                Ok(pattern) => one(Destination::Fqdn(pattern)),
                Err(error) => {
                    let finding = name_finding(word, text, &error);
                    self.report(finding);
                    Vec::new()
                }
            }
        }
    }

    fn report_url(&mut self, word: &Word, text: &str, rest: &str) {
        let host = rest.split(['/', ':', '?']).next().unwrap_or(rest);
        let finding = Finding::new(FindingId::TG0004, format!("`{text}` is a URL"))
            .at(word.span, "a target is an address or a name")
            .help(format!(
                "write {host}, and the protocol and port as a service"
            ));
        self.report(finding);
    }

    /// A word without dots names a group, a network or a pool, looked for in this order.
    fn named_members(&mut self, word: &Word, name: &str) -> Vec<Member> {
        if self.groups.contains_key(name) {
            return vec![Member::Group(Spanned::new(name.into(), word.span))];
        }
        let prefixes: Vec<_> = if let Some(vnet) = self.names.vnets.get(name) {
            self.estate.vnets[vnet].prefixes.clone()
        } else if let Some(pool) = self.names.pools.get(name) {
            let subnets = self.estate.pools[pool].subnets.iter();
            subnets
                .filter_map(|subnet| subnet.id)
                .flat_map(|subnet| self.estate.subnets[subnet].prefixes.clone())
                .collect()
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
            .maybe_help(did_you_mean_help(name, known));
            self.report_unknown(&name.into(), Some(finding));
            return Vec::new();
        };
        prefixes
            .into_iter()
            .map(|prefix| Member::Is(Spanned::new(Destination::Prefix(prefix.value), word.span)))
            .collect()
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
                self.report_unknown(&word.value, Some(finding));
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
