//! What the resource provider refuses before anything is built, or while it builds what it makes itself.
//!
//! One file per subject, in the order in which Azure looks: the policy of the firewall and the route table are written before the cluster;
//! then the provider checks the request itself, the network, the identity and the zone; Azure Policy answers when the
//! first resource is made. What the provider does not check is not here: whether a next hop is a firewall, what
//! firewalls and security groups let through, custom DNS, peerings, the way back. HDInsight is the exception: its
//! provider reads the security group. Sources are those of the facts and of `rules/azure/errors.yaml`.

mod addresses;
mod authorized_ranges;
mod bootstrap;
mod dns_zone;
mod elements;
mod firewall_policy;
mod hdinsight_management;
mod identity_type;
mod inspection;
mod kubenet;
mod outbound;
mod permissions;
mod platform_routes;
mod policy_assignments;
mod pool_name;
mod private_endpoint;
mod routes;
#[cfg(test)]
mod tests;

use crate::estate::{Id, OutboundType, Pool};

use super::cause::Cause;
use super::dataplane::Dataplane;
use super::facts::{Facts, Product};
use super::flow::{Assumption, Element};

use inspection::Inspection;

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The policy of the firewall.
    FirewallPolicy,
    /// The security rules for the management of HDInsight.
    HdinsightManagement,
    /// Routes for addresses of the Azure host.
    PlatformRoutes,
    /// The name of the pool.
    PoolName,
    /// The outbound type.
    Outbound,
    /// The prefixes that the API server lets in.
    AuthorizedRanges,
    /// The route table of `userDefinedRouting`.
    Routes,
    /// The route table of kubenet.
    Kubenet,
    /// The kind of identity.
    IdentityType,
    /// Subnets and address ranges.
    Addresses,
    /// What the identity may do.
    Permissions,
    /// The private DNS zone.
    DnsZone,
    /// The private endpoint of the API server.
    PrivateEndpoint,
    /// The registry of an isolated cluster.
    Bootstrap,
    /// Azure Policy.
    PolicyAssignments,
}

/// A reason to refuse a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why, by name.
    pub cause: Cause,
    /// Which check says so.
    pub subject: Subject,
    /// The one element.
    pub element: Element,
    /// Why, in a sentence.
    pub text: String,
    /// The code that Azure answers, where known.
    pub code: Option<String>,
    /// Azure's message, where known.
    pub message: Option<String>,
    /// The actions that the identity lacks.
    pub missing_actions: Vec<String>,
}

impl Refusal {
    fn new(cause: Cause, element: Element, text: impl Into<String>) -> Self {
        Self {
            cause,
            // Set by the inspection that it is handed to.
            subject: Subject::Outbound,
            element,
            text: text.into(),
            code: None,
            message: None,
            missing_actions: Vec::new(),
        }
    }

    /// Adds the code that Azure answers, with its message filled with these values.
    fn answered(mut self, facts: &Facts, code: &str, values: &[(&str, &str)]) -> Self {
        self.code = Some(code.to_owned());
        self.message = facts.error(code).and_then(|error| error.message(values));
        self
    }
}

/// What the resource provider says to a pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preflight {
    /// Every reason to refuse it, in the order in which the provider looks; it is accepted without any.
    pub refusals: Vec<Refusal>,
    /// What it accepts with a warning.
    pub warnings: Vec<Refusal>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
}

impl Preflight {
    /// Whether nothing is refused.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// The service that a pool is made by. A pool without a kind is taken for an AKS cluster.
#[must_use]
pub fn product_of(pool: &Pool) -> Product {
    match pool.kind.as_ref().map(|kind| kind.value.as_str()) {
        Some("hdinsight-on-aks") => Product::HdinsightOnAks,
        Some("hdinsight-classic") => Product::Hdinsight,
        _ if pool.outbound.value == OutboundType::OfSubnet => Product::Other,
        _ => Product::Aks,
    }
}

/// What is asked of a pool, and what a refusal is about.
type Check = (Subject, fn(&mut Inspection<'_>));

/// Asks what the resource provider would say to a pool.
#[must_use]
pub fn preflight(plane: &Dataplane<'_>, pool: Id<Pool>) -> Preflight {
    let mut inspection = Inspection::new(plane, pool);
    let checks: &[Check] = match inspection.product {
        Product::Hdinsight => &[
            (Subject::FirewallPolicy, firewall_policy::check),
            (Subject::HdinsightManagement, hdinsight_management::check),
        ],
        Product::Other => &[(Subject::FirewallPolicy, firewall_policy::check)],
        _ => &[
            (Subject::FirewallPolicy, firewall_policy::check),
            (Subject::PlatformRoutes, platform_routes::check),
            (Subject::PoolName, pool_name::check),
            (Subject::Outbound, outbound::check),
            (Subject::AuthorizedRanges, authorized_ranges::check),
            (Subject::Routes, routes::check),
            (Subject::Kubenet, kubenet::check),
            (Subject::IdentityType, identity_type::check),
            (Subject::Addresses, addresses::check),
            (Subject::Permissions, permissions::check),
            (Subject::DnsZone, dns_zone::check),
            (Subject::PrivateEndpoint, private_endpoint::check),
            (Subject::Bootstrap, bootstrap::check),
            (Subject::PolicyAssignments, policy_assignments::check),
        ],
    };
    inspection.note_unknown_subnets();
    inspection.note_unknown_settings();
    for (subject, check) in checks {
        inspection.subject = *subject;
        check(&mut inspection);
    }
    inspection.finish()
}
