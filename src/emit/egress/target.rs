//! Targets and services: what rules and requirements lead from and to, and over what.

use smol_str::SmolStr;

use crate::base::Origin;
use crate::estate::Endpoint;
use crate::net::{
    AddressRange, Destination, Fqdn, FqdnPattern, OpenKind, PortRange, Service, Transport,
    parse_prefix,
};

use super::Writer;
use super::names::Taken;
use super::page::{Body, is_word, slug};

/// Where a target stands: not every place takes every target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a network or DNAT rule, or before `to` in an application rule.
    FirewallRule,
    /// Behind `to` in an application rule.
    ApplicationRule,
    /// In a rule of an NSG.
    SecurityRule,
    /// In a requirement or an assertion.
    Requirement,
    /// In what an appliance lets through.
    Appliance,
}

impl Writer<'_> {
    /// The targets that can be said; of the others, comments say that they cannot.
    pub(super) fn endpoints(
        &mut self,
        body: &mut Body,
        place: Place,
        rule: (&str, Origin),
        endpoints: &[Endpoint],
    ) -> Vec<String> {
        let mut words = Vec::new();
        for endpoint in endpoints {
            let (kind, id, name) = match endpoint {
                Endpoint::Plain(destination) => {
                    words.extend(self.said(body, place, rule, destination));
                    continue;
                }
                Endpoint::IpGroup(group) => {
                    let known = group.id.map(|id| self.names.ip_groups.of(id).clone());
                    ("ip-group", known, &group.name)
                }
                Endpoint::SecurityGroup(group) => {
                    let known = group.id.map(|id| self.names.security_groups.of(id).clone());
                    ("security-group", known, &group.name)
                }
            };
            let fits = match endpoint {
                Endpoint::IpGroup(_) => place == Place::FirewallRule,
                _ => place == Place::SecurityRule,
            };
            let what = format!("{kind} `{name}` of rule `{}`", rule.0);
            match id {
                Some(id) if fits => words.push(format!("{kind} {id}")),
                Some(_) => self.not_said(body, rule.1, what),
                None => self.not_known(body, rule.1, what),
            }
        }
        words
    }

    pub(super) fn destinations<'d>(
        &mut self,
        body: &mut Body,
        place: Place,
        origin: Origin,
        destinations: impl Iterator<Item = &'d Destination>,
    ) -> Vec<String> {
        let mut words = Vec::new();
        for destination in destinations {
            match self.target(place, destination) {
                Some(word) => words.push(word),
                None => self.not_said(body, origin, format!("the target {destination}")),
            }
        }
        words
    }

    fn said(
        &mut self,
        body: &mut Body,
        place: Place,
        rule: (&str, Origin),
        destination: &Destination,
    ) -> Option<String> {
        let word = self.target(place, destination);
        if word.is_none() {
            let what = format!("`{destination}` of rule `{}`", rule.0);
            match destination {
                Destination::Open(_) => self.not_known(body, rule.1, what),
                _ => self.not_said(body, rule.1, what),
            }
        }
        word
    }

    /// The words for a destination, when the language has some at this place.
    fn target(&mut self, place: Place, destination: &Destination) -> Option<String> {
        let names = place != Place::SecurityRule;
        let addresses = place != Place::ApplicationRule;
        match destination {
            Destination::Anywhere | Destination::Range(_) => {
                addresses.then(|| destination.to_string())
            }
            Destination::Prefix(prefix) => addresses.then(|| super::prefix_text(*prefix)),
            Destination::ServiceTag(tag) => {
                (addresses && is_word(tag.as_str())).then(|| destination.to_string())
            }
            Destination::FqdnTag(tag) => {
                let stands = names && place != Place::FirewallRule && is_word(tag.as_str());
                stands.then(|| destination.to_string())
            }
            Destination::Fqdn(pattern) => {
                let read = names && self.reads_as_name(pattern);
                read.then(|| pattern.to_string())
            }
            Destination::Open(open) => {
                let stands = names && place != Place::Appliance && open.kind == OpenKind::Name;
                stands.then(|| self.parameter(&open.parameter)).flatten()
            }
        }
    }

    /// Whether a plain word is read as this name, and not as an address, a subnet, or the name of something.
    fn reads_as_name(&self, pattern: &FqdnPattern) -> bool {
        match pattern {
            // A single asterisk stands for every address.
            FqdnPattern::Any => false,
            FqdnPattern::Below(_) | FqdnPattern::Suffix(_) => true,
            FqdnPattern::Exact(name) => {
                has_form_of_name(name) && !self.names.reads_as_subnet(self.estate, name.as_str())
            }
        }
    }

    /// The name of a rule, route or the like in the block around it: another one with a comment where it is no word.
    pub(super) fn local_name(
        &mut self,
        body: &mut Body,
        taken: &mut Taken,
        kind: &str,
        name: &SmolStr,
        origin: Origin,
    ) -> SmolStr {
        if is_word(name) {
            return name.clone();
        }
        let handle = taken.free(slug(name));
        body.comment(&format!("in Azure this is {kind} `{name}`"));
        self.left_out.push(super::LeftOut {
            what: format!("the name of {kind} `{name}`, which is `{handle}` here"),
            origin,
        });
        handle
    }
}

/// Whether a name has a dot and is not taken for an address.
pub(super) fn has_form_of_name(name: &Fqdn) -> bool {
    let text = name.as_str();
    let numbers = text.split('-').next().is_some_and(|first| {
        first
            .split('.')
            .all(|part| part.bytes().all(|b| b.is_ascii_digit()))
    });
    text.contains('.')
        && !numbers
        && parse_prefix(text).is_err()
        && AddressRange::parse(text).is_none()
}

/// The services that say these transports on these ports, each pair of them.
pub(super) fn services(transports: &[Transport], ports: &[PortRange]) -> Vec<String> {
    let pairs = transports.iter().flat_map(|transport| {
        let ports = ports.iter().filter(|ports| ports.bounds().1 > 0);
        ports.map(|ports| service(*transport, *ports))
    });
    pairs.collect()
}

fn service(transport: Transport, ports: PortRange) -> String {
    Service::Net { transport, ports }.to_string()
}
