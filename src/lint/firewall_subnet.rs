//! TG2001: the subnets of Azure Firewall.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::azure::facts::{Attachment, DefaultRouteRule, GatewayPropagation, ReservedSubnet};
use crate::azure::gaps;
use crate::azure::next_hop::{default_route_of, table_of};
use crate::base::did_you_mean;
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{
    Estate, FIREWALL_SUBNET, Firewall, Id as ElementId, MANAGEMENT_SUBNET, NextHop, PublicAddress,
    Route, Subnet, Tier, Vnet,
};

use super::{Context, change, edit};

rule! {
    /// An Azure Firewall needs a subnet of its own, named exactly `AzureFirewallSubnet`, of size /26 or larger.
    ///
    /// Azure finds the subnet by its name, in that case. It needs room for the instances that the firewall grows to.
    /// Reported are:
    ///
    /// - no subnet of that name in the firewall's network, or one that is nearly named so;
    /// - a subnet smaller than /26, outside its network, or overlapping another subnet;
    /// - a network security group on it, which is not supported;
    /// - a default route on it that does not lead to the Internet, while the firewall has no management interface;
    /// - a management interface, which a Basic firewall always has, without a subnet named
    ///   `AzureFirewallManagementSubnet`, to which the same applies; gateway routes must not reach it;
    /// - a private address that Azure keeps for itself;
    /// - two firewalls in one network.
    ///
    /// ```egress
    /// vnet hub 10.0.0.0/16 {
    ///   subnet firewall-subnet 10.0.0.0/27
    /// }
    /// firewall fw in hub { }
    /// ```
    ///
    /// Write `subnet AzureFirewallSubnet 10.0.0.0/26`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml, management-nic.md and
    /// forced-tunneling.md.
    TG2001, check
}

/// Whether overlaps and places of a subnet of this name are reported here and not as TG1002 and TG1004.
pub(super) fn is_of_firewall(name: &str) -> bool {
    name == FIREWALL_SUBNET || name == MANAGEMENT_SUBNET
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (_, firewall) in estate.firewalls.iter() {
        check_firewall(context, firewall, findings);
    }
    several_firewalls(estate, findings);
    for (id, subnet) in estate.subnets.iter() {
        if is_of_firewall(&subnet.meta.name)
            && let Some(fact) = context.facts.reserved_subnet(&subnet.meta.name)
        {
            check_subnet(estate, id, fact, findings);
        }
    }
    overlaps(estate, findings);
}

fn check_firewall(context: &Context<'_>, firewall: &Firewall, findings: &mut Vec<Finding>) {
    let Some(vnet) = firewall.vnet.id else {
        return;
    };
    let estate = context.estate;
    match data_subnet(estate, vnet) {
        Some(subnet) => {
            findings.extend(default_route(context, firewall, subnet));
            findings.extend(reserved_address(context, firewall, subnet));
        }
        None => findings.push(without_subnet(context, firewall, vnet, FIREWALL_SUBNET)),
    }
    let needs_management = firewall.management_ip.is_some() || firewall.tier.value == Tier::Basic;
    if needs_management && subnet_named(estate, vnet, MANAGEMENT_SUBNET).is_none() {
        findings.push(without_subnet(context, firewall, vnet, MANAGEMENT_SUBNET));
    }
    if firewall.tier.value == Tier::Basic && firewall.management_ip.is_none() {
        let name = &firewall.meta.name;
        findings.push(
            Finding::new(
                Id::TG2001,
                format!("the Basic firewall `{name}` has no address for its management interface"),
            )
            .at(firewall.meta.origin, "no `management-ip` clause")
            .related(firewall.tier.span, "this tier always has the interface")
            .help("write `management-ip NAME` with a public IP of its own"),
        );
    }
}

