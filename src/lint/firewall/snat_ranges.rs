//! TG2008: destinations whose sources a firewall translates or keeps, against what the network needs.

use ipnet::IpNet;

use crate::azure::gaps;
use crate::azure::next_hop::{default_route_of, is_adjacent};
use crate::azure::rule_sets::Owner;
use crate::base::{Span, Spanned};
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{Firewall, FirewallSettings, Gap, Meta, NextHop};
use crate::lint::common::range_set::{RangeSet, prefix_bounds};
use crate::lint::{Context, change, edit, firewall_subnet};

rule! {
    /// The SNAT ranges of a firewall do not fit its networks.
    ///
    /// A network rule keeps the source address of a flow when the destination is in the SNAT ranges, the private ones
    /// unless stated; everything else leaves with an address of the firewall.
    ///
    /// - A network beside the firewall with addresses that are not in the ranges, such as public addresses used inside
    ///   a company: its machines see the firewall, not who asks, and rules there that name sources do not match.
    /// - `255.255.255.255/32` translates everything, private destinations too: a note.
    /// - `0.0.0.0/0` translates nothing: then no flow of a network rule comes back from the Internet, unless the
    ///   default route of the firewall leads to somebody who translates.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26 }
    /// firewall-policy rules {
    ///   snat-private-ranges 255.255.255.255/32
    /// }
    /// firewall fw in hub {
    ///   policy rules
    /// }
    /// ```
    ///
    /// Name every private prefix behind the firewall: a list of one's own takes the place of the default.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/snat-private-range.md.
    TG2008, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, firewall) in context.estate.firewalls.iter() {
        let owner = match firewall.policy.as_ref().and_then(|policy| policy.id) {
            Some(policy) => Owner::Policy(policy),
            None => Owner::Firewall(id),
        };
        if gaps::own_settings(context.estate, owner).is_some() {
            continue;
        }
        if let Some((meta, settings)) = settings_in_force(context, firewall) {
            check_firewall(context, firewall, meta, settings, findings);
        }
    }
}

/// The settings of a firewall and whose they are, unless they are not known.
fn settings_in_force<'a>(
    context: &Context<'a>,
    firewall: &'a Firewall,
) -> Option<(&'a Meta, &'a FirewallSettings)> {
    let (meta, settings, inherits) = match &firewall.policy {
        Some(policy) => {
            let policy = &context.estate.firewall_policies[policy.id?];
            (&policy.meta, &policy.settings, policy.parent.is_some())
        }
        None => (&firewall.meta, &firewall.settings, false),
    };
    let gaps = match &firewall.policy {
        Some(policy) => context.estate.gaps.at(Gap::PolicyRules(policy.id?)),
        None => &[],
    };
    let unknown = meta.home.is_existing() || inherits || !gaps.is_empty();
    (!settings.snat_private_ranges.is_empty() || !unknown).then_some((meta, settings))
}

fn check_firewall(
    context: &Context<'_>,
    firewall: &Firewall,
    meta: &Meta,
    settings: &FirewallSettings,
    findings: &mut Vec<Finding>,
) {
    let stated = &settings.snat_private_ranges;
    let ranges = RangeSet::prefixes(stated.iter().map(|range| range.value));
    let name = &firewall.meta.name;
    if let Some(first) = stated.first() {
        if ranges.is_everything() {
            if leaves_to_the_internet(context, firewall) {
                findings.push(keeps_every_source(name, first.span));
            }
            return;
        }
        if ranges == RangeSet::new([(u32::MAX, u32::MAX)]) {
            findings.push(translates_everything(name, first.span));
            return;
        }
    }
    let known = if stated.is_empty() {
        RangeSet::prefixes(context.facts.private_ranges())
    } else {
        ranges
    };
    for prefix in networks_beside(context, firewall) {
        let Some(bounds) = prefix_bounds(prefix.value) else {
            continue;
        };
        if !known.contains(&RangeSet::new([bounds])) {
            findings.push(source_is_lost(context, name, prefix, meta, stated));
        }
    }
}

/// The prefixes of the firewall's network and of those peered with it.
fn networks_beside<'a>(
    context: &Context<'a>,
    firewall: &Firewall,
) -> impl Iterator<Item = &'a Spanned<IpNet>> {
    let estate = context.estate;
    let own = firewall.vnet.id;
    let vnets = estate.vnets.iter();
    vnets
        .filter(move |(id, _)| own.is_some_and(|own| is_adjacent(estate, own, *id)))
        .flat_map(|(_, vnet)| &vnet.prefixes)
}

