//! Whether the security group of an HDInsight subnet lets in what manages the cluster
//! (MicrosoftDocs/azure-docs, articles/hdinsight/hdinsight-management-ip-addresses.md, hdinsight-service-tags.md and
//! create-cluster-error-dictionary.md).
//!
//! TCP 443 from the management addresses, or the service tag that stands for them, and from the health probes of the
//! load balancer. A cluster that calls its management itself needs neither. Without a security group all come in.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::base::Origin;
use crate::estate::{Access, Direction, Endpoint, Id, Nsg, Region, SecurityRule, Subnet};
use crate::net::{Cloud, Destination, ServiceTag, Transport};

use super::super::cause::Cause;
use super::super::facts::{DefaultRuleSide, RuleAccess, RuleDirection};
use super::super::flow::{Element, Site};
use super::super::service_tags::ServiceTags;
use super::Refusal;
use super::inspection::Inspection;

/// The service tag of the management addresses.
const MANAGEMENT_TAG: &str = "HDInsight";
/// The service tag of health probes.
const PROBE_TAG: &str = "AzureLoadBalancer";
/// The port of both.
const PORT: u16 = 443;

pub(super) fn check(inspection: &mut Inspection<'_>) {
    match inspection.pool.management_inbound {
        Some(inbound) if !inbound.value => {
            inspection.assume(
                "without inbound management no rule has to let it in; in one government cloud it was reported to be needed still",
            );
            return;
        }
        Some(_) => {}
        None => {
            inspection.assume("the management of the cluster comes in from outside, as by default");
        }
    }
    let callers = callers(inspection);
    let subnets: Vec<_> = inspection.node_subnets().collect();
    for subnet in subnets {
        let group = inspection.estate.subnets[subnet].nsg.as_ref();
        match group.map(|group| (group.id, &group.name)) {
            None => {}
            Some((Some(group), _)) => group_of(inspection, subnet, group, &callers),
            Some((None, name)) => inspection.assume(format!(
                "the rules of security group `{name}` are not described; they are taken to let the management in"
            )),
        }
    }
}

fn group_of(
    inspection: &mut Inspection<'_>,
    subnet: Id<Subnet>,
    group: Id<Nsg>,
    callers: &[Caller],
) {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let mut found: Vec<(Element, bool)> = Vec::new();
    for caller in callers {
        let rules = Rules::new(inspection, group);
        let prefixes = estate.subnets[subnet].prefixes.iter();
        // The callers have IPv4 addresses.
        let mut prefixes = prefixes.filter(|prefix| prefix.value.addr().is_ipv4());
        let Some(element) = prefixes.find_map(|prefix| rules.denial(caller, prefix.value)) else {
            continue;
        };
        if rules.skipped_groups() {
            inspection.assume(
                "rules for application security groups are taken not to be about every node of the cluster",
            );
        }
        // One rule may stop several addresses of the management.
        if found.contains(&(element.clone(), caller.is_probe)) {
            continue;
        }
        found.push((element.clone(), caller.is_probe));
        let refusal = Refusal::new(Cause::ManagementPath, element, caller.text());
        let path = estate.subnet_path(subnet);
        let name = estate.nsgs[group].meta.name.as_str();
        let values = [("network_security_group", name), ("subnet", path.as_str())];
        let code = "InvalidNetworkSecurityGroupSecurityRules";
        inspection.refuse(refusal.answered(facts, code, &values));
    }
}

/// Somebody who has to come in.
struct Caller {
    /// The address; `None` when only a service tag is published for it.
    address: Option<IpAddr>,
    is_probe: bool,
    /// The region of the cluster, where known.
    region: Option<String>,
}

impl Caller {
    fn text(&self) -> String {
        if self.is_probe {
            return format!(
                "denies the health probes of the load balancer, and no rule before it allows TCP {PORT} from {PROBE_TAG}; every node counts as down then"
            );
        }
        let from = self
            .address
            .map_or_else(String::new, |address| format!(" from {address}"));
        format!(
            "denies the management of HDInsight{from}, and no rule before it allows TCP {PORT} from {MANAGEMENT_TAG}"
        )
    }

