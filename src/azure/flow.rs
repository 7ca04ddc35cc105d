//! A flow as somebody asks about it, and the steps Azure takes with it.

use std::fmt;
use std::net::IpAddr;

use crate::base::Origin;
use crate::estate::{
    Direction, Firewall, FirewallPolicy, Gateway, Id, Identity, IpGroup, LoadBalancer, NatGateway,
    Nsg, Peering, PlatformService, Pool, PrivateDnsZone, PrivateEndpoint, Proxy, RouteTable,
    Subnet, Vnet,
};
use crate::net::{Fqdn, ServiceTag, Transport};

use super::cause::Cause;
use super::rule_sets::Owner;

/// One flow: who, where to, over what.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Who starts it.
    pub from: Sender,
    /// Where to.
    pub to: Target,
    /// Over what; [`Transport::Any`] is not a flow.
    pub transport: Transport,
    /// To which port; 0 for transports without ports.
    pub port: u16,
    /// What the client tells of the name: the server name of TLS, or the host of HTTP.
    pub announced: Announced,
    /// How many such flows run at once; few when `None`.
    pub at_once: Option<u32>,
}

/// Who starts a flow.
#[derive(Debug, Clone, PartialEq)]
pub enum Sender {
    /// A machine in a subnet.
    Inside {
        /// The subnet.
        subnet: Id<Subnet>,
        /// The address of the machine.
        address: IpAddr,
    },
    /// Somebody outside the networks.
    Outside {
        /// The address.
        address: IpAddr,
        /// Service tags that are known to hold it.
        tags: Vec<ServiceTag>,
    },
}

impl Sender {
    /// The address that the flow starts with.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        match self {
            Self::Inside { address, .. } | Self::Outside { address, .. } => *address,
        }
    }
}

/// Where a flow goes: a name, an address, or both.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Target {
    /// The name that the client looks up.
    pub name: Option<Fqdn>,
    /// The address that it sends to; what the name resolves to when `None`.
    pub address: Option<IpAddr>,
    /// Service tags that are known to hold the address. Other tags of the same service are taken not to.
    pub tags: Vec<ServiceTag>,
}

/// What a client tells of the name it wants, in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// The name of the target, where the protocol carries one.
    Target,
    /// This name.
    Name(Fqdn),
    /// Nothing.
    Nothing,
}

impl Flow {
    /// The name that a firewall can read in the flow.
    #[must_use]
    pub fn announced_name(&self) -> Option<&Fqdn> {
        match &self.announced {
            Announced::Target => self.to.name.as_ref(),
            Announced::Name(name) => Some(name),
            Announced::Nothing => None,
        }
    }
}

/// A part of the network that a step or a verdict is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// What it is and its own name, such as ``route `default` of route table `rt-spoke` ``.
    pub name: String,
    /// Where it is written.
    pub origin: Origin,
    /// Which element it is.
    pub site: Site,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// An element of the estate by its id, so that a remedy can change it.
#[derive(Debug, Clone, PartialEq)]
pub enum Site {
    /// Azure's own, such as a system route.
    Platform,
    /// A virtual network.
    Vnet(Id<Vnet>),
    /// A subnet.
    Subnet(Id<Subnet>),
    /// A peering.
    Peering(Id<Peering>),
    /// A route table.
    RouteTable(Id<RouteTable>),
    /// A route by its place in its table.
    Route(Id<RouteTable>, usize),
    /// A security group.
    Nsg(Id<Nsg>),
    /// A security rule by its place in its group.
    SecurityRule(Id<Nsg>, usize),
    /// A default rule of a security group.
    DefaultRule(Id<Nsg>, Direction),
    /// A firewall.
    Firewall(Id<Firewall>),
    /// A firewall policy.
    FirewallPolicy(Id<FirewallPolicy>),
    /// A firewall rule.
    FirewallRule(RulePlace),
    /// An IP group.
    IpGroup(Id<IpGroup>),
    /// An appliance other than Azure Firewall.
    Appliance(Id<crate::estate::Appliance>),
    /// A load balancer.
    LoadBalancer(Id<LoadBalancer>),
    /// A gateway.
    Gateway(Id<Gateway>),
    /// A NAT gateway.
    NatGateway(Id<NatGateway>),
    /// A private DNS zone.
    DnsZone(Id<PrivateDnsZone>),
    /// A private endpoint.
    PrivateEndpoint(Id<PrivateEndpoint>),
    /// A platform service.
    Service(Id<PlatformService>),
    /// A proxy.
    HttpProxy(Id<Proxy>),
    /// A pool.
    Pool(Id<Pool>),
    /// An identity.
    Identity(Id<Identity>),
    /// Something else that is written down.
    Other,
}

/// Where a firewall rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RulePlace {
    /// Whose rules.
    pub owner: Owner,
    /// The group in the policy; 0 on a firewall itself.
    pub group: usize,
    /// The collection in the group.
    pub collection: usize,
    /// The rule in the collection.
    pub rule: usize,
}

