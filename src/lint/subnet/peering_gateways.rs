//! TG1035: peerings whose gateway settings do not fit together.

use crate::azure::gaps;
use crate::azure::next_hop::peering;
use crate::diag::{Finding, Id, Safety};
use crate::estate::{Estate, Gap, Gateway, Id as ElementId, Peering, Vnet};

use super::super::{Context, change};

/// The subnet of a route server, whose routes a peered network takes over like those of a gateway.
const ROUTE_SERVER: &str = "RouteServerSubnet";

rule! {
    /// A peering that uses the gateway of the other network, which does not lend one.
    ///
    /// `remote-gateways on` needs `gateway-transit on` in the other direction and a gateway, or a route server, in the
    /// other network. A network that has a gateway of its own cannot use another, and one network uses the gateway of
    /// one other at most. Azure refuses the peering:
    ///
    /// - no gateway there: `RemoteVnetHasNoGateways`;
    /// - the other direction without `gateway-transit`: it says that the corresponding remote peering has
    ///   AllowGatewayTransit set to false.
    ///
    /// ```egress
    /// vnet hub 10.0.0.0/16
    /// vnet spoke 10.1.0.0/16
    /// gateway vpn in hub { }
    /// peering hub -> spoke { forwarded-traffic on }
    /// peering spoke -> hub { remote-gateways on }
    /// ```
    ///
    /// Write `gateway-transit on` in the peering of the network that has the gateway. Gateways of networks that exist
    /// already or are not part of the input are not known, and nothing is said about them.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-network-manage-peering.md; Azure/bicep, issue
    /// 12191; hashicorp/terraform, issues 20298 and 30569.
    TG1035, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let users = || {
        let peerings = estate.peerings.iter().map(|(_, peering)| peering);
        peerings.filter_map(|peering| {
            let ends = (peering.from.id?, peering.to.id?);
            peering.remote_gateways.then_some((ends, peering))
        })
    };
    for ((from, to), user) in users() {
        match peering(estate, to, from) {
            Some(other) if other.remote_gateways => {
                if from < to {
                    findings.push(both_use(user, other));
                }
            }
            Some(other) if !other.gateway_transit => findings.push(not_lent(user, other)),
            _ => {
                findings.extend(own_gateway(estate, user, from));
                findings.extend(no_gateway(estate, user, to));
            }
        }
        let mut before = users().take_while(|(_, other)| !std::ptr::eq(*other, user));
        if let Some((_, first)) = before.find(|((other, _), _)| *other == from) {
            findings.push(second_gateway(user, first));
        }
    }
}

fn both_use(user: &Peering, other: &Peering) -> Finding {
    Finding::new(
        Id::TG1035,
        format!(
            "vnets `{}` and `{}` each use the gateway of the other",
            user.from.name, user.to.name
        ),
    )
    .at(user.origin, "`remote-gateways on`")
    .related(other.origin, "`remote-gateways on` here too")
    .help("write `gateway-transit on` in the peering of the network that has the gateway, and `remote-gateways on` in the other only")
}

fn not_lent(user: &Peering, other: &Peering) -> Finding {
    Finding::new(
        Id::TG1035,
        format!(
            "vnet `{}` uses the gateway of vnet `{}`, which does not lend it",
            user.from.name, user.to.name
        ),
    )
    .at(user.origin, "`remote-gateways on`")
    .related(other.origin, "no `gateway-transit on` here")
    .help(format!(
        "write `gateway-transit on` in peering {} -> {}",
        other.from.name, other.to.name
    ))
    .propose(
        "lend the gateway",
        Safety::Unsafe,
        change::set(other.origin, change::LENDS_GATEWAY, true),
    )
}

fn gateway_in(estate: &Estate, vnet: ElementId<Vnet>) -> Option<&Gateway> {
    let mut gateways = estate.gateways.iter().map(|(_, gateway)| gateway);
    gateways.find(|gateway| gateway.vnet.id == Some(vnet))
}

fn own_gateway(estate: &Estate, user: &Peering, from: ElementId<Vnet>) -> Option<Finding> {
    let own = gateway_in(estate, from)?;
    let finding = Finding::new(
        Id::TG1035,
        format!(
            "vnet `{}` has gateway `{}` and cannot use that of vnet `{}`",
            user.from.name, own.meta.name, user.to.name
        ),
    )
    .at(user.origin, "`remote-gateways on`")
    .related(own.meta.origin, "a gateway of its own")
    .help("a network with a gateway uses no other: write `remote-gateways off`")
    .propose(
        "use its own gateway",
        Safety::Unsafe,
        change::set(user.origin, change::USES_GATEWAY, false),
    );
    Some(finding)
}

