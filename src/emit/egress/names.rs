//! The names that things have in the policy: their names in Azure, as far as the language can say them.
//!
//! A policy declares each name once for each kind of thing, and has fewer characters than a template's expression.
//! Where a name cannot stand, another one stands for it; who writes it says so in a comment.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use smol_str::{SmolStr, format_smolstr};

use crate::estate::{
    Appliance, ApplicationSecurityGroup, DnsServer, Estate, Firewall, FirewallPolicy, Gateway,
    Home, Id, Identity, IpGroup, LoadBalancer, Meta, NatGateway, Nsg, PlatformService, Pool,
    PrivateDnsZone, PrivateEndpoint, Proxy, PublicIp, RouteTable, Subnet, Table, VirtualHub,
    VirtualWan, Vnet,
};
use crate::net::{Fqdn, parse_address};

use super::page::{is_word, slug};

/// The names of the elements of one table.
#[derive(Debug)]
pub(super) struct Handles<T> {
    names: Vec<SmolStr>,
    of: PhantomData<fn() -> T>,
}

impl<T> Handles<T> {
    pub(super) fn of(&self, id: Id<T>) -> &SmolStr {
        const NONE: &SmolStr = &SmolStr::new_static("unnamed");
        self.names.get(id.index()).unwrap_or(NONE)
    }

    fn new(names: Vec<SmolStr>) -> Self {
        Self {
            names,
            of: PhantomData,
        }
    }

    fn of_table(
        table: &Table<T>,
        meta: impl Fn(&T) -> &Meta,
        fits: impl Fn(Id<T>, &str) -> bool,
    ) -> Self {
        let all: Vec<(&Meta, bool)> = table
            .iter()
            .map(|(id, it)| (meta(it), fits(id, &meta(it).name)))
            .collect();
        Self::new(handles(&all))
    }
}

/// The names of everything that has one.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) vnets: Handles<Vnet>,
    /// Each in its own network.
    pub(super) subnets: Handles<Subnet>,
    pub(super) route_tables: Handles<RouteTable>,
    pub(super) nsgs: Handles<Nsg>,
    pub(super) security_groups: Handles<ApplicationSecurityGroup>,
    pub(super) firewalls: Handles<Firewall>,
    pub(super) firewall_policies: Handles<FirewallPolicy>,
    pub(super) ip_groups: Handles<IpGroup>,
    pub(super) public_ips: Handles<PublicIp>,
    pub(super) nat_gateways: Handles<NatGateway>,
    pub(super) load_balancers: Handles<LoadBalancer>,
    pub(super) gateways: Handles<Gateway>,
    pub(super) wans: Handles<VirtualWan>,
    /// None is the name of a network, because firewalls are in either.
    pub(super) hubs: Handles<VirtualHub>,
    pub(super) appliances: Handles<Appliance>,
    pub(super) private_endpoints: Handles<PrivateEndpoint>,
    pub(super) dns_servers: Handles<DnsServer>,
    pub(super) services: Handles<PlatformService>,
    pub(super) proxies: Handles<Proxy>,
    pub(super) identities: Handles<Identity>,
    pub(super) pools: Handles<Pool>,
}

impl Names {
    pub(super) fn of(estate: &Estate) -> Self {
        macro_rules! table {
            ($field:ident) => {
                Handles::of_table(&estate.$field, |it| &it.meta, |_, name| fits(name))
            };
            ($field:ident, $more:expr) => {
                Handles::of_table(
                    &estate.$field,
                    |it| &it.meta,
                    |id, name| fits(name) && $more(id, name),
                )
            };
        }
        // A subnet is named `vnet.subnet`, so the name of a network with subnets ends at its first dot.
        let without_dot = |id: Id<Vnet>, name: &str| {
            !name.contains('.') || estate.subnets_of(id).next().is_none()
        };
        let vnets: Handles<Vnet> = table!(vnets, without_dot);
        let hubs = estate.hubs.iter().map(|(_, hub)| &hub.meta);
        let hubs: Vec<(&Meta, bool)> = hubs.map(|meta| (meta, fits(&meta.name))).collect();
        let hubs = Handles::new(handles_beside(&vnets.names, &hubs));
        Self {
            vnets,
            subnets: subnets(estate),
            route_tables: table!(route_tables),
            nsgs: table!(nsgs),
            security_groups: table!(security_groups),
            firewalls: table!(firewalls),
            firewall_policies: table!(firewall_policies),
            ip_groups: table!(ip_groups),
            public_ips: table!(public_ips, |_, name: &str| parse_address(name).is_none()),
            nat_gateways: table!(nat_gateways),
            load_balancers: table!(load_balancers),
            gateways: table!(gateways),
            wans: table!(wans),
            hubs,
            appliances: table!(appliances),
            private_endpoints: table!(private_endpoints),
            dns_servers: table!(dns_servers),
            services: table!(services, |_, name| name != "managed"),
            proxies: table!(proxies),
            identities: table!(identities, |_, name| name != "system-assigned"),
            pools: table!(pools),
        }
    }

