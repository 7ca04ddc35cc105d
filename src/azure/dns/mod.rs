//! Name resolution: which server a client asks, in which network that server sits, and which zones that network sees
//! (MicrosoftDocs/azure-docs, articles/dns/private-dns-virtual-network-links.md, articles/firewall/dns-settings.md,
//! articles/private-link/private-endpoint-dns.md).

mod answers;
mod servers;
mod zones;

use std::net::IpAddr;

use crate::estate::{DnsServers, Firewall, Id, PrivateDnsZone, PrivateEndpoint, Subnet, Vnet};
use crate::net::Fqdn;

use super::cause::Cause;
use super::dataplane::Dataplane;
use super::flow::{Assumption, Blocker, Element, Outcome, Site, Stage, Step};
use super::packet::Notes;

/// The port of DNS.
const PORT: u16 = 53;

/// Names that Azure gives to machines.
const MACHINES: &str = ".internal.cloudapp.net";

/// Names of HDInsight on AKS.
const HDINSIGHT_ON_AKS: &str = ".hdinsightaks.net";

/// How many servers may ask each other before it counts as a circle.
const MOST_HOPS: usize = 6;

/// What a look-up answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An address inside the networks; `None` when the cluster makes it later.
    Private(Option<IpAddr>),
    /// A public address; `None` when the estate does not tell which.
    Public(Option<IpAddr>),
    /// The name does not exist, or nobody answers.
    None,
    /// What the server does is not known.
    Unknown,
}

impl Answer {
    /// The address, where it is known.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Private(address) | Self::Public(address) => address,
            Self::None | Self::Unknown => None,
        }
    }
}

/// A look-up, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// What it answers.
    pub answer: Answer,
    /// All addresses of the answer: a client takes any of them.
    pub addresses: Vec<IpAddr>,
    /// Whether the client gets an address it can use.
    pub outcome: Outcome,
    /// What stands in the way.
    pub blockers: Vec<Blocker>,
    /// Every step taken.
    pub steps: Vec<Step>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
    /// The network from which Azure DNS was asked last: the links of zones to it decide.
    pub asked_from: Option<Id<Vnet>>,
}

impl Dataplane<'_> {
    /// Looks a name up as a machine in a subnet does.
    #[must_use]
    pub fn look_up(&self, subnet: Id<Subnet>, name: &Fqdn) -> Resolution {
        let mut look_up = LookUp {
            plane: self,
            home: self.estate.subnets[subnet].vnet,
            notes: Notes::new(),
            steps: Vec::new(),
            asked_from: None,
        };
        let client = self.some_address(subnet);
        let reply = look_up.ask_vnet(subnet, client, name);
        let reply = look_up.usable(reply, name);
        Resolution {
            answer: reply.answer,
            addresses: reply.addresses,
            outcome: reply.outcome,
            blockers: reply.blocker.into_iter().collect(),
            steps: look_up.steps,
            assumptions: look_up.notes.into_iter().collect(),
            asked_from: look_up.asked_from,
        }
    }

    /// An address that a machine in a subnet may have.
    #[must_use]
    pub fn some_address(&self, subnet: Id<Subnet>) -> Option<IpAddr> {
        let reserved = self.facts.reserved_addresses().first;
        let prefix = self.estate.subnets[subnet].prefixes.first()?.value;
        match prefix.network() {
            IpAddr::V4(v4) => {
                let first = u32::from(v4).checked_add(u32::from(reserved))?;
                Some(IpAddr::V4(first.into()))
            }
            IpAddr::V6(v6) => {
                let first = u128::from(v6).checked_add(u128::from(reserved))?;
                Some(IpAddr::V6(first.into()))
            }
        }
    }

    /// The addresses that the estate states for a name.
    pub(super) fn known_addresses(&self, name: &Fqdn) -> Vec<IpAddr> {
        let services = self.estate.services.iter();
        let services = services
            .filter(|(_, service)| service.fqdn.value == *name)
            .flat_map(|(_, service)| service.addresses.iter().map(|address| address.value));
        let pools = self.estate.pools.iter().filter_map(|(_, pool)| {
            let fqdn = pool.api_server.fqdn.as_ref()?;
            let address = pool.api_server.public_ip?;
            (fqdn.value == *name).then_some(address.value)
        });
        services.chain(pools).collect()
    }

    /// Whether machines of a network ask the DNS proxy of a firewall and nobody else.
    pub(super) fn asks_only(&self, vnet: Id<Vnet>, firewall: Id<Firewall>) -> bool {
        let private_ip = self.estate.firewalls[firewall]
            .private_ip
            .map(|ip| ip.value);
        match &self.estate.vnets[vnet].dns {
            DnsServers::Azure | DnsServers::Unknown(_) => false,
            DnsServers::Firewall(other) => other.id == Some(firewall),
            DnsServers::Custom(servers) => {
                !servers.is_empty()
                    && servers
                        .iter()
                        .all(|server| Some(server.value) == private_ip)
            }
        }
    }

    /// The DNS servers of a network as an element.
    pub(super) fn dns_element(&self, vnet: Id<Vnet>) -> Element {
        let network = &self.estate.vnets[vnet];
        Element {
            name: format!("DNS servers of vnet `{}`", network.meta.name),
            origin: network.dns_origin(),
            site: Site::Vnet(vnet),
        }
    }
}

