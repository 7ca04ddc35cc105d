//! The way of one flow: name, security rules, next hop after next hop, public address, service, and the reply.
//!
//! Where the estate leaves it open which way a flow takes (several next hops, a tag without its file), every way is
//! walked. A flow is denied only when something certainly stops it on each, and allowed only when nothing may.

mod appliance;
mod arrive;
mod egress;
mod gateway;
mod groups;
mod hop;
mod inbound;
mod pods;
mod proxy;
mod reply;
mod service;
mod start;
mod unknown;

use std::net::IpAddr;

use crate::base::Origin;
use crate::estate::{Firewall, Id, Pool, Subnet};
use crate::net::Fqdn;

use super::cause::Cause;
use super::dataplane::Dataplane;
use super::flow::{
    Blocker, Element, Flow, NearMiss, Outcome, Sender, Site, Stage, Step, Trace, Verdict,
};
use super::gaps;
use super::packet::{Notes, Packet, note};

/// How many next hops a flow may take before it counts as a loop.
const MOST_HOPS: usize = 8;

impl Dataplane<'_> {
    /// Follows a flow.
    #[must_use]
    pub fn trace(&self, flow: &Flow) -> Trace {
        let mut walk = Walk::new(self, flow);
        match &flow.from {
            Sender::Inside { subnet, address } => walk.start_inside(*subnet, *address),
            Sender::Outside { address, tags } => walk.start_outside(*address, tags),
        }
        walk.finish()
    }
}

/// A device on the way that keeps state, and whether it put its own address in the sender's place.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Device {
    holder: super::next_hop::Holder,
    translated: bool,
}

#[derive(Debug, Clone)]
struct Walk<'w> {
    plane: &'w Dataplane<'w>,
    flow: &'w Flow,
    /// The name behind the destination.
    name: Option<Fqdn>,
    /// What the client tells of it.
    announced: Option<Fqdn>,
    steps: Vec<Step>,
    blockers: Vec<Blocker>,
    notes: Notes,
    path: Vec<Element>,
    perhaps_passed: Vec<Element>,
    /// What has to be there for the flow to get this far, is no step of its own, and is deployed on a condition.
    rests_on: Vec<Element>,
    matched: Vec<Element>,
    overruled: Vec<Element>,
    source_nat: Vec<IpAddr>,
    resolved: Option<IpAddr>,
    /// The addresses of the name, where it has several.
    alternatives: Vec<IpAddr>,
    devices: Vec<Device>,
    hops: usize,
}

impl<'w> Walk<'w> {
    fn new(plane: &'w Dataplane<'w>, flow: &'w Flow) -> Self {
        Self {
            plane,
            flow,
            name: flow.to.name.clone(),
            announced: flow.announced_name().cloned(),
            steps: Vec::new(),
            blockers: Vec::new(),
            notes: Notes::new(),
            path: Vec::new(),
            perhaps_passed: Vec::new(),
            rests_on: Vec::new(),
            matched: Vec::new(),
            overruled: Vec::new(),
            source_nat: Vec::new(),
            resolved: None,
            alternatives: Vec::new(),
            devices: Vec::new(),
            hops: 0,
        }
    }

    fn finish(mut self) -> Trace {
        self.blame_bootstrap();
        self.unsettle();
        let certain = |on_reply| {
            let mut blockers = self.blockers.iter();
            blockers.any(|b| b.outcome == Outcome::Blocks && b.on_reply == on_reply)
        };
        let verdict = if certain(false) {
            Verdict::Denied
        } else if certain(true) && self.blockers.iter().all(|b| b.on_reply) {
            Verdict::NoReturn
        } else if self.blockers.is_empty() {
            Verdict::Allowed
        } else {
            Verdict::Uncertain
        };
        Trace {
            steps: self.steps,
            verdict,
            blockers: self.blockers,
            assumptions: self.notes.into_iter().collect(),
            path: self.path,
            perhaps_passed: self.perhaps_passed,
            matched: self.matched,
            overruled: self.overruled,
            source_nat: self.source_nat,
            resolved: self.resolved,
        }
    }