/// A firewall never gets an address that Azure keeps for itself, so routes to that one lead nowhere.
fn reserved_address(
    context: &Context<'_>,
    firewall: &Firewall,
    subnet: ElementId<Subnet>,
) -> Option<Finding> {
    let stated = firewall.private_ip?;
    let IpAddr::V4(address) = stated.value else {
        return None;
    };
    let prefixes = context.estate.subnets[subnet].prefixes.iter();
    let mut v4 = prefixes.filter_map(|prefix| match prefix.value {
        IpNet::V4(net) => Some((prefix.span, net)),
        IpNet::V6(_) => None,
    });
    let (span, net) = v4.find(|(_, net)| net.contains(&address))?;
    let reserved = context.facts.reserved_addresses();
    if !reserved.contain(net, address) {
        return None;
    }
    let finding = Finding::new(
        Id::TG2001,
        format!(
            "firewall `{}` cannot have address {address}",
            firewall.meta.name
        ),
    )
    .at(stated.span, "kept by Azure")
    .related(span, "the subnet of the firewall")
    .help(format!(
        "of every subnet Azure keeps the first {} addresses and the last {}; a firewall usually has the one after the first",
        reserved.first, reserved.last
    ));
    Some(finding)
}

/// The subnet that firewalls of a network are put into.
pub(super) fn data_subnet(estate: &Estate, vnet: ElementId<Vnet>) -> Option<ElementId<Subnet>> {
    subnet_named(estate, vnet, FIREWALL_SUBNET)
}

/// Names of subnets are compared to the letter here, as Azure Firewall does.
fn subnet_named(estate: &Estate, vnet: ElementId<Vnet>, name: &str) -> Option<ElementId<Subnet>> {
    let mut subnets = estate.subnets_of(vnet);
    subnets
        .find(|(_, subnet)| subnet.meta.name == name)
        .map(|(id, _)| id)
}

fn without_subnet(
    context: &Context<'_>,
    firewall: &Firewall,
    vnet: ElementId<Vnet>,
    wanted: &str,
) -> Finding {
    let estate = context.estate;
    let network = &estate.vnets[vnet].meta;
    let finding = Finding::new(
        Id::TG2001,
        format!(
            "vnet `{}` has no subnet `{wanted}` for firewall `{}`",
            network.name, firewall.meta.name
        ),
    );
    let finding = match &firewall.management_ip {
        Some(PublicAddress::Resource(ip)) if wanted == MANAGEMENT_SUBNET => {
            finding.related(ip.origin, "the address of the management interface")
        }
        Some(PublicAddress::Literal(ip)) if wanted == MANAGEMENT_SUBNET => {
            finding.related(ip.span, "the address of the management interface")
        }
        _ => finding,
    };
    let size = context
        .facts
        .reserved_subnet(wanted)
        .and_then(|fact| fact.longest_prefix);
    let size = size.map_or_else(String::new, |size| format!(", of size /{size} or larger"));
    if let Some(near) = nearly_named(estate, vnet, wanted) {
        let near = &near.meta;
        let finding = finding
            .at(near.origin, format!("must be named exactly `{wanted}`"))
            .related(firewall.meta.origin, "the firewall");
        if near.home.is_existing() || network.home.is_existing() {
            return finding.help(format!(
                "a subnet cannot be renamed: make another, `{wanted}`{size}"
            ));
        }
        let Some(span) = near.origin.span() else {
            return finding;
        };
        return finding.help(format!("did you mean `{wanted}`?")).fix(
            format!("name it `{wanted}`"),
            Safety::Unsafe,
            vec![edit::replace(span, wanted)],
        );
    }
    let finding = finding
        .at(firewall.meta.origin, format!("needs the subnet `{wanted}`"))
        .related(network.origin, "the vnet of the firewall")
        .help(format!("write in the vnet: subnet {wanted} PREFIX{size}"));
    if network.home.is_existing() {
        return finding
            .severity(Severity::Warning)
            .assumed()
            .help("the vnet exists already: if it has the subnet, write it down");
    }
    if gaps::is_part(estate) {
        return finding
            .severity(Severity::Warning)
            .assumed()
            .help("no file of the input states the subnet");
    }
    finding
}

