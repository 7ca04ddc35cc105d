//! Networks outside Azure.
//!
//! A site is a network like any other, with its own routes: its firewalls and routers are appliances, whose outer side
//! lies in a network of its own that no machine is in. Nothing of it is deployed.

use smol_str::{SmolStr, format_smolstr};

use crate::base::{Spanned, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    DnsServers, Home, Id, Meta, RangePurpose, Ref, RouteTable, Site, SiteRange, Subnet, Vnet,
};
use crate::net::AddressRange;
use crate::syntax::tree::{self, Word};

use super::declare::{Declared, blank_subnet};
use super::{Lowering, Once};

impl<'a> Lowering<'a> {
    pub(super) fn declare_site(&mut self, site: &'a tree::Site, declared: &mut Vec<Declared<'a>>) {
        let mut meta = self.meta(&site.name, site.body.span);
        meta.home = outside();
        let prefixes = self.prefixes(&site.prefixes);
        let beyond = Meta {
            name: SmolStr::new_static("beyond"),
            body: None,
            ..meta.clone()
        };
        let name = Spanned::new(meta.name.clone(), site.name.span);
        let table = &mut self.estate.vnets;
        let made = self.names.vnets.declare(&name, || {
            table.push(Vnet {
                meta,
                prefixes,
                dns: DnsServers::Custom(Vec::new()),
                site: None,
            })
        });
        let id = match made {
            Ok(id) => id,
            Err(finding) => {
                for clause in &site.body.clauses {
                    if let tree::SiteClause::Network(network) = clause {
                        self.unread.note(&network.name.value);
                    }
                }
                return self.report(finding);
            }
        };
        let beyond = self
            .estate
            .subnets
            .push(blank_subnet(beyond, id, Vec::new()));
        self.estate.vnets[id].site = Some(Site {
            beyond,
            ranges: Vec::new(),
        });
        declared.push(Declared::Site(id, site));
        for clause in &site.body.clauses {
            if let tree::SiteClause::Network(network) = clause {
                self.declare_network(id, network);
            }
        }
    }

    fn declare_network(&mut self, site: Id<Vnet>, network: &tree::SiteNetwork) {
        let mut meta = self.meta(&network.name, network.body.span);
        meta.home = outside();
        let prefixes = self.prefixes(&network.prefixes);
        let path = format_smolstr!("{}.{}", self.estate.vnets[site].meta.name, meta.name);
        let path = Spanned::new(path, network.name.span);
        let table = &mut self.estate.subnets;
        let make = || table.push(blank_subnet(meta, site, prefixes));
        if let Err(finding) = self.names.subnets.declare(&path, make) {
            self.report(finding);
        }
    }

    /// Its DNS servers, what its addresses are for, and its routes, which all of its networks have.
    pub(super) fn define_site(&mut self, id: Id<Vnet>, site: &tree::Site) {
        let mut once = Once::default();
        let mut routes = Vec::new();
        for clause in &site.body.clauses {
            match clause {
                tree::SiteClause::Dns { keyword, servers } => {
                    if self.first_time(&mut once, "dns", keyword.span) {
                        let servers = self.addresses(servers);
                        self.estate.vnets[id].dns = DnsServers::Custom(servers);
                    }
                }
                tree::SiteClause::Network(network) => self.define_network(id, network),
                tree::SiteClause::Route(route) => routes.extend(self.site_route(id, route)),
                tree::SiteClause::Ignore(ignore) => {
                    self.ignore(ignore, site.body.span.unwrap_or(site.name.span));
                }
            }
        }
        let name = self.estate.vnets[id].meta.name.clone();
        let origin = self.estate.vnets[id].meta.origin;
        let table = self.estate.route_tables.push(RouteTable {
            meta: Meta {
                name: format_smolstr!("routes of site {name}"),
                origin,
                body: None,
                home: outside(),
            },
            routes,
            gateway_propagation: true,
        });
        let name = self.estate.route_tables[table].meta.name.clone();
        let beyond = self.estate.vnets[id].site.as_ref().map(|site| site.beyond);
        let networks: Vec<Id<Subnet>> = self.estate.subnets_of(id).map(|(id, _)| id).collect();
        for network in networks.into_iter().filter(|it| Some(*it) != beyond) {
            let reference = Ref::known(table, name.clone(), origin);
            self.estate.subnets[network].route_table = Some(reference);
        }
    }

