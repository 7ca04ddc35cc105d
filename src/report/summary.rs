//! What a compile did, for a terminal.

use std::collections::BTreeSet;

use crate::azure::facts::{Bound, Facts};
use crate::azure::usage::Usage;
use crate::base::grouped;
use crate::compile::{Delivery, Mechanism, RuleForm};
use crate::emit::{Template, Value};
use crate::estate::Estate;
use crate::intent::Intent;
use crate::net::{Destination, Fqdn, FqdnPattern};

use crate::verify::Proved;

use super::catalog::DEFAULT_WIDTH;
use super::words::counted;
use super::wrap::paragraph;

/// What the summary speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Compile<'a> {
    /// The estate as compiled.
    pub estate: &'a Estate,
    /// What was wanted.
    pub intent: &'a Intent,
    /// How it is met.
    pub deliveries: &'a [Delivery],
    /// What is deployed.
    pub template: &'a Template,
    /// What was proved of it.
    pub proved: &'a Proved,
    /// How much of Azure's limits it takes.
    pub usage: &'a [Usage<'a>],
    /// The allow lists that were written.
    pub lists: &'a [List],
}

/// An allow list that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The firewall that has to let it through, in words.
    pub gate: String,
    /// The files.
    pub paths: Vec<String>,
    /// How many entries it has.
    pub entries: usize,
}

/// The summary, some lines of text.
#[must_use]
pub fn compile(summary: &Compile<'_>) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        paragraph(&mut out, &format!("{label:<14}"), &text, DEFAULT_WIDTH);
    };
    line("requirements", requirements(summary));
    for pool in &summary.intent.pools {
        let name = &summary.estate.pools[pool.pool].meta.name;
        let not_asked: Vec<String> = pool
            .not_asked
            .iter()
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        let rest = if not_asked.is_empty() {
            String::new()
        } else {
            format!(
                "; not asked for: {} (add them with `include`)",
                not_asked.join(", ")
            )
        };
        line(
            "",
            format!(
                "pool {name}: {} from catalog {}{rest}",
                counted(pool.taken, "entry", "entries"),
                pool.catalog
            ),
        );
    }
    if let Some(text) = decided(summary.intent) {
        line("decided", text);
    }
    let open = &summary.estate.open_parameters;
    let parameters = |name: &str| open.iter().any(|parameter| parameter.name == name);
    for waiting in summary
        .intent
        .waiting
        .iter()
        .filter(|waiting| parameters(&waiting.parameter))
    {
        let available = waiting
            .available
            .as_deref()
            .map(|when| format!(", known {when}"))
            .unwrap_or_default();
        line(
            "waiting",
            format!(
                "{} until parameter {} has a value{available}",
                waiting.entry, waiting.parameter
            ),
        );
        if let Some(how) = &waiting.how {
            line("", format!("to learn it: {how}"));
        }
    }
    for (index, text) in narrowings(summary).into_iter().enumerate() {
        line(if index == 0 { "narrower" } else { "" }, text);
    }
    if let Some(text) = private_instead(summary) {
        line("private", text);
    }
    if let Some(text) = judged_assertions(summary.intent) {
        line("assertions", text);
    }
    for text in existing_security_groups(summary.estate) {
        line("not checked", text);
    }
    for (index, text) in proof(summary).into_iter().enumerate() {
        line(if index == 0 { "proved" } else { "" }, text);
    }
    if !summary.template.resources.is_empty() {
        line("emitted", emitted(summary.template));
    }
    for text in lists(summary.lists) {
        line("allow list", text);
    }
    for (index, text) in limits(summary.usage).into_iter().enumerate() {
        line(if index == 0 { "azure limits" } else { "" }, text);
    }
    if !summary.template.not_deployed.is_empty() {
        line("not deployed", summary.template.not_deployed.join(", "));
    }
    out
}

