//! TG5001: DNS proxies that nobody asks.

use std::net::IpAddr;

use crate::azure::facts::FirewallFeature;
use crate::azure::gaps;
use crate::azure::next_hop::{Holder, holders};
use crate::azure::rule_sets::{self, RuleSet, proxies_dns};
use crate::diag::{Change, Finding, Id, Safety};
use crate::estate::{DnsServers, Estate, Firewall, Id as ElementId, Subnet};

use super::super::common::edge::user_routes;
use super::super::firewall_tier::{fact_tier, is_name};
use super::super::{Context, change};

rule! {
    /// The DNS proxy of a firewall is on, and neither a network nor a DNS server asks it.
    ///
    /// The proxy answers on the firewall's private address. Whom machines ask is a setting of their network; as long as
    /// that names other servers, the proxy answers nobody, and the firewall and the machines may see different
    /// addresses behind a name. Where rules let names through by address, that drops packets, and is reported as TG3002
    /// instead.
    ///
    /// ```egress
    /// vnet hub 10.0.0.0/16 { subnet AzureFirewallSubnet 10.0.0.0/26 }
    /// firewall fw in hub { private-ip 10.0.0.4  dns-proxy on }
    /// ```
    ///
    /// Write `dns firewall NAME` in the networks whose traffic passes the firewall, or turn the proxy off. In an
    /// input that is only a part of what there is, who asks may be somewhere else: then the finding is assumed, and given
    /// only where a subnet sends its packets through the firewall.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/dns-settings.md; and issue 76646.
    TG5001, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let is_part = gaps::is_part(estate);
    for (id, firewall) in estate.firewalls.iter() {
        let sets = rule_sets::of_firewall(estate, id);
        let Some(set) = sets.first().filter(|set| proxies_dns(estate, set)) else {
            continue;
        };
        let mut rules = sets.iter().flat_map(RuleSet::network_rules);
        // A firewall that exists may serve networks that nobody wrote down.
        let elsewhere = firewall.meta.home.is_existing();
        // A tier without the proxy is reported as TG2002.
        let lacks_it = !context
            .facts
            .sku_has(fact_tier(set.tier.value), FirewallFeature::DnsProxy);
        let by_name = rules.any(|placed| placed.rule.destinations.iter().any(is_name));
        let used = estate
            .vnets
            .iter()
            .any(|(_, vnet)| vnet.meta.home.is_existing())
            || is_asked(context, id, firewall);
        // Of a part only what sends its packets there is known to stand behind it.
        let behind = estate
            .subnets
            .ids()
            .any(|subnet| leads_through(estate, subnet, id));
        if lacks_it || by_name || elsewhere || used || (is_part && !behind) {
            continue;
        }
        let place = set
            .settings
            .dns_proxy
            .map_or(set.meta.origin, |setting| setting.span.into());
        let finding = Finding::new(
            Id::TG5001,
            format!(
                "nobody asks the DNS proxy of firewall `{}`",
                firewall.meta.name
            ),
        )
        .at(place, "turned on here")
        .related(firewall.meta.origin, "no vnet names it as its DNS server")
        .help(format!(
            "write in the vnets behind it: dns firewall {}",
            firewall.meta.name
        ));
        let finding = finding.propose(
            "resolve through the firewall",
            Safety::Unsafe,
            ask_it(context.estate, id, firewall),
        );
        findings.push(if is_part { finding.assumed() } else { finding });
    }
}

/// What lets the networks behind a firewall resolve through it: those that have the default of Azure.
fn ask_it(estate: &Estate, id: ElementId<Firewall>, firewall: &Firewall) -> Vec<Change> {
    let behind = |vnet| {
        let mut subnets = estate.subnets_of(vnet);
        subnets.any(|(subnet, _)| leads_through(estate, subnet, id))
    };
    let Some(address) = firewall.private_ip.map(|ip| ip.value) else {
        return Vec::new();
    };
    let vnets = estate.vnets.iter();
    let vnets = vnets.filter(|(vnet, it)| it.dns == DnsServers::Azure && behind(*vnet));
    vnets
        .filter_map(|(_, vnet)| change::dns_server(vnet.meta.origin, address))
        .collect()
}

