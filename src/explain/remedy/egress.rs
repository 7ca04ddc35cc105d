//! Public addresses to leave with.

use crate::azure::Site;
use crate::base::Spanned;
use crate::estate::{Id, OutboundType, PublicAddress, Ref, Subnet};
use crate::lint::edit::add_to_subnet;

use super::{Case, Remedy, refusal, route, service};

pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let mut offered = Vec::new();
    if is_isolated(case) {
        // A pool that must not get out needs a private way to the service, not a public address.
        let way = case.subnet().zip(service::named_service(case));
        offered.extend(way.and_then(|(subnet, service)| refusal::endpoint(case, subnet, service)));
        return offered;
    }
    match case.blocker.element.site {
        Site::Route(..) => offered.extend(route::remedies(case)),
        Site::Subnet(subnet) => offered.extend(default_access(case, subnet)),
        Site::Firewall(id) => {
            let name = &case.estate().firewalls[id].meta.name;
            let span = case.span();
            // A placeholder of the documentation ranges stands for whatever address Azure gives.
            let address = std::net::IpAddr::from([192, 0, 2, 250]);
            let title = format!("give firewall `{name}` another public address");
            offered.push(Remedy::new(title, move |estate| {
                let address = PublicAddress::Literal(Spanned::new(address, span));
                estate.firewalls[id].public_ips.push(address);
            }));
            let vnet = case.estate().firewalls[id].vnet.id;
            let subnet = vnet.and_then(|vnet| {
                case.estate()
                    .subnet_named(vnet, crate::estate::FIREWALL_SUBNET)
            });
            offered.extend(subnet.and_then(|subnet| attach_nat(case, subnet)));
        }
        _ => {}
    }
    if let Some(subnet) = case.subnet() {
        offered.extend(attach_nat(case, subnet));
        offered.extend(default_access(case, subnet));
        offered.extend(route::turn_default(case, subnet));
    }
    offered.extend(route::remedies(case));
    offered
}

fn is_isolated(case: &Case<'_>) -> bool {
    case.pool().is_some_and(|pool| {
        let outbound = case.estate().pools[pool].outbound.value;
        matches!(outbound, OutboundType::None | OutboundType::Block)
    })
}

/// A NAT gateway of the estate serves the subnet too.
pub(super) fn attach_nat(case: &Case<'_>, subnet: Id<Subnet>) -> Option<Remedy> {
    let estate = case.estate();
    if estate.subnets[subnet].nat_gateway.is_some() {
        return None;
    }
    let (nat, found) = estate.nat_gateways.iter().next()?;
    let name = found.meta.name.clone();
    let title = format!(
        "give subnet `{}` NAT gateway `{name}`",
        estate.subnet_path(subnet)
    );
    let edit = add_to_subnet(&estate.subnets[subnet], &format!("nat-gateway {name}"));
    let reference = Ref::known(nat, name, case.span());
    let remedy = Remedy::new(title, move |estate| {
        estate.subnets[subnet].nat_gateway = Some(reference.clone());
    });
    Some(remedy.edit(edit))
}

fn default_access(case: &Case<'_>, subnet: Id<Subnet>) -> Option<Remedy> {
    let estate = case.estate();
    let written = estate.subnets[subnet].default_outbound;
    if written.is_some_and(|setting| setting.value) {
        return None;
    }
    let title = format!(
        "turn default outbound access on for subnet `{}` (Azure retires it; a NAT gateway is the lasting way)",
        estate.subnet_path(subnet)
    );
    let edit = match written {
        Some(setting) => Some(crate::lint::edit::replace(setting.span, "on")),
        None => add_to_subnet(&estate.subnets[subnet], "default-outbound on"),
    };
    let on = Spanned::new(true, case.span());
    let remedy = Remedy::new(title, move |estate| {
        estate.subnets[subnet].default_outbound = Some(on);
    });
    Some(remedy.edit(edit).wide())
}
