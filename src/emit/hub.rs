//! Virtual WANs and their hubs: connections of networks, routing intent.

use crate::estate::{Id, VirtualHub, VirtualWan};

use super::network::is_deployed;
use super::template::{Target, Value};
use super::{Builder, target};

/// A hub and the firewall in it are changed by each of their children, and Azure refuses two changes at once. So they
/// are made one after the other: hub, firewall, connections, routing intent.
pub(super) fn add(builder: &mut Builder<'_>) {
    let estate = builder.estate;
    for (id, wan) in estate.wans.iter() {
        if wan.meta.home.is_existing() {
            continue;
        }
        let mut resource = builder.resource(builder.wan(id), wan.meta.origin);
        resource.location = Some(builder.location());
        // The other type has neither transit between networks nor firewalls (azure-docs, virtual-wan/virtual-wan-about.md).
        resource.properties = vec![("type", Value::text("Standard"))];
        builder.push(resource);
    }
    for (id, hub) in estate.hubs.iter() {
        if hub.meta.home.is_existing() {
            builder.not_connected(hub);
        } else {
            builder.deployed_hub(id, hub);
        }
    }
}

impl Builder<'_> {
    fn wan(&self, id: Id<VirtualWan>) -> Target {
        target(
            "Microsoft.Network/virtualWans",
            "virtualWan",
            &self.estate.wans[id].meta,
        )
    }

    pub(super) fn hub(&self, id: Id<VirtualHub>) -> Target {
        target(
            "Microsoft.Network/virtualHubs",
            "virtualHub",
            &self.estate.hubs[id].meta,
        )
    }

    /// A hub that exists is not changed, so networks that are deployed are connected by hand.
    fn not_connected(&mut self, hub: &VirtualHub) {
        let connections = hub.connections.iter().filter_map(|vnet| vnet.id);
        let new = connections.filter(|id| !self.estate.vnets[*id].meta.home.is_existing());
        for id in new.collect::<Vec<_>>() {
            self.template.not_deployed.push(format!(
                "connection of vnet `{}` to hub `{}`, which exists: connect it yourself",
                self.estate.vnets[id].meta.name, hub.meta.name
            ));
        }
    }

    fn deployed_hub(&mut self, id: Id<VirtualHub>, hub: &VirtualHub) {
        let own = self.hub(id);
        let mut resource = self.resource(own.clone(), hub.meta.origin);
        resource.location = Some(self.location());
        if let Some(prefix) = hub.prefix {
            let prefix = Value::text(prefix.value.to_string());
            resource.properties.push(("addressPrefix", prefix));
        }
        resource.properties.push(("sku", Value::text("Standard")));
        if let Some(wan) = hub.wan.as_ref().and_then(|wan| wan.id) {
            let wan = self.wan(wan);
            resource
                .depends_on
                .extend(Some(wan.clone()).filter(is_deployed));
            resource
                .properties
                .push(("virtualWan", Value::reference(wan)));
        }
        self.push(resource);

        let firewall = hub.firewall.as_ref().and_then(|firewall| firewall.id);
        let firewall = firewall.map(|firewall| self.firewall(firewall));
        let first = firewall.clone().filter(is_deployed).unwrap_or(own.clone());
        let mut previous = first;
        for vnet in &hub.connections {
            let Some(remote) = vnet.id else { continue };
            let kind = "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections";
            let name = format!("to-{}", self.estate.vnets[remote].meta.name);
            let connection = own.child(kind, "connection", &name);
            let mut resource = self.resource(connection, vnet.origin);
            let remote_target = self.vnet(remote);
            resource.depends_on = vec![previous];
            let deployed = Some(remote_target.clone()).filter(is_deployed);
            resource.depends_on.extend(deployed);
            let mut without = hub.without_default.iter();
            let takes_default = !without.any(|it| it.id == Some(remote));
            resource.properties = vec![
                ("remoteVirtualNetwork", Value::reference(remote_target)),
                ("enableInternetSecurity", Value::Bool(takes_default)),
            ];
            previous = resource.target.clone();
            self.push(resource);
        }
        let Some(firewall) = firewall else { return };
        let policy = |name: &str, destination: &str| {
            Value::Object(vec![
                ("name", Value::text(name)),
                ("destinations", Value::texts([destination])),
                ("nextHop", Value::id(firewall.clone())),
            ])
        };
        let mut policies = Vec::new();
        if hub.internet_routing {
            policies.push(policy("InternetTraffic", "Internet"));
        }
        if hub.private_routing {
            policies.push(policy("PrivateTraffic", "PrivateTraffic"));
        }
        if policies.is_empty() {
            return;
        }
        let kind = "Microsoft.Network/virtualHubs/routingIntent";
        let intent = own.child(kind, "routingIntent", "routing-intent");
        let mut resource = self.resource(intent, hub.meta.origin);
        resource.depends_on = vec![previous];
        resource.properties = vec![("routingPolicies", Value::List(policies))];
        self.push(resource);
    }
}
