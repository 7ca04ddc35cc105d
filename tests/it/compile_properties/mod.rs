//! What compiling keeps to, held on random policies: it repeats itself, an edit changes its own lines only, and Azure's
//! rules about priorities hold. What it makes does what was asked for, and what is proved of that is so.

mod plan;
mod proof;
mod spoil;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use tidegate::azure::facts::Facts;
use tidegate::base::SourceMap;
use tidegate::compile::{FirewallModel, compile};
use tidegate::diag::Severity;
use tidegate::emit::{self, Format};
use tidegate::estate::{Endpoint, Estate, RuleCollection, Rules};
use tidegate::intent::{Intent, Requirement};
use tidegate::net::Destination;
use tidegate::syntax::{Parameters, lower, parse};

use self::plan::{Need, Policy, policy};
use super::policy::{built_in, lines};

/// The reason of the requirement that a test adds.
const ADDED: &str = "the one that was added";

/// A policy as compiled.
struct Compiled {
    estate: Estate,
    intent: Intent,
    arm: String,
}

/// A priority and the list in which no other may have it.
type Priorities = BTreeMap<(String, String), u32>;

impl Policy {
    fn compiled(&self, statements: &[String]) -> Compiled {
        Compiled::new(
            &format!("{}{}", self.estate(), statements.concat()),
            self.model,
        )
    }
}

impl Compiled {
    fn new(text: &str, model: FirewallModel) -> Self {
        let (mut sources, library) = built_in();
        let file = sources.add("policy.egress", text.to_owned());
        let parsed = parse(&sources, file);
        assert_eq!(lines(&sources, &parsed.findings), "", "{text}");
        let lowered = lower(&[parsed], library, &Parameters::new());
        assert_eq!(lines(&sources, &lowered.findings), "", "{text}");
        let facts = Facts::builtin();
        let contents = tidegate::explain::fqdn_tag_contents(library, &lowered.estate);
        let compiled = compile(lowered.estate, &lowered.intent, facts, &contents, model);
        let errors: Vec<_> = compiled
            .findings
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        assert_eq!(lines(&sources, &errors), "", "{text}");
        let arm = arm(&compiled.estate, &sources);
        Self {
            estate: compiled.estate,
            intent: lowered.intent,
            arm,
        }
    }

    /// The collections of all firewalls and policies, with the list each stands in.
    fn collections(&self) -> Vec<(String, &RuleCollection)> {
        let groups = self
            .estate
            .firewall_policies
            .iter()
            .flat_map(|(_, policy)| &policy.groups);
        let in_groups = groups.flat_map(|group| {
            let collections = group.collections.iter();
            collections.map(|collection| (format!("group {}", group.name), collection))
        });
        let firewalls = self.estate.firewalls.iter();
        let classic = firewalls.flat_map(|(_, firewall)| {
            let collections = firewall.collections.iter();
            collections.map(|collection| {
                let kind = match collection.rules {
                    Rules::Network(_) => "network",
                    Rules::Application(_) => "application",
                    Rules::Nat(_) => "dnat",
                };
                (format!("firewall {kind}"), collection)
            })
        });
        in_groups.chain(classic).collect()
    }

    /// By list and name, every priority there is.
    fn priorities(&self) -> Vec<((String, String), u32)> {
        let mut all = Vec::new();
        for (_, policy) in self.estate.firewall_policies.iter() {
            for group in &policy.groups {
                let key = (
                    format!("groups of {}", policy.meta.name),
                    group.name.to_string(),
                );
                all.push((key, group.priority.value));
            }
        }
        for (list, collection) in self.collections() {
            all.push((
                (list, collection.name.to_string()),
                collection.priority.value,
            ));
        }
        for (_, nsg) in self.estate.nsgs.iter() {
            for rule in &nsg.rules {
                let list = format!("{} {:?}", nsg.meta.name, rule.direction);
                all.push(((list, rule.name.to_string()), rule.priority.value));
            }
        }
        all
    }

    /// The names of all firewall rules, each with its collection.
    fn rule_names(&self) -> BTreeSet<(String, String, String)> {
        let mut names = BTreeSet::new();
        for (list, collection) in self.collections() {
            for (info, ..) in rules(collection) {
                let collection = collection.name.to_string();
                names.insert((list.clone(), collection, info.name.to_string()));
            }
        }
        names
    }

