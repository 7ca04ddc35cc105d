//! Route tables.

use crate::estate::{Id, NextHop, Route, RouteDestination, RouteTable};

use super::names::Taken;
use super::page::{Block, Body, Clause};
use super::{Writer, prefix_text};

impl Writer<'_> {
    pub(super) fn routing(&mut self) -> Body {
        let mut body = Body::default();
        for (id, table) in self.estate.route_tables.iter() {
            if !self.is_of_site(id) {
                body.block(self.route_table(id, table));
            }
        }
        body
    }

    /// Whether a table holds the routes of a site, which stand in its own block.
    fn is_of_site(&self, table: Id<RouteTable>) -> bool {
        let mut subnets = self.estate.subnets.iter();
        subnets.any(|(_, subnet)| {
            let has_it = subnet.route_table.as_ref().and_then(|it| it.id) == Some(table);
            has_it && self.estate.vnets[subnet.vnet].site.is_some()
        })
    }

    /// The routes of a table, a clause each.
    pub(super) fn routes(&mut self, body: &mut Body, table: Id<RouteTable>) {
        let routes = &self.estate.route_tables[table].routes;
        let mut taken = Taken::words(routes.iter().map(|route| &route.name));
        for route in routes {
            self.route(body, &mut taken, route);
        }
    }

    fn route_table(&mut self, id: Id<RouteTable>, table: &RouteTable) -> Block {
        let name = self.names.route_tables.of(id).clone();
        let head = format!("route-table {name}").into();
        let mut block = self.resource(head, "route table", &table.meta, &name);
        self.common(&mut block.body, &table.meta);
        if !table.gateway_propagation {
            block.body.clause("gateway-propagation off");
        }
        self.routes(&mut block.body, id);
        block
    }

    fn route(&mut self, body: &mut Body, taken: &mut Taken, route: &Route) {
        self.condition(body, route.origin);
        let destination = match &route.destination.value {
            RouteDestination::Prefix(prefix) => prefix_text(*prefix),
            RouteDestination::ServiceTag(tag) => format!("tag {tag}"),
        };
        let words = match &route.destination.value {
            RouteDestination::ServiceTag(tag) => {
                let tag = std::iter::once(tag.as_str());
                self.words(body, "service tag", route.origin, tag)
            }
            RouteDestination::Prefix(_) => vec![destination.clone()],
        };
        if words.is_empty() {
            return;
        }
        let hop = match &route.next_hop.value {
            NextHop::Firewall(firewall) => firewall
                .id
                .map(|id| vec![format!("firewall {}", self.names.firewalls.of(id))])
                .ok_or(format!("firewall `{}`", firewall.name)),
            NextHop::Appliance(appliance) => appliance
                .id
                .map(|id| vec![format!("appliance {}", self.names.appliances.of(id))])
                .ok_or(format!("appliance `{}`", appliance.name)),
            NextHop::Addresses(addresses) if addresses.is_empty() => {
                Err("the address of the next hop".to_owned())
            }
            NextHop::Addresses(addresses) => {
                Ok(addresses.iter().map(ToString::to_string).collect())
            }
            NextHop::Gateway => Ok(vec!["gateway".to_owned()]),
            NextHop::Internet => Ok(vec!["internet".to_owned()]),
            NextHop::VnetLocal => Ok(vec!["vnet-local".to_owned()]),
            NextHop::Drop => Ok(vec!["none".to_owned()]),
            NextHop::Unknown(unknown) => Err(format!("the address `{}`", unknown.text)),
        };
        match hop {
            Ok(hop) => {
                let name = self.local_name(body, taken, "route", &route.name, route.origin);
                let lead = format!("route {name} {destination} ->");
                body.clause(Clause::listing(lead, &hop));
            }
            Err(unknown) => {
                let what = format!(
                    "{unknown}, to which route `{}` to {destination} leads",
                    route.name
                );
                self.not_known(body, route.origin, what);
            }
        }
    }
}
