//! Azure Policy against what the service makes for the outbound type (Azure/AKS issue 2993).
//!
//! The service makes it in the node resource group, which it makes too: an assignment at the cluster's own resource
//! group does not reach it, one at the subscription or above does.

use smol_str::SmolStr;

use crate::estate::{Home, OutboundType, PolicyAssignment, Region, Scope};

use super::super::cause::Cause;
use super::super::facts::{OutboundResource, action_matches};
use super::super::flow::{Element, Site};
use super::super::next_hop::table_of;
use super::super::rbac::{Target, covers};
use super::Refusal;
use super::inspection::Inspection;

const PUBLIC_IP: &str = "Microsoft.Network/publicIPAddresses";
const LOAD_BALANCER: &str = "Microsoft.Network/loadBalancers";
const NAT_GATEWAY: &str = "Microsoft.Network/natGateways";
const SECURITY_GROUP: &str = "Microsoft.Network/networkSecurityGroups";
const ROUTE_TABLE: &str = "Microsoft.Network/routeTables";

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let made = made_by_the_service(inspection);
    let assignments = inspection.estate.policy_assignments.iter();
    let denials: Vec<_> = assignments
        .map(|(_, assignment)| assignment)
        .filter(|assignment| assignment.effect.value.eq_ignore_ascii_case("deny"))
        .collect();
    for assignment in denials {
        let mut types = assignment.resource_types.iter();
        let denied = types.find_map(|denied| {
            let mut made = made.iter();
            made.find(|made| action_matches(&denied.value, made))
        });
        if let Some(resource) = denied {
            denied_at(inspection, assignment, resource);
        }
    }
}

/// The types of what the service makes in the node resource group.
fn made_by_the_service(inspection: &Inspection<'_>) -> Vec<&'static str> {
    let outbound = inspection.outbound();
    let fact = inspection
        .facts
        .outbound_type(inspection.product, outbound.name());
    let mut made: Vec<&'static str> = fact
        .into_iter()
        .flat_map(|fact| &fact.creates)
        .map(|resource| match resource {
            OutboundResource::PublicIpAddress => PUBLIC_IP,
            OutboundResource::LoadBalancer => LOAD_BALANCER,
            OutboundResource::NatGateway => NAT_GATEWAY,
            OutboundResource::NetworkSecurityGroup => SECURITY_GROUP,
        })
        .collect();
    // A NAT gateway of the service leaves with an address of the service.
    if outbound == OutboundType::ManagedNatGateway {
        made.push(PUBLIC_IP);
    }
    let estate = inspection.estate;
    let mut subnets = inspection.node_subnets();
    if inspection.is_kubenet() && subnets.any(|subnet| table_of(estate, subnet).is_none()) {
        made.push(ROUTE_TABLE);
    }
    made
}

fn denied_at(inspection: &mut Inspection<'_>, assignment: &PolicyAssignment, resource: &str) {
    let element = Element {
        name: format!("policy assignment `{}`", assignment.name),
        origin: assignment.origin,
        site: Site::Other,
    };
    let outbound = inspection.outbound().name();
    let reach = match &assignment.scope.value {
        Scope::ResourceGroup(group) => of_resource_group(inspection, group.as_ref()),
        scope => covers(inspection.estate, scope, &Target::Pool(inspection.id)).into(),
    };
    match reach {
        Reach::Covers => {
            let text =
                format!("denies {resource}, which the service makes for outbound type {outbound}");
            let refusal = Refusal::new(Cause::PolicyDeny, element, text);
            let name = assignment.name.as_str();
            let (code, values): (_, &[(&str, &str)]) = match resource {
                PUBLIC_IP | LOAD_BALANCER => ("ReconcileStandardLoadBalancerError", &[]),
                _ => (
                    "RequestDisallowedByPolicy",
                    &[("resource", resource), ("assignment", name)],
                ),
            };
            inspection.refuse(refusal.answered(inspection.facts, code, values));
        }
        Reach::OwnGroupOnly => {
            let text = format!(
                "denies {resource} in the cluster's resource group; the service makes it in the node resource group, which this assignment does not reach"
            );
            inspection.warn(Refusal::new(Cause::PolicyDeny, element, text));
        }
        Reach::Elsewhere => {}
    }
}

/// How far an assignment reaches.
enum Reach {
    /// To what the service makes.
    Covers,
    /// To the cluster's own resource group only.
    OwnGroupOnly,
    /// Not near.
    Elsewhere,
}

impl From<bool> for Reach {
    fn from(covers: bool) -> Self {
        if covers {
            Self::Covers
        } else {
            Self::Elsewhere
        }
    }
}

fn of_resource_group(inspection: &Inspection<'_>, group: Option<&SmolStr>) -> Reach {
    let meta = &inspection.pool.meta;
    let own = match &meta.home {
        Home::Existing { resource_group, .. } => resource_group.as_ref(),
        Home::Deployed => None,
    };
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match (own, group) {
        (Some(own), Some(group)) if same(own, group) => Reach::OwnGroupOnly,
        (None, None) => Reach::OwnGroupOnly,
        // The name that the service gives the node resource group, unless it is told another.
        (Some(own), Some(group)) => {
            let region = match &inspection.estate.region {
                Region::Named(region) => region.as_str(),
                Region::OfResourceGroup | Region::Parameter(_) => return Reach::Elsewhere,
            };
            same(&format!("MC_{own}_{}_{region}", meta.name), group).into()
        }
        _ => Reach::Elsewhere,
    }
}