    /// A route of a site, which leads to one of its own appliances.
    fn site_route(&mut self, site: Id<Vnet>, route: &tree::Route) -> Option<crate::estate::Route> {
        let word = match &route.next_hop {
            tree::NextHop::Appliance(_) => return self.route(route),
            tree::NextHop::Firewall(word) | tree::NextHop::Keyword(word) => word,
            tree::NextHop::Addresses(words) => words.first()?,
        };
        let name = &self.estate.vnets[site].meta.name;
        let message = format!("a route of site `{name}` leads to an appliance");
        let finding = Finding::new(FindingId::TG0023, message)
            .at(word.span, "no appliance")
            .help(format!(
                "declare the router or firewall of the site, `appliance NAME in {name}`, and name it here"
            ));
        self.report(finding);
        None
    }

    fn define_network(&mut self, site: Id<Vnet>, network: &tree::SiteNetwork) {
        let path = format!(
            "{}.{}",
            self.estate.vnets[site].meta.name, network.name.value
        );
        let Some(id) = self.names.subnets.get(&path) else {
            return;
        };
        for clause in &network.body.clauses {
            match clause {
                tree::SiteNetworkClause::Addresses { purpose, ranges } => {
                    self.define_ranges(site, id, purpose, ranges);
                }
                tree::SiteNetworkClause::Ignore(ignore) => {
                    self.ignore(ignore, network.body.span.unwrap_or(network.name.span));
                }
            }
        }
    }

    fn define_ranges(
        &mut self,
        site: Id<Vnet>,
        subnet: Id<Subnet>,
        purpose: &Word,
        ranges: &[Word],
    ) {
        let known = RangePurpose::KEYWORDS.into_iter();
        let mut known = known.filter(|(keyword, _)| *keyword == purpose.value);
        let Some((_, purpose)) = known.next() else {
            return;
        };
        for word in ranges {
            let Some(text) = self.text(word, "a range of addresses") else {
                continue;
            };
            let Some(range) = AddressRange::parse(&text) else {
                let expected = "expected a range such as 192.168.10.10-192.168.10.99";
                self.malformed(word, &text, expected);
                continue;
            };
            let (first, last) = range.bounds();
            let ends = [first, last].map(|end| Spanned::new(end, word.span));
            self.must_lie_in(&ends, Some(subnet));
            if let Some(site) = &mut self.estate.vnets[site].site {
                site.ranges.push(SiteRange {
                    subnet,
                    purpose,
                    range: Spanned::new(range, word.span),
                });
            }
        }
    }

    /// Where an appliance stands: in a subnet, or at the edge of a site.
    pub(super) fn appliance_place(&mut self, place: &Word) -> Option<Ref<Subnet>> {
        let word = self.word(place, "a subnet or a site")?;
        let vnet = self.names.vnets.get(&word.value);
        match vnet.and_then(|id| self.estate.vnets[id].site.as_ref()) {
            Some(site) => {
                let name = self.estate.subnets[site.beyond].meta.name.clone();
                Some(Ref::known(site.beyond, name, word.span))
            }
            None if word.value.contains('.') => self.subnet(place),
            None => {
                let sites = self
                    .estate
                    .vnets
                    .iter()
                    .filter(|(_, vnet)| vnet.site.is_some());
                let sites = sites.map(|(_, vnet)| vnet.meta.name.as_str());
                let suggestion = did_you_mean_help(&word.value, sites);
                let message = format!("there is no site `{}`", word.value);
                let finding = Finding::new(FindingId::TG0008, message)
                    .at(word.span, "refers to nothing")
                    .help(suggestion.unwrap_or_else(|| {
                        "an appliance stands in a site, or in a subnet, which is written vnet.subnet".to_owned()
                    }));
                self.report(finding);
                None
            }
        }
    }
}

/// What is outside Azure exists, as far as a deployment is concerned.
fn outside() -> Home {
    Home::Existing {
        resource_group: None,
        subscription: None,
    }
}
