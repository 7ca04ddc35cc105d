//! A route table that is not part of the input, by the routes that Azure shows of it.

use crate::base::Spanned;
use crate::diag::Id as FindingId;
use crate::estate::{
    Home, Id, Meta, NextHop, Ref, Route, RouteDestination, RouteTable, ShownHop, ShownRoute,
    ShownRoutes, ShownSource, Unknown,
};
use crate::import::estate::Built;

/// Makes the table that the subnets of a list have, where only its name is known.
pub(super) fn fill(list: &ShownRoutes, built: &mut Built) {
    let estate = &mut built.estate;
    let mut made: Option<(smol_str::SmolStr, Id<RouteTable>)> = None;
    for subnet in &list.subnets {
        let Some(table) = &estate.subnets[*subnet].route_table else {
            continue;
        };
        if table.id.is_some() {
            continue;
        }
        let (name, origin) = (table.name.clone(), table.origin);
        let id = match &made {
            Some((other, id)) if *other == name => *id,
            _ => estate.route_tables.push(RouteTable {
                meta: Meta {
                    name: name.clone(),
                    origin: list.origin,
                    body: None,
                    home: Home::Existing {
                        resource_group: None,
                        subscription: None,
                    },
                },
                routes: routes(list),
                gateway_propagation: !list.propagation_off(),
            }),
        };
        made = Some((name.clone(), id));
        estate.subnets[*subnet].route_table = Some(Ref {
            id: Some(id),
            name,
            origin,
        });
        built.findings.retain(|finding| {
            let place = finding.primary.as_ref().map(|label| label.span);
            finding.id != FindingId::TG0033 || place != origin.span()
        });
    }
}

fn routes(list: &ShownRoutes) -> Vec<Route> {
    let user = list.routes.iter();
    let user = user.filter(|route| route.source == ShownSource::User);
    user.flat_map(route).collect()
}

fn route(shown: &ShownRoute) -> Vec<Route> {
    let Some(place) = shown.origin.span() else {
        return Vec::new();
    };
    let next_hop = match &shown.hop {
        ShownHop::VnetLocal => NextHop::VnetLocal,
        ShownHop::Internet => NextHop::Internet,
        ShownHop::Drop => NextHop::Drop,
        ShownHop::Gateway(_) => NextHop::Gateway,
        ShownHop::Appliances(addresses) => NextHop::Addresses(addresses.clone()),
        ShownHop::Peering
        | ShownHop::ServiceEndpoint
        | ShownHop::PrivateEndpoint
        | ShownHop::Other(_) => NextHop::Unknown(Unknown {
            text: "a next hop of a kind that is not known".into(),
            origin: shown.origin,
        }),
    };
    let prefixes = shown
        .prefixes
        .iter()
        .map(|prefix| prefix.map(RouteDestination::Prefix));
    let tags = shown.tags.iter().cloned();
    let tags = tags.map(|tag| Spanned::new(RouteDestination::ServiceTag(tag), place));
    let destinations: Vec<Spanned<RouteDestination>> = if shown.tags.is_empty() {
        prefixes.collect()
    } else {
        tags.collect()
    };
    let made = |destination: Spanned<RouteDestination>| Route {
        name: shown.name.clone(),
        origin: shown.origin,
        destination,
        next_hop: Spanned::new(next_hop.clone(), place),
    };
    destinations.into_iter().map(made).collect()
}
