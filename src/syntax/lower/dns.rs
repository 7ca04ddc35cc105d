//! Private endpoints, private DNS zones, DNS servers.

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    ConditionalForwarder, DnsRecord, DnsServer, Id, PrivateDnsZone, ResolutionPolicy, ZoneLink,
};
use crate::syntax::tree::{self, CommonClause};

use super::declare::Declared;
use super::description::Needed;
use super::network::outside;
use super::{Lowering, Once};

impl<'a> Lowering<'a> {
    pub(super) fn define_private_endpoint(
        &mut self,
        id: Id<crate::estate::PrivateEndpoint>,
        block: &tree::Placed<tree::PrivateEndpointClause>,
    ) {
        if let Some(subnet) = self.subnet(&block.place) {
            self.estate.private_endpoints[id].subnet = subnet;
        }
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::PrivateEndpointClause::PrivateIp(words) => {
                    let addresses = self.addresses(words);
                    let subnet = self.estate.private_endpoints[id].subnet.id;
                    self.must_lie_in(&addresses, subnet);
                    self.estate.private_endpoints[id]
                        .addresses
                        .extend(addresses);
                }
                tree::PrivateEndpointClause::For(words) => {
                    let names: Vec<_> = words.iter().filter_map(|word| self.domain(word)).collect();
                    self.estate.private_endpoints[id].names.extend(names);
                }
                tree::PrivateEndpointClause::Zone(word) => {
                    if self.first_time(&mut once, "zone", word.span) {
                        let zone = self.reference(word, |names| &names.dns_zones);
                        self.estate.private_endpoints[id].zone = zone;
                    }
                }
                tree::PrivateEndpointClause::Target(word) => {
                    if self.first_time(&mut once, "target", word.span) {
                        let target = self.reference(word, |names| &names.services);
                        self.estate.private_endpoints[id].target = target;
                    }
                }
                tree::PrivateEndpointClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.private_endpoints[id].meta.home = home;
                    }
                }
            }
        }
    }

    pub(super) fn define_dns_zone(
        &mut self,
        id: Id<crate::estate::PrivateDnsZone>,
        block: &tree::Block<tree::DnsZoneClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::DnsZoneClause::Link {
                    vnet,
                    registration,
                    nxdomain_redirect,
                } => {
                    if let Some(reference) = self.reference(vnet, |names| &names.vnets) {
                        let resolution = if *nxdomain_redirect {
                            ResolutionPolicy::NxDomainRedirect
                        } else {
                            ResolutionPolicy::Default
                        };
                        self.estate.dns_zones[id].links.push(ZoneLink {
                            origin: vnet.span.into(),
                            vnet: reference,
                            registration: *registration,
                            resolution,
                        });
                    }
                }
                tree::DnsZoneClause::Record { name, addresses } => {
                    let addresses = self.addresses(addresses);
                    let text = self.name(name);
                    self.estate.dns_zones[id].records.push(DnsRecord {
                        origin: name.span.into(),
                        name: text,
                        addresses,
                        cname: None,
                    });
                }
                tree::DnsZoneClause::Alias { name, to } => {
                    let text = self.name(name);
                    if let Some(to) = self.domain(to) {
                        self.estate.dns_zones[id].records.push(DnsRecord {
                            origin: name.span.into(),
                            name: text,
                            addresses: Vec::new(),
                            cname: Some(to),
                        });
                    }
                }
                tree::DnsZoneClause::Common(
                    common @ (CommonClause::Existing(_) | CommonClause::Ignore(_)),
                ) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.dns_zones[id].meta.home = home;
                    }
                }
            }
        }
        self.report_aliases_among_others(id);
    }

    /// A name with an alias has no other record, and the zone itself has records of Azure's (RFC 1034, 3.6.2).
    fn report_aliases_among_others(&mut self, id: Id<PrivateDnsZone>) {
        let zone = &self.estate.dns_zones[id];
        let mut findings = Vec::new();
        for (index, alias) in zone.records.iter().enumerate() {
            if alias.cname.is_none() {
                continue;
            }
            let mut others = zone.records.iter().enumerate();
            let other = others.find(|(at, other)| {
                *at != index
                    && other.name.eq_ignore_ascii_case(&alias.name)
                    && (other.cname.is_none() || *at < index)
            });
            if alias.name == "@" {
                findings.push(
                    Finding::new(FindingId::TG0023, "a zone itself cannot be an alias")
                        .at(alias.origin, "the zone itself")
                        .help("give it the addresses: record @ ADDRESS"),
                );
            } else if let Some((_, other)) = other {
                findings.push(
                    Finding::new(
                        FindingId::TG0023,
                        format!("`{}` is an alias and can have no other record", alias.name),
                    )
                    .at(alias.origin, "an alias")
                    .related(other.origin, "the other record")
                    .help("keep one of the two"),
                );
            }
        }
        self.findings.extend(findings);
    }

    pub(super) fn declare_dns_server(
        &mut self,
        block: &'a tree::DnsServer,
    ) -> Option<Declared<'a>> {
        let word = block.body.clauses.iter().find_map(|clause| match clause {
            tree::DnsServerClause::Address(word) => Some(word),
            _ => None,
        });
        let needed = Needed {
            kind: "dns-server",
            keyword: "address",
            example: "address 10.10.0.53",
        };
        let address = self.needed(&block.name, block.body.span, &needed, word);
        let Some(address) = address.and_then(|word| self.address(word)) else {
            self.unread.note(&block.name.value);
            return None;
        };
        let meta = self.described(&block.name, block.body.span);
        let name = Spanned::new(meta.name.clone(), block.name.span);
        let table = &mut self.estate.dns_servers;
        let make = || {
            table.push(DnsServer {
                meta,
                address,
                vnet: None,
                forwarders: None,
                conditional: Vec::new(),
            })
        };
        match self.names.dns_servers.declare(&name, make) {
            Ok(id) => Some(Declared::DnsServer(id, block)),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }

    pub(super) fn define_dns_server(&mut self, id: Id<DnsServer>, block: &tree::DnsServer) {
        if let Some(word) = &block.vnet {
            let vnet = self.reference(word, |names| &names.vnets);
            if let Some(vnet) = vnet.as_ref().and_then(|vnet| vnet.id) {
                let vnet = &self.estate.vnets[vnet];
                let address = self.estate.dns_servers[id].address;
                let finding = outside(address, "vnet", &vnet.meta.name, &vnet.prefixes);
                self.findings.extend(finding);
            }
            self.estate.dns_servers[id].vnet = vnet;
        }
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::DnsServerClause::Address(word) => {
                    self.first_time(&mut once, "address", word.span);
                }
                tree::DnsServerClause::Forwarders(words) => {
                    let servers = self.addresses(words);
                    let known = &mut self.estate.dns_servers[id].forwarders;
                    known.get_or_insert_with(Vec::new).extend(servers);
                }
                tree::DnsServerClause::Forward {
                    domain,
                    servers,
                    span,
                } => {
                    let servers = self.addresses(servers);
                    if let Some(domain) = self.domain(domain) {
                        let forwarder = ConditionalForwarder {
                            origin: span.span.into(),
                            domain: domain.value,
                            servers,
                        };
                        self.estate.dns_servers[id].conditional.push(forwarder);
                    }
                }
                tree::DnsServerClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.dns_servers[id].meta.home = home;
                    }
                }
            }
        }
    }
}
