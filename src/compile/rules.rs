//! The right rule kind for each requirement.
//!
//! Names over HTTP, HTTPS and MSSQL become application rules; everything else network rules, by name only where
//! the firewall's DNS proxy is on (azure-docs, firewall/rule-processing.md, fqdn-filtering-network-rules.md).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::azure::facts::{Facts, FirewallFeature, FirewallTier};
use crate::azure::next_hop::{Exit, StraightPaths, default_firewalls, exit_of};
use crate::base::Spanned;
use crate::diag::{Edit, Finding, Id as FindingId, Safety};
use crate::estate::{Estate, Firewall, Id, OutboundType, Pool};
use crate::intent::{Intent, Requirement};
use crate::net::{AppProtocol, Destination, FqdnPattern, PortRange, Service, Transport};

use super::delivery::{Delivery, Mechanism, RuleForm};
use super::private::PrivateWays;

/// A rule to be, without name and place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Draft {
    Application {
        destinations: Vec<Destination>,
        protocols: Vec<(AppProtocol, u16)>,
    },
    Network {
        destinations: Vec<Destination>,
        transports: Vec<Transport>,
        ports: Vec<PortRange>,
    },
}

impl Draft {
    pub(super) fn destinations(&self) -> &[Destination] {
        match self {
            Self::Application { destinations, .. } | Self::Network { destinations, .. } => {
                destinations
            }
        }
    }

    /// The parameter without which the rule makes no sense yet.
    pub(super) fn waits_for(&self, estate: &Estate) -> Option<SmolStr> {
        self.destinations()
            .iter()
            .find_map(|destination| match destination {
                Destination::Open(open) => {
                    let mut parameters = estate.open_parameters.iter();
                    let parameter =
                        parameters.find(|parameter| parameter.name == open.parameter)?;
                    parameter.optional.then(|| parameter.name.clone())
                }
                _ => None,
            })
    }

    fn form(&self) -> RuleForm {
        match self {
            Self::Application { .. } => RuleForm::Application,
            Self::Network { destinations, .. } if destinations.iter().any(Destination::is_name) => {
                RuleForm::NetworkByName
            }
            Self::Network { .. } => RuleForm::Network,
        }
    }
}

/// The rules each requirement needs.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) exits: BTreeMap<Id<Pool>, Exit>,
    /// By requirement.
    pub(super) drafts: Vec<Vec<Draft>>,
    /// Requirements that pass no firewall, by their place in the intent.
    inside: BTreeSet<usize>,
    /// Those of them that some private endpoint meets.
    private: BTreeSet<usize>,
    /// What is reached by private endpoints.
    pub(super) ways: PrivateWays,
}

impl Plan {
    pub(super) fn exit(&self, pool: Id<Pool>) -> Exit {
        self.exits.get(&pool).copied().unwrap_or(Exit::Open)
    }

    /// Whether a requirement passes no firewall, by its place in the intent.
    pub(super) fn stays_inside(&self, requirement: usize) -> bool {
        self.inside.contains(&requirement)
    }

    /// How each requirement is met; those `left_out` are not.
    pub(super) fn deliveries(
        &self,
        estate: &Estate,
        intent: &Intent,
        left_out: &BTreeSet<usize>,
    ) -> Vec<Delivery> {
        intent
            .requirements
            .iter()
            .zip(&self.drafts)
            .enumerate()
            .map(|(index, (requirement, drafts))| {
                let mechanism = match self.exit(requirement.pool) {
                    _ if self.private.contains(&index) => Mechanism::PrivateEndpoint,
                    Exit::Firewall(_) | Exit::Appliance(_) if self.inside.contains(&index) => {
                        Mechanism::Inside
                    }
                    Exit::Appliance(_) if left_out.contains(&index) => Mechanism::Unmet,
                    Exit::Appliance(_) if waits(estate, requirement) => Mechanism::Waits,
                    Exit::Appliance(_) => Mechanism::AllowList,
                    Exit::Firewall(_) if drafts.is_empty() || left_out.contains(&index) => {
                        Mechanism::Unmet
                    }
                    Exit::Firewall(_)
                        if drafts.iter().any(|draft| draft.waits_for(estate).is_some()) =>
                    {
                        Mechanism::Waits
                    }
                    Exit::Firewall(_) => {
                        let mut forms: Vec<RuleForm> = drafts.iter().map(Draft::form).collect();
                        forms.sort();
                        forms.dedup();
                        Mechanism::Firewall(forms)
                    }
                    Exit::Elsewhere => Mechanism::OtherAppliance,
                    Exit::Open => gate(estate, requirement.pool),
                };
                Delivery {
                    requirement: index,
                    mechanism,
                }
            })
            .collect()
    }
}

