//! Private DNS zones, their links and records.

use std::net::IpAddr;

use crate::estate::{Id, PrivateDnsZone, ResolutionPolicy};

use super::network::is_deployed;
use super::template::{Target, Value};
use super::{Builder, target};

/// How long answers are kept, in seconds.
const RECORD_TTL: u32 = 300;

pub(super) fn add(builder: &mut Builder<'_>) {
    let estate = builder.estate;
    for (id, zone) in estate
        .dns_zones
        .iter()
        .filter(|(_, zone)| !zone.meta.home.is_existing())
    {
        let zone_target = builder.dns_zone(id);
        let mut resource = builder.resource(zone_target.clone(), zone.meta.origin);
        resource.location = Some(Value::text("global"));
        builder.push(resource);
        builder.links(zone, &zone_target);
        builder.records(zone, &zone_target);
    }
}

impl Builder<'_> {
    pub(super) fn dns_zone(&self, id: Id<PrivateDnsZone>) -> Target {
        target(
            "Microsoft.Network/privateDnsZones",
            "dnsZone",
            &self.estate.dns_zones[id].meta,
        )
    }

    fn links(&mut self, zone: &PrivateDnsZone, zone_target: &Target) {
        for link in &zone.links {
            let Some(vnet) = link.vnet.id else { continue };
            let kind = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";
            let target = zone_target.child(kind, "link", &link.vnet.name);
            let mut resource = self.resource(target, link.origin);
            resource.location = Some(Value::text("global"));
            let vnet = self.vnet(vnet);
            resource.depends_on = [zone_target.clone(), vnet.clone()]
                .into_iter()
                .filter(is_deployed)
                .collect();
            resource.properties = vec![
                ("virtualNetwork", Value::reference(vnet)),
                ("registrationEnabled", Value::Bool(link.registration)),
            ];
            if link.resolution == ResolutionPolicy::NxDomainRedirect {
                resource
                    .properties
                    .push(("resolutionPolicy", Value::text("NxDomainRedirect")));
            }
            self.push(resource);
        }
    }

    fn records(&mut self, zone: &PrivateDnsZone, zone_target: &Target) {
        for record in &zone.records {
            if let Some(alias) = &record.cname {
                let kind = "Microsoft.Network/privateDnsZones/CNAME";
                let target = zone_target.child(kind, "record", &record.name);
                let mut resource = self.resource(target, record.origin);
                resource.target.symbol.push_str("_cname");
                resource.depends_on = vec![zone_target.clone()];
                let to = Value::text(alias.value.to_string());
                resource.properties = vec![
                    ("ttl", Value::Integer(RECORD_TTL)),
                    ("cnameRecord", Value::Object(vec![("cname", to)])),
                ];
                self.push(resource);
                continue;
            }
            let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = record
                .addresses
                .iter()
                .map(|address| address.value)
                .partition(IpAddr::is_ipv4);
            let kinds: [(&'static str, &'static str, &'static str, Vec<IpAddr>); 2] = [
                (
                    "Microsoft.Network/privateDnsZones/A",
                    "aRecords",
                    "ipv4Address",
                    v4,
                ),
                (
                    "Microsoft.Network/privateDnsZones/AAAA",
                    "aaaaRecords",
                    "ipv6Address",
                    v6,
                ),
            ];
            for (kind, list, key, addresses) in kinds {
                if addresses.is_empty() {
                    continue;
                }
                let target = zone_target.child(kind, "record", &record.name);
                let mut resource = self.resource(target, record.origin);
                resource
                    .target
                    .symbol
                    .push_str(if list == "aRecords" { "_a" } else { "_aaaa" });
                resource.depends_on = vec![zone_target.clone()];
                let entries = addresses
                    .iter()
                    .map(|ip| Value::Object(vec![(key, Value::text(ip.to_string()))]));
                resource.properties = vec![
                    ("ttl", Value::Integer(RECORD_TTL)),
                    (list, Value::List(entries.collect())),
                ];
                self.push(resource);
            }
        }
    }
}