    /// `vnet.subnet`.
    pub(super) fn subnet_path(&self, estate: &Estate, id: Id<Subnet>) -> String {
        let vnet = self.vnets.of(estate.subnets[id].vnet);
        format!("{vnet}.{}", self.subnets.of(id))
    }

    /// Whether a policy would take a domain name for a subnet: its first part is the name of a network, and what
    /// follows has no dot or is the name of a subnet in it.
    pub(super) fn reads_as_subnet(&self, estate: &Estate, domain: &str) -> bool {
        let Some((first, rest)) = domain.split_once('.') else {
            return false;
        };
        let mut vnets = estate.vnets.ids();
        let vnet = vnets.find(|id| self.vnets.of(*id).eq_ignore_ascii_case(first));
        vnet.is_some_and(|vnet| {
            let mut subnets = estate.subnets_of(vnet);
            !rest.contains('.')
                || subnets.any(|(id, _)| self.subnets.of(id).eq_ignore_ascii_case(rest))
        })
    }
}

/// Subnets have names of their own in each network.
fn subnets(estate: &Estate) -> Handles<Subnet> {
    let mut names = vec![SmolStr::default(); estate.subnets.len()];
    for vnet in estate.vnets.ids() {
        let own: Vec<(Id<Subnet>, &Subnet)> = estate.subnets_of(vnet).collect();
        let metas: Vec<(&Meta, bool)> = own
            .iter()
            .map(|(_, subnet)| (&subnet.meta, fits(&subnet.meta.name)))
            .collect();
        for ((id, _), handle) in own.iter().zip(handles(&metas)) {
            if let Some(name) = names.get_mut(id.index()) {
                *name = handle;
            }
        }
    }
    Handles::new(names)
}

/// A name for each of many: its own when it fits and is the first, else one that reminds of it.
fn handles(all: &[(&Meta, bool)]) -> Vec<SmolStr> {
    handles_beside(&[], all)
}

/// The same, none of which is one of these.
fn handles_beside(others: &[SmolStr], all: &[(&Meta, bool)]) -> Vec<SmolStr> {
    let mut taken = Taken::default();
    for other in others {
        taken.take(other);
    }
    let own: Vec<bool> = all
        .iter()
        .map(|(meta, fits)| *fits && taken.take(&meta.name))
        .collect();
    let pairs = all.iter().zip(own);
    pairs
        .map(|((meta, fits), own)| {
            if own {
                return meta.name.clone();
            }
            let base = match &meta.home {
                Home::Existing {
                    resource_group: Some(group),
                    ..
                } if *fits => format_smolstr!("{}-{}", slug(&meta.name), slug(group)),
                _ => slug(&meta.name),
            };
            taken.free(base)
        })
        .collect()
}

/// Names that are taken, without regard to case.
#[derive(Debug, Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    /// The names that can stand as they are.
    pub(super) fn words<'n>(names: impl Iterator<Item = &'n SmolStr>) -> Self {
        let mut taken = Self::default();
        for name in names.filter(|name| is_word(name)) {
            taken.take(name);
        }
        taken
    }

    /// Takes a name, unless it is taken.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.0.insert(name.to_ascii_lowercase())
    }

    /// This name, or the first with a number behind it that is free.
    pub(super) fn free(&mut self, base: SmolStr) -> SmolStr {
        let numbered = (2u32..).map(|number| format_smolstr!("{base}-{number}"));
        let mut all = std::iter::once(base.clone()).chain(numbered);
        all.find(|name| self.take(name)).unwrap_or(base)
    }
}

/// Whether the language takes a name for a resource, by the rule it states.
fn fits(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(inner)
}

/// The zones that a policy can hold: a zone is named by its domain, so only the first of a domain.
pub(super) fn first_of_domain(estate: &Estate, id: Id<PrivateDnsZone>) -> bool {
    let domain: &Fqdn = &estate.dns_zones[id].domain;
    let reserved = matches!(domain.as_str(), "system" | "none");
    let mut zones = estate.dns_zones.iter();
    let first = zones.find(|(_, zone)| zone.domain == *domain);
    first.is_some_and(|(first, _)| first == id) && !reserved
}