/// Where on its way a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The client looks the name up.
    Dns,
    /// The client hands the request to a proxy.
    Proxy,
    /// Security rules.
    Nsg,
    /// A next hop is chosen.
    Route,
    /// An Azure Firewall or another appliance judges.
    Firewall,
    /// The public address is chosen.
    Snat,
    /// The service judges.
    Service,
    /// The reply on its way back.
    Reply,
}

impl Stage {
    /// The word for it.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Proxy => "proxy",
            Self::Nsg => "nsg",
            Self::Route => "route",
            Self::Firewall => "firewall",
            Self::Snat => "snat",
            Self::Service => "service",
            Self::Reply => "reply",
        }
    }
}

/// What a step does with the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The flow goes on.
    Passes,
    /// It may go on or not; what decides is not known.
    Unclear,
    /// It ends here.
    Blocks,
}

/// One step on the way of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where on the way.
    pub stage: Stage,
    /// The element that decided.
    pub element: Element,
    /// What happened, as a sentence without the element's name.
    pub text: String,
    /// What becomes of the flow.
    pub outcome: Outcome,
}

/// A field in which a rule and a flow differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// From where.
    Source,
    /// To where.
    Destination,
    /// To which name.
    Name,
    /// Over what.
    Protocol,
    /// To which port.
    Port,
    /// Network rule or application rule.
    Kind,
}

impl Field {
    /// The word for it.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Name => "name",
            Self::Protocol => "protocol",
            Self::Port => "port",
            Self::Kind => "kind",
        }
    }
}

/// A rule that nearly decided otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct NearMiss {
    /// The rule.
    pub element: Element,
    /// The fields in which it does not match.
    pub differs: Vec<Field>,
    /// What matches and what does not, in words.
    pub text: String,
}

/// Something that stands in the way of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocker {
    /// Why, by name.
    pub cause: Cause,
    /// Where on the way.
    pub stage: Stage,
    /// The one element.
    pub element: Element,
    /// Why, in a sentence.
    pub text: String,
    /// It certainly stops the flow, or it may.
    pub outcome: Outcome,
    /// It stops the reply and not the request.
    pub on_reply: bool,
    /// Rules that nearly let the flow through, the nearest first.
    pub near: Vec<NearMiss>,
    /// Rules that would have decided otherwise and were not asked.
    pub shadowed: Vec<Element>,
    /// What the firewall writes into its log.
    pub log: Option<String>,
}

/// What becomes of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The request arrives and its reply too.
    Allowed,
    /// What is not known decides.
    Uncertain,
    /// The request arrives; its reply is lost.
    NoReturn,
    /// The request does not arrive.
    Denied,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Uncertain => "uncertain",
            Self::NoReturn => "no-return",
            Self::Denied => "denied",
        }
    }
}

/// Something taken to be so without knowing it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assumption {
    /// What is assumed.
    pub text: String,
}

/// The way of a flow, step by step, and what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Every step taken, in order.
    pub steps: Vec<Step>,
    /// What becomes of the flow.
    pub verdict: Verdict,
    /// What stands in its way, in the order met. The first certain one decides.
    pub blockers: Vec<Blocker>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
    /// The elements passed, without rules: subnets, appliances, gateways. Where it may take several ways, those of one.
    pub path: Vec<Element>,
    /// The elements that it passes on some of the ways that it may take, and not on others.
    pub perhaps_passed: Vec<Element>,
    /// The rules that let it through.
    pub matched: Vec<Element>,
    /// Rules that would have denied it and were not asked, because another rule decided first.
    pub overruled: Vec<Element>,
    /// The public addresses it may leave with; empty when it leaves with none.
    pub source_nat: Vec<IpAddr>,
    /// Where its name leads.
    pub resolved: Option<IpAddr>,
}

impl Trace {
    /// The blocker that decides: the first certain one, or else the first.
    #[must_use]
    pub fn decisive(&self) -> Option<&Blocker> {
        let certain = |blocker: &&Blocker| blocker.outcome == Outcome::Blocks;
        self.blockers
            .iter()
            .find(certain)
            .or_else(|| self.blockers.first())
    }

    /// Whether it passes a firewall or another element of its path; `None` when that is not known. What stands behind a
    /// load balancer is not known, so it may be what is asked about.
    #[must_use]
    pub fn passes(&self, site: &Site) -> Option<bool> {
        let is_open = self.perhaps_passed.iter().any(|it| it.site == *site);
        let is_passed = self.path.iter().any(|it| it.site == *site);
        let ways = self.path.iter().chain(&self.perhaps_passed);
        let hides = |it: &Element| matches!(it.site, Site::LoadBalancer(_));
        match (is_open, is_passed) {
            (true, _) => None,
            (false, true) => Some(true),
            (false, false) => (!ways.into_iter().any(hides)).then_some(false),
        }
    }
}