    /// The rules that a requirement became: their sources and destinations.
    fn rules_of(&self, requirement: &Requirement) -> Vec<(&[Endpoint], &[Endpoint])> {
        self.collections()
            .into_iter()
            .flat_map(|(_, collection)| rules(collection))
            .filter(|(info, ..)| info.origin == requirement.origin)
            .map(|(_, sources, destinations)| (sources, destinations))
            .collect()
    }

    /// Whether endpoints hold a destination, by itself or as the member of an IP group.
    fn holds(&self, endpoints: &[Endpoint], destination: &Destination) -> bool {
        endpoints.iter().any(|endpoint| match endpoint {
            Endpoint::Plain(plain) => plain == destination,
            Endpoint::IpGroup(group) => group.id.is_some_and(|id| {
                let mut prefixes = self.estate.ip_groups[id].prefixes.iter();
                prefixes.any(|prefix| {
                    matches!(destination, Destination::Prefix(wanted) if prefix.value.contains(wanted))
                })
            }),
            Endpoint::SecurityGroup(_) => false,
        })
    }
}

fn arm(estate: &Estate, sources: &SourceMap) -> String {
    emit::render(
        &emit::template(estate, Facts::builtin(), sources),
        Format::Arm,
    )
}

type Sides<'a> = (
    &'a tidegate::estate::RuleInfo,
    &'a [Endpoint],
    &'a [Endpoint],
);

fn rules(collection: &RuleCollection) -> Vec<Sides<'_>> {
    match &collection.rules {
        Rules::Network(rules) => rules
            .iter()
            .map(|rule| (&rule.info, &rule.sources[..], &rule.destinations[..]))
            .collect(),
        Rules::Application(rules) => rules
            .iter()
            .map(|rule| (&rule.info, &rule.sources[..], &rule.destinations[..]))
            .collect(),
        Rules::Nat(_) => Vec::new(),
    }
}

/// What has another priority than before or is gone, but for names that made room for a new one: two names with the
/// same hash are told apart by their order, which is documented and rare.
fn moved(before: &Priorities, after: &Priorities) -> Vec<(String, String)> {
    let taken_over = |list: &str, priority: u32| {
        let mut new = after.iter().filter(|(key, _)| !before.contains_key(*key));
        new.any(|(key, now)| key.0 == list && *now == priority)
    };
    let gone = before.iter().filter(|(key, priority)| {
        after.get(*key) != Some(*priority)
            && !(after.contains_key(*key) && taken_over(&key.0, **priority))
    });
    gone.map(|(key, _)| key.clone()).collect()
}

/// Takes out of a template what an added requirement may change: resources, collections and rules that were not there
/// before, the order of deployment when there are new resources, and in shared security rules what says for whom and
/// for which ports and prefixes they are. What remains must be as before.
fn without_additions(before: &Value, after: &Value) -> Value {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            let old = |item: &&Value| {
                let named = before
                    .iter()
                    .find(|other| identity(other) == identity(item));
                identity(item).is_none() || named.is_some()
            };
            let kept = after.iter().filter(old).map(|item| {
                let same = before
                    .iter()
                    .find(|other| identity(item).is_some() && identity(other) == identity(item));
                same.map_or_else(|| item.clone(), |same| without_additions(same, item))
            });
            Value::Array(kept.collect())
        }
        (Value::Object(before), Value::Object(after)) => {
            let security_rule = after.contains_key("direction");
            let may_change = |key: &str| {
                key == "metadata"
                    || key == "dependsOn"
                    || security_rule
                        && (key == "description"
                            || key.starts_with("destinationPort")
                            || key.starts_with("destinationAddress"))
            };
            let fields = after.iter().filter(|(key, _)| !may_change(key));
            let mut out: serde_json::Map<String, Value> = fields
                .map(|(key, value)| {
                    let value = before
                        .get(key)
                        .map_or_else(|| value.clone(), |before| without_additions(before, value));
                    (key.clone(), value)
                })
                .collect();
            let changed = before.iter().filter(|(key, _)| may_change(key));
            out.extend(changed.map(|(key, value)| (key.clone(), value.clone())));
            Value::Object(out)
        }
        (_, after) => after.clone(),
    }
}

