//! Private DNS zones, private endpoints, DNS servers.

use crate::estate::{
    DnsRecord, DnsServer, Id, PrivateDnsZone, PrivateEndpoint, Ref, ResolutionPolicy, ZoneLink,
};

use super::names::first_of_domain;
use super::page::{Block, Body, Clause, is_word};
use super::{Writer, texts};

impl Writer<'_> {
    pub(super) fn dns(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for (id, zone) in estate.dns_zones.iter() {
            self.dns_zone(&mut body, id, zone);
        }
        for (id, endpoint) in estate.private_endpoints.iter() {
            body.block(self.private_endpoint(id, endpoint));
        }
        for (id, server) in estate.dns_servers.iter() {
            body.block(self.dns_server(id, server));
        }
        body
    }

    fn dns_zone(&mut self, body: &mut Body, id: Id<PrivateDnsZone>, zone: &PrivateDnsZone) {
        if !first_of_domain(self.estate, id) {
            let domain = &zone.domain;
            let links: Vec<&str> = zone
                .links
                .iter()
                .map(|link| link.vnet.name.as_str())
                .collect();
            let what = match links.as_slice() {
                [] => format!("another private DNS zone `{domain}`, without links"),
                links => format!(
                    "another private DNS zone `{domain}`, which is linked to `{}`",
                    links.join("`, `")
                ),
            };
            return self.not_said(body, zone.meta.origin, what);
        }
        let mut block = Block::new(format!("private-dns-zone {}", zone.domain));
        self.common(&mut block.body, &zone.meta);
        for link in &zone.links {
            self.zone_link(&mut block.body, link);
        }
        for record in &zone.records {
            self.record(&mut block.body, record);
        }
        body.block(block);
    }

    fn zone_link(&mut self, body: &mut Body, link: &ZoneLink) {
        let Some(vnet) = link.vnet.id else {
            let what = format!("vnet `{}`, which the zone is linked to", link.vnet.name);
            return self.not_known(body, link.origin, what);
        };
        let mut clause = format!("link {}", self.names.vnets.of(vnet));
        if link.registration {
            clause.push_str(" registration");
        }
        if link.resolution == ResolutionPolicy::NxDomainRedirect {
            clause.push_str(" nxdomain-redirect");
        }
        body.clause(clause);
    }

    fn record(&mut self, body: &mut Body, record: &DnsRecord) {
        let name = &record.name;
        if !is_word(name) {
            return self.not_said(body, record.origin, format!("record `{name}`"));
        }
        if let Some(to) = &record.cname {
            body.clause(format!("alias {name} -> {}", to.value));
        }
        if !record.addresses.is_empty() {
            let lead = format!("record {name}");
            body.clause(Clause::listing(lead, &texts(&record.addresses)));
        } else if record.cname.is_none() {
            self.not_known(
                body,
                record.origin,
                format!("the addresses of record `{name}`"),
            );
        }
    }

    fn private_endpoint(&mut self, id: Id<PrivateEndpoint>, endpoint: &PrivateEndpoint) -> Block {
        let name = self.names.private_endpoints.of(id).clone();
        let mut above = Body::default();
        let subnet = self.subnet_of(&mut above, "private endpoint", &name, &endpoint.subnet);
        let head = format!("private-endpoint {name} in {subnet}").into();
        let mut block = self.resource(head, "private endpoint", &endpoint.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.common(body, &endpoint.meta);
        body.list("private-ip", &texts(&endpoint.addresses));
        body.list("for", &texts(&endpoint.names));
        let zone = endpoint.zone.as_ref();
        if let Some(domain) = zone.and_then(|zone| self.zone_name(body, zone)) {
            body.clause(format!("zone {domain}"));
        }
        self.reference(body, "target", endpoint.target.as_ref(), |n| &n.services);
        block
    }

    /// The name of a zone that the policy holds.
    pub(super) fn zone_name(
        &mut self,
        body: &mut Body,
        zone: &Ref<PrivateDnsZone>,
    ) -> Option<String> {
        let Some(id) = zone.id else {
            let what = format!("private DNS zone `{}`", zone.name);
            self.not_known(body, zone.origin, what);
            return None;
        };
        let domain = self.estate.dns_zones[id].domain.to_string();
        if first_of_domain(self.estate, id) {
            return Some(domain);
        }
        let what = format!("private DNS zone `{domain}`, another one of this name");
        self.not_said(body, zone.origin, what);
        None
    }

    fn dns_server(&mut self, id: Id<DnsServer>, server: &DnsServer) -> Block {
        let name = self.names.dns_servers.of(id).clone();
        let mut above = Body::default();
        let place = match &server.vnet {
            None => String::new(),
            Some(vnet) => match vnet.id {
                Some(id) => format!(" in {}", self.names.vnets.of(id)),
                None => {
                    let what = format!("vnet `{}`, which DNS server `{name}` is in", vnet.name);
                    self.not_known(&mut above, vnet.origin, what);
                    String::new()
                }
            },
        };
        let head = format!("dns-server {name}{place}").into();
        let mut block = self.resource(head, "DNS server", &server.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.described(body, &server.meta);
        body.clause(format!("address {}", server.address.value));
        match &server.forwarders {
            Some(servers) if servers.is_empty() => {
                let what = "that it asks nobody in turn".to_owned();
                self.not_said(body, server.meta.origin, what);
            }
            Some(servers) => body.list("forwarders", &texts(servers)),
            None => {}
        }
        for forward in &server.conditional {
            let servers = texts(&forward.servers);
            if servers.is_empty() {
                let what = format!("whom it asks about `{}`", forward.domain);
                self.not_known(body, forward.origin, what);
            }
            body.list(&format!("forward {} ->", forward.domain), &servers);
        }
        block
    }
}