/// Whether a requirement goes to something that exists only later.
fn waits(estate: &Estate, requirement: &Requirement) -> bool {
    requirement.destinations.iter().any(|destination| {
        let Destination::Open(open) = &destination.value else {
            return false;
        };
        let mut parameters = estate.open_parameters.iter();
        parameters.any(|parameter| parameter.name == open.parameter && parameter.optional)
    })
}

/// Decides for every requirement, and reports those that no rule can express.
pub(super) fn plan(
    estate: &Estate,
    intent: &Intent,
    facts: &Facts,
    ways: PrivateWays,
    findings: &mut Vec<Finding>,
) -> Plan {
    let exits: BTreeMap<Id<Pool>, Exit> = estate
        .pools
        .iter()
        .map(|(id, pool)| (id, exit_of(estate, pool)))
        .collect();
    findings.extend(
        estate
            .pools
            .iter()
            .filter_map(|(_, pool)| several_firewalls(estate, pool)),
    );
    let paths: BTreeMap<Id<Pool>, Vec<StraightPaths>> = estate
        .pools
        .iter()
        .map(|(id, pool)| {
            let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
            (
                id,
                subnets
                    .map(|subnet| StraightPaths::of(estate, subnet))
                    .collect(),
            )
        })
        .collect();
    let mut plan = Plan {
        exits,
        drafts: Vec::with_capacity(intent.requirements.len()),
        inside: BTreeSet::new(),
        private: BTreeSet::new(),
        ways,
    };
    for (index, requirement) in intent.requirements.iter().enumerate() {
        findings.extend(out_of_closed_network(estate, requirement));
        let straight = paths.get(&requirement.pool).map_or(&[][..], Vec::as_slice);
        let private = |to: &Destination| plan.ways.lead_to(requirement.pool, to);
        let inside = |to: &Destination| goes_straight(straight, to) || private(to);
        let mut destinations = requirement.destinations.iter().map(|to| &to.value);
        let all_inside = destinations.clone().all(inside);
        if all_inside && destinations.any(private) {
            plan.private.insert(index);
        }
        let drafts = match plan.exit(requirement.pool) {
            Exit::Firewall(_) | Exit::Appliance(_) if all_inside => {
                plan.inside.insert(index);
                Vec::new()
            }
            Exit::Firewall(firewall) => {
                let mut drafter = Drafter {
                    estate,
                    facts,
                    firewall,
                    requirement,
                    straight,
                    ways: &plan.ways,
                    findings,
                    complete: true,
                };
                let drafts = drafter.draft();
                if drafter.complete { drafts } else { Vec::new() }
            }
            Exit::Appliance(_) | Exit::Elsewhere | Exit::Open => {
                findings.extend(without_ipv6(estate, requirement));
                Vec::new()
            }
        };
        plan.drafts.push(drafts);
    }
    plan
}

/// A requirement of a pool in a network of the service, out of which nothing is made to lead.
fn out_of_closed_network(estate: &Estate, requirement: &Requirement) -> Option<Finding> {
    let pool = &estate.pools[requirement.pool];
    let closed = matches!(
        pool.outbound.value,
        OutboundType::None | OutboundType::Block
    );
    if !closed || !pool.subnets.is_empty() {
        return None;
    }
    let finding = Finding::new(
        FindingId::TG7005,
        format!(
            "pool `{}` has no way to what it requires: it is in a network of the service, and its outbound type is {}",
            pool.meta.name,
            pool.outbound.value.name()
        ),
    )
    .at(requirement.origin, "not reached")
    .related(pool.outbound.span, "nothing leads out")
    .help("put the nodes into a subnet of your own, where a private endpoint or a firewall can lead to it");
    Some(finding)
}