/// Where documents contradict each other and the catalog took a side.
fn decided(intent: &Intent) -> Option<String> {
    let mut choices: Vec<String> = Vec::new();
    for (id, about) in intent.pools.iter().flat_map(|pool| &pool.decided) {
        let choice = format!("{about} ({id})");
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    if choices.is_empty() {
        return None;
    }
    let list = choices.join(", ");
    Some(format!(
        "{list}: the documents disagree; `tidegate catalog show` has both sides, and --strict refuses"
    ))
}

/// Which lists were written where.
fn lists(lists: &[List]) -> Vec<String> {
    let words = |list: &List| {
        let paths = match list.paths.as_slice() {
            [first, rest @ ..] if rest.len() > 2 => format!("{first} and {} files", rest.len()),
            paths => paths.join(", "),
        };
        let entries = counted(list.entries, "entry", "entries");
        format!("{entries} for {} in {paths}", list.gate)
    };
    lists.iter().map(words).collect()
}

/// What was proved, and what the plan itself leaves open, which no template can close.
fn proof(summary: &Compile<'_>) -> Vec<String> {
    if summary.estate.pools.is_empty() {
        return Vec::new();
    }
    let mut pools = summary.estate.pools.iter();
    if pools.all(|(_, pool)| pool.subnets.is_empty()) {
        return vec![
            "nothing: the networks of all pools are the service's own, and nothing of this policy is in them"
                .to_owned(),
        ];
    }
    let flows = counted(summary.proved.subnets, "subnet", "subnets");
    let lists = match summary.lists.len() {
        0 => None,
        1 => Some("the allow list"),
        _ => Some("the allow lists"),
    };
    let template = (!summary.template.resources.is_empty()).then_some("the template");
    let (what, delivers) = match (template, lists) {
        (Some(template), Some(lists)) => (format!("{template} and {lists}"), "deliver"),
        (None, Some(lists)) if summary.lists.len() > 1 => (lists.to_owned(), "deliver"),
        (template, lists) => {
            let one = template.or(lists).unwrap_or("the template");
            (one.to_owned(), "delivers")
        }
    };
    let mut lines = vec![format!(
        "{what}, read again, {delivers} every requirement that is met, and every flow of {flows} has the fate that was planned"
    )];
    if summary.proved.open.is_empty() {
        lines.push("nothing leaves the networks that no requirement asks for".to_owned());
    }
    for (pool, open) in &summary.proved.open {
        let name = &summary.estate.pools[*pool].meta.name;
        let shared = match open.shared.len() {
            0 => String::new(),
            _ => format!(
                ", and any account of anybody below {}",
                open.shared.join(", ")
            ),
        };
        let what = match u64::try_from(open.addresses) {
            Ok(0) => "names".to_owned(),
            Ok(addresses) => format!("{} public addresses", grouped(addresses)),
            Err(_) => "more public addresses than fit a number".to_owned(),
        };
        lines.push(format!(
            "pool {name} may reach {what}{shared} beyond its requirements: rules that are written by hand, or that \
             security groups cannot narrow"
        ));
    }
    lines
}

/// Security groups of pools that are not this policy's to change.
fn existing_security_groups(estate: &Estate) -> Vec<String> {
    let mut groups = BTreeSet::new();
    for (_, pool) in estate.pools.iter() {
        let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
        let nsgs = subnets.filter_map(|subnet| estate.subnets[subnet].nsg.as_ref()?.id);
        groups.extend(nsgs.filter(|nsg| estate.nsgs[*nsg].meta.home.is_existing()));
    }
    let words = |nsg| {
        let name = &estate.nsgs[nsg].meta.name;
        format!(
            "NSG `{name}` exists already: no rules are added, and whether it lets these flows out is not known"
        )
    };
    groups.into_iter().map(words).collect()
}

/// What would let less through, a line for each value.
fn narrowings(summary: &Compile<'_>) -> Vec<String> {
    let mut values: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for narrowing in &summary.intent.narrowings {
        let pool = summary.estate.pools[narrowing.pool].meta.name.as_str();
        let key = (pool, narrowing.value.as_str());
        match values.iter_mut().find(|(known, _)| *known == key) {
            Some((_, entries)) => entries.push(&narrowing.entry),
            None => values.push((key, vec![&narrowing.entry])),
        }
    }
    let words = |((pool, value), entries): ((&str, &str), Vec<&str>)| {
        format!(
            "`set {value} = …` in pool {pool} would let less through for {}",
            entries.join(", ")
        )
    };
    values.into_iter().map(words).collect()
}

/// The names that somebody requires, that firewall rules let out, and that could have private endpoints.
fn private_instead(summary: &Compile<'_>) -> Option<String> {
    let by_firewall = summary.deliveries.iter().filter_map(|delivery| {
        let requirement = summary.intent.requirements.get(delivery.requirement)?;
        let ruled = matches!(delivery.mechanism, Mechanism::Firewall(_));
        // What catalogs ask for is mostly Microsoft's own.
        (ruled && requirement.level.is_none()).then_some(requirement)
    });
    let names = by_firewall.flat_map(|requirement| {
        let destinations = requirement.destinations.iter();
        destinations.filter_map(|destination| match &destination.value {
            Destination::Fqdn(FqdnPattern::Exact(name)) => Some(name),
            _ => None,
        })
    });
    let of_service = |name: &&Fqdn| {
        let known = Facts::builtin().service_of(name, summary.estate.cloud);
        known.is_some_and(|(_, end)| end.group.is_some())
    };
    let names: BTreeSet<&Fqdn> = names.filter(of_service).collect();
    let first = names.first()?;
    let more = match names.len() - 1 {
        0 => String::new(),
        more => format!(" and {}", counted(more, "more name", "more names")),
    };
    Some(format!(
        "{first}{more} could have a private endpoint: what leads to one needs no firewall rule"
    ))
}

/// That assertions are judged, and how to tell which of them are proved.
#[must_use]
pub fn judged_assertions(intent: &Intent) -> Option<String> {
    match intent.assertions.len() {
        0 => None,
        count => Some(format!(
            "{} proved for all flows, but for those that TG7011, TG8002 or an ignore is about",
            counted(count, "assertion", "assertions")
        )),
    }
}

/// What each holder uses of its limits, a line for each holder.
fn limits(usages: &[Usage<'_>]) -> Vec<String> {
    let mut holders: Vec<(&str, Vec<String>)> = Vec::new();
    for usage in usages
        .iter()
        .filter(|usage| usage.fact.bound == Bound::Maximum && usage.count > 0)
    {
        let text = format!(
            "{} {} of {}",
            usage.counted,
            grouped(usage.count),
            grouped(usage.fact.value)
        );
        // The counts of one holder follow each other.
        match holders.last_mut() {
            Some((holder, texts)) if *holder == usage.holder => texts.push(text),
            _ => holders.push((&usage.holder, vec![text])),
        }
    }
    holders
        .into_iter()
        .map(|(holder, texts)| format!("{holder}: {}", texts.join(", ")))
        .collect()
}

fn requirements(summary: &Compile<'_>) -> String {
    let total = summary.deliveries.len();
    let count = |wanted: fn(&Mechanism) -> bool| {
        summary
            .deliveries
            .iter()
            .filter(|delivery| wanted(&delivery.mechanism))
            .count()
    };
    let waiting = count(|mechanism| *mechanism == Mechanism::Waits);
    let unmet = count(|mechanism| *mechanism == Mechanism::Unmet);
    let group = count(|mechanism| *mechanism == Mechanism::ExistingSecurityGroup);
    let appliance = count(|mechanism| *mechanism == Mechanism::OtherAppliance);
    let met = total - waiting - unmet - group - appliance;
    let mut ways: Vec<(&str, usize)> = Vec::new();
    for delivery in summary.deliveries {
        let words: Vec<&str> = match &delivery.mechanism {
            Mechanism::Firewall(forms) => forms.iter().map(|form| rule_form(*form)).collect(),
            Mechanism::Inside => vec!["by routes inside the network"],
            Mechanism::AllowList => vec!["by the allow list of an appliance"],
            Mechanism::PrivateEndpoint => vec!["by private endpoint"],
            Mechanism::SecurityRules => vec!["by security rules only"],
            Mechanism::Nothing => vec!["with no gate at all"],
            Mechanism::OfService => {
                vec!["by what the service makes in its own network, without a gate"]
            }
            Mechanism::Waits
            | Mechanism::Unmet
            | Mechanism::ExistingSecurityGroup
            | Mechanism::OtherAppliance => Vec::new(),
        };
        for word in words {
            match ways.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => ways.push((word, 1)),
            }
        }
    }
    let ways: Vec<String> = ways
        .iter()
        .map(|(way, count)| format!("{count} {way}"))
        .collect();
    let ways = if ways.is_empty() {
        String::new()
    } else {
        format!(" ({})", ways.join(", "))
    };
    let waiting = match waiting {
        0 => String::new(),
        1 => "; 1 waits for its value".to_owned(),
        many => format!("; {many} wait for their values"),
    };
    // What decides these is not part of the policy, so nothing here says that they are met.
    let left = |count, to| match count {
        0 => String::new(),
        count => format!("; {count} left to {to}"),
    };
    let group = left(group, "an existing security group");
    let appliance = left(appliance, "another appliance");
    format!("{met} of {total} met{ways}{waiting}{group}{appliance}")
}

fn rule_form(form: RuleForm) -> &'static str {
    match form {
        RuleForm::Application => "by application rule",
        RuleForm::Network => "by network rule",
        RuleForm::NetworkByName => "by network rule with a name",
    }
}