    /// Whether a service tag stands for it. The regional form of its own tag stands for the management of all regions
    /// too, whatever addresses are published for it; other tags whose contents are not known are taken not to.
    fn is_in(&self, tag: &ServiceTag, tags: Option<&ServiceTags>) -> bool {
        let name = tag.as_str();
        let same = |other: &str| name.eq_ignore_ascii_case(other);
        if self.is_probe {
            return same(PROBE_TAG);
        }
        if same(MANAGEMENT_TAG) || same("Internet") || same("AzureCloud") {
            return true;
        }
        if let Some((base, place)) = name.split_once('.')
            && base.eq_ignore_ascii_case(MANAGEMENT_TAG)
        {
            let own = self.region.as_deref();
            return own.is_none_or(|own| own.eq_ignore_ascii_case(place));
        }
        let published = tags.zip(self.address);
        published.and_then(|(tags, address)| tags.holds(tag, address)) == Some(true)
    }
}

/// Everybody who has to come in: the management of all regions, that of the region, the probes.
fn callers(inspection: &mut Inspection<'_>) -> Vec<Caller> {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let region = match &estate.region {
        Region::Named(region) => Some(region.to_lowercase()),
        Region::OfResourceGroup | Region::Parameter(_) => {
            inspection.assume(
                "the region is not known; the management addresses of the region are taken to be let in like those of all regions",
            );
            None
        }
    };
    let manager = |address| Caller {
        address,
        is_probe: false,
        region: region.clone(),
    };
    let mut callers = Vec::new();
    if estate.cloud == Cloud::UsGovernment {
        inspection.assume(
            "which addresses the management has in this cloud is not known; its service tag is",
        );
        callers.push(manager(None));
    } else {
        let published = facts.hdinsight_management();
        for entry in published.iter().filter(|entry| entry.region.is_none()) {
            callers.extend(
                entry
                    .addresses
                    .iter()
                    .map(|address| manager(Some(*address))),
            );
        }
        if let Some(region) = &region {
            let mut entries = published.iter();
            let own = entries.find(|entry| entry.region.as_deref() == Some(region));
            match own {
                Some(own) => {
                    callers.extend(own.addresses.iter().map(|address| manager(Some(*address))));
                }
                // Newer regions have a service tag only.
                None => callers.push(manager(None)),
            }
        }
    }
    let mut platform = facts.platform_addresses().iter();
    let host = platform.find(|address| address.name == "wireserver");
    callers.push(Caller {
        address: host.map(|host| host.prefix.addr()),
        is_probe: true,
        region: None,
    });
    callers
}

/// The inbound rules of a group in the order in which they are asked.
struct Rules<'a> {
    inspection: &'a Inspection<'a>,
    group: Id<Nsg>,
    rules: Vec<(usize, &'a SecurityRule)>,
}

impl<'a> Rules<'a> {
    fn new(inspection: &'a Inspection<'a>, group: Id<Nsg>) -> Self {
        let rules = inspection.estate.nsgs[group].rules.iter().enumerate();
        let mut rules: Vec<_> = rules
            .filter(|(_, rule)| rule.direction == Direction::Inbound)
            .collect();
        rules.sort_by_key(|(_, rule)| rule.priority.value);
        Self {
            inspection,
            group,
            rules,
        }
    }

    fn skipped_groups(&self) -> bool {
        let mut sides = self
            .rules
            .iter()
            .flat_map(|(_, rule)| rule.sources.iter().chain(&rule.destinations));
        sides.any(|side| matches!(side, Endpoint::SecurityGroup(_)))
    }

    /// The rule that keeps a caller out of a part of a prefix; `None` when all of it is open to the caller.
    ///
    /// A rule that is about a part of the prefix only splits it, and each half is judged by itself.
    fn denial(&self, caller: &Caller, prefix: IpNet) -> Option<Element> {
        for (position, rule) in &self.rules {
            if !applies(rule, caller, self.inspection.plane.tags) {
                continue;
            }
            match reach(rule, prefix) {
                Reach::None => {}
                Reach::Part => {
                    let mut halves = prefix.subnets(prefix.prefix_len().saturating_add(1)).ok()?;
                    return halves.find_map(|half| self.denial(caller, half));
                }
                Reach::All => {
                    return (rule.access == Access::Deny).then(|| self.element(*position, rule));
                }
            }
        }
        self.default_denial(caller)
    }

