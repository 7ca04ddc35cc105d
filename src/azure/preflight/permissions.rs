//! What the identity of a pool may do on the pool's network
//! (MicrosoftDocs/azure-aks-docs, articles/aks/configure-kubenet.md and aks-service-permissions.md;
//! Azure/AKS-Construction issue 501).
//!
//! kubenet reads and writes a route table of one's own. Azure CNI leaves the table alone. Both join their nodes to the
//! subnet. HDInsight on AKS asks for Network Contributor on network, table and security group.

use std::collections::BTreeSet;

use crate::estate::{Id, Identity, OutboundType, PoolIdentity, Subnet};

use super::super::cause::Cause;
use super::super::facts::{ActionNeed, ActionTarget, Product};
use super::super::gaps::is_part;
use super::super::next_hop::table_of;
use super::super::rbac::{Answer, Decision, Target, decide};
use super::Refusal;
use super::inspection::Inspection;

/// What the provider checks on a route table of one's own: the words of its refusal.
const TABLE_ACTIONS: [&str; 2] = [
    "Microsoft.Network/routeTables/read",
    "Microsoft.Network/routeTables/write",
];

pub(super) fn check(inspection: &mut Inspection<'_>) {
    match inspection.pool.identity.clone() {
        None => {
            if !inspection.pool.subnets.is_empty() {
                inspection.assume("no identity is stated; its permissions are taken to suffice");
            }
        }
        Some(PoolIdentity::SystemAssigned(_)) => {
            if !inspection.pool.subnets.is_empty() {
                inspection.assume(
                    "a system-assigned identity gets its roles after the cluster is made; they are taken to suffice",
                );
            }
        }
        Some(PoolIdentity::UserAssigned(identity)) => match identity.id {
            Some(id) => of_identity(inspection, id),
            None => inspection.assume(format!(
                "the roles of identity `{}` are not described; they are taken to suffice",
                identity.name
            )),
        },
    }
}

fn of_identity(inspection: &mut Inspection<'_>, identity: Id<Identity>) {
    let estate = inspection.estate;
    let subnets: Vec<_> = inspection.node_subnets().collect();
    let on_aks = inspection.product == Product::HdinsightOnAks;
    let routed = inspection.outbound() == OutboundType::UserDefinedRouting;
    let tables: BTreeSet<_> = subnets
        .iter()
        .filter_map(|subnet| table_of(estate, *subnet))
        .collect();
    if inspection.is_kubenet() || (on_aks && routed) {
        for table in tables {
            let target = Target::RouteTable(table);
            table_rights(inspection, identity, &target);
        }
    }
    let api_server = inspection.pool.api_server.subnet.as_ref();
    let api_server = api_server.and_then(|subnet| subnet.id);
    for subnet in subnets.iter().copied().chain(api_server) {
        linked_rights(
            inspection,
            identity,
            &Target::Subnet(subnet),
            ActionTarget::Subnet,
        );
    }
    if on_aks && routed {
        let vnets: BTreeSet<_> = subnets.iter().map(|id| estate.subnets[*id].vnet).collect();
        for vnet in vnets {
            let target = Target::Vnet(vnet);
            linked_rights(inspection, identity, &target, ActionTarget::VirtualNetwork);
        }
        let nsgs: BTreeSet<_> = subnets
            .iter()
            .filter_map(|id| estate.subnets[*id].nsg.as_ref()?.id)
            .collect();
        for nsg in nsgs {
            let target = Target::Nsg(nsg);
            linked_rights(
                inspection,
                identity,
                &target,
                ActionTarget::NetworkSecurityGroup,
            );
        }
    }
    contested_rights(inspection, identity, &subnets);
    if let Some(pods) = inspection.pod_subnet() {
        let path = estate.subnet_path(pods);
        inspection.assume(format!(
            "the provider does not ask for rights of the identity on pod subnet `{path}`; the sources name the node subnet only"
        ));
    }
}

fn table_rights(inspection: &mut Inspection<'_>, identity: Id<Identity>, target: &Target) {
    let lack = lacking(inspection, identity, target, &TABLE_ACTIONS);
    let Some(refusal) = refusal(
        inspection,
        Cause::MissingPermission,
        identity,
        target,
        &lack,
    ) else {
        return;
    };
    let name = target.name(inspection.estate);
    let code = "CustomRouteTableMissingPermission";
    inspection.refuse(refusal.answered(inspection.facts, code, &[("route_table", name)]));
}