fn leads_through(
    estate: &Estate,
    subnet: ElementId<Subnet>,
    firewall: ElementId<Firewall>,
) -> bool {
    user_routes(estate, subnet)
        .iter()
        .any(|route| holders(estate, &route.next_hop.value).contains(&Holder::Firewall(firewall)))
}

fn is_asked(context: &Context<'_>, id: ElementId<Firewall>, firewall: &Firewall) -> bool {
    let estate = context.estate;
    let Some(own) = firewall.private_ip.map(|ip| ip.value) else {
        // Servers by address may be this firewall.
        return estate.vnets.iter().any(|(_, vnet)| match &vnet.dns {
            DnsServers::Azure => false,
            DnsServers::Firewall(asked) => asked.id.is_none() || asked.id == Some(id),
            DnsServers::Custom(_) | DnsServers::Unknown(_) => true,
        });
    };
    let names = |addresses: &[crate::base::Spanned<IpAddr>]| {
        addresses.iter().any(|address| address.value == own)
    };
    let by_vnet = estate.vnets.iter().any(|(_, vnet)| match &vnet.dns {
        DnsServers::Azure => false,
        DnsServers::Firewall(asked) => asked.id.is_none() || asked.id == Some(id),
        DnsServers::Unknown(_) => true,
        // What a server that is not described asks in turn is not known.
        DnsServers::Custom(servers) => {
            names(servers)
                || servers.iter().any(|server| {
                    let mut known = estate.dns_servers.iter();
                    !known.any(|(_, known)| {
                        known.address.value == server.value && known.forwarders.is_some()
                    })
                })
        }
    });
    let by_server = estate.dns_servers.iter().any(|(_, server)| {
        server.forwarders.as_deref().is_some_and(names)
            || server
                .conditional
                .iter()
                .any(|forward| names(&forward.servers))
    });
    by_vnet || by_server
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(dns: &str, firewall: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ {dns} subnet AzureFirewallSubnet 10.0.0.0/26 }}
firewall f in v {{ private-ip 10.0.0.4 {firewall} }}
{more}"
        )
    }

    #[test]
    fn somebody_should_ask() {
        assert_eq!(
            found(Id::TG5001, &policy("", "dns-proxy on", "")),
            ["2:49 nobody asks the DNS proxy of firewall `f`"]
        );
        for (dns, firewall, more) in [
            ("", "", ""),
            ("", "dns-proxy off", ""),
            ("dns firewall f", "dns-proxy on", ""),
            ("dns 10.0.0.4", "dns-proxy on", ""),
            ("dns 10.0.9.9", "dns-proxy on", ""),
            (
                "dns 10.0.9.9",
                "dns-proxy on",
                "dns-server d in v { address 10.0.9.9  forwarders 10.0.0.4 }",
            ),
            (
                "",
                "dns-proxy on",
                "vnet spoke 10.1.0.0/16 { dns firewall f }",
            ),
            ("", "dns-proxy on  existing", ""),
            ("", "dns-proxy on  sku Basic", ""),
            (
                "",
                "dns-proxy on  network-rules n 200 allow { rule r from any to ntp.contoso.com udp/123 }",
                "",
            ),
        ] {
            let policy = policy(dns, firewall, more);
            assert_eq!(found(Id::TG5001, &policy), [""; 0], "{policy}");
        }
        let elsewhere = policy(
            "dns 10.0.9.9",
            "dns-proxy on",
            "dns-server d in v { address 10.0.9.9  forwarders 168.63.129.16 }",
        );
        assert_eq!(found(Id::TG5001, &elsewhere).len(), 1);
    }
}