    fn element(&self, position: usize, rule: &SecurityRule) -> Element {
        let group = &self.inspection.estate.nsgs[self.group].meta.name;
        Element {
            name: format!("rule `{}` of security group `{group}`", rule.name),
            origin: rule.origin,
            site: Site::SecurityRule(self.group, position),
        }
    }

    fn default_denial(&self, caller: &Caller) -> Option<Element> {
        let facts = self.inspection.facts;
        // The subnet is a part of its virtual network.
        let to_subnet = |side: &DefaultRuleSide| match side {
            DefaultRuleSide::Any => true,
            DefaultRuleSide::Tag(tag) => is_virtual_network(tag),
        };
        let from_caller = |side: &DefaultRuleSide| match side {
            DefaultRuleSide::Any => true,
            DefaultRuleSide::Tag(tag) => caller.is_in(tag, self.inspection.plane.tags),
        };
        let mut rules = facts.default_rules(RuleDirection::Inbound);
        let rule = rules.find(|rule| from_caller(&rule.from) && to_subnet(&rule.to))?;
        let group = &self.inspection.estate.nsgs[self.group].meta.name;
        (rule.access == RuleAccess::Deny).then(|| Element {
            name: format!("default rule `{}` of security group `{group}`", rule.name),
            origin: Origin::Platform,
            site: Site::DefaultRule(self.group, Direction::Inbound),
        })
    }
}

fn is_virtual_network(tag: &ServiceTag) -> bool {
    *tag == ServiceTag::new("VirtualNetwork")
}

/// Whether a rule is about TCP 443 from a caller. Source ports are the caller's choice: a rule for some of them allows
/// nothing for certain.
fn applies(rule: &SecurityRule, caller: &Caller, tags: Option<&ServiceTags>) -> bool {
    let transport = matches!(rule.transport, Transport::Tcp | Transport::Any);
    let mut ports = rule.destination_ports.iter();
    let port = ports.any(|range| {
        let (first, last) = range.bounds();
        (first..=last).contains(&PORT)
    });
    let mut sources = rule.sources.iter();
    let from_caller = sources.any(|source| match source {
        Endpoint::Plain(source) => holds(source, caller, tags),
        Endpoint::IpGroup(_) | Endpoint::SecurityGroup(_) => false,
    });
    let some_ports =
        !rule.source_ports.is_empty() && !rule.source_ports.contains(&crate::net::PortRange::ALL);
    transport && port && from_caller && !(some_ports && rule.access == Access::Allow)
}

fn holds(source: &Destination, caller: &Caller, tags: Option<&ServiceTags>) -> bool {
    match source {
        Destination::Anywhere => true,
        Destination::Prefix(prefix) if prefix.prefix_len() == 0 => true,
        Destination::Prefix(prefix) => {
            let address = caller.address;
            address.is_some_and(|address| prefix.contains(&address))
        }
        Destination::Range(range) => {
            let (first, last) = range.bounds();
            let address = caller.address;
            address.is_some_and(|address| (first..=last).contains(&address))
        }
        Destination::ServiceTag(tag) => caller.is_in(tag, tags),
        Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_) => false,
    }
}

/// How much of a prefix a rule is about.
enum Reach {
    /// All of it.
    All,
    /// Some addresses of it.
    Part,
    /// None of it.
    None,
}

fn reach(rule: &SecurityRule, prefix: IpNet) -> Reach {
    let mut part = false;
    for destination in &rule.destinations {
        let Endpoint::Plain(destination) = destination else {
            continue;
        };
        let (all, some) = match destination {
            Destination::Anywhere => (true, true),
            Destination::Prefix(to) => (to.contains(&prefix), prefix.contains(to)),
            Destination::Range(range) => {
                let (first, last) = range.bounds();
                let (start, end) = (prefix.network(), prefix.broadcast());
                let same_family = first.is_ipv4() == start.is_ipv4();
                let all = same_family && first <= start && end <= last;
                (all, same_family && first <= end && start <= last)
            }
            Destination::ServiceTag(tag) => (is_virtual_network(tag), false),
            Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_) => (false, false),
        };
        if all {
            return Reach::All;
        }
        part |= some;
    }
    if part { Reach::Part } else { Reach::None }
}