    /// What the whole way rests on and is not known makes every outcome uncertain: which private addresses the networks
    /// hold, where the flow is for a private address, and resources that may not be deployed.
    fn unsettle(&mut self) {
        let estate = self.plane.estate;
        let mut reasons: Vec<(Element, String)> = Vec::new();
        if let Sender::Inside { subnet, .. } = &self.flow.from {
            let target = self.flow.to.address.or(self.resolved);
            let private = target.is_some_and(|address| {
                !super::packet::is_public(address, self.plane.facts.private_ranges())
            });
            // An address of the own subnet is nobody else's.
            let own = target.is_some_and(|address| {
                let mut prefixes = estate.subnets[*subnet].prefixes.iter();
                prefixes.any(|prefix| prefix.value.contains(&address))
            });
            let space = gaps::space(estate, estate.subnets[*subnet].vnet);
            let space = space.filter(|_| private && !own);
            reasons.extend(space.map(|text| (self.subnet_element(*subnet), text)));
            self.unknown_of_sender(*subnet, private, &mut reasons);
        }
        self.unknown_of_api_server(&mut reasons);
        let steps = self.steps.iter().map(|step| &step.element);
        let touched = steps.chain(self.blockers.iter().map(|blocker| &blocker.element));
        for element in touched.chain(&self.path).chain(&self.rests_on) {
            let Some(condition) = estate.gaps.condition_of(element.origin) else {
                continue;
            };
            let text = format!("is deployed only if {}", condition.text);
            if !reasons.iter().any(|(_, known)| *known == text) {
                reasons.push((element.clone(), text));
            }
        }
        if reasons.is_empty() {
            return;
        }
        for blocker in &mut self.blockers {
            blocker.outcome = Outcome::Unclear;
        }
        for (element, text) in reasons {
            self.doubt(Stage::Route, Cause::OverrideOrBypass, element, text);
        }
    }

    fn note(&mut self, text: impl Into<String>) {
        note(&mut self.notes, text);
    }

    fn pass(&mut self, stage: Stage, element: Element, text: impl Into<String>) {
        self.steps.push(Step {
            stage,
            element,
            text: text.into(),
            outcome: Outcome::Passes,
        });
    }

    fn block(&mut self, stage: Stage, cause: Cause, element: Element, text: impl Into<String>) {
        self.hinder(Hindrance::new(stage, cause, element, text));
    }

    /// Something is missing: certainly, unless the estate is only a part of what there is.
    fn block_if_whole(
        &mut self,
        stage: Stage,
        cause: Cause,
        element: Element,
        text: impl Into<String>,
    ) {
        if gaps::is_part(self.plane.estate) {
            self.doubt(stage, cause, element, text);
        } else {
            self.block(stage, cause, element, text);
        }
    }

    fn doubt(&mut self, stage: Stage, cause: Cause, element: Element, text: impl Into<String>) {
        self.hinder(Hindrance {
            outcome: Outcome::Unclear,
            ..Hindrance::new(stage, cause, element, text)
        });
    }

    fn hinder(&mut self, hindrance: Hindrance) {
        self.steps.push(Step {
            stage: hindrance.stage,
            element: hindrance.element.clone(),
            text: hindrance.text.clone(),
            outcome: hindrance.outcome,
        });
        self.blockers.push(Blocker {
            cause: hindrance.cause,
            stage: hindrance.stage,
            element: hindrance.element,
            text: hindrance.text,
            outcome: hindrance.outcome,
            on_reply: hindrance.on_reply,
            near: hindrance.near,
            shadowed: hindrance.shadowed,
            log: hindrance.log,
        });
    }

