//! TG1036: peerings that carry nothing.

use crate::azure::gaps;
use crate::azure::next_hop::peering;
use crate::diag::{Finding, Id};
use crate::estate::{Estate, Gap, Peering, PeeringState};

use super::super::Context;

rule! {
    /// A peering whose other direction is missing, or that is not connected.
    ///
    /// Each side of a peering is a resource of its own, and packets pass only when there are both. With one of them
    /// the state stays `Initiated`; when one was deleted, the other becomes `Disconnected` and has to be deleted and
    /// made again. Nothing reports it but the state: routes to the other network are just not there.
    ///
    /// ```egress
    /// vnet hub 10.0.0.0/16
    /// vnet spoke 10.1.0.0/16
    /// peering spoke -> hub { forwarded-traffic on }
    /// ```
    ///
    /// Write `<->` for both directions, or the other direction beside the first. Where a network exists already, or
    /// the input is only a part of what there is, the other direction may be somewhere else: the finding says that
    /// it is assumed. A peering that exists and is connected has its other direction.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-network-manage-peering.md.
    TG1036, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (_, one) in estate.peerings.iter() {
        let (Some(from), Some(to)) = (one.from.id, one.to.id) else {
            continue;
        };
        let only_referred = !estate.gaps.at(Gap::VnetSettings(to)).is_empty();
        let other = peering(estate, to, from);
        if one.state == PeeringState::Disconnected {
            findings.push(not_connected(one, other));
        } else if other.is_none() && !only_referred {
            findings.extend(no_way_back(estate, one));
        } else if one.state == PeeringState::Initiated {
            findings.push(not_connected(one, other));
        }
    }
}

fn no_way_back(estate: &Estate, one: &Peering) -> Option<Finding> {
    if one.existing && one.state == PeeringState::Connected {
        return None;
    }
    let (from, to) = (&one.from.name, &one.to.name);
    let finding = Finding::new(
        Id::TG1036,
        format!("peering {from} -> {to} has no peering {to} -> {from}"),
    )
    .at(one.origin, "carries nothing without the other direction")
    .help(format!("write it, or `peering {from} <-> {to}` for both"));
    let exists = |vnet: &crate::estate::Ref<crate::estate::Vnet>| {
        vnet.id
            .is_some_and(|id| estate.vnets[id].meta.home.is_existing())
    };
    let elsewhere = gaps::is_part(estate) || exists(&one.from) || exists(&one.to);
    Some(if elsewhere {
        finding
            .assumed()
            .help("it is fine when the other direction is made elsewhere")
    } else {
        finding
    })
}

fn not_connected(one: &Peering, other: Option<&Peering>) -> Finding {
    let (state, help) = match one.state {
        PeeringState::Disconnected => (
            "Disconnected",
            "the other direction was deleted: delete this one too, and make both again",
        ),
        PeeringState::Initiated | PeeringState::Connected => (
            "Initiated",
            "the other direction is missing, or names other addresses: make it, or make both again",
        ),
    };
    let finding = Finding::new(
        Id::TG1036,
        format!("peering {} -> {} is {state}", one.from.name, one.to.name),
    )
    .at(one.origin, "carries nothing")
    .help(help);
    match other {
        Some(other) => finding.related(other.origin, "the other direction"),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Confidence;
    use crate::lint::testing::{findings, found};

    fn policy(peerings: &str) -> String {
        format!("vnet hub 10.0.0.0/16\nvnet spoke 10.1.0.0/16\n{peerings}")
    }

    #[test]
    fn both_directions_are_needed() {
        assert_eq!(
            found(Id::TG1036, &policy("peering hub -> spoke { }")),
            ["3:9 peering hub -> spoke has no peering spoke -> hub"]
        );
        for whole in [
            "peering hub <-> spoke { }",
            "peering hub -> spoke { }\npeering spoke -> hub { }",
            "peering hub -> spoke { existing }",
        ] {
            assert_eq!(found(Id::TG1036, &policy(whole)), [""; 0], "{whole}");
        }
    }

    #[test]
    fn states_are_reported() {
        let of = |state: &str| {
            let peerings = format!(
                "peering hub -> spoke {{ existing  state {state} }}\npeering spoke -> hub {{ existing }}"
            );
            found(Id::TG1036, &policy(&peerings))
        };
        assert_eq!(
            of("disconnected"),
            ["3:9 peering hub -> spoke is Disconnected"]
        );
        assert_eq!(of("initiated"), ["3:9 peering hub -> spoke is Initiated"]);
        assert_eq!(of("connected"), [""; 0]);
    }

    #[test]
    fn a_network_that_exists_may_have_the_other() {
        let policy =
            "vnet hub 10.0.0.0/16 { existing }\nvnet spoke 10.1.0.0/16\npeering spoke -> hub { }";
        assert_eq!(
            findings(Id::TG1036, policy)[0].confidence,
            Confidence::Assumed
        );
    }
}
