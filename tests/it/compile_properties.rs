//! What compiling keeps to, held on random policies: it repeats itself, an edit changes its own lines only, and Azure's
//! rules about priorities hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
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

use super::policy::{built_in, lines};

/// The reason of the requirement that a test adds.
const ADDED: &str = "the one that was added";

/// A requirement, without what makes it different from all others.
#[derive(Debug, Clone)]
struct Need {
    pool: Index,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Name,
    NameOnItsOwnPort,
    NameInBothKindsOfRules,
    Wildcard,
    Database,
    Prefix,
    PrefixOverTwoTransports,
    ManyPrefixes,
    Tag,
    FqdnTag,
}

impl Kind {
    /// Target and services. The number keeps it apart from the others.
    fn words(self, number: usize) -> String {
        match self {
            Self::Name => format!("host-{number}.contoso.com https"),
            Self::NameOnItsOwnPort => format!("host-{number}.contoso.com tcp/587"),
            Self::NameInBothKindsOfRules => format!("host-{number}.contoso.com https, tcp/8883"),
            Self::Wildcard => format!("*.host-{number}.contoso.com http, https/8443"),
            Self::Database => format!("sql-{number}.database.windows.net mssql"),
            Self::Prefix => format!("172.16.{number}.0/24 tcp/9092-9094, tcp/2181"),
            Self::PrefixOverTwoTransports => {
                format!("172.17.{number}.0/24 tcp/53, udp/53, udp/123")
            }
            Self::ManyPrefixes => {
                let prefixes: Vec<String> = (0..20)
                    .map(|last| format!("172.18.{number}.{}/32", last * 2))
                    .collect();
                format!("{} tcp/443", prefixes.join(", "))
            }
            Self::Tag => format!("tag Sql.WestEurope tcp/{}", 11_000 + number),
            Self::FqdnTag => format!("fqdn-tag WindowsUpdate https/{}", 8_000 + number),
        }
    }
}

/// A policy in parts, so that a test can change one of them.
#[derive(Debug, Clone)]
struct Policy {
    model: FirewallModel,
    /// How many subnets each pool has.
    pools: Vec<usize>,
    one_nsg: bool,
    /// Priorities of rule collection groups that the policy writes itself.
    own_groups: Vec<u32>,
    /// Priorities of security rules that the policy writes itself.
    own_rules: Vec<u32>,
    needs: Vec<Need>,
}

impl Policy {
    fn pool_of(&self, need: &Need) -> usize {
        need.pool.index(self.pools.len())
    }

    fn statement(&self, number: usize, need: &Need) -> String {
        let words = need.kind.words(number);
        format!(
            "require pool-{} -> {words} \"reason {number}\"\n",
            self.pool_of(need)
        )
    }

    fn statements(&self) -> Vec<String> {
        let numbered = self.needs.iter().enumerate();
        numbered
            .map(|(number, need)| self.statement(number, need))
            .collect()
    }

    /// The policy without its requirements.
    fn estate(&self) -> String {
        let mut text =
            String::from("egress 1\nregion westeurope\nvnet hub 10.0.0.0/8 {\n  dns firewall fw\n");
        text.push_str("  subnet AzureFirewallSubnet 10.0.0.0/26\n");
        let nsg = |pool: usize| if self.one_nsg { 0 } else { pool };
        for (pool, subnets) in self.pools.iter().enumerate() {
            for subnet in 0..*subnets {
                let (second, nsg) = (pool + 1, nsg(pool));
                let _ = writeln!(
                    text,
                    "  subnet nodes-{pool}-{subnet} 10.{second}.{subnet}.0/24 {{ route-table to-fw nsg nsg-{nsg} }}"
                );
            }
        }
        text.push_str("}\nroute-table to-fw { route default 0.0.0.0/0 -> firewall fw }\n");
        text.push_str("identity id { role \"Network Contributor\" on this resource-group }\n");
        text.push_str(&self.firewall());
        let groups: BTreeSet<usize> = (0..self.pools.len()).map(nsg).collect();
        for group in groups {
            let _ = writeln!(text, "nsg nsg-{group} {{{}}}", self.own_security_rules());
        }
        for (pool, subnets) in self.pools.iter().enumerate() {
            let subnets: Vec<String> = (0..*subnets)
                .map(|subnet| format!("hub.nodes-{pool}-{subnet}"))
                .collect();
            let _ = writeln!(
                text,
                "pool pool-{pool} in {} {{ outbound userDefinedRouting network-plugin azure-overlay identity id }}",
                subnets.join(", ")
            );
        }
        text
    }