    /// Whether something certainly stopped the request.
    fn is_stopped(&self) -> bool {
        let mut blockers = self.blockers.iter();
        blockers.any(|blocker| blocker.outcome == Outcome::Blocks)
    }

    /// Walks every way that may be taken and puts them together: what stops the flow on each way stops it, what stops
    /// it on some makes the outcome uncertain.
    fn each_way<T>(&mut self, choices: &[T], walk: impl Fn(&mut Self, &T)) {
        let before = self.blockers.len();
        let common = self.path.len();
        let mut results: Vec<Self> = Vec::new();
        for choice in choices {
            let mut branch = self.clone();
            walk(&mut branch, choice);
            results.push(branch);
        }
        for branch in &results {
            self.notes.extend(branch.notes.iter().cloned());
        }
        let perhaps = passed_on_some(&results, common);
        let resting: Vec<Element> = results.iter().flat_map(Self::conditional).collect();
        let hindered = |branch: &Self| branch.blockers.len() > before;
        let certain = |branch: &Self| {
            let mut new = branch.blockers.iter().skip(before);
            new.any(|blocker| blocker.outcome == Outcome::Blocks)
        };
        let stopped = |branch: &Self| {
            let mut new = branch.blockers.iter().skip(before);
            new.any(|blocker| blocker.outcome == Outcome::Blocks && !blocker.on_reply)
        };
        let all_certain = results.iter().all(certain);
        // Where some ways lose the request and others the reply, the request is what counts, in whatever order.
        let chosen = results
            .iter()
            .position(stopped)
            .or_else(|| results.iter().position(certain))
            .or_else(|| results.iter().position(hindered))
            .unwrap_or(0);
        if chosen >= results.len() {
            return;
        }
        let mut branch = results.swap_remove(chosen);
        branch.notes.append(&mut self.notes);
        branch.perhaps_passed = perhaps;
        branch.rests_on.extend(resting);
        if !all_certain {
            for blocker in branch.blockers.iter_mut().skip(before) {
                blocker.outcome = Outcome::Unclear;
            }
            if let Some(step) = branch.steps.last_mut()
                && step.outcome == Outcome::Blocks
            {
                step.outcome = Outcome::Unclear;
            }
        }
        *self = branch;
    }

    /// An element that has to be there for the flow to get this far; noted when it is deployed on a condition.
    fn rest_on(&mut self, element: Element) {
        let gaps = &self.plane.estate.gaps;
        if gaps.condition_of(element.origin).is_some() {
            self.rests_on.push(element);
        }
    }

    /// The elements on the way that are deployed on a condition.
    fn conditional(&self) -> Vec<Element> {
        let gaps = &self.plane.estate.gaps;
        let steps = self.steps.iter().map(|step| &step.element);
        let all = steps.chain(&self.path).chain(&self.rests_on);
        let all = all.filter(|element| gaps.condition_of(element.origin).is_some());
        all.cloned().collect()
    }

    /// A network isolated cluster that does not reach the registry it starts from: whatever of names, endpoints and
    /// addresses is missing, it is its bootstrap that fails
    /// (MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-isolated.md).
    fn blame_bootstrap(&mut self) {
        let Sender::Inside { subnet, .. } = &self.flow.from else {
            return;
        };
        let registry = self.pool_in(*subnet).and_then(|(_, pool)| {
            let registry = pool.bootstrap.as_ref()?.registry.as_ref()?;
            registry.id
        });
        let Some(registry) = registry.map(|id| &self.plane.estate.services[id]) else {
            return;
        };
        let named = self.name.as_ref() == Some(&registry.fqdn.value);
        let address = self.flow.to.address;
        let mut addresses = registry.addresses.iter();
        if !named && !addresses.any(|own| Some(own.value) == address) {
            return;
        }
        for blocker in &mut self.blockers {
            if matches!(
                blocker.cause,
                Cause::PrivateLinkDependency
                    | Cause::PrivateZoneUnresolvable
                    | Cause::NoSnat
                    | Cause::ServiceAccessControl
            ) {
                blocker.cause = Cause::IsolatedBootstrap;
            }
        }
    }

