//! What lies below a scope: management group, subscription, resource group, resource, subnet.

use smol_str::SmolStr;

use crate::estate::{Estate, Home, Scope};

use super::Target;

/// Whether an assignment at a scope holds for a target: the target is the scope, or lies below it.
///
/// What is deployed lives in the deployment's own resource group and subscription, which have no name here; a group
/// or subscription that is named is another one. A management group is taken to be above everything as long as no
/// subscription of the estate says which group it is in.
#[must_use]
pub fn covers(estate: &Estate, scope: &Scope, target: &Target) -> bool {
    if is_at(scope, target) {
        return true;
    }
    match (scope, target) {
        (Scope::Vnet(vnet), Target::Subnet(id)) => vnet.id == Some(estate.subnets[*id].vnet),
        (Scope::ResourceGroup(group), target) => holds_resource(estate, group.as_ref(), target),
        (Scope::Subscription(subscription), target) => {
            is_in_subscription(estate, subscription.as_ref(), target)
        }
        (Scope::ManagementGroup(group), target) => is_in_management_group(estate, group, target),
        _ => false,
    }
}

/// Whether a target is the scope itself and not something below it.
#[must_use]
pub fn is_at(scope: &Scope, target: &Target) -> bool {
    match (scope, target) {
        (Scope::Vnet(vnet), Target::Vnet(id)) => vnet.id == Some(*id),
        (Scope::Subnet(subnet), Target::Subnet(id)) => subnet.id == Some(*id),
        (Scope::RouteTable(table), Target::RouteTable(id)) => table.id == Some(*id),
        (Scope::Nsg(nsg), Target::Nsg(id)) => nsg.id == Some(*id),
        (Scope::NatGateway(gateway), Target::NatGateway(id)) => gateway.id == Some(*id),
        (Scope::PublicIp(ip), Target::PublicIp(id)) => ip.id == Some(*id),
        (Scope::DnsZone(zone), Target::DnsZone(id)) => zone.id == Some(*id),
        (Scope::Service(service), Target::Service(id)) => service.id == Some(*id),
        (Scope::ResourceGroup(Some(group)), Target::ResourceGroup(name))
        | (Scope::Subscription(Some(group)), Target::Subscription(name))
        | (Scope::ManagementGroup(group), Target::ManagementGroup(name)) => equal(group, name),
        _ => false,
    }
}

/// A scope in words for a message.
#[must_use]
pub(super) fn words(estate: &Estate, scope: &Scope) -> String {
    match scope {
        Scope::Vnet(vnet) => format!("vnet `{}`", vnet.name),
        Scope::Subnet(subnet) => match subnet.id {
            Some(id) => format!("subnet `{}`", estate.subnet_path(id)),
            None => format!("subnet `{}`", subnet.name),
        },
        Scope::RouteTable(table) => format!("route table `{}`", table.name),
        Scope::Nsg(nsg) => format!("nsg `{}`", nsg.name),
        Scope::NatGateway(gateway) => format!("NAT gateway `{}`", gateway.name),
        Scope::PublicIp(ip) => format!("public address `{}`", ip.name),
        Scope::DnsZone(zone) => format!("private DNS zone `{}`", zone.name),
        Scope::Service(service) => format!("`{}`", service.name),
        Scope::ResourceGroup(Some(group)) => format!("resource group `{group}`"),
        Scope::ResourceGroup(None) => "the deployment's resource group".to_owned(),
        Scope::Subscription(Some(subscription)) => format!("subscription `{subscription}`"),
        Scope::Subscription(None) => "the deployment's subscription".to_owned(),
        Scope::ManagementGroup(group) => format!("management group `{group}`"),
    }
}

/// Whether a resource lives in a resource group. A group is found by its name alone, so a resource of another
/// subscription counts only when the estate lists that subscription: it then means all of them.
fn holds_resource(estate: &Estate, group: Option<&SmolStr>, target: &Target) -> bool {
    let Some(home) = target.home(estate) else {
        return false;
    };
    let (resource_group, subscription) = place(home);
    same(resource_group, group) && subscription.is_none_or(|name| listed(estate, name))
}

fn is_in_subscription(estate: &Estate, subscription: Option<&SmolStr>, target: &Target) -> bool {
    match target {
        Target::ManagementGroup(_) | Target::Subscription(_) => false,
        target => {
            let declared = target.home(estate).map(|home| place(home).1);
            declared.is_some_and(|declared| same(declared, subscription))
                || subscription.is_some() && same(subscription_of(estate, target), subscription)
        }
    }
}

fn is_in_management_group(estate: &Estate, group: &SmolStr, target: &Target) -> bool {
    if matches!(target, Target::ManagementGroup(_)) {
        return false;
    }
    let groups = || {
        let subscriptions = estate.subscriptions.iter();
        subscriptions.filter_map(|subscription| subscription.management_group.as_ref())
    };
    if groups().next().is_none() {
        return true;
    }
    let name = subscription_of(estate, target);
    let known = name.and_then(|name| {
        let mut subscriptions = estate.subscriptions.iter();
        subscriptions.find(|subscription| equal(&subscription.name, name))
    });
    match known {
        Some(subscription) => {
            let above = subscription.management_group.as_ref();
            above.is_some_and(|above| equal(above, group))
        }
        // Which subscription it is in is not known: it may be any.
        None => groups().any(|above| equal(above, group)),
    }
}

/// The subscription a target is in, where it has a name: its own, or that of its resource group, which some other
/// resource of the same group may state.
fn subscription_of<'a>(estate: &'a Estate, target: &'a Target) -> Option<&'a SmolStr> {
    match target {
        Target::Subscription(name) => Some(name),
        Target::ManagementGroup(_) => None,
        Target::ResourceGroup(name) => subscription_of_group(estate, name),
        resource => {
            let (group, subscription) = place(resource.home(estate)?);
            subscription.or_else(|| subscription_of_group(estate, group?))
        }
    }
}

fn subscription_of_group<'a>(estate: &'a Estate, group: &str) -> Option<&'a SmolStr> {
    homes(estate)
        .map(place)
        .filter(|(name, _)| name.is_some_and(|name| equal(name, group)))
        .find_map(|(_, subscription)| subscription)
}

/// Where every resource lives.
fn homes(estate: &Estate) -> impl Iterator<Item = &Home> {
    macro_rules! homes_of {
        ($($table:ident)*) => {
            std::iter::empty()$(.chain(estate.$table.iter().map(|(_, element)| &element.meta.home)))*
        };
    }
    homes_of!(vnets route_tables nsgs security_groups firewalls firewall_policies ip_groups public_ips nat_gateways
        load_balancers gateways appliances private_endpoints dns_zones dns_servers services proxies wans hubs identities pools)
}

/// Resource group and subscription, where they are not the deployment's own.
fn place(home: &Home) -> (Option<&SmolStr>, Option<&SmolStr>) {
    match home {
        Home::Deployed => (None, None),
        Home::Existing {
            resource_group,
            subscription,
        } => (resource_group.as_ref(), subscription.as_ref()),
    }
}

fn listed(estate: &Estate, name: &str) -> bool {
    let mut subscriptions = estate.subscriptions.iter();
    subscriptions.any(|subscription| equal(&subscription.name, name))
}

fn same(a: Option<&SmolStr>, b: Option<&SmolStr>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => equal(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Azure compares these names without regard to case.
fn equal(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}
