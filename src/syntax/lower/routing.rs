//! Route tables.

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Id, NextHop, Route, RouteDestination, RouteTable};
use crate::syntax::tree::{self, TargetKind};

use super::{Lowering, Once};

impl Lowering<'_> {
    pub(super) fn define_route_table(
        &mut self,
        id: Id<RouteTable>,
        block: &tree::Block<tree::RouteTableClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::RouteTableClause::Route(route) => {
                    let route = self.route(route);
                    self.estate.route_tables[id].routes.extend(route);
                }
                tree::RouteTableClause::GatewayPropagation(word) => {
                    if self.first_time(&mut once, "gateway-propagation", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.route_tables[id].gateway_propagation = switch.value;
                    }
                }
                tree::RouteTableClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.route_tables[id].meta.home = home;
                    }
                }
            }
        }
    }

    pub(super) fn route(&mut self, route: &tree::Route) -> Option<Route> {
        let destination = self.route_destination(&route.destination);
        let next_hop = self.next_hop(&route.next_hop);
        Some(Route {
            name: self.name(&route.name),
            origin: route.span.span.into(),
            destination: destination?,
            next_hop: next_hop?,
        })
    }

    fn route_destination(&mut self, target: &tree::Target) -> Option<Spanned<RouteDestination>> {
        match target.kind {
            TargetKind::Plain => Some(self.prefix(&target.word)?.map(RouteDestination::Prefix)),
            TargetKind::ServiceTag => {
                let tag = self.word(&target.word, "a service tag")?;
                Some(
                    tag.map(|name| RouteDestination::ServiceTag(crate::net::ServiceTag::new(name))),
                )
            }
            TargetKind::FqdnTag
            | TargetKind::WebCategory
            | TargetKind::IpGroup
            | TargetKind::SecurityGroup
            | TargetKind::ApiServer => {
                let finding = Finding::new(
                    FindingId::TG0023,
                    "a route leads to a prefix or a service tag",
                )
                .at(target.word.span, "neither");
                self.report(finding);
                None
            }
        }
    }

    fn next_hop(&mut self, next_hop: &tree::NextHop) -> Option<Spanned<NextHop>> {
        match next_hop {
            tree::NextHop::Firewall(word) => {
                let firewall = self.reference(word, |names| &names.firewalls)?;
                Some(Spanned::new(NextHop::Firewall(firewall), word.span))
            }
            tree::NextHop::Appliance(word) => {
                let appliance = self.reference(word, |names| &names.appliances)?;
                Some(Spanned::new(NextHop::Appliance(appliance), word.span))
            }
            tree::NextHop::Addresses(words) => {
                let addresses = self.addresses(words);
                let (first, last) = (addresses.first()?.span, addresses.last()?.span);
                let values = addresses.iter().map(|address| address.value).collect();
                Some(Spanned::new(NextHop::Addresses(values), first.to(last)))
            }
            tree::NextHop::Keyword(word) => {
                let hop = match word.value.as_str() {
                    "gateway" => NextHop::Gateway,
                    "internet" => NextHop::Internet,
                    "vnet-local" => NextHop::VnetLocal,
                    _ => NextHop::Drop,
                };
                Some(Spanned::new(hop, word.span))
            }
        }
    }
}