/// What the types of resources are called, one and many.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "applicationSecurityGroups",
        "application security group",
        "application security groups",
    ),
    ("routeTables", "route table", "route tables"),
    (
        "networkSecurityGroups",
        "network security group",
        "network security groups",
    ),
    ("ipGroups", "IP group", "IP groups"),
    ("publicIPAddresses", "public IP", "public IPs"),
    ("natGateways", "NAT gateway", "NAT gateways"),
    ("virtualNetworks", "virtual network", "virtual networks"),
    ("virtualWans", "virtual WAN", "virtual WANs"),
    ("virtualHubs", "virtual hub", "virtual hubs"),
    (
        "hubVirtualNetworkConnections",
        "hub connection",
        "hub connections",
    ),
    ("routingIntent", "routing intent", "routing intents"),
    ("subnets", "subnet", "subnets"),
    ("virtualNetworkPeerings", "peering", "peerings"),
    ("firewallPolicies", "firewall policy", "firewall policies"),
    (
        "ruleCollectionGroups",
        "rule collection group",
        "rule collection groups",
    ),
    ("azureFirewalls", "firewall", "firewalls"),
    ("privateDnsZones", "private DNS zone", "private DNS zones"),
    ("virtualNetworkLinks", "zone link", "zone links"),
    ("A", "address record", "address records"),
    ("AAAA", "IPv6 address record", "IPv6 address records"),
    ("CNAME", "alias record", "alias records"),
    ("userAssignedIdentities", "identity", "identities"),
    ("roleDefinitions", "custom role", "custom roles"),
    ("roleAssignments", "role assignment", "role assignments"),
];