fn no_gateway(estate: &Estate, user: &Peering, to: ElementId<Vnet>) -> Option<Finding> {
    let vnet = &estate.vnets[to];
    let unknown = gaps::is_part(estate)
        || vnet.meta.home.is_existing()
        || !estate.gaps.at(Gap::VnetSettings(to)).is_empty();
    let has_one = gateway_in(estate, to).is_some()
        || estate.subnet_named(to, ROUTE_SERVER).is_some()
        || estate
            .gateways
            .iter()
            .any(|(_, gateway)| gateway.vnet.id.is_none());
    if unknown || has_one || user.existing {
        return None;
    }
    let finding = Finding::new(
        Id::TG1035,
        format!(
            "vnet `{}` uses the gateway of vnet `{}`, which has none",
            user.from.name, user.to.name
        ),
    )
    .at(user.origin, "`remote-gateways on`")
    .related(vnet.meta.origin, "no gateway is in here")
    .azure("RemoteVnetHasNoGateways", None)
    .help(format!(
        "declare it, `gateway NAME in {} {{ }}`, or write `remote-gateways off`",
        user.to.name
    ));
    Some(finding)
}

fn second_gateway(user: &Peering, first: &Peering) -> Finding {
    Finding::new(
        Id::TG1035,
        format!(
            "vnet `{}` uses the gateways of two networks, `{}` and `{}`",
            user.from.name, first.to.name, user.to.name
        ),
    )
    .at(user.origin, "another one")
    .related(first.origin, "the first one")
    .help("only one peering of a network can use a remote gateway")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(statements: &str) -> String {
        format!(
            "vnet hub 10.0.0.0/16\nvnet spoke 10.1.0.0/16\nvnet other 10.2.0.0/16\n{statements}"
        )
    }

    #[test]
    fn one_lends_and_the_other_uses() {
        for fits in [
            "gateway g in hub { }\npeering hub <-> spoke { gateway-transit on }",
            "gateway g in hub { }\npeering spoke -> hub { remote-gateways on }\npeering hub -> spoke { gateway-transit on }",
            "peering hub <-> spoke { gateway-transit off }",
            "gateway g in hub { }\npeering hub -> spoke { gateway-transit on }\npeering spoke -> hub { }",
        ] {
            assert_eq!(found(Id::TG1035, &policy(fits)), [""; 0], "{fits}");
        }
    }

    #[test]
    fn what_does_not_fit() {
        for (statements, expected) in [
            (
                "gateway g in hub { }\npeering spoke -> hub { remote-gateways on }\npeering hub -> spoke { }",
                "5:9 vnet `spoke` uses the gateway of vnet `hub`, which does not lend it",
            ),
            (
                "peering spoke -> hub { remote-gateways on }\npeering hub -> spoke { remote-gateways on }",
                "5:9 vnets `hub` and `spoke` each use the gateway of the other",
            ),
            (
                "peering spoke -> hub { remote-gateways on }\npeering hub -> spoke { gateway-transit on }",
                "4:9 vnet `spoke` uses the gateway of vnet `hub`, which has none",
            ),
            (
                "gateway g in hub { }\ngateway h in spoke { }\npeering hub <-> spoke { gateway-transit on }",
                "6:9 vnet `spoke` has gateway `h` and cannot use that of vnet `hub`",
            ),
            (
                "gateway g in hub { }\ngateway h in other { }\npeering hub <-> spoke { gateway-transit on }\npeering other <-> spoke { gateway-transit on }",
                "7:9 vnet `spoke` uses the gateways of two networks, `hub` and `other`",
            ),
        ] {
            assert_eq!(
                found(Id::TG1035, &policy(statements)),
                [expected],
                "{statements}"
            );
        }
    }

    #[test]
    fn what_exists_may_have_a_gateway() {
        let policy = "vnet hub 10.0.0.0/16 { existing }\nvnet spoke 10.1.0.0/16
peering hub <-> spoke { gateway-transit on }";
        assert_eq!(found(Id::TG1035, policy), [""; 0]);
    }
}