/// A subnet whose name differs in case or by a slip.
fn nearly_named<'a>(estate: &'a Estate, vnet: ElementId<Vnet>, wanted: &str) -> Option<&'a Subnet> {
    let subnets = || {
        let subnets = estate.subnets_of(vnet).map(|(_, subnet)| subnet);
        subnets.filter(|subnet| !is_of_firewall(&subnet.meta.name))
    };
    let near = did_you_mean(wanted, subnets().map(|subnet| subnet.meta.name.as_str()))?;
    subnets().find(|subnet| subnet.meta.name == near)
}

fn default_route(
    context: &Context<'_>,
    firewall: &Firewall,
    subnet: ElementId<Subnet>,
) -> Option<Finding> {
    let fact = context.facts.reserved_subnet(FIREWALL_SUBNET)?;
    let route = default_route_of(context.estate, subnet)?;
    let tunnels = firewall.management_ip.is_some() || firewall.tier.value == Tier::Basic;
    let refused = fact.default_route == DefaultRouteRule::InternetUnlessManagementInterface;
    if !refused || tunnels || route.next_hop.value == NextHop::Internet {
        return None;
    }
    let finding = Finding::new(
        Id::TG2001,
        format!(
            "the default route of `{FIREWALL_SUBNET}` does not lead to the Internet, and firewall `{}` has no management interface",
            firewall.meta.name
        ),
    )
    .at(route.next_hop.span, format!("next hop {}", route.next_hop.value.azure_type()))
    .related(firewall.meta.origin, "no `management-ip` clause")
    .related(context.estate.subnets[subnet].meta.origin, "the subnet of the firewall")
    .help(format!(
        "to tunnel all traffic elsewhere, give the firewall `management-ip NAME` and the vnet a subnet `{MANAGEMENT_SUBNET}`"
    ));
    Some(led_to_internet(finding, route))
}

fn led_to_internet(finding: Finding, route: &Route) -> Finding {
    let title = "lead the route to the Internet";
    let edit = edit::replace(route.next_hop.span, "internet");
    finding.fix(title, Safety::Unsafe, vec![edit]).propose(
        title,
        Safety::Unsafe,
        change::lead_to_internet(route),
    )
}

fn several_firewalls(estate: &Estate, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<ElementId<Vnet>, &Firewall> = BTreeMap::new();
    for (_, firewall) in estate.firewalls.iter() {
        let Some(vnet) = firewall.vnet.id else {
            continue;
        };
        let Some(other) = first.get(&vnet) else {
            first.insert(vnet, firewall);
            continue;
        };
        let network = &estate.vnets[vnet].meta.name;
        findings.push(
            Finding::new(Id::TG2001, format!("vnet `{network}` has two firewalls"))
                .at(firewall.meta.origin, "another one")
                .related(other.meta.origin, "the first one")
                .help("a vnet takes one firewall: put the other into a vnet of its own"),
        );
    }
}

fn check_subnet(
    estate: &Estate,
    id: ElementId<Subnet>,
    fact: &ReservedSubnet,
    findings: &mut Vec<Finding>,
) {
    let subnet = &estate.subnets[id];
    let name = &subnet.meta.name;
    let longest = fact.longest_prefix.unwrap_or(u8::MAX);
    for prefix in &subnet.prefixes {
        if prefix.value.addr().is_ipv4() && prefix.value.prefix_len() > longest {
            findings.push(
                Finding::new(
                    Id::TG2001,
                    format!("subnet `{name}` is smaller than /{longest}"),
                )
                .at(prefix.span, format!("a /{}", prefix.value.prefix_len()))
                .help(format!(
                    "give it a /{longest}: the firewall needs the addresses to grow"
                )),
            );
        }
        findings.extend(super::subnet_space::outside(
            estate,
            subnet,
            *prefix,
            Id::TG2001,
        ));
    }
    if let Some(nsg) = &subnet.nsg
        && fact.network_security_group != Attachment::Allowed
    {
        let finding = Finding::new(
            Id::TG2001,
            format!("subnet `{name}` has a network security group"),
        )
        .at(nsg.origin, "not supported here")
        .help("remove it: Azure protects the firewall's interfaces itself");
        // For the management subnet the sources do not say.
        findings.push(match fact.network_security_group {
            Attachment::Unsupported => finding,
            _ => finding.severity(Severity::Warning).assumed(),
        });
    }
    findings.extend(management_routes(estate, id, fact));
}

