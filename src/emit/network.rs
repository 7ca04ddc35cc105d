//! Virtual networks, subnets, peerings, public addresses, NAT gateways.

use crate::estate::{
    DnsServers, Id, NatGateway, Peering, PrivateEndpointPolicies, PublicIp, Subnet, Vnet,
};

use super::template::{Resource, Target, Value};
use super::{Builder, target};

pub(super) fn add(builder: &mut Builder<'_>) {
    let estate = builder.estate;
    for (id, ip) in estate
        .public_ips
        .iter()
        .filter(|(_, ip)| !ip.meta.home.is_existing())
    {
        let zones = ip.zones.iter().map(|zone| zone.value).collect::<Vec<_>>();
        let resource = builder.static_public_ip(builder.public_ip(id), ip.meta.origin, &zones);
        builder.push(resource);
    }
    for (id, nat) in estate
        .nat_gateways
        .iter()
        .filter(|(_, nat)| !nat.meta.home.is_existing())
    {
        let mut resource = builder.resource(builder.nat_gateway(id), nat.meta.origin);
        resource.location = Some(builder.location());
        resource.top_level = vec![(
            "sku",
            Value::Object(vec![("name", Value::text("Standard"))]),
        )];
        let ips: Vec<Id<PublicIp>> = nat.public_ips.iter().filter_map(|ip| ip.id).collect();
        resource.depends_on = ips
            .iter()
            .map(|ip| builder.public_ip(*ip))
            .filter(is_deployed)
            .collect();
        let references = ips
            .iter()
            .map(|ip| Value::reference(builder.public_ip(*ip)))
            .collect();
        resource.properties = vec![("publicIpAddresses", Value::List(references))];
        if let Some(minutes) = nat.idle_timeout {
            resource
                .properties
                .push(("idleTimeoutInMinutes", Value::Integer(minutes.value.into())));
        }
        builder.push(resource);
    }
    for (id, vnet) in estate.vnets.iter() {
        if vnet.meta.home.is_existing() {
            builder.subnets_of_existing(id);
        } else {
            builder.deployed_vnet(id, vnet);
        }
    }
    let peerings: Vec<&Peering> = estate
        .peerings
        .iter()
        .map(|(_, peering)| peering)
        .filter(|peering| !peering.existing)
        .collect();
    for peering in peerings {
        builder.peering(peering);
    }
}

/// Whether a target is part of the template.
pub(super) fn is_deployed(target: &Target) -> bool {
    !target.home.is_existing()
}

