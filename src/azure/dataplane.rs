//! The estate made ready to follow flows through it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock};

use crate::estate::{Direction, Estate, Firewall, Id, Nsg, Subnet};
use crate::net::ServiceTag;

use super::facts::Facts;
use super::firewall::{FirewallOrder, FqdnTagContents};
use super::flow::{Flow, Trace};
use super::packet::{End, Notes};
use super::routing::{EffectiveRoute, choose, effective_routes};
use super::service_tags::ServiceTags;
use super::tag_membership::{Membership, membership};
use super::truth::Truth;
use super::whereabouts::{Region, regions};

/// The way that was followed last, and where it led.
type LastLookUp = Option<(Flow, Arc<Trace>)>;

/// An estate, what is known about Azure, and what is known about the contents of tags.
///
/// What many flows share is computed once: rules in their order, the effective routes of a subnet when first asked.
#[derive(Debug)]
pub struct Dataplane<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// What is known about Azure.
    pub facts: &'a Facts,
    /// The addresses of service tags; tags are symbolic without them.
    pub tags: Option<&'a ServiceTags>,
    /// What FQDN tags are known to hold.
    pub fqdn_tags: FqdnTagContents,
    routes: Vec<OnceLock<Vec<EffectiveRoute>>>,
    security_rules: Vec<[Vec<usize>; 2]>,
    firewalls: Vec<FirewallOrder<'a>>,
    regions: OnceLock<Vec<Region>>,
    /// From each subnet the way to the server that was asked last: many names are looked up one after the other.
    look_ups: Vec<Mutex<LastLookUp>>,
}

impl<'a> Dataplane<'a> {
    /// Makes an estate ready.
    #[must_use]
    pub fn new(estate: &'a Estate, facts: &'a Facts, tags: Option<&'a ServiceTags>) -> Self {
        let security_rules = estate.nsgs.iter().map(|(_, nsg)| rules_in_order(nsg));
        Self {
            estate,
            facts,
            tags,
            fqdn_tags: FqdnTagContents::default(),
            routes: estate.subnets.ids().map(|_| OnceLock::new()).collect(),
            security_rules: security_rules.collect(),
            firewalls: estate
                .firewalls
                .ids()
                .map(|id| FirewallOrder::of(estate, id))
                .collect(),
            regions: OnceLock::new(),
            look_ups: estate.subnets.ids().map(|_| Mutex::new(None)).collect(),
        }
    }

    /// Adds what FQDN tags are known to hold.
    #[must_use]
    pub fn with_fqdn_tags(mut self, contents: FqdnTagContents) -> Self {
        self.fqdn_tags = contents;
        self
    }

    /// The regions that a public address which nobody knows may lie in; none when prefixes tell none apart.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        self.regions
            .get_or_init(|| regions(self.estate, self.facts))
    }

    /// Follows a flow to a DNS server, unless it is the same as the one before from there.
    pub(super) fn trace_of_look_up(&self, from: Id<Subnet>, flow: &Flow) -> Arc<Trace> {
        let slot = self.look_ups.get(from.index());
        if let Some(Ok(last)) = slot.map(Mutex::lock)
            && let Some((known, trace)) = &*last
            && known == flow
        {
            return Arc::clone(trace);
        }
        let trace = Arc::new(self.trace(flow));
        if let Some(Ok(mut last)) = slot.map(Mutex::lock) {
            *last = Some((flow.clone(), Arc::clone(&trace)));
        }
        trace
    }

    /// The routes in force on a subnet.
    #[must_use]
    pub fn routes(&self, subnet: Id<Subnet>) -> &[EffectiveRoute] {
        let cell = self.routes.get(subnet.index());
        cell.map_or(&[], |cell| {
            cell.get_or_init(|| effective_routes(self, subnet))
        })
    }

    /// The route that packets from a subnet to an address take; none where several may be the one.
    #[must_use]
    pub fn route_to(&self, subnet: Id<Subnet>, address: IpAddr) -> Option<&EffectiveRoute> {
        let (routes, mut notes) = (self.routes(subnet), Notes::new());
        let choice = choose(self, routes, &End::at(address), None, &mut notes);
        match choice.routes.as_slice() {
            [one] if !choice.may_miss => Some(*one),
            _ => None,
        }
    }

    /// The places of a security group's rules in a direction, in the order in which they are asked.
    pub(super) fn security_rules(&self, nsg: Id<Nsg>, direction: Direction) -> &[usize] {
        let rules = self.security_rules.get(nsg.index());
        rules.map_or(&[], |[inbound, outbound]| match direction {
            Direction::Inbound => inbound,
            Direction::Outbound => outbound,
        })
    }

    /// The rules of a firewall in the order in which they are asked.
    pub(super) fn firewall_order(&self, firewall: Id<Firewall>) -> Option<&FirewallOrder<'a>> {
        self.firewalls.get(firewall.index())
    }

    /// Whether a service tag holds an end, and what had to be assumed for it.
    pub(super) fn tag_holds(&self, tag: &ServiceTag, end: &End) -> (Truth, Option<String>) {
        let answer = membership(tag, end.address, &end.tags, self.tags, self.facts);
        let truth = match answer.membership {
            Membership::Yes => Truth::Yes,
            Membership::No => Truth::No,
            Membership::Unknown => Truth::Maybe,
        };
        // An address that nobody knows, behind a name that is not Microsoft's, is in no tag but that of all of Azure.
        let everywhere = tag.as_str().to_ascii_lowercase().starts_with("azurecloud");
        if let (Truth::Maybe, Some(name), false) = (truth, &end.name, everywhere)
            && !self.facts.is_microsoft_name(name.as_str())
        {
            let text =
                format!("{name} is no name of Microsoft's, so no service tag holds its address");
            return (Truth::No, Some(text));
        }
        let assumed = answer.reason.is_assumption();
        (truth, assumed.then(|| answer.reason.to_string()))
    }
}

fn rules_in_order(nsg: &Nsg) -> [Vec<usize>; 2] {
    [Direction::Inbound, Direction::Outbound].map(|direction| {
        let of_direction = nsg.rules.iter().enumerate();
        let mut rules: Vec<(u32, usize)> = of_direction
            .filter(|(_, rule)| rule.direction == direction)
            .map(|(index, rule)| (rule.priority.value, index))
            .collect();
        rules.sort_unstable();
        rules.into_iter().map(|(_, index)| index).collect()
    })
}
