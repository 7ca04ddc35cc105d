//! What a catalog says beside its endpoints: ports among machines, addresses, names, and rules of the product.

use smol_str::SmolStr;

use crate::intent::catalog::{
    AddressMode, Catalog, Constraint, DataRole, DnsEntry, InternalPort, IpPlan, NsgRule, Route,
    Selected, Selection, ServicePort, SourceRef, Template, is_of_version,
};

use super::page::{Page, braced, described, services};

/// What belongs to a selection.
pub(super) struct Beside<'a> {
    security_rules: Vec<&'a NsgRule>,
    routes: Vec<&'a Route>,
    data_roles: Vec<&'a DataRole>,
    service_ports: &'a [ServicePort],
    internal_ports: Vec<&'a InternalPort>,
    plans: Vec<&'a IpPlan>,
    names: Vec<&'a DnsEntry>,
    constraints: &'a [Constraint],
}

impl<'a> Beside<'a> {
    pub(super) fn of(
        catalog: &'a Catalog,
        selection: &Selection<'_>,
        selected: &Selected<'_>,
    ) -> Self {
        let features = &selected.features;
        let of_version = |versions: &[SmolStr]| is_of_version(catalog, selection, versions);
        let rules = catalog.nsg_rules.iter();
        let routes = catalog.routes.iter();
        let ports = catalog.internal_ports.iter();
        let plans = catalog.ip_plans.iter();
        let names = catalog.dns.iter();
        Self {
            security_rules: rules.filter(|rule| rule.when.holds(features)).collect(),
            routes: routes.filter(|it| it.when.holds(features)).collect(),
            data_roles: catalog
                .data_roles
                .iter()
                .filter(|it| it.when.holds(features))
                .collect(),
            service_ports: &catalog.service_ports,
            internal_ports: ports
                .filter(|port| of_version(&port.versions) && port.when.holds(features))
                .collect(),
            plans: plans.filter(|plan| of_version(&plan.versions)).collect(),
            names: names
                .filter(|name| {
                    let in_cloud = name.clouds.is_empty() || name.clouds.contains(&selection.cloud);
                    in_cloud && name.when.holds(features)
                })
                .collect(),
            constraints: &catalog.constraints,
        }
    }

    /// Every document that one of them cites.
    pub(super) fn sources(&self) -> impl Iterator<Item = &'a SourceRef> {
        let rules = self.security_rules.iter().flat_map(|it| &it.sources);
        let routes = self.routes.iter().flat_map(|it| &it.sources);
        let service_ports = self.service_ports.iter().flat_map(|it| &it.sources);
        let internal_ports = self.internal_ports.iter().flat_map(|it| &it.sources);
        let plans = self.plans.iter().flat_map(|it| &it.sources);
        let names = self.names.iter().flat_map(|it| &it.sources);
        let constraints = self.constraints.iter().flat_map(|it| &it.sources);
        let roles = self.data_roles.iter().flat_map(|it| &it.sources);
        let network = rules.chain(routes).chain(roles).chain(service_ports);
        network
            .chain(internal_ports)
            .chain(plans)
            .chain(names)
            .chain(constraints)
    }

    /// Every contradiction that one of them depends on.
    pub(super) fn ambiguities(&self) -> impl Iterator<Item = &'a SmolStr> {
        let ports = self.internal_ports.iter();
        let plans = self.plans.iter();
        ports
            .filter_map(|port| port.ambiguity.as_ref())
            .chain(plans.filter_map(|plan| plan.ambiguity.as_ref()))
    }
}

