//! Private endpoints and private DNS zones.

use crate::estate::{DnsRecord, Id, ResolutionPolicy, ZoneLink};
use crate::syntax::tree::{self, CommonClause};

use super::{Lowering, Once};

impl Lowering<'_> {
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
                tree::DnsZoneClause::Common(
                    common @ (CommonClause::Existing(_) | CommonClause::Ignore(_)),
                ) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.dns_zones[id].meta.home = home;
                    }
                }
            }
        }
    }
}
