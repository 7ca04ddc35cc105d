//! The smallest changes that close a deficit and cut an excess, tried on a copy of the network.
//!
//! A requirement that a firewall or a security group stops gets a rule of its own, just as wide as it is; whatever else
//! stands in the way gets the first remedy that explaining knows. Rules that let through what nobody needs are taken
//! away, and what they carried of requirements gets rules of its own.

use crate::azure::rule_sets::Owner;
use crate::azure::{Dataplane, Outcome, Site};
use crate::base::{Origin, Spanned};
use crate::estate::{
    Access, Action, ApplicationRule, Direction, Endpoint, Estate, Firewall, FirewallPolicy, Id,
    NetworkRule, Nsg, RuleCollection, RuleCollectionGroup, RuleInfo, Rules, SecurityRule, Subnet,
};
use crate::intent::{Intent, Requirement};
use crate::net::{Destination, Service};

use super::held::{Held, hold};
use super::missing::Deficit;
use super::place::Placed;

/// How often changes are tried: what one change lays bare, the next may close.
const ROUNDS: usize = 6;

/// One change.
#[derive(Debug, Clone)]
pub struct RepairStep {
    /// What it does, as a sentence in the imperative.
    pub title: String,
    /// How many deficits or excesses it was made for.
    pub settles: usize,
}

/// Changes, and what is left with them.
#[derive(Debug, Clone, Default)]
pub struct Repair {
    /// The changes, in the order in which they are made.
    pub steps: Vec<RepairStep>,
    /// The network with all of them; `None` without any.
    pub network: Option<Estate>,
    /// Requirements that were not certainly met.
    pub deficits_before: usize,
    /// Requirements that still are not.
    pub deficits_after: usize,
    /// Rules with excess before.
    pub excesses_before: usize,
    /// Rules with excess that are left.
    pub excesses_after: usize,
}

fn deficits(held: &Held) -> usize {
    held.pools.iter().map(|pool| pool.deficits.len()).sum()
}

/// Looks for changes that close deficits and cut excesses, and holds the changed network against the intent again.
#[must_use]
pub fn repair(plane: &Dataplane<'_>, intent: &Intent, placed: &[Placed], held: &Held) -> Repair {
    let mut repair = Repair {
        deficits_before: deficits(held),
        deficits_after: deficits(held),
        excesses_before: held.excess(),
        excesses_after: held.excess(),
        ..Repair::default()
    };
    let mut network = plane.estate.clone();
    let mut current = held.clone();
    for _ in 0..ROUNDS {
        let (mut changed, mut steps) = (network.clone(), repair.steps.clone());
        let mut workshop = Workshop {
            network: &mut changed,
            steps: &mut steps,
            intent,
        };
        workshop.cut(&current);
        workshop.close(&current);
        if steps.len() == repair.steps.len() {
            break;
        }
        let again = Dataplane::new(&changed, plane.facts, plane.tags)
            .with_fqdn_tags(plane.fqdn_tags.clone());
        let next = hold(&again, intent, placed);
        let (missing, excess) = (deficits(&next), next.excess());
        // Cutting may open a deficit that the next round closes; what makes both worse is not done.
        let opens = missing > repair.deficits_after && excess >= repair.excesses_after;
        let gains = missing < repair.deficits_after || excess < repair.excesses_after;
        if opens || !gains {
            break;
        }
        repair.deficits_after = missing;
        repair.excesses_after = excess;
        (network, repair.steps) = (changed, steps);
        current = next;
        if missing == 0 && excess == 0 {
            break;
        }
    }
    // Security groups know no names: what cuts an excess there may have to be given back, wider.
    let helps = repair.deficits_after < repair.deficits_before
        || repair.excesses_after < repair.excesses_before;
    if !helps {
        return Repair {
            deficits_before: repair.deficits_before,
            deficits_after: repair.deficits_before,
            excesses_before: repair.excesses_before,
            excesses_after: repair.excesses_before,
            ..Repair::default()
        };
    }
    repair.network = (!repair.steps.is_empty()).then_some(network);
    repair
}

struct Workshop<'w> {
    network: &'w mut Estate,
    steps: &'w mut Vec<RepairStep>,
    intent: &'w Intent,
}