/// The management interface must reach the Internet directly.
fn management_routes(
    estate: &Estate,
    id: ElementId<Subnet>,
    fact: &ReservedSubnet,
) -> Option<Finding> {
    let subnet = &estate.subnets[id];
    let name = &subnet.meta.name;
    let table = &estate.route_tables[table_of(estate, id)?];
    let route = default_route_of(estate, id);
    let elsewhere = route.filter(|route| route.next_hop.value != NextHop::Internet);
    if let Some(route) = elsewhere
        && fact.default_route == DefaultRouteRule::InternetOnly
    {
        let finding = Finding::new(
            Id::TG2001,
            format!("the default route of `{name}` does not lead to the Internet"),
        )
        .at(
            route.next_hop.span,
            format!("next hop {}", route.next_hop.value.azure_type()),
        )
        .related(
            subnet.meta.origin,
            "the management interface of the firewall",
        );
        return Some(led_to_internet(finding, route));
    }
    if fact.gateway_propagation != GatewayPropagation::MustBeOff || !table.gateway_propagation {
        return None;
    }
    let finding = Finding::new(
        Id::TG2001,
        format!(
            "routes of gateways reach `{name}` by route table `{}`",
            table.meta.name
        ),
    )
    .at(table.meta.origin, "takes in the routes of gateways")
    .related(
        subnet.meta.origin,
        "the management interface of the firewall",
    );
    let clause = "gateway-propagation off";
    let change = change::set(table.meta.origin, change::NO_PROPAGATION, true);
    let finding = finding
        .help(format!("write in the table: {clause}"))
        .propose("keep them out", Safety::Unsafe, change);
    Some(match edit::add_clause(&table.meta, clause) {
        Some(edit) => finding.fix("keep them out", Safety::Unsafe, vec![edit]),
        None => finding,
    })
}