/// What stands between the Internet and a pool without a firewall.
fn gate(estate: &Estate, pool: Id<Pool>) -> Mechanism {
    if estate.pools[pool].subnets.is_empty() {
        return match estate.pools[pool].outbound.value {
            OutboundType::None | OutboundType::Block => Mechanism::Unmet,
            _ => Mechanism::OfService,
        };
    }
    let subnets = estate.pools[pool]
        .subnets
        .iter()
        .filter_map(|subnet| subnet.id);
    let mut mechanism = Mechanism::SecurityRules;
    for subnet in subnets {
        match &estate.subnets[subnet].nsg {
            None => return Mechanism::Nothing,
            Some(nsg)
                if nsg
                    .id
                    .is_none_or(|nsg| estate.nsgs[nsg].meta.home.is_existing()) =>
            {
                mechanism = Mechanism::ExistingSecurityGroup;
            }
            Some(_) => {}
        }
    }
    mechanism
}

/// A pool whose subnets leave through several firewalls: which of them is to get the rules?
fn several_firewalls(estate: &Estate, pool: &Pool) -> Option<Finding> {
    if pool.via.is_some() {
        return None;
    }
    let mut leads = default_firewalls(estate, pool);
    let (_, first) = leads.next()?;
    let (subnet, other) = leads.find(|(_, firewall)| *firewall != first)?;
    let name = |firewall: Id<Firewall>| &estate.firewalls[firewall].meta.name;
    let message = format!(
        "the subnets of pool `{}` leave through different firewalls, `{}` and `{}`",
        pool.meta.name,
        name(first),
        name(other)
    );
    Some(
        Finding::new(FindingId::TG2003, message)
            .at(pool.meta.origin, "which firewall is to get its rules?")
            .related(
                estate.subnets[subnet].meta.origin,
                format!("leaves through `{}`", name(other)),
            )
            .help("make a pool for each firewall, or lead all its subnets to one"),
    )
}

/// Whether packets to a destination pass no firewall, whichever subnet of the pool they come from.
fn goes_straight(paths: &[StraightPaths], destination: &Destination) -> bool {
    let prefixes = match destination {
        Destination::Prefix(prefix) => vec![*prefix],
        Destination::Range(range) => range.prefixes(),
        _ => return false,
    };
    !paths.is_empty()
        && paths
            .iter()
            .all(|paths| prefixes.iter().all(|prefix| paths.lead_to(*prefix)))
}

/// An IPv6 destination of a pool whose nodes have no IPv6 address to reach it from.
fn without_ipv6(estate: &Estate, requirement: &Requirement) -> Option<Finding> {
    let pool = &estate.pools[requirement.pool];
    let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
    if subnets.any(|subnet| {
        let mut prefixes = estate.subnets[subnet].prefixes.iter();
        prefixes.any(|prefix| matches!(prefix.value, IpNet::V6(_)))
    }) {
        return None;
    }
    let mut destinations = requirement.destinations.iter();
    let destination = destinations.find(|destination| is_v6(&destination.value))?;
    let finding = Finding::new(
        FindingId::TG3001,
        format!(
            "pool `{}` has no IPv6 address to reach {} from",
            pool.meta.name, destination.value
        ),
    )
    .at(destination.span, "asked for here")
    .related(pool.meta.origin, "its subnets have IPv4 prefixes only")
    .help("use the IPv4 address, or give a subnet of the pool an IPv6 prefix");
    Some(finding)
}

fn is_v6(destination: &Destination) -> bool {
    match destination {
        Destination::Prefix(prefix) => matches!(prefix, IpNet::V6(_)),
        Destination::Range(range) => matches!(range.bounds().0, IpAddr::V6(_)),
        _ => false,
    }
}

struct Drafter<'a> {
    estate: &'a Estate,
    facts: &'a Facts,
    firewall: Id<Firewall>,
    requirement: &'a Requirement,
    straight: &'a [StraightPaths],
    ways: &'a PrivateWays,
    findings: &'a mut Vec<Finding>,
    /// Every part of the requirement got its rule so far.
    complete: bool,
}