    /// The pool whose nodes are in a subnet.
    fn pool_in(&self, subnet: Id<Subnet>) -> Option<(Id<Pool>, &'w Pool)> {
        self.plane.estate.pools.iter().find(|(_, pool)| {
            let mut subnets = pool.subnets.iter();
            subnets.any(|place| place.id == Some(subnet))
        })
    }

    /// The pool whose API server a destination is.
    fn api_server(&self, packet: &Packet) -> Option<(Id<Pool>, &'w Pool)> {
        self.plane.estate.pools.iter().find(|(_, pool)| {
            let server = &pool.api_server;
            let named = server.fqdn.as_ref().is_some_and(|fqdn| {
                Some(&fqdn.value) == self.name.as_ref()
                    || Some(&fqdn.value) == self.announced.as_ref()
            });
            let addressed = server
                .public_ip
                .is_some_and(|ip| Some(ip.value) == packet.destination.address);
            named || addressed
        })
    }

    fn subnet_element(&self, subnet: Id<Subnet>) -> Element {
        Element {
            name: format!("subnet `{}`", self.plane.estate.subnet_path(subnet)),
            origin: self.plane.estate.subnets[subnet].meta.origin,
            site: Site::Subnet(subnet),
        }
    }

    /// The route table of a subnet, or the subnet when it has none.
    fn table_or_subnet(&self, subnet: Id<Subnet>) -> Element {
        let estate = self.plane.estate;
        match super::next_hop::table_of(estate, subnet) {
            Some(id) => Element {
                name: format!("route table `{}`", estate.route_tables[id].meta.name),
                origin: estate.route_tables[id].meta.origin,
                site: Site::RouteTable(id),
            },
            None => self.subnet_element(subnet),
        }
    }

    /// The subnet of a firewall's data path, when the estate shows it.
    fn firewall_subnet(&self, firewall: Id<Firewall>) -> Option<Id<Subnet>> {
        let estate = self.plane.estate;
        estate.subnet_named(
            estate.firewalls[firewall].vnet.id?,
            crate::estate::FIREWALL_SUBNET,
        )
    }
}

/// What is passed on some of several ways and not on others. The first `common` elements are the same on all of them.
fn passed_on_some(ways: &[Walk<'_>], common: usize) -> Vec<Element> {
    let passes = |way: &Walk<'_>, site: &Site| way.path.iter().any(|it| it.site == *site);
    let passed = ways.iter().flat_map(|way| way.path.iter().skip(common));
    let known = ways.iter().flat_map(|way| &way.perhaps_passed);
    let mut perhaps: Vec<Element> = Vec::new();
    for element in passed.chain(known) {
        let on_all = ways.iter().all(|way| passes(way, &element.site));
        if !on_all && !perhaps.iter().any(|it| it.site == element.site) {
            perhaps.push(element.clone());
        }
    }
    perhaps
}

/// What stands in the way, before it becomes a step and a blocker.
#[derive(Debug, Clone)]
struct Hindrance {
    stage: Stage,
    cause: Cause,
    element: Element,
    text: String,
    outcome: Outcome,
    on_reply: bool,
    near: Vec<NearMiss>,
    shadowed: Vec<Element>,
    log: Option<String>,
}

impl Hindrance {
    fn new(stage: Stage, cause: Cause, element: Element, text: impl Into<String>) -> Self {
        Self {
            stage,
            cause,
            element,
            text: text.into(),
            outcome: Outcome::Blocks,
            on_reply: false,
            near: Vec::new(),
            shadowed: Vec::new(),
            log: None,
        }
    }
}

/// The Internet as the end of a path.
fn internet() -> Element {
    Element {
        name: "internet".to_owned(),
        origin: Origin::Platform,
        site: Site::Platform,
    }
}