fn linked_rights(
    inspection: &mut Inspection<'_>,
    identity: Id<Identity>,
    target: &Target,
    kind: ActionTarget,
) {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let needs = facts.required_actions(inspection.product, kind);
    let actions: Vec<&str> = needs
        .filter(|needs| needs.need == ActionNeed::Always)
        .flat_map(|needs| needs.actions.iter().map(String::as_str))
        .collect();
    let lack = lacking(inspection, identity, target, &actions);
    let Some(refusal) = refusal(
        inspection,
        Cause::MissingPermission,
        identity,
        target,
        &lack,
    ) else {
        return;
    };
    let scope = target.words(estate);
    let first = refusal.missing_actions.first().cloned().unwrap_or_default();
    let values = [
        ("client", estate.identities[identity].meta.name.as_str()),
        ("action", "Microsoft.ContainerService/managedClusters/write"),
        ("scope", inspection.pool.meta.name.as_str()),
        ("linked_action", first.as_str()),
        ("linked_scope", scope.as_str()),
    ];
    inspection.refuse(refusal.answered(facts, "LinkedAuthorizationFailed", &values));
}

/// What one page asks for and the others do not.
fn contested_rights(
    inspection: &mut Inspection<'_>,
    identity: Id<Identity>,
    subnets: &[Id<Subnet>],
) {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let needs = facts.required_actions(inspection.product, ActionTarget::Subnet);
    let contested: Vec<&str> = needs
        .filter(|needs| needs.need == ActionNeed::Contested)
        .flat_map(|needs| needs.actions.iter().map(String::as_str))
        .collect();
    for action in contested {
        let lacks = subnets.iter().any(|subnet| {
            decide(estate, facts, identity, action, &Target::Subnet(*subnet)).is_refused()
        });
        if lacks {
            inspection.assume(format!(
                "the identity does not need `{action}` on its subnet; one page asks for it, the others do not"
            ));
        }
    }
}

/// The actions of these that the identity may not do, each with its decision. A role that is not known is taken to
/// suffice.
pub(super) fn lacking<'action>(
    inspection: &mut Inspection<'_>,
    identity: Id<Identity>,
    target: &Target,
    actions: &[&'action str],
) -> Vec<(&'action str, Decision)> {
    let mut lack = Vec::new();
    for action in actions {
        let decision = decide(
            inspection.estate,
            inspection.facts,
            identity,
            action,
            target,
        );
        match decision.answer {
            Answer::Granted => {}
            Answer::Missing if is_part(inspection.estate) => inspection.assume(format!(
                "another deployment gives identity `{}` a role with `{action}`",
                inspection.estate.identities[identity].meta.name
            )),
            Answer::Denied | Answer::Missing => lack.push((*action, decision)),
            Answer::Unknown => inspection.assume(format!(
                "{} grants `{action}`; what it grants is not known",
                decision.element
            )),
        }
    }
    lack
}

/// A refusal for actions that the identity lacks; `None` when it lacks none. A deny assignment is the element before
/// the identity, because no role outweighs it.
pub(super) fn refusal(
    inspection: &Inspection<'_>,
    cause: Cause,
    identity: Id<Identity>,
    target: &Target,
    lack: &[(&str, Decision)],
) -> Option<Refusal> {
    let denied = lack
        .iter()
        .find(|(_, decision)| decision.answer == Answer::Denied);
    let (_, decision) = denied.or(lack.first())?;
    let estate = inspection.estate;
    let actions: Vec<&str> = lack.iter().map(|(action, _)| *action).collect();
    let why = match decision.answer {
        Answer::Denied => format!("{} {}", decision.element, decision.text),
        _ => decision.text.clone(),
    };
    let mut text = format!(
        "identity `{}` may not do {} on {}: {why}",
        estate.identities[identity].meta.name,
        listed(&actions),
        target.words(estate),
    );
    if let Some(near) = decision.near.first() {
        text.push_str(&format!("; {} {}", near.element, near.text));
    }
    let mut refusal = Refusal::new(cause, decision.element.clone(), text);
    refusal.missing_actions = actions.into_iter().map(str::to_owned).collect();
    Some(refusal)
}

fn listed(actions: &[&str]) -> String {
    let quoted: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
    quoted.join(" and ")
}