impl Page<'_> {
    pub(super) fn beside(&mut self, beside: &Beside<'_>) {
        self.section(
            "security rules",
            &beside.security_rules,
            Self::security_rule,
        );
        self.section("routes", &beside.routes, Self::route);
        self.section(
            "roles of the clusters' identity",
            &beside.data_roles,
            Self::data_role,
        );
        let ports: Vec<_> = beside.service_ports.iter().collect();
        self.section("ports of its services", &ports, Self::service_port);
        self.section(
            "ports between machines",
            &beside.internal_ports,
            Self::internal_port,
        );
        self.section("addresses", &beside.plans, Self::plan);
        self.section("names and zones", &beside.names, Self::name);
        let constraints: Vec<_> = beside.constraints.iter().collect();
        self.section("rules of the product", &constraints, Self::constraint);
    }

    fn section<T>(&mut self, title: &str, items: &[&T], write: fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.heading(title);
        self.out.push('\n');
        for item in items {
            write(self, item);
        }
    }

    fn security_rule(&mut self, rule: &NsgRule) {
        let end = |template: Option<&Template>| match template {
            Some(template) => described(&self.with_region(template), template.kind()),
            None => "the subnets of the pool".to_owned(),
        };
        let text = format!(
            "{} {} from {} to {} {}",
            rule.direction,
            rule.access,
            end(rule.source.as_ref()),
            end(rule.destination.as_ref()),
            services(&rule.services)
        );
        self.item(&text, rule.note.as_deref(), &rule.sources);
    }

    fn route(&mut self, route: &Route) {
        let text = format!(
            "{} -> {}: {}",
            self.with_region(&route.prefix),
            route.next_hop,
            route.requirement
        );
        self.item(&text, None, &route.sources);
    }

    fn data_role(&mut self, role: &DataRole) {
        let which = role.parameter.as_ref();
        let which = which.map_or(String::new(), |it| format!(" {}", braced(it)));
        let text = format!("{} on the {}{which}", role.role, role.service);
        self.item(&text, Some(&role.purpose), &role.sources);
    }

    fn service_port(&mut self, port: &ServicePort) {
        let text = format!(
            "{:<6}{}, on {}, {}",
            port.port, port.service, port.nodes, port.exposure
        );
        self.item(&text, None, &port.sources);
    }

    fn internal_port(&mut self, port: &InternalPort) {
        let from = port.from.as_deref().unwrap_or("(not said who)");
        let arrow = if port.bidirectional { "<->" } else { "->" };
        let about = if port.approximate { ", about" } else { "" };
        let text = format!(
            "{}{about}  {from} {arrow} {}: {}",
            services(&port.services),
            port.to,
            port.purpose
        );
        let across = port.cross_vlan.as_ref();
        let across = across.map(|text| format!("between VLANs: {text}"));
        self.item(&text, across.as_deref(), &port.sources);
    }

    fn plan(&mut self, plan: &IpPlan) {
        let modes: Vec<_> = plan.modes.iter().map(|mode| mode.keyword()).collect();
        self.item(
            &format!("{}, addresses: {}", plan.id, modes.join(" or ")),
            None,
            &plan.sources,
        );
        for need in &plan.addresses {
            let mode = need
                .mode
                .map_or(String::new(), |mode: AddressMode| format!(", when {mode}"));
            let text = format!(
                "{} a {} from pool {}: {}{mode}",
                need.count, need.unit, need.pool, need.purpose
            );
            self.text("      ", &text);
        }
        if plan.vip_apart {
            self.text("      ", "pool vip lies outside pool nodes");
        }
        if let Some(days) = plan.lease_days {
            self.text("      ", &format!("leases of {days} days"));
        }
        for (what, count) in &plan.recommended {
            self.text("      ", &format!("recommended, {what}: {count}"));
        }
        if let Some(inside) = plan.defaults {
            let fixed = if inside.services_fixed {
                ", which cannot be chosen"
            } else {
                ""
            };
            let text = format!(
                "inside the cluster: pods {}, services {}{fixed}",
                inside.pods, inside.services
            );
            self.text("      ", &text);
        }
        if !plan.no_proxy.is_empty() {
            let list = plan.no_proxy.join(", ");
            self.text("      ", &format!("without a proxy: {list}"));
        }
        for rule in &plan.rules {
            self.text("      ", rule);
        }
    }

    fn name(&mut self, name: &DnsEntry) {
        let kind = name.kind.keyword().replace('_', " ");
        let text = format!("{}  {kind}", self.with_region(&name.pattern));
        self.item(&text, name.note.as_deref(), &name.sources);
    }

    fn constraint(&mut self, constraint: &Constraint) {
        self.item(&constraint.text, None, &constraint.sources);
    }

    fn item(&mut self, text: &str, note: Option<&str>, sources: &[SourceRef]) {
        let cited = self.cited_as(sources);
        self.text("  ", &format!("{text} {cited}"));
        if let Some(note) = note {
            self.text("      ", note);
        }
    }
}
