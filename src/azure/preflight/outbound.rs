//! The outbound type against the pool's profile and the subnets around it
//! (MicrosoftDocs/azure-aks-docs, articles/aks/egress-outboundtype.md and egress-udr.md).

use crate::base::Origin;
use crate::estate::{Gap, Id, OutboundType, PoolSetting, Subnet};

use super::super::cause::Cause;
use super::super::facts::{NetworkOwner, OutboundRequirement, Product};
use super::super::flow::{Element, Site};
use super::super::gaps;
use super::Refusal;
use super::inspection::Inspection;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let facts = inspection.facts;
    let outbound = inspection.outbound();
    let Some(fact) = facts.outbound_type(inspection.product, outbound.name()) else {
        // Without any type the facts did not load, which they tell themselves.
        if facts.outbound_types(inspection.product).next().is_some() {
            let text = "this service does not have the outbound type";
            let refusal = conflict(inspection, text);
            inspection.refuse(refusal.answered(facts, "UnsupportedOutboundType", &[]));
        }
        return;
    };
    network_owner(inspection, fact.network);
    profile(inspection);
    for requirement in &fact.requires {
        match requirement {
            OutboundRequirement::NatGateway => has_nat_gateway(inspection),
            OutboundRequirement::NoNatGateway => has_no_nat_gateway(inspection),
            OutboundRequirement::NetworkIsolatedCluster => is_isolated(inspection),
            // The routes have a file of their own.
            OutboundRequirement::RouteTable | OutboundRequirement::DefaultRoute => {}
        }
    }
    if inspection.product == Product::HdinsightOnAks && outbound == OutboundType::LoadBalancer {
        route_table_beforehand(inspection);
    }
}

fn conflict(inspection: &Inspection<'_>, text: impl Into<String>) -> Refusal {
    Refusal::new(
        Cause::OutboundTypeConflict,
        inspection.outbound_type(),
        text,
    )
}

/// Whose network the type works in. A pool without subnets is in the service's own.
fn network_owner(inspection: &mut Inspection<'_>, owner: NetworkOwner) {
    let facts = inspection.facts;
    let own = !inspection.pool.subnets.is_empty();
    match (owner, inspection.outbound()) {
        (NetworkOwner::Managed, OutboundType::ManagedNatGateway) if own => {
            let text =
                "works in the network of the service only, and the nodes are in one of your own";
            let name = inspection.pool.meta.name.as_str();
            let refusal = conflict(inspection, text);
            inspection.refuse(refusal.answered(facts, "InvalidParameter", &[("agent_pool", name)]));
            inspection.assume(
                "the code is that of newer reports; older ones answer ManagedNATGatewayWithCustomVNetNotAllowed",
            );
        }
        (NetworkOwner::Managed, _) if own => {
            let text =
                "works in the network of the service only, and the nodes are in one of your own";
            let refusal = conflict(inspection, text);
            inspection.refuse(refusal);
        }
        (NetworkOwner::Own, outbound) if !own => {
            let text =
                "needs a virtual network of your own, and the nodes are in that of the service";
            let mut refusal = conflict(inspection, text);
            if outbound == OutboundType::UserAssignedNatGateway {
                let code = "UserAssignedNATGatewayWithManagedVNetNotAllowed";
                refusal = refusal.answered(facts, code, &[]);
            }
            inspection.refuse(refusal);
        }
        _ => {}
    }
}

/// What the profile of the cluster may not say beside the type.
fn profile(inspection: &mut Inspection<'_>) {
    let nodes = &inspection.pool.nodes;
    let outbound = inspection.outbound();
    let routed = outbound == OutboundType::UserDefinedRouting;
    let mut faults: Vec<(Option<Origin>, &str, &str, &str)> = Vec::new();
    if routed {
        faults.push((
            nodes.load_balancer_profile,
            "load balancer profile",
            "cannot stand beside userDefinedRouting",
            "InvalidUserDefinedRoutingWithLoadBalancerProfile",
        ));
        faults.push((
            nodes.public_ips,
            "public addresses of nodes",
            "cannot stand beside userDefinedRouting",
            "UDRWithNodePublicIPNotAllowed",
        ));
    }
    if outbound != OutboundType::LoadBalancer {
        faults.push((
            nodes.basic_load_balancer,
            "Basic load balancer",
            "every outbound type but loadBalancer needs the Standard load balancer",
            "UnexpectedLoadBalancerSkuForCurrentOutboundConfiguration",
        ));
    }
    for (origin, what, text, code) in faults {
        if let Some(origin) = origin {
            let element = inspection.of_pool(what, origin);
            let refusal = Refusal::new(Cause::OutboundTypeConflict, element, text);
            inspection.refuse(refusal.answered(inspection.facts, code, &[]));
        }
    }
}