impl Builder<'_> {
    pub(super) fn public_ip(&self, id: Id<PublicIp>) -> Target {
        target(
            "Microsoft.Network/publicIPAddresses",
            "publicIp",
            &self.estate.public_ips[id].meta,
        )
    }

    pub(super) fn nat_gateway(&self, id: Id<NatGateway>) -> Target {
        target(
            "Microsoft.Network/natGateways",
            "natGateway",
            &self.estate.nat_gateways[id].meta,
        )
    }

    pub(super) fn vnet(&self, id: Id<Vnet>) -> Target {
        target(
            "Microsoft.Network/virtualNetworks",
            "vnet",
            &self.estate.vnets[id].meta,
        )
    }

    /// A subnet: a resource of its own in a network that exists, else a part of its network.
    pub(super) fn subnet(&self, id: Id<Subnet>) -> Target {
        let subnet = &self.estate.subnets[id];
        let vnet = self.vnet(subnet.vnet);
        let vnet_home = &self.estate.vnets[subnet.vnet].meta.home;
        let kind = "Microsoft.Network/virtualNetworks/subnets";
        if vnet_home.is_existing() && !subnet.meta.home.is_existing() {
            return vnet.child(kind, "subnet", &subnet.meta.name);
        }
        let names = [
            self.estate.vnets[subnet.vnet].meta.name.as_str(),
            subnet.meta.name.as_str(),
        ];
        let mut target = Target::new(kind, "subnet", &names, vnet_home);
        target.inside = Some((Box::new(vnet), format!("subnets/{}", subnet.meta.name)));
        target
    }

    pub(super) fn static_public_ip(
        &mut self,
        target: Target,
        origin: crate::base::Origin,
        zones: &[u8],
    ) -> Resource {
        let mut resource = self.resource(target, origin);
        resource.location = Some(self.location());
        resource.top_level = vec![(
            "sku",
            Value::Object(vec![("name", Value::text("Standard"))]),
        )];
        if !zones.is_empty() {
            resource
                .top_level
                .push(("zones", Value::texts(zones.iter())));
        }
        resource.properties = vec![
            ("publicIPAllocationMethod", Value::text("Static")),
            ("publicIPAddressVersion", Value::text("IPv4")),
        ];
        resource
    }

    fn deployed_vnet(&mut self, id: Id<Vnet>, vnet: &Vnet) {
        let estate = self.estate;
        let mut resource = self.resource(self.vnet(id), vnet.meta.origin);
        resource.location = Some(self.location());
        let prefixes = Value::texts(vnet.prefixes.iter().map(|prefix| prefix.value));
        resource.properties = vec![(
            "addressSpace",
            Value::Object(vec![("addressPrefixes", prefixes)]),
        )];
        if let Some(servers) = self.dns_servers(&vnet.dns) {
            resource.properties.push((
                "dhcpOptions",
                Value::Object(vec![("dnsServers", Value::List(servers))]),
            ));
        }
        if let DnsServers::Firewall(firewall) = &vnet.dns
            && let Some(id) = firewall.id
        {
            self.wait_for_address(id, &mut resource);
        }
        let mut subnets = Vec::new();
        for (id, subnet) in estate.subnets_of(id) {
            self.without_endpoint_policy(id, subnet);
            for target in self.attached_to(subnet).into_iter().filter(is_deployed) {
                if !resource.depends_on.contains(&target) {
                    resource.depends_on.push(target);
                }
            }
            subnets.push(Value::Object(vec![
                ("name", Value::text(subnet.meta.name.as_str())),
                ("properties", Value::Object(self.subnet_properties(subnet))),
            ]));
        }
        resource.properties.push(("subnets", Value::List(subnets)));
        self.push(resource);
    }

    /// Subnets of a network that exists are deployed one after the other: Azure refuses to change two at once.
    fn subnets_of_existing(&mut self, vnet: Id<Vnet>) {
        let estate = self.estate;
        let mut previous: Option<Target> = None;
        for (id, subnet) in estate.subnets_of(vnet) {
            if subnet.meta.home.is_existing() {
                self.unattached(id, subnet);
                continue;
            }
            if estate.vnets[vnet].meta.home.is_elsewhere() {
                let path = estate.subnet_path(id);
                self.template.not_deployed.push(format!(
                    "subnet `{path}`, whose vnet lives in another resource group"
                ));
                continue;
            }
            self.without_endpoint_policy(id, subnet);
            let mut resource = self.resource(self.subnet(id), subnet.meta.origin);
            resource.depends_on = self
                .attached_to(subnet)
                .into_iter()
                .filter(is_deployed)
                .collect();
            resource
                .depends_on
                .extend(previous.replace(resource.target.clone()));
            resource.properties = self.subnet_properties(subnet);
            self.push(resource);
        }
    }

    /// A service endpoint policy is described and not made.
    fn without_endpoint_policy(&mut self, id: Id<Subnet>, subnet: &Subnet) {
        if subnet.endpoint_policy.is_some() {
            let path = self.estate.subnet_path(id);
            self.template
                .not_deployed
                .push(format!("service endpoint policy of subnet `{path}`"));
        }
    }

    /// A subnet that exists is not changed, so what is deployed for it must be attached by hand.
    fn unattached(&mut self, id: Id<Subnet>, subnet: &Subnet) {
        let path = self.estate.subnet_path(id);
        for target in self.attached_to(subnet).into_iter().filter(is_deployed) {
            let name = target.name.join("/");
            self.template.not_deployed.push(format!(
                "`{name}` on subnet `{path}`, which exists: attach it yourself"
            ));
        }
    }

    /// What a subnet refers to.
    fn attached_to(&self, subnet: &Subnet) -> Vec<Target> {
        let mut targets = Vec::new();
        targets.extend(
            subnet
                .route_table
                .as_ref()
                .and_then(|it| it.id)
                .map(|id| self.route_table(id)),
        );
        targets.extend(
            subnet
                .nsg
                .as_ref()
                .and_then(|it| it.id)
                .map(|id| self.nsg(id)),
        );
        targets.extend(
            subnet
                .nat_gateway
                .as_ref()
                .and_then(|it| it.id)
                .map(|id| self.nat_gateway(id)),
        );
        targets
    }

    fn subnet_properties(&self, subnet: &Subnet) -> Vec<(&'static str, Value)> {
        let mut properties = Vec::new();
        match subnet.prefixes.as_slice() {
            [only] => properties.push(("addressPrefix", Value::text(only.value.to_string()))),
            many => properties.push((
                "addressPrefixes",
                Value::texts(many.iter().map(|prefix| prefix.value)),
            )),
        }
        if let Some(id) = subnet.route_table.as_ref().and_then(|it| it.id) {
            properties.push(("routeTable", Value::reference(self.route_table(id))));
        }
        if let Some(id) = subnet.nsg.as_ref().and_then(|it| it.id) {
            properties.push(("networkSecurityGroup", Value::reference(self.nsg(id))));
        }
        if let Some(id) = subnet.nat_gateway.as_ref().and_then(|it| it.id) {
            properties.push(("natGateway", Value::reference(self.nat_gateway(id))));
        }
        if !subnet.service_endpoints.is_empty() {
            let endpoints = subnet.service_endpoints.iter();
            let endpoints = endpoints.map(|service| {
                Value::Object(vec![("service", Value::text(service.value.as_str()))])
            });
            properties.push(("serviceEndpoints", Value::List(endpoints.collect())));
        }
        if !subnet.delegations.is_empty() {
            let delegations = subnet.delegations.iter().map(|service| {
                let name = service.value.rsplit('/').next().unwrap_or_default();
                let service_name = Value::text(service.value.as_str());
                Value::Object(vec![
                    ("name", Value::text(name)),
                    (
                        "properties",
                        Value::Object(vec![("serviceName", service_name)]),
                    ),
                ])
            });
            properties.push(("delegations", Value::List(delegations.collect())));
        }
        let policies = match subnet.private_endpoint_policies {
            PrivateEndpointPolicies::Disabled => None,
            PrivateEndpointPolicies::Enabled => Some("Enabled"),
            PrivateEndpointPolicies::SecurityGroups => Some("NetworkSecurityGroupEnabled"),
            PrivateEndpointPolicies::RouteTables => Some("RouteTableEnabled"),
        };
        properties.extend(
            policies.map(|policies| ("privateEndpointNetworkPolicies", Value::text(policies))),
        );
        properties.extend(
            subnet
                .default_outbound
                .map(|on| ("defaultOutboundAccess", Value::Bool(on.value))),
        );
        properties
    }

    fn dns_servers(&self, dns: &DnsServers) -> Option<Vec<Value>> {
        match dns {
            DnsServers::Azure | DnsServers::Unknown(_) => None,
            DnsServers::Custom(servers) => {
                let servers = servers.iter();
                Some(
                    servers
                        .map(|server| Value::text(server.value.to_string()))
                        .collect(),
                )
            }
            DnsServers::Firewall(firewall) => {
                let id = firewall.id?;
                let read = self.address_in_hub(id).map(Value::Expr);
                let known = self.estate.firewalls[id].private_ip;
                let known = || known.map(|address| Value::text(address.value.to_string()));
                Some(vec![read.or_else(known)?])
            }
        }
    }

    fn peering_target(&self, from: Id<Vnet>, peering: &Peering) -> Target {
        let kind = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings";
        let name = format!("to-{}", peering.to.name);
        self.vnet(from).child(kind, "peering", &name)
    }

    fn peering(&mut self, peering: &Peering) {
        let (Some(from), Some(to)) = (peering.from.id, peering.to.id) else {
            return;
        };
        if self.estate.vnets[from].meta.home.is_elsewhere() {
            self.template.not_deployed.push(format!(
                "peering from `{}` to `{}`",
                peering.from.name, peering.to.name
            ));
            return;
        }
        let mut resource = self.resource(self.peering_target(from, peering), peering.origin);
        resource.depends_on = [self.vnet(from), self.vnet(to)]
            .into_iter()
            .filter(is_deployed)
            .collect();
        if peering.remote_gateways {
            // Azure refuses to use a gateway before the other side lends it.
            let lenders = self.estate.peerings.iter().map(|(_, lender)| lender);
            let lends = |lender: &&Peering| {
                lender.from.id == Some(to)
                    && lender.to.id == Some(from)
                    && lender.gateway_transit
                    && !lender.remote_gateways
                    && !lender.existing
                    && !self.estate.vnets[to].meta.home.is_elsewhere()
            };
            let lent = lenders
                .filter(lends)
                .map(|lender| self.peering_target(to, lender));
            resource.depends_on.extend(lent);
        }
        resource.properties = vec![
            ("remoteVirtualNetwork", Value::reference(self.vnet(to))),
            ("allowVirtualNetworkAccess", Value::Bool(peering.access)),
            (
                "allowForwardedTraffic",
                Value::Bool(peering.forwarded_traffic),
            ),
            ("allowGatewayTransit", Value::Bool(peering.gateway_transit)),
            ("useRemoteGateways", Value::Bool(peering.remote_gateways)),
        ];
        self.push(resource);
    }
}