fn overlaps(estate: &Estate, findings: &mut Vec<Finding>) {
    for (outer, inner) in super::overlap::overlapping_subnets(estate) {
        if is_of_firewall(&outer.0.meta.name) || is_of_firewall(&inner.0.meta.name) {
            findings.push(super::overlap::subnets_overlap(
                estate,
                Id::TG2001,
                outer,
                inner,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, fixed, found};

    fn tg2001(subnets: &str, firewall: &str, more: &str) -> Vec<String> {
        found(Id::TG2001, &policy(subnets, firewall, more))
    }

    fn policy(subnets: &str, firewall: &str, more: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{\n{subnets}\n}}\nfirewall fw in hub {{ {firewall} }}\n{more}"
        )
    }

    #[test]
    fn accepts_the_subnet() {
        assert_eq!(
            tg2001("subnet AzureFirewallSubnet 10.0.0.0/26", "", ""),
            [""; 0]
        );
        assert_eq!(
            tg2001("subnet AzureFirewallSubnet 10.0.0.0/24", "", ""),
            [""; 0]
        );
    }

    #[test]
    fn an_address_is_one_that_azure_gives() {
        let at = |address| {
            let firewall = format!("private-ip {address}");
            tg2001("subnet AzureFirewallSubnet 10.0.0.64/26", &firewall, "")
        };
        for free in ["10.0.0.68", "10.0.0.126"] {
            assert_eq!(at(free), [""; 0]);
        }
        for kept in ["10.0.0.64", "10.0.0.67", "10.0.0.127"] {
            let message = format!("4:33 firewall `fw` cannot have address {kept}");
            assert_eq!(at(kept), [message]);
        }
    }

    #[test]
    fn wants_the_subnet_by_its_exact_name() {
        let missing = "vnet `hub` has no subnet `AzureFirewallSubnet` for firewall `fw`";
        assert_eq!(
            tg2001("subnet fw 10.0.0.0/26", "", ""),
            [format!("4:10 {missing}")]
        );
        for name in ["azurefirewallsubnet", "AzureFirewalSubnet"] {
            let subnets = format!("subnet {name} 10.0.0.0/26");
            assert_eq!(tg2001(&subnets, "", ""), [format!("2:8 {missing}")]);
            let fixed = fixed(Id::TG2001, &policy(&subnets, "", ""));
            assert!(found(Id::TG2001, &fixed).is_empty(), "{fixed}");
        }
    }

    #[test]
    fn a_network_that_exists_may_have_it() {
        let policy = "vnet hub 10.0.0.0/16 { existing }\nfirewall fw in hub { existing }";
        assert_eq!(findings(Id::TG2001, policy)[0].severity, Severity::Warning);
    }

    #[test]
    fn wants_room_and_no_security_group() {
        assert_eq!(
            tg2001(
                "subnet AzureFirewallSubnet 10.0.0.0/27 { nsg n }",
                "",
                "nsg n { }"
            ),
            [
                "2:28 subnet `AzureFirewallSubnet` is smaller than /26",
                "2:46 subnet `AzureFirewallSubnet` has a network security group"
            ]
        );
    }

    #[test]
    fn wants_a_place_of_its_own() {
        assert_eq!(
            tg2001(
                "subnet s 10.0.0.0/24\nsubnet AzureFirewallSubnet 10.0.0.64/26",
                "",
                ""
            ),
            ["3:28 subnets `s` and `AzureFirewallSubnet` of vnet `hub` overlap"]
        );
        assert_eq!(
            tg2001("subnet AzureFirewallSubnet 10.1.0.0/26", "", ""),
            ["2:28 subnet `AzureFirewallSubnet` lies outside vnet `hub`"]
        );
    }

    #[test]
    fn forced_tunnelling_needs_a_management_interface() {
        let subnets = "subnet AzureFirewallSubnet 10.0.0.0/26 { route-table t }";
        let table = "route-table t { route default 0.0.0.0/0 -> gateway }";
        assert_eq!(
            tg2001(subnets, "", table),
            [
                "5:44 the default route of `AzureFirewallSubnet` does not lead to the Internet, and firewall `fw` has no management interface"
            ]
        );
        let managed = "subnet AzureFirewallManagementSubnet 10.0.1.0/26";
        let both = format!("{subnets}\n{managed}");
        assert_eq!(tg2001(&both, "management-ip 20.0.0.1", table), [""; 0]);
        assert_eq!(
            tg2001(subnets, "management-ip 20.0.0.1", table),
            ["4:10 vnet `hub` has no subnet `AzureFirewallManagementSubnet` for firewall `fw`"]
        );
        let internet = "route-table t { route default 0.0.0.0/0 -> internet }";
        assert_eq!(tg2001(subnets, "", internet), [""; 0]);
    }

    #[test]
    fn the_management_subnet_reaches_the_internet_directly() {
        let subnets = "subnet AzureFirewallSubnet 10.0.0.0/26
subnet AzureFirewallManagementSubnet 10.0.1.0/26 { route-table t }";
        let found = |table: &str| tg2001(subnets, "management-ip 20.0.0.1", table);
        assert_eq!(
            found("route-table t { }"),
            ["6:13 routes of gateways reach `AzureFirewallManagementSubnet` by route table `t`"]
        );
        assert_eq!(
            found("route-table t { gateway-propagation off route d 0.0.0.0/0 -> gateway }"),
            [
                "6:62 the default route of `AzureFirewallManagementSubnet` does not lead to the Internet"
            ]
        );
        assert_eq!(
            found("route-table t { gateway-propagation off route d 0.0.0.0/0 -> internet }"),
            [""; 0]
        );
    }

    #[test]
    fn basic_always_has_the_management_interface() {
        assert_eq!(
            tg2001("subnet AzureFirewallSubnet 10.0.0.0/26", "sku Basic", ""),
            [
                "4:10 the Basic firewall `fw` has no address for its management interface",
                "4:10 vnet `hub` has no subnet `AzureFirewallManagementSubnet` for firewall `fw`"
            ]
        );
    }

    #[test]
    fn one_network_takes_one_firewall() {
        assert_eq!(
            tg2001(
                "subnet AzureFirewallSubnet 10.0.0.0/26",
                "",
                "firewall other in hub { }"
            ),
            ["5:10 vnet `hub` has two firewalls"]
        );
    }
}
