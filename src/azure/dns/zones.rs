//! Azure's own DNS: what it answers depends on the zones linked to the network that the query comes from.

use std::net::IpAddr;

use crate::estate::{Id, Pool, PrivateDnsZone, PrivateZone, ResolutionPolicy, Subnet, Vnet};
use crate::net::Fqdn;

use super::super::cause::Cause;
use super::super::flow::{Element, Outcome, Site};
use super::super::gaps;
use super::super::packet::{is_public, note};
use super::{
    Answer, Asker, HDINSIGHT_ON_AKS, LookUp, MACHINES, MOST_HOPS, Record, Reply, is_privatelink,
    is_under, private_name,
};

impl LookUp<'_> {
    /// Azure DNS answers with the zones linked to the network that the query comes from.
    pub(super) fn ask_azure(&mut self, asker: Asker, name: &Fqdn) -> Reply {
        let Some(vnet) = asker.vnet else {
            if self.is_private(name) {
                return Reply::bad(
                    Answer::Unknown,
                    Outcome::Unclear,
                    self.cause_of(name),
                    Element {
                        name: "Azure DNS".to_owned(),
                        origin: crate::base::Origin::Platform,
                        site: Site::Platform,
                    },
                    "from which network the last server asks is not known".to_owned(),
                );
            }
            return self.public(name);
        };
        self.asked_from = Some(vnet);
        if let Some(subnet) = asker.subnet
            && let Some(reply) = self.platform_dns(subnet, asker.client)
        {
            return reply;
        }
        if let Some(text) = gaps::forwarding(self.plane.estate, vnet) {
            let element = self.plane.dns_element(vnet);
            return self.not_known(element, name, text);
        }
        let mut current = name.clone();
        for _ in 0..MOST_HOPS {
            if let Some(reply) = self.system_zone(vnet, &current) {
                return reply;
            }
            let linked = self.linked_zone(vnet, &current);
            if let Some((zone, text)) = self.open_zone(linked.map(|(id, _)| id), &current) {
                let element = self.zone_element(zone);
                return self.not_known(element, name, text);
            }
            match linked {
                Some((id, resolution)) => match self.record(id, &current) {
                    Some(Record::Addresses(addresses)) => {
                        return self.private_answer(id, &current, &addresses);
                    }
                    Some(Record::Endpoint(endpoint)) => {
                        let meta = &self.plane.estate.private_endpoints[endpoint].meta;
                        let element = Element {
                            name: format!("private endpoint `{}`", meta.name),
                            origin: meta.origin,
                            site: Site::PrivateEndpoint(endpoint),
                        };
                        let text = "gets its address when it is made".to_owned();
                        return self.not_known(element, name, text);
                    }
                    Some(Record::Alias(target)) => {
                        let zone = self.zone_element(id);
                        self.step(zone, format!("{current} is {target}"), Outcome::Passes);
                        current = target;
                    }
                    None if resolution == ResolutionPolicy::NxDomainRedirect
                        && is_privatelink(&self.plane.estate.dns_zones[id]) =>
                    {
                        let zone = self.zone_element(id);
                        let text = format!("has no record for {current}; the link asks public DNS");
                        self.step(zone, text, Outcome::Passes);
                        return self.public_end(&current);
                    }
                    None => return self.no_record(id, &current, vnet),
                },
                None => match self.public_alias(&current) {
                    Some(target) => current = target,
                    None => return self.unlinked(vnet, &current),
                },
            }
        }
        Reply::bad(
            Answer::None,
            Outcome::Blocks,
            Cause::PrivateZoneUnresolvable,
            self.plane.dns_element(vnet),
            format!("{name} leads from alias to alias without end"),
        )
    }

    fn not_known(&self, element: Element, name: &Fqdn, text: String) -> Reply {
        Reply::bad(
            Answer::Unknown,
            Outcome::Unclear,
            self.cause_of(name),
            element,
            text,
        )
    }

    /// A zone that may answer for a name before the one that is linked does, or whose own answer is not known.
    fn open_zone(
        &self,
        linked: Option<Id<PrivateDnsZone>>,
        name: &Fqdn,
    ) -> Option<(Id<PrivateDnsZone>, String)> {
        let estate = self.plane.estate;
        let length = |id: Id<PrivateDnsZone>| estate.dns_zones[id].domain.as_str().len();
        let own = linked.and_then(|id| {
            let text = gaps::zone_records(estate, id)?;
            self.record(id, name).is_none().then_some((id, text))
        });
        own.or_else(|| {
            let zones = estate.dns_zones.iter();
            let mut under = zones.filter(|(_, zone)| is_under(name, zone.domain.as_str()));
            under.find_map(|(id, _)| {
                let text = gaps::zone_links(estate, id)?;
                let first = linked.is_none_or(|linked| length(linked) < length(id));
                first.then_some((id, text))
            })
        })
    }

    /// A security rule can forbid Azure DNS by its tag.
    pub(super) fn platform_dns(
        &mut self,
        subnet: Id<Subnet>,
        client: Option<IpAddr>,
    ) -> Option<Reply> {
        let server = self.plane.facts.azure_dns()?.prefix.addr();
        let asker = Asker {
            subnet: Some(subnet),
            vnet: None,
            client,
        };
        self.path_to(asker, server)
    }

    /// The zone that a private cluster brings along, linked to the network of its nodes only.
    pub(super) fn system_zone(&mut self, vnet: Id<Vnet>, name: &Fqdn) -> Option<Reply> {
        let estate = self.plane.estate;
        let pool = self.system_pool(name)?;
        let nodes = &estate.pools[pool];
        let home = nodes
            .subnets
            .iter()
            .find_map(|subnet| subnet.id)
            .map(|subnet| estate.subnets[subnet].vnet);
        let element = Element {
            name: format!("pool `{}`", nodes.meta.name),
            origin: nodes.meta.origin,
            site: Site::Pool(pool),
        };
        let endpoint = estate.private_endpoints.iter().find(|(_, endpoint)| {
            endpoint.names.iter().any(|known| known.value == *name)
                || endpoint.meta.name.contains("apiserver")
        });
        let address = endpoint
            .and_then(|(_, endpoint)| endpoint.addresses.first())
            .map(|address| address.value);
        if home == Some(vnet) {
            self.step(
                element,
                "brings a private zone along, linked to this network",
                Outcome::Passes,
            );
            return Some(Reply::good(Answer::Private(address)));
        }
        Some(Reply::bad(
            Answer::None,
            Outcome::Blocks,
            Cause::PrivateZoneUnresolvable,
            element,
            format!(
                "brings its private zone along linked to the network of its nodes only; the \
                 resolver sits in vnet `{}`",
                estate.vnets[vnet].meta.name
            ),
        ))
    }

    /// The pool whose own private zone holds a name, unless a zone of the estate does.
    pub(super) fn system_pool(&self, name: &Fqdn) -> Option<Id<Pool>> {
        let estate = self.plane.estate;
        let declared = |(_, zone): (_, &PrivateDnsZone)| is_under(name, zone.domain.as_str());
        if estate.dns_zones.iter().any(declared) {
            return None;
        }
        let mut pools = estate.pools.iter();
        pools
            .find(|(_, pool)| {
                let zone = pool.api_server.private_zone.as_ref();
                let system = zone.is_none_or(|zone| zone.value == PrivateZone::System);
                let named = pool.api_server.fqdn.as_ref();
                let api = named.is_some_and(|fqdn| fqdn.value == *name);
                pool.private_cluster.is_some()
                    && system
                    && api
                    && name.as_str().contains(".privatelink.")
            })
            .map(|(id, _)| id)
    }

    /// The zone linked to a network that holds a name: the longest.
    pub(super) fn linked_zone(
        &self,
        vnet: Id<Vnet>,
        name: &Fqdn,
    ) -> Option<(Id<PrivateDnsZone>, ResolutionPolicy)> {
        let zones = self.plane.estate.dns_zones.iter();
        zones
            .filter(|(_, zone)| is_under(name, zone.domain.as_str()))
            .filter_map(|(id, zone)| {
                let mut links = zone.links.iter();
                let link = links.find(|link| link.vnet.id == Some(vnet))?;
                Some((id, link.resolution))
            })
            .max_by_key(|(id, _)| self.plane.estate.dns_zones[*id].domain.as_str().len())
    }

    pub(super) fn record(&self, id: Id<PrivateDnsZone>, name: &Fqdn) -> Option<Record> {
        let zone = &self.plane.estate.dns_zones[id];
        let host = name
            .as_str()
            .strip_suffix(zone.domain.as_str())
            .map(|host| host.trim_end_matches('.'))?;
        let host = if host.is_empty() { "@" } else { host };
        let exact = zone
            .records
            .iter()
            .find(|record| record.name.eq_ignore_ascii_case(host));
        let record = exact.or_else(|| zone.records.iter().find(|record| record.name == "*"));
        if let Some(record) = record {
            if let Some(target) = &record.cname {
                return Some(Record::Alias(target.value.clone()));
            }
            let addresses = record.addresses.iter().map(|address| address.value);
            return Some(Record::Addresses(addresses.collect()));
        }
        let endpoint = self.plane.estate.private_endpoints.iter();
        let kept = endpoint
            .filter(|(_, endpoint)| endpoint.zone.as_ref().and_then(|zone| zone.id) == Some(id));
        let mut named = kept.filter(|(_, endpoint)| {
            endpoint.names.iter().any(|known| {
                known.value == *name
                    || private_name(self.plane, &known.value).as_ref() == Some(name)
            })
        });
        let (id, endpoint) = named.next()?;
        if endpoint.addresses.is_empty() && gaps::is_part(self.plane.estate) {
            return Some(Record::Endpoint(id));
        }
        let addresses = endpoint.addresses.iter().map(|address| address.value);
        Some(Record::Addresses(addresses.collect()))
    }

    pub(super) fn private_answer(
        &mut self,
        id: Id<PrivateDnsZone>,
        name: &Fqdn,
        addresses: &[IpAddr],
    ) -> Reply {
        let zone = self.zone_element(id);
        let Some(address) = addresses.first().copied() else {
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                zone,
                format!("has a record for {name} without an address"),
            );
        };
        self.step(zone, format!("{name} is {address}"), Outcome::Passes);
        if is_public(address, self.plane.facts.private_ranges()) {
            Reply::good(Answer::Public(Some(address)))
        } else {
            Reply::good(Answer::Private(Some(address)))
        }
    }

    /// A linked zone without the record answers that the name does not exist, whatever public DNS knows.
    pub(super) fn no_record(
        &mut self,
        id: Id<PrivateDnsZone>,
        name: &Fqdn,
        vnet: Id<Vnet>,
    ) -> Reply {
        let zone = &self.plane.estate.dns_zones[id];
        let registered = zone
            .links
            .iter()
            .any(|link| link.vnet.id == Some(vnet) && link.registration);
        let element = self.zone_element(id);
        if registered {
            return Reply::bad(
                Answer::Unknown,
                Outcome::Unclear,
                self.cause_of(name),
                element,
                format!("machines enter themselves; whether {name} did is not known"),
            );
        }
        if self.makes_record_later(id, name) {
            note(
                &mut self.notes,
                format!("the cluster enters {name} in its private zone when it is made"),
            );
            return Reply::good(Answer::Private(None));
        }
        Reply::bad(
            Answer::None,
            Outcome::Blocks,
            self.cause_of(name),
            element,
            format!(
                "is linked to vnet `{}` and has no record for {name}, so the answer is that the \
                 name does not exist",
                self.plane.estate.vnets[vnet].meta.name
            ),
        )
    }

    /// Whether a private cluster that is still to be made enters its API server in this zone.
    pub(super) fn makes_record_later(&self, id: Id<PrivateDnsZone>, name: &Fqdn) -> bool {
        let zone = &self.plane.estate.dns_zones[id];
        let mut pools = self.plane.estate.pools.iter();
        zone.records.is_empty()
            && pools.any(|(_, pool)| {
                let named = pool.api_server.fqdn.as_ref();
                named.is_some_and(|fqdn| fqdn.value == *name)
            })
    }

    /// Public DNS sends the name of a service with private endpoints on to its name under `privatelink`.
    pub(super) fn public_alias(&mut self, name: &Fqdn) -> Option<Fqdn> {
        let estate = self.plane.estate;
        let mut services = estate.services.iter();
        let service = services.find(|(_, service)| service.fqdn.value == *name);
        let alias = match service {
            Some((id, service)) => service
                .cname
                .as_ref()
                .map(|cname| cname.value.clone())
                .or_else(|| {
                    let mut endpoints = estate.private_endpoints.iter();
                    let linked = endpoints.any(|(_, endpoint)| {
                        endpoint.target.as_ref().and_then(|target| target.id) == Some(id)
                    });
                    let linked = linked || self.is_named_by_endpoint(name);
                    linked.then(|| private_name(self.plane, name)).flatten()
                }),
            None => {
                let named = self.is_named_by_endpoint(name);
                named.then(|| private_name(self.plane, name)).flatten()
            }
        };
        let alias = alias.filter(|alias| alias != name)?;
        self.step(
            Element {
                name: "public DNS".to_owned(),
                origin: crate::base::Origin::Platform,
                site: Site::Platform,
            },
            format!("{name} is {alias}"),
            Outcome::Passes,
        );
        Some(alias)
    }

    fn is_named_by_endpoint(&self, name: &Fqdn) -> bool {
        let mut endpoints = self.plane.estate.private_endpoints.iter();
        endpoints.any(|(_, endpoint)| endpoint.names.iter().any(|known| known.value == *name))
    }

    /// No zone that holds the name is linked to the network.
    pub(super) fn unlinked(&mut self, vnet: Id<Vnet>, name: &Fqdn) -> Reply {
        let estate = self.plane.estate;
        let here = &estate.vnets[vnet].meta.name;
        let elsewhere = estate
            .dns_zones
            .iter()
            .filter(|(_, zone)| is_under(name, zone.domain.as_str()))
            .max_by_key(|(_, zone)| zone.domain.as_str().len());
        if name.as_str().ends_with(MACHINES) && elsewhere.is_none() {
            return self.machine(vnet, name);
        }
        // The public name of a cluster with private ingress is an alias and nothing else
        // (articles/hdinsight-aks/control-egress-traffic-from-hdinsight-on-aks-clusters.md).
        let service = self
            .service_of_alias(name)
            .filter(|id| !name.as_str().ends_with(HDINSIGHT_ON_AKS) || self.has_address(*id));
        if let Some((id, zone)) = elsewhere
            && service.is_none()
        {
            let linked: Vec<String> = zone
                .links
                .iter()
                .map(|link| format!("`{}`", link.vnet.name))
                .collect();
            let links = if linked.is_empty() {
                "no network".to_owned()
            } else {
                linked.join(", ")
            };
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                self.zone_element(id),
                format!(
                    "holds {name} and is linked to {links}; the resolver sits in vnet `{here}`, \
                     which is not linked"
                ),
            );
        }
        if self.is_private(name) && service.is_none() {
            return Reply::bad(
                Answer::None,
                Outcome::Blocks,
                self.cause_of(name),
                self.plane.dns_element(vnet),
                format!(
                    "no private zone for {name} is linked to vnet `{here}`, and public DNS does not know the name"
                ),
            );
        }
        self.public_end(name)
    }
}