    fn own_security_rules(&self) -> String {
        let rules = self.own_rules.iter().map(|priority| {
            format!(
                " rule own-{priority} {priority} outbound deny from hub to tag Internet tcp/25 "
            )
        });
        rules.collect()
    }

    fn firewall(&self) -> String {
        let collection = |priority: &u32| {
            format!(
                "network-rules own-{priority} {priority} deny {{ rule no-ssh from hub to any tcp/22 }}"
            )
        };
        match self.model {
            FirewallModel::Classic => {
                let own: Vec<String> = self.own_groups.iter().map(collection).collect();
                format!(
                    "firewall fw in hub {{ private-ip 10.0.0.4 dns-proxy on {} }}\n",
                    own.join(" ")
                )
            }
            FirewallModel::Policy => {
                let group = |priority: &u32| {
                    let collection = collection(priority);
                    format!("rule-collection-group own-{priority} {priority} {{ {collection} }}")
                };
                let own: Vec<String> = self.own_groups.iter().map(group).collect();
                format!(
                    "firewall fw in hub {{ private-ip 10.0.0.4 policy rules }}\nfirewall-policy rules {{ dns-proxy on {} }}\n",
                    own.join(" ")
                )
            }
        }
    }

    fn compiled(&self, statements: &[String]) -> Compiled {
        Compiled::new(
            &format!("{}{}", self.estate(), statements.concat()),
            self.model,
        )
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    let kind = select(vec![
        Kind::Name,
        Kind::NameOnItsOwnPort,
        Kind::NameInBothKindsOfRules,
        Kind::Wildcard,
        Kind::Database,
        Kind::Prefix,
        Kind::PrefixOverTwoTransports,
        Kind::ManyPrefixes,
        Kind::Tag,
        Kind::FqdnTag,
    ]);
    let need = (any::<Index>(), kind).prop_map(|(pool, kind)| Need { pool, kind });
    (
        select(vec![FirewallModel::Policy, FirewallModel::Classic]),
        prop::collection::vec(1_usize..=3, 1..=3),
        any::<bool>(),
        subsequence(vec![100, 200, 500, 64_500], 0..=3),
        subsequence(vec![100, 150, 999, 1_500, 4_000], 0..=4),
        prop::collection::vec(need, 1..=8),
    )
        .prop_map(
            |(model, pools, one_nsg, own_groups, own_rules, needs)| Policy {
                model,
                pools,
                one_nsg,
                own_groups,
                own_rules,
                needs,
            },
        )
}

/// A policy as compiled.
struct Compiled {
    estate: Estate,
    intent: Intent,
    arm: String,
}

/// A priority and the list in which no other may have it.
type Priorities = BTreeMap<(String, String), u32>;

impl Compiled {
    fn new(text: &str, model: FirewallModel) -> Self {
        let (mut sources, library) = built_in();
        let file = sources.add("policy.egress", text.to_owned());
        let parsed = parse(&sources, file);
        assert_eq!(lines(&sources, &parsed.findings), "", "{text}");
        let lowered = lower(&[parsed], library, &Parameters::new());
        assert_eq!(lines(&sources, &lowered.findings), "", "{text}");
        let facts = Facts::builtin();
        let compiled = compile(lowered.estate, &lowered.intent, facts, model);
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