/// How many resources of each type, in the order of the template, and how many rules are in them.
fn emitted(template: &Template) -> String {
    let mut counts: Vec<(&str, usize, usize)> = Vec::new();
    for resource in &template.resources {
        let kind = resource.target.kind.rsplit('/').next().unwrap_or_default();
        let parts = parts(&resource.properties);
        match counts.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, count, all)) => {
                *count += 1;
                *all += parts;
            }
            None => counts.push((kind, 1, parts)),
        }
    }
    let words = |(kind, count, parts): &(&str, usize, usize)| {
        let (one, many) = KINDS
            .iter()
            .find(|(known, ..)| known == kind)
            .map_or((*kind, *kind), |(_, one, many)| (one, many));
        let resources = counted(*count, one, many);
        match *kind {
            "routeTables" => format!("{resources} ({})", counted(*parts, "route", "routes")),
            "networkSecurityGroups" | "ruleCollectionGroups" => {
                format!("{resources} ({})", counted(*parts, "rule", "rules"))
            }
            _ => resources,
        }
    };
    if counts.is_empty() {
        return "nothing".to_owned();
    }
    counts.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// How many routes or rules a resource has.
fn parts(properties: &[(&'static str, Value)]) -> usize {
    properties
        .iter()
        .map(|(key, value)| match (*key, value) {
            ("routes" | "securityRules" | "rules", Value::List(items)) => items.len(),
            ("ruleCollections", Value::List(collections)) => collections
                .iter()
                .map(|collection| {
                    if let Value::Object(fields) = collection {
                        parts(fields)
                    } else {
                        0
                    }
                })
                .sum(),
            _ => 0,
        })
        .sum()
}
