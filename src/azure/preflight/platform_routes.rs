//! Routes for addresses that the Azure host answers itself: the route is refused when it is written.

use crate::estate::RouteDestination;

use super::super::cause::Cause;
use super::super::flow::{Element, Site};
use super::super::next_hop::table_of;
use super::Refusal;
use super::inspection::Inspection;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let mut tables: Vec<_> = inspection
        .node_subnets()
        .filter_map(|subnet| table_of(estate, subnet))
        .collect();
    tables.sort_unstable();
    tables.dedup();
    // The reports are about the host address; the metadata address is not known to be refused.
    let mut platform = facts.platform_addresses().iter();
    let Some(host) = platform.find(|address| address.name == "wireserver") else {
        return;
    };
    for id in tables {
        let table = &estate.route_tables[id];
        let routes = table.routes.iter().enumerate();
        for (position, route) in routes {
            if route.destination.value == RouteDestination::Prefix(host.prefix) {
                let element = Element {
                    name: format!(
                        "route `{}` of route table `{}`",
                        route.name, table.meta.name
                    ),
                    origin: route.destination.span.into(),
                    site: Site::Route(id, position),
                };
                let text = format!(
                    "is for {}, which the Azure host answers itself and no route may be for",
                    host.prefix
                );
                let refusal = Refusal::new(Cause::OverrideOrBypass, element, text);
                let code = "AddressPrefixInRestrictedAddressSpace";
                inspection.refuse(refusal.answered(facts, code, &[]));
            }
        }
    }
}