/// Node subnets and the pod subnet leave by a NAT gateway of the owner.
fn has_nat_gateway(inspection: &mut Inspection<'_>) {
    let subnets: Vec<_> = inspection
        .node_subnets()
        .chain(inspection.pod_subnet())
        .collect();
    for id in subnets {
        nat_gateway_of(inspection, id);
    }
}

fn nat_gateway_of(inspection: &mut Inspection<'_>, id: Id<Subnet>) {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let cause = Cause::OutboundTypeConflict;
    let path = estate.subnet_path(id);
    let settings = estate.gaps.at(Gap::SubnetSettings(id));
    if !settings.is_empty() || gaps::exit(estate, id).is_some() {
        inspection.assume(format!(
            "what subnet `{path}` leaves by is not described; it is taken to be a NAT gateway"
        ));
        return;
    }
    let Some(gateway) = &estate.subnets[id].nat_gateway else {
        let text = "has no NAT gateway, and the pool leaves by one of your own";
        let refusal = Refusal::new(cause, inspection.subnet(id), text);
        let code = "SubnetNotAssociatedWithNATGateway";
        inspection.refuse(refusal.answered(facts, code, &[("subnet", &path)]));
        return;
    };
    let Some(known) = gateway.id else {
        if gaps::is_part(estate) {
            inspection.assume(format!(
                "NAT gateway `{}` is not described; it is taken to be there",
                gateway.name
            ));
            return;
        }
        let element = inspection.of_subnet(id, "NAT gateway", gateway.origin);
        let text = format!("there is no NAT gateway `{}`", gateway.name);
        let refusal = Refusal::new(cause, element, text);
        inspection.refuse(refusal.answered(facts, "NATGatewayNotFound", &[]));
        return;
    };
    let meta = &estate.nat_gateways[known].meta;
    // Of one that exists, or of which something is not known, it may only not be stated.
    let stated = !meta.home.is_existing() && estate.gaps.at(Gap::NatGateway(known)).is_empty();
    if estate.nat_gateways[known].public_ips.is_empty() && stated {
        let element = Element {
            name: format!("NAT gateway `{}`", meta.name),
            origin: meta.origin,
            site: Site::NatGateway(known),
        };
        let refusal = Refusal::new(Cause::NoSnat, element, "has no public address or prefix");
        let code = "NATGatewayNotAssociatedWithPublicIPOrIPPrefix";
        inspection.refuse(refusal.answered(facts, code, &[]));
    }
}

/// A load balancer's outbound rule and a NAT gateway on the same subnet contradict each other. Which code the
/// provider answers is not known.
fn has_no_nat_gateway(inspection: &mut Inspection<'_>) {
    let subnets: Vec<_> = inspection.node_subnets().collect();
    for id in subnets {
        if let Some(gateway) = &inspection.estate.subnets[id].nat_gateway {
            let element = inspection.of_subnet(id, "NAT gateway", gateway.origin);
            let text = format!(
                "`{}` is there already, and the pool would leave by a load balancer; creation is blocked",
                gateway.name
            );
            inspection.refuse(Refusal::new(Cause::OutboundTypeConflict, element, text));
        }
    }
}

fn is_isolated(inspection: &mut Inspection<'_>) {
    let unknown = gaps::pool(inspection.estate, inspection.id, PoolSetting::Bootstrap);
    if inspection.pool.bootstrap.is_none() && unknown.is_none() {
        let text =
            "is for network isolated clusters only, and the pool names no registry to start from";
        let refusal = conflict(inspection, text);
        inspection.refuse(refusal);
    }
}

/// The guides of HDInsight on AKS disagree on whether a table may be there beforehand.
fn route_table_beforehand(inspection: &mut Inspection<'_>) {
    let mut tables = inspection
        .node_subnets()
        .filter_map(|id| inspection.estate.subnets[id].route_table.as_ref());
    if let Some(table) = tables.next() {
        let text = format!(
            "route table `{}` may be on the subnet before the pool is made; one guide says that creation then fails",
            table.name
        );
        inspection.assume(text);
    }
}
