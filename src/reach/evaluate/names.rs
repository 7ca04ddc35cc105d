//! Names, parted by what the estate knows of them, and where they lead.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::azure::{Answer, Outcome, Site, gaps};
use crate::estate::{Id, Subnet};
use crate::net::{Fqdn, FqdnPattern};
use crate::space::Names;

use super::Evaluator;
use super::packet::{Packet, To};
use super::places::Place;
use super::topology::Addresses;

/// Names that the estate treats alike.
#[derive(Debug, Clone)]
pub(super) struct Class<'a> {
    names: Names,
    /// One of them.
    example: Fqdn,
    /// It is the only one.
    single: bool,
    /// What service endpoints call the service; empty for none.
    kind: &'a str,
    microsoft: bool,
}

/// Names that lead to one place.
#[derive(Debug, Clone)]
pub(in crate::reach) struct Led<'a> {
    pub(in crate::reach) names: Names,
    /// The name, when the estate knows something of it.
    pub(super) name: Option<Fqdn>,
    pub(super) kind: &'a str,
    pub(in crate::reach) to: To,
    /// All addresses that it may be, where there are several.
    pub(in crate::reach) alternatives: Vec<IpAddr>,
    pub(super) doubts: Vec<SmolStr>,
}

impl Led<'_> {
    /// Whether one of their addresses is among these.
    pub(in crate::reach) fn leads_into(&self, addresses: &Addresses) -> bool {
        let others = self.alternatives.iter();
        let first = match self.to {
            To::At(address) => Some(address),
            To::Own | To::Somewhere { .. } => None,
        };
        let mut all = others.copied().chain(first);
        all.any(|address| addresses.holds(address))
    }
}

/// The names of a domain: itself, and all below it.
fn under(domain: &str) -> Names {
    match domain.parse::<Fqdn>() {
        Ok(name) => Names::of(&FqdnPattern::Below(name.clone())).or(&Names::exactly(name.as_str())),
        Err(_) => Names::none(),
    }
}

impl<'a> Evaluator<'a> {
    /// The names that the estate or Azure has something to say about one by one.
    fn singles(&self) -> BTreeSet<Fqdn> {
        let estate = self.plane.estate;
        let mut singles = BTreeSet::new();
        let mut add = |name: &Fqdn| {
            singles.insert(name.clone());
            singles.extend(self.private_name(name));
        };
        for (_, service) in estate.services.iter() {
            add(&service.fqdn.value);
            service.cname.iter().for_each(|cname| add(&cname.value));
        }
        for (_, pool) in estate.pools.iter() {
            pool.api_server
                .fqdn
                .iter()
                .for_each(|fqdn| add(&fqdn.value));
        }
        for (_, endpoint) in estate.private_endpoints.iter() {
            endpoint.names.iter().for_each(|name| add(&name.value));
        }
        for (_, zone) in estate.dns_zones.iter() {
            for record in &zone.records {
                let full = match record.name.as_str() {
                    "@" => Some(zone.domain.clone()),
                    host => format!("{host}.{}", zone.domain)
                        .to_ascii_lowercase()
                        .parse()
                        .ok(),
                };
                full.iter().for_each(&mut add);
                record.cname.iter().for_each(|cname| add(&cname.value));
            }
        }
        singles
    }

    /// The name under `privatelink` that public DNS sends the name of a service on to.
    fn private_name(&self, name: &Fqdn) -> Option<Fqdn> {
        let cloud = self.plane.estate.cloud;
        let (_, end) = self.plane.facts.service_of(name, cloud)?;
        end.private_name(name)
    }

    /// Names that public DNS sends others on to, and those of machines.
    pub(in crate::reach) fn aliases(&self) -> &Names {
        self.aliases.get_or_init(|| self.read_aliases())
    }

    fn read_aliases(&self) -> Names {
        let cloud = self.plane.estate.cloud;
        let names = self.plane.facts.service_names(cloud);
        let zones = names.map(|name| &name.zone);
        let aliases = zones.filter(|zone| zone.starts_with("privatelink."));
        let aliases = aliases.map(|zone| under(zone));
        aliases.fold(under("internal.cloudapp.net"), |all, one| all.or(&one))
    }