/// Whether what a firewall lets out goes to the Internet from there, as far as its route table is known.
fn leaves_to_the_internet(context: &Context<'_>, firewall: &Firewall) -> bool {
    let estate = context.estate;
    let subnet = firewall.vnet.id;
    let subnet = subnet.and_then(|vnet| firewall_subnet::data_subnet(estate, vnet));
    subnet.is_some_and(|subnet| match default_route_of(estate, subnet) {
        Some(route) => route.next_hop.value == NextHop::Internet,
        None => estate.subnets[subnet].route_table.is_none() && estate.gateways.is_empty(),
    })
}

fn keeps_every_source(name: &str, place: Span) -> Finding {
    let message = format!(
        "firewall `{name}` keeps every source, so network rules to the Internet get no reply"
    );
    Finding::new(Id::TG2008, message)
        .at(place, "never translates")
        .help("name the private prefixes only, or lead the firewall's default route to somebody who translates")
}

fn translates_everything(name: &str, place: Span) -> Finding {
    let message = format!("firewall `{name}` translates every source, those of private flows too");
    Finding::new(Id::TG2008, message)
        .severity(Severity::Note)
        .at(place, "always translates")
        .help("machines see the firewall in place of who asks; name the private prefixes when they should not")
}

fn source_is_lost(
    context: &Context<'_>,
    name: &str,
    prefix: &Spanned<IpNet>,
    meta: &Meta,
    stated: &[Spanned<IpNet>],
) -> Finding {
    let network = prefix.value;
    let message = format!("firewall `{name}` translates flows to {network}, a network beside it");
    let finding = Finding::new(Id::TG2008, message)
        .at(prefix.span, "sees the firewall in place of who asks")
        .help(format!("add {network} to `snat-private-ranges`"));
    let (finding, edit) = match (stated.first(), stated.last()) {
        (Some(first), Some(last)) => (
            finding.related(first.span, "the ranges whose sources are kept"),
            Some(edit::append(last.span, network)),
        ),
        _ => {
            let mut ranges: Vec<String> = context
                .facts
                .private_ranges()
                .map(|it| it.to_string())
                .collect();
            ranges.push(network.to_string());
            let clause = format!("snat-private-ranges {}", ranges.join(", "));
            (
                finding.related(meta.origin, "states no ranges"),
                edit::add_clause(meta, &clause),
            )
        }
    };
    let title = "keep the sources of flows to it";
    // A list of one's own takes the place of the default ranges, which it would have to name too.
    let change = change::more(meta.origin, change::KEPT_RANGES, network);
    let finding = finding.propose(title, Safety::Unsafe, change);
    match edit {
        Some(edit) => finding.fix(title, Safety::Unsafe, vec![edit]),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn policy(ranges: &str, route: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16 {{ subnet AzureFirewallSubnet 10.0.0.0/26 {{ {route} }} }}
vnet spoke 10.1.0.0/16, 20.0.0.0/16, fd00::/48
vnet stranger 30.0.0.0/16
peering hub <-> spoke {{ forwarded-traffic on }}
route-table t {{ route d 0.0.0.0/0 -> gateway }}
firewall fw in hub {{ policy p }}
firewall-policy p {{ {ranges} }}"
        )
    }

    #[test]
    fn networks_beside_keep_their_sources() {
        let tg2008 = |ranges: &str| found(Id::TG2008, &policy(ranges, ""));
        let lost = "firewall `fw` translates flows to 20.0.0.0/16, a network beside it";
        assert_eq!(tg2008(""), [format!("2:25 {lost}")]);
        assert_eq!(
            tg2008("snat-private-ranges 10.0.0.0/8"),
            [format!("2:25 {lost}")]
        );
        assert_eq!(
            tg2008("snat-private-ranges 10.0.0.0/8, 20.0.0.0/17, 20.0.128.0/17"),
            [""; 0]
        );
        assert_eq!(tg2008("existing"), [""; 0]);
        for ranges in ["", "snat-private-ranges 10.0.0.0/8"] {
            let fixed = fixed(Id::TG2008, &policy(ranges, ""));
            assert_eq!(found(Id::TG2008, &fixed), [""; 0], "{fixed}");
        }
    }

    #[test]
    fn always_and_never() {
        let tg2008 = |ranges: &str, route: &str| found(Id::TG2008, &policy(ranges, route));
        assert_eq!(
            tg2008("snat-private-ranges 255.255.255.255/32", ""),
            ["7:41 firewall `fw` translates every source, those of private flows too"]
        );
        let never =
            "7:41 firewall `fw` keeps every source, so network rules to the Internet get no reply";
        assert_eq!(tg2008("snat-private-ranges 0.0.0.0/0", ""), [never]);
        assert_eq!(
            tg2008("snat-private-ranges 0.0.0.0/1, 128.0.0.0/1", ""),
            [never]
        );
        assert_eq!(
            tg2008("snat-private-ranges 0.0.0.0/0", "route-table t"),
            [""; 0]
        );
    }
}