impl Workshop<'_> {
    fn step(&mut self, title: String) {
        match self.steps.iter_mut().find(|step| step.title == title) {
            Some(step) => step.settles += 1,
            None => self.steps.push(RepairStep { title, settles: 1 }),
        }
    }

    /// Takes away the rules that let through what nobody needs.
    fn cut(&mut self, held: &Held) {
        let excesses = held.pools.iter().flat_map(|pool| &pool.excesses);
        for excess in excesses {
            let Some(element) = excess.by.first() else {
                continue;
            };
            let taken = match element.site {
                Site::FirewallRule(_) => self.take_firewall_rule(element.origin, &element.name),
                Site::SecurityRule(nsg, _) => self.take_security_rule(nsg, element.origin),
                _ => false,
            };
            if taken {
                let why = if excess.needless {
                    "nobody needs what it lets through"
                } else {
                    "it lets through more than is needed"
                };
                self.step(format!("take {} away: {why}", element.name));
            }
        }
    }

    fn take_firewall_rule(&mut self, origin: Origin, name: &str) -> bool {
        let mut taken = false;
        let own = |info: &RuleInfo| {
            // Rules made in thought share the place of what they were made for.
            info.origin == origin && name.contains(info.name.as_str())
        };
        let mut of = |collections: &mut Vec<RuleCollection>| {
            for collection in collections {
                let before = collection.rules.len();
                match &mut collection.rules {
                    Rules::Network(rules) => rules.retain(|rule| !own(&rule.info)),
                    Rules::Application(rules) => rules.retain(|rule| !own(&rule.info)),
                    Rules::Nat(_) => {}
                }
                taken |= collection.rules.len() < before;
            }
        };
        let policies: Vec<Id<FirewallPolicy>> = self.network.firewall_policies.ids().collect();
        for id in policies {
            let groups = &mut self.network.firewall_policies[id].groups;
            groups
                .iter_mut()
                .for_each(|group| of(&mut group.collections));
        }
        let firewalls: Vec<Id<Firewall>> = self.network.firewalls.ids().collect();
        for id in firewalls {
            of(&mut self.network.firewalls[id].collections);
        }
        taken
    }

    fn take_security_rule(&mut self, nsg: Id<Nsg>, origin: Origin) -> bool {
        let rules = &mut self.network.nsgs[nsg].rules;
        let before = rules.len();
        rules.retain(|rule| rule.origin != origin);
        rules.len() < before
    }

    /// Gives every requirement that is not met what it lacks.
    fn close(&mut self, held: &Held) {
        let deficits = held.pools.iter().flat_map(|pool| &pool.deficits);
        for deficit in deficits {
            let Some(requirement) = self.intent.requirements.get(deficit.requirement) else {
                continue;
            };
            for obstacle in &deficit.obstacles {
                let Some(blocker) = obstacle.explanation.trace.decisive() else {
                    continue;
                };
                let made = match blocker.element.site {
                    Site::FirewallPolicy(id) => self.allow(Owner::Policy(id), requirement, deficit),
                    Site::Firewall(id) => self.allow(Owner::Firewall(id), requirement, deficit),
                    // A rule that may match decides nothing for certain.
                    Site::FirewallRule(place) if blocker.outcome == Outcome::Unclear => {
                        self.allow(place.owner, requirement, deficit)
                    }
                    Site::SecurityRule(nsg, at) => {
                        let before = self.network.nsgs[nsg].rules.get(at);
                        let before = before.map(|rule| (rule.priority.value, rule.direction));
                        self.allow_in(nsg, before, requirement, deficit)
                    }
                    Site::DefaultRule(nsg, direction) => {
                        self.allow_in(nsg, Some((4096, direction)), requirement, deficit)
                    }
                    _ => false,
                };
                if made {
                    continue;
                }
                let reasons = obstacle.explanation.reasons.iter();
                for remedy in reasons.filter_map(|reason| reason.remedies.first()) {
                    if !self.steps.iter().any(|step| step.title == remedy.title) {
                        remedy.apply(self.network);
                    }
                    self.step(remedy.title.clone());
                }
            }
        }
    }

    fn sources(&self, subnet: Id<Subnet>) -> Vec<Endpoint> {
        let prefixes = self.network.subnets[subnet].prefixes.iter();
        prefixes
            .map(|prefix| Endpoint::Plain(Destination::Prefix(prefix.value)))
            .collect()
    }

    /// A firewall rule for a requirement and nothing else.
    fn allow(&mut self, owner: Owner, requirement: &Requirement, deficit: &Deficit) -> bool {
        let sources = self.sources(deficit.subnet);
        // What is made in thought is written nowhere; places are those of its owner.
        let origin = Origin::Platform;
        let owner_origin = match owner {
            Owner::Policy(id) => self.network.firewall_policies[id].meta.origin,
            Owner::Firewall(id) => self.network.firewalls[id].meta.origin,
        };
        let Some(span) = owner_origin.span() else {
            return false;
        };
        let names = requirement
            .destinations
            .iter()
            .map(|it| &it.value)
            .filter(|it| is_name(it));
        let names: Vec<Endpoint> = names.cloned().map(Endpoint::Plain).collect();
        let others = requirement.destinations.iter().map(|it| &it.value);
        let others = others.filter(|it| !is_name(it) && !matches!(it, Destination::Open(_)));
        let others: Vec<Endpoint> = others.cloned().map(Endpoint::Plain).collect();
        let info = |kind: &str| RuleInfo {
            name: format!("{}-{kind}", requirement.name).into(),
            origin,
            description: requirement.reason.clone(),
            written: None,
        };
        let protocols = requirement.services.iter().filter_map(|it| match it.value {
            Service::App { protocol, port } => Some((protocol, port)),
            Service::Net { .. } => None,
        });
        let protocols: Vec<_> = protocols.collect();
        let mut rules = Vec::new();
        if !names.is_empty() && !protocols.is_empty() {
            rules.push(Rules::Application(vec![ApplicationRule {
                info: info("application"),
                sources: sources.clone(),
                destinations: names.clone(),
                protocols,
                terminate_tls: None,
                web_categories: Vec::new(),
            }]));
        }
        for service in requirement.services.iter().map(|it| it.value) {
            let mut destinations = others.clone();
            if matches!(service, Service::Net { .. }) {
                destinations.extend(names.iter().cloned());
            }
            if destinations.is_empty() {
                continue;
            }
            let (transport, ports) = service.transport_ports();
            rules.push(Rules::Network(vec![NetworkRule {
                info: info("network"),
                sources: sources.clone(),
                destinations,
                transports: vec![transport],
                ports: vec![ports],
            }]));
        }
        if rules.is_empty() {
            return false;
        }
        let title = format!(
            "allow {} through the firewall: {}",
            requirement.name,
            words(requirement)
        );
        if self.steps.iter().any(|step| step.title == title) {
            return false;
        }
        let collection = |(at, rules): (usize, Rules)| RuleCollection {
            name: format!("required-{}-{at}", requirement.name).into(),
            origin,
            priority: Spanned::new(60_000, span),
            action: Action::Allow,
            rules,
        };
        let collections: Vec<_> = rules.into_iter().enumerate().map(collection).collect();
        match owner {
            Owner::Policy(id) => {
                let groups = &mut self.network.firewall_policies[id].groups;
                match groups.iter_mut().find(|group| group.name == "required") {
                    Some(group) => group.collections.extend(collections),
                    None => groups.push(RuleCollectionGroup {
                        name: "required".into(),
                        origin,
                        priority: Spanned::new(60_000, span),
                        collections,
                        needs_parameter: None,
                    }),
                }
            }
            Owner::Firewall(id) => {
                self.network.firewalls[id].collections.extend(collections);
            }
        }
        self.step(title);
        true
    }

    /// A security rule for a requirement, in front of the one that stops it.
    fn allow_in(
        &mut self,
        nsg: Id<Nsg>,
        before: Option<(u32, Direction)>,
        requirement: &Requirement,
        deficit: &Deficit,
    ) -> bool {
        let span = self.network.nsgs[nsg].meta.origin.span();
        let (Some((before, direction)), Some(span)) = (before, span) else {
            return false;
        };
        let used: Vec<u32> = {
            let rules = self.network.nsgs[nsg].rules.iter();
            let rules = rules.filter(|rule| rule.direction == direction);
            rules.map(|rule| rule.priority.value).collect()
        };
        let free = (100..before.min(4097))
            .rev()
            .find(|priority| !used.contains(priority));
        let Some(priority) = free else { return false };
        let sources = self.sources(deficit.subnet);
        // Security groups know no names: what has one is somewhere in the Internet.
        let internet = || Destination::ServiceTag(crate::net::ServiceTag::new("Internet"));
        let mut destinations: Vec<Destination> = Vec::new();
        for destination in requirement.destinations.iter().map(|it| &it.value) {
            let destination = match destination {
                Destination::Open(_) => continue,
                other if is_name(other) => internet(),
                other => other.clone(),
            };
            if !destinations.contains(&destination) {
                destinations.push(destination);
            }
        }
        let title = format!(
            "allow {} in nsg {}: {}",
            requirement.name,
            self.network.nsgs[nsg].meta.name,
            words(requirement)
        );
        if destinations.is_empty() || self.steps.iter().any(|step| step.title == title) {
            return false;
        }
        let mut priorities = (100..=priority).rev().filter(|it| !used.contains(it));
        for service in requirement.services.iter().map(|it| it.value) {
            let Some(priority) = priorities.next() else {
                break;
            };
            let (transport, ports) = service.transport_ports();
            self.network.nsgs[nsg].rules.push(SecurityRule {
                name: format!("required-{}-{priority}", requirement.name).into(),
                origin: Origin::Platform,
                description: requirement.reason.clone(),
                priority: Spanned::new(priority, span),
                direction,
                access: Access::Allow,
                transport,
                sources: sources.clone(),
                source_ports: vec![crate::net::PortRange::ALL],
                destinations: destinations.iter().cloned().map(Endpoint::Plain).collect(),
                destination_ports: vec![ports],
                written: None,
            });
        }
        self.step(title);
        true
    }
}

fn is_name(destination: &Destination) -> bool {
    matches!(destination, Destination::Fqdn(_) | Destination::FqdnTag(_))
}

fn words(requirement: &Requirement) -> String {
    let to: Vec<String> = requirement
        .destinations
        .iter()
        .map(|it| it.value.to_string())
        .collect();
    let over: Vec<String> = requirement
        .services
        .iter()
        .map(|it| it.value.to_string())
        .collect();
    format!("{} {}", to.join(", "), over.join(", "))
}