    /// The domains that the estate or Azure treats in a way of their own.
    fn domains(&self) -> BTreeSet<String> {
        let estate = self.plane.estate;
        let facts = self.plane.facts;
        let mut domains: BTreeSet<String> = BTreeSet::new();
        domains.extend(
            estate
                .dns_zones
                .iter()
                .map(|(_, zone)| zone.domain.to_string()),
        );
        let servers = estate.dns_servers.iter();
        let forwarded = servers.flat_map(|(_, server)| &server.conditional);
        domains.extend(forwarded.map(|forward| forward.domain.to_string()));
        for name in facts.service_names(estate.cloud) {
            domains.extend([name.suffix.clone(), name.zone.clone()]);
        }
        domains.extend(facts.microsoft_domains().map(ToOwned::to_owned));
        domains.extend(["internal.cloudapp.net", "hdinsightaks.net"].map(ToOwned::to_owned));
        domains
    }

    /// All names, parted.
    fn classes(&mut self) -> Rc<[Class<'a>]> {
        if let Some(known) = &self.classes {
            return known.clone();
        }
        let singles = self.singles();
        let apart = singles.iter().map(|name| Names::exactly(name.as_str()));
        let apart = apart.fold(Names::none(), |all, one| all.or(&one));
        let domains = self.domains();
        let mut classes: Vec<Class<'a>> = Vec::new();
        for name in &singles {
            let names = Names::exactly(name.as_str());
            classes.extend(self.class(names, true));
        }
        let below = |inner: &str, outer: &str| {
            let before = inner.strip_suffix(outer);
            before.is_some_and(|before| before.ends_with('.'))
        };
        let mut everywhere = apart.clone();
        for domain in &domains {
            let inner = domains.iter().filter(|inner| below(inner, domain));
            let inner = inner.map(|inner| under(inner));
            let taken = inner.fold(apart.clone(), |all, one| all.or(&one));
            let all = under(domain);
            everywhere = everywhere.or(&all);
            // The domain itself belongs to no service whose names are below it.
            let itself = Names::exactly(domain);
            classes.extend(self.class(itself.minus(&taken), false));
            classes.extend(self.class(all.minus(&taken).minus(&itself), false));
        }
        classes.extend(self.class(Names::all().minus(&everywhere), false));
        let classes: Rc<[Class<'a>]> = classes.into();
        self.classes = Some(classes.clone());
        classes
    }

    fn class(&self, names: Names, single: bool) -> Option<Class<'a>> {
        let example: Fqdn = names.example()?.parse().ok()?;
        let facts = self.plane.facts;
        let service = facts.service_of(&example, self.plane.estate.cloud);
        Some(Class {
            kind: service.map_or("", |(service, _)| service.name.as_str()),
            microsoft: facts.is_microsoft_name(example.as_str()),
            names,
            example,
            single,
        })
    }

    /// Where all names lead that a machine of a subnet looks up. Those that lead nowhere are left out.
    pub(in crate::reach) fn led(&mut self, subnet: Id<Subnet>) -> Rc<[Led<'a>]> {
        if let Some(known) = self.led.get(&subnet) {
            return known.clone();
        }
        let led: Rc<[Led<'a>]> = self.look_up_all(subnet).into();
        self.led.insert(subnet, led.clone());
        led
    }

    fn look_up_all(&mut self, subnet: Id<Subnet>) -> Vec<Led<'a>> {
        let by_service = self.has_service_endpoints();
        let mut all: Vec<Led<'a>> = Vec::new();
        for class in self.classes().iter() {
            let Some(mut led) = self.lead(subnet, class) else {
                continue;
            };
            if !by_service {
                led.kind = "";
            }
            let alike = all.iter_mut().find(|other| {
                other.name.is_none()
                    && led.name.is_none()
                    && other.to == led.to
                    && other.alternatives == led.alternatives
                    && other.kind == led.kind
                    && other.doubts == led.doubts
            });
            match alike {
                Some(other) => other.names = other.names.or(&led.names),
                None => all.push(led),
            }
        }
        all
    }