struct LookUp<'l> {
    plane: &'l Dataplane<'l>,
    /// The network of the machine that asks first.
    home: Id<Vnet>,
    notes: Notes,
    steps: Vec<Step>,
    /// The network from which Azure DNS was asked last.
    asked_from: Option<Id<Vnet>>,
}

struct Reply {
    answer: Answer,
    /// All addresses of the answer, in one family.
    addresses: Vec<IpAddr>,
    outcome: Outcome,
    blocker: Option<Blocker>,
}

impl Reply {
    fn good(answer: Answer) -> Self {
        Self {
            answer,
            addresses: answer.address().into_iter().collect(),
            outcome: Outcome::Passes,
            blocker: None,
        }
    }

    /// Public addresses of a name, of which the first one tells the family: clients prefer one that they have.
    fn public(mut addresses: Vec<IpAddr>) -> Self {
        let first = addresses.first().copied();
        addresses.retain(|address| first.is_some_and(|it| it.is_ipv4() == address.is_ipv4()));
        Self {
            addresses,
            ..Self::good(Answer::Public(first))
        }
    }

    fn bad(answer: Answer, outcome: Outcome, cause: Cause, element: Element, text: String) -> Self {
        let blocker = Blocker {
            cause,
            stage: Stage::Dns,
            element,
            text,
            outcome,
            on_reply: false,
            near: Vec::new(),
            shadowed: Vec::new(),
            log: None,
        };
        Self {
            answer,
            addresses: answer.address().into_iter().collect(),
            outcome,
            blocker: Some(blocker),
        }
    }
}

impl LookUp<'_> {
    fn step(&mut self, element: Element, text: impl Into<String>, outcome: Outcome) {
        self.steps.push(Step {
            stage: Stage::Dns,
            element,
            text: text.into(),
            outcome,
        });
    }
}

/// Who asks, and from where.
#[derive(Debug, Clone, Copy)]
struct Asker {
    subnet: Option<Id<Subnet>>,
    vnet: Option<Id<Vnet>>,
    client: Option<IpAddr>,
}

enum Record {
    Addresses(Vec<IpAddr>),
    /// That of a private endpoint, whose address is not known.
    Endpoint(Id<PrivateEndpoint>),
    Alias(Fqdn),
}

/// Whether a name is a domain or below it.
fn is_under(name: &Fqdn, domain: &str) -> bool {
    name.as_str()
        .strip_suffix(domain)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn is_privatelink(zone: &PrivateDnsZone) -> bool {
    let domain = zone.domain.as_str();
    domain.starts_with("privatelink.") || domain.contains(".privatelink.")
}

/// The name under `privatelink` that public DNS sends the name of a service with private endpoints on to.
fn private_name(plane: &Dataplane<'_>, name: &Fqdn) -> Option<Fqdn> {
    let (_, end) = plane.facts.service_of(name, plane.estate.cloud)?;
    end.private_name(name)
}

fn list(servers: &[IpAddr]) -> String {
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    servers.join(", ")
}

fn answered_fewer(replies: &[(IpAddr, Reply)]) -> bool {
    replies.len() > 1
        && replies
            .iter()
            .any(|(_, reply)| reply.answer == Answer::None && reply.blocker.is_some())
}