/// Type and name of an element of a template that has a name.
fn identity(value: &Value) -> Option<(String, String)> {
    let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
    Some((text("type").unwrap_or_default(), text("name")?))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn compiling_twice_gives_the_same_bytes(policy in policy()) {
        let statements = policy.statements();
        prop_assert_eq!(policy.compiled(&statements).arm, policy.compiled(&statements).arm);
    }

    #[test]
    fn the_order_of_pools_does_not_matter(policy in policy()) {
        let statements = policy.statements();
        let mut numbers: Vec<usize> = (0..statements.len()).collect();
        numbers.sort_by_key(|number| std::cmp::Reverse(policy.pool_of(&policy.needs[*number])));
        let reordered: Vec<String> = numbers.iter().map(|number| statements[*number].clone()).collect();
        let before = policy.compiled(&statements);
        let after = policy.compiled(&reordered);
        let as_map = |compiled: &Compiled| compiled.priorities().into_iter().collect::<Priorities>();
        prop_assert_eq!(as_map(&before), as_map(&after));
        prop_assert_eq!(before.rule_names(), after.rule_names());
    }

    #[test]
    fn another_requirement_changes_its_own_lines_only(policy in policy(), at in any::<Index>(), kind in any::<Index>()) {
        let statements = policy.statements();
        let need = Need { pool: at, kind: policy.needs[kind.index(policy.needs.len())].kind };
        let added = policy.statement(99, &need).replace("reason 99", ADDED);
        let mut more = statements.clone();
        more.insert(at.index(statements.len() + 1), added);
        let before = policy.compiled(&statements);
        let after = policy.compiled(&more);

        let was: Priorities = before.priorities().into_iter().collect();
        let is: Priorities = after.priorities().into_iter().collect();
        prop_assert_eq!(moved(&was, &is), Vec::new());
        prop_assert!(before.rule_names().is_subset(&after.rule_names()));
        let new: Vec<_> = after
            .collections()
            .into_iter()
            .flat_map(|(_, collection)| rules(collection))
            .filter(|(info, ..)| info.description == ADDED)
            .collect();
        prop_assert_eq!(before.rule_names().len() + new.len(), after.rule_names().len());

        if was.iter().all(|(key, priority)| is.get(key) == Some(priority)) {
            let before: Value = serde_json::from_str(&before.arm).unwrap();
            let after: Value = serde_json::from_str(&after.arm).unwrap();
            prop_assert_eq!(&without_additions(&before, &after), &before);
        }
    }

    #[test]
    fn every_requirement_has_its_rules(policy in policy()) {
        let compiled = policy.compiled(&policy.statements());
        for requirement in &compiled.intent.requirements {
            let rules = compiled.rules_of(requirement);
            prop_assert!(!rules.is_empty(), "{} has no rule", requirement.name);
            for (sources, destinations) in rules {
                for destination in &requirement.destinations {
                    let holds = compiled.holds(destinations, &destination.value);
                    prop_assert!(holds, "{} lacks {}", requirement.name, destination.value);
                }
                let subnets = compiled.estate.pools[requirement.pool].subnets.iter();
                for subnet in subnets.filter_map(|subnet| subnet.id) {
                    for prefix in &compiled.estate.subnets[subnet].prefixes {
                        let source = Destination::Prefix(prefix.value);
                        let holds = compiled.holds(sources, &source);
                        prop_assert!(holds, "{} is not from {source}", requirement.name);
                    }
                }
            }
        }
    }

    #[test]
    fn priorities_are_unique_and_in_range(policy in policy()) {
        let compiled = policy.compiled(&policy.statements());
        let nsgs: Vec<String> = compiled.estate.nsgs.iter().map(|(_, nsg)| nsg.meta.name.to_string()).collect();
        let mut seen = BTreeSet::new();
        for ((list, name), priority) in compiled.priorities() {
            let last = if nsgs.iter().any(|nsg| list.starts_with(nsg.as_str())) { 4_096 } else { 65_000 };
            prop_assert!((100..=last).contains(&priority), "{list}: {name} has {priority}");
            prop_assert!(seen.insert((list.clone(), priority)), "{list}: {name} shares {priority}");
        }
    }
}