    /// Whether some subnet may reach services past its routes, so that it matters which service a name belongs to.
    fn has_service_endpoints(&self) -> bool {
        let estate = self.plane.estate;
        let mut subnets = estate.subnets.iter();
        subnets.any(|(id, subnet)| {
            !subnet.service_endpoints.is_empty() || gaps::service_endpoints(estate, id).is_some()
        })
    }

    /// Flows to a name with several addresses, parted by which of them a machine takes.
    pub(super) fn by_address(&mut self, packet: Packet<'a>, to: &[IpAddr]) -> Vec<Packet<'a>> {
        let Some(name) = packet.name.clone().filter(|_| !to.is_empty()) else {
            return vec![packet];
        };
        let words = |way: usize| match to.get(way - 1) {
            Some(address) => format!("{name} leads to {address}").into(),
            None => SmolStr::default(),
        };
        let mut parts = self.by_chance(&packet, to.len(), words);
        for (part, address) in parts.iter_mut().zip(to) {
            part.to = To::At(*address);
        }
        parts
    }

    fn lead(&mut self, subnet: Id<Subnet>, class: &Class<'a>) -> Option<Led<'a>> {
        let resolution = self.plane.look_up(subnet, &class.example);
        let mut doubts: Vec<SmolStr> = Vec::new();
        for blocker in &resolution.blockers {
            let absent = matches!(blocker.element.site, Site::DnsZone(_) | Site::Vnet(_));
            let open = absent && gaps::is_part(self.plane.estate);
            if blocker.outcome == Outcome::Blocks && !open {
                return None;
            }
            doubts.push(format!("{} {}", blocker.element.name, blocker.text).into());
        }
        let somewhere = |microsoft: bool| To::Somewhere {
            microsoft,
            place: Place::ANY,
        };
        let to = match resolution.answer {
            Answer::Private(None) => match self.plane.some_address(subnet) {
                Some(address) => To::At(address),
                None => somewhere(true),
            },
            Answer::Private(Some(address)) | Answer::Public(Some(address)) => To::At(address),
            Answer::Public(None) => somewhere(class.microsoft),
            // Nothing is known of the name behind it either.
            Answer::None | Answer::Unknown => somewhere(true),
        };
        Some(Led {
            names: class.names.clone(),
            name: class.single.then(|| class.example.clone()),
            kind: class.kind,
            to,
            alternatives: match resolution.addresses.len() {
                0 | 1 => Vec::new(),
                _ => resolution.addresses,
            },
            doubts,
        })
    }

    /// Addresses that something is known of one by one: of services, endpoints, load balancers, the Azure host.
    pub(super) fn known_single_addresses(&self) -> BTreeSet<IpAddr> {
        let estate = self.plane.estate;
        let mut all: BTreeSet<IpAddr> = BTreeSet::new();
        let services = estate.services.iter();
        all.extend(services.flat_map(|(_, it)| it.addresses.iter().map(|ip| ip.value)));
        let pools = estate.pools.iter();
        all.extend(pools.filter_map(|(_, pool)| Some(pool.api_server.public_ip?.value)));
        let endpoints = estate.private_endpoints.iter();
        all.extend(endpoints.flat_map(|(_, it)| it.addresses.iter().map(|ip| ip.value)));
        let balancers = estate.load_balancers.iter();
        all.extend(balancers.flat_map(|(_, it)| it.private_ips.iter().map(|ip| ip.value)));
        let platform = self.plane.facts.platform_addresses().iter();
        all.extend(platform.map(|fact| fact.prefix.addr()));
        all
    }

    /// Addresses as a set.
    pub(super) fn as_set(addresses: &BTreeSet<IpAddr>) -> Addresses {
        let prefixes: Vec<_> = addresses.iter().map(|address| (*address).into()).collect();
        Addresses::of(prefixes)
    }
}