impl Drafter<'_> {
    fn draft(&mut self) -> Vec<Draft> {
        let services: Vec<Spanned<Service>> = self
            .requirement
            .services
            .iter()
            .copied()
            .filter(|service| self.check_service(*service))
            .collect();
        let (names, addresses): (Vec<_>, Vec<_>) = self
            .requirement
            .destinations
            .iter()
            .filter(|destination| {
                !goes_straight(self.straight, &destination.value)
                    && !self.is_private_way(&destination.value)
                    && self.check_destination(destination)
            })
            .cloned()
            .partition(|destination| destination.value.is_name());
        let protocols: Vec<(AppProtocol, u16)> = services
            .iter()
            .filter_map(|service| match service.value {
                Service::App { protocol, port } => Some((protocol, port)),
                Service::Net { .. } => None,
            })
            .collect();
        let transports: Vec<Spanned<Service>> = services
            .iter()
            .copied()
            .filter(|service| matches!(service.value, Service::Net { .. }))
            .collect();

        let mut drafts = Vec::new();
        if !names.is_empty() && !protocols.is_empty() {
            drafts.push(Draft::Application {
                destinations: values(&names),
                protocols,
            });
        }
        if !names.is_empty()
            && !transports.is_empty()
            && self.check_names_in_network_rule(&names, &transports)
        {
            drafts.extend(network_drafts(&values(&names), &transports));
        }
        if !addresses.is_empty() && !services.is_empty() {
            drafts.extend(network_drafts(&values(&addresses), &services));
        }
        drafts
    }

    fn is_private_way(&self, destination: &Destination) -> bool {
        self.ways.lead_to(self.requirement.pool, destination)
    }

    fn inexpressible(&mut self, finding: Finding) -> bool {
        self.findings.push(finding);
        self.complete = false;
        false
    }

    fn check_service(&mut self, service: Spanned<Service>) -> bool {
        let Service::Net { transport, .. } = service.value else {
            return true;
        };
        match transport {
            Transport::Esp | Transport::Ah => self.inexpressible(
                Finding::new(
                    FindingId::TG3001,
                    format!("Azure Firewall has no rule for `{}` alone", service.value),
                )
                .at(service.span, "asked for here")
                .help("write `any`, or take this flow past the firewall by a route"),
            ),
            Transport::Icmp => self.check_icmp(service),
            Transport::Tcp | Transport::Udp | Transport::Any => true,
        }
    }

    /// Nothing but TCP and UDP is translated, so ICMP gets nowhere but inside private networks.
    fn check_icmp(&mut self, service: Spanned<Service>) -> bool {
        let public =
            self.requirement
                .destinations
                .iter()
                .find(|destination| match &destination.value {
                    Destination::Prefix(prefix) => !self.is_private(*prefix),
                    Destination::Range(range) => !self.is_private(IpNet::from(range.bounds().0)),
                    name => !self.is_private_way(name),
                });
        let Some(public) = public else { return true };
        let finding = Finding::new(
            FindingId::TG3001,
            "ICMP to the Internet does not pass Azure Firewall",
        )
        .at(service.span, "asked for here")
        .related(public.span, "outside the private ranges")
        .help("Azure Firewall translates TCP and UDP only; ask for the TCP or UDP service itself");
        self.inexpressible(finding)
    }

    fn is_private(&self, prefix: IpNet) -> bool {
        self.facts
            .private_ranges()
            .any(|range| range.contains(&prefix))
    }

    fn check_destination(&mut self, destination: &Spanned<Destination>) -> bool {
        if !is_v6(&destination.value) {
            return true;
        }
        let finding = Finding::new(
            FindingId::TG3001,
            format!(
                "Azure Firewall takes no IPv6 address in a rule: {}",
                destination.value
            ),
        )
        .at(destination.span, "asked for here")
        .related(
            self.estate.firewalls[self.firewall].meta.origin,
            "the firewall this pool leaves through",
        )
        .help("use the IPv4 address, or a domain name");
        self.inexpressible(finding)
    }

    /// A network rule takes exact names, and only where the firewall itself answers DNS.
    fn check_names_in_network_rule(
        &mut self,
        names: &[Spanned<Destination>],
        services: &[Spanned<Service>],
    ) -> bool {
        let Some(service) = services.first().copied() else {
            return true;
        };
        let mut fine = true;
        for name in names {
            let what = match &name.value {
                Destination::Fqdn(FqdnPattern::Exact(_)) | Destination::Open(_) => continue,
                Destination::FqdnTag(tag) => format!("FQDN tag `{tag}`"),
                other => format!("wildcard `{other}`"),
            };
            let web = services.iter().any(|service| {
                service.value
                    == (Service::Net {
                        transport: Transport::Tcp,
                        ports: PortRange::single(AppProtocol::Https.default_port()),
                    })
            });
            let finding = Finding::new(
                FindingId::TG3001,
                format!("{what} cannot be reached over `{}`", service.value),
            )
            .at(
                name.span,
                "only application rules know wildcards and FQDN tags",
            )
            .related(service.span, "only network rules know this service")
            .help(if web {
                "write `https` instead of `tcp/443` if the clients speak TLS"
            } else {
                "name each host, or use a service tag"
            });
            fine = self.inexpressible(finding);
        }
        fine && self.check_tier() && self.check_dns_proxy(names)
    }

    fn check_tier(&mut self) -> bool {
        let estate = self.estate;
        let firewall = &estate.firewalls[self.firewall];
        let tier = estate
            .policy_of(firewall)
            .map_or(firewall.tier, |policy| policy.tier);
        let known = FirewallTier::from_name(tier.value.name());
        if known.is_none_or(|tier| {
            self.facts
                .sku_has(tier, FirewallFeature::NamesInNetworkRules)
        }) {
            return true;
        }
        let finding = Finding::new(
            FindingId::TG2002,
            format!("a {} firewall takes no domain names in network rules", tier.value),
        )
        .at(self.requirement.origin, "needs such a rule")
        .related(tier.span, "the tier")
        .help("write `sku Standard`, or reach the service by address, service tag, http, https or mssql");
        self.inexpressible(finding)
    }

    fn check_dns_proxy(&mut self, names: &[Spanned<Destination>]) -> bool {
        let estate = self.estate;
        let firewall = &estate.firewalls[self.firewall];
        let settings = estate.settings_of(firewall);
        if settings.takes_names() {
            return true;
        }
        let meta = estate
            .policy_of(firewall)
            .map_or(&firewall.meta, |policy| &policy.meta);
        let name = names
            .first()
            .map_or_else(String::new, |name| name.value.to_string());
        let mut finding = Finding::new(
            FindingId::TG3002,
            format!(
                "`{name}` needs a network rule by name, but the DNS proxy of `{}` is off",
                meta.name
            ),
        )
        .at(self.requirement.origin, "needs such a rule")
        .help("turn the proxy on, and let the vnet resolve through it: dns firewall NAME");
        if let Some(error) = self.facts.error("AzureFirewallDNSProxyMustBeEnabled") {
            finding = finding.azure(error.code.clone(), error.message(&[]));
        }
        let edit = match (settings.dns_proxy, meta.body) {
            (Some(off), _) => Some(Edit {
                span: off.span,
                text: "on".to_owned(),
            }),
            (None, Some(body)) => Some(Edit {
                span: crate::base::Span {
                    start: body.end.saturating_sub(1),
                    end: body.end.saturating_sub(1),
                    ..body
                },
                text: " dns-proxy on ".to_owned(),
            }),
            (None, None) => None,
        };
        finding = match settings.dns_proxy {
            Some(off) => finding.related(off.span, "turned off here"),
            None => finding.related(meta.origin, "off unless turned on"),
        };
        if let Some(edit) = edit {
            finding = finding.fix("turn the DNS proxy on", Safety::Unsafe, vec![edit]);
        }
        self.inexpressible(finding)
    }
}

fn values(destinations: &[Spanned<Destination>]) -> Vec<Destination> {
    destinations
        .iter()
        .map(|destination| destination.value.clone())
        .collect()
}

/// Network rules for services: one rule for each set of ports, since a rule allows every protocol on every port.
fn network_drafts(destinations: &[Destination], services: &[Spanned<Service>]) -> Vec<Draft> {
    let mut by_transport: Vec<(Transport, Vec<PortRange>)> = Vec::new();
    for service in services {
        let (transport, port) = service.value.transport_ports();
        match by_transport
            .iter_mut()
            .find(|(known, _)| *known == transport)
        {
            Some((_, ports)) if ports.contains(&port) => {}
            Some((_, ports)) => ports.push(port),
            None => by_transport.push((transport, vec![port])),
        }
    }
    let mut drafts: Vec<(Vec<Transport>, Vec<PortRange>)> = Vec::new();
    for (transport, ports) in by_transport {
        match drafts
            .iter_mut()
            .find(|(transports, known)| *known == ports && can_share(transports, transport))
        {
            Some((transports, _)) => transports.push(transport),
            None => drafts.push((vec![transport], ports)),
        }
    }
    drafts
        .into_iter()
        .map(|(transports, ports)| Draft::Network {
            destinations: destinations.to_vec(),
            transports,
            ports,
        })
        .collect()
}

fn can_share(transports: &[Transport], other: Transport) -> bool {
    let ported = |transport: &Transport| matches!(transport, Transport::Tcp | Transport::Udp);
    transports.iter().all(ported) && ported(&other)
}
