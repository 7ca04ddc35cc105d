//! What only the deployment will tell of a network, one message for each parameter or expression.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::diag::{Finding, Id};

use super::resource::Resource;
use super::value::{Data, Symbol, Value, Why};

/// Types whose values decide where packets go.
const KINDS: [&str; 7] = [
    "microsoft.network/virtualnetworks",
    "microsoft.network/routetables",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/azurefirewalls",
    "microsoft.network/firewallpolicies",
    "microsoft.network/ipgroups",
    "microsoft.containerservice/managedclusters",
];

/// Properties that decide where packets go.
const PROPERTIES: [&str; 32] = [
    "access",
    "addressPrefix",
    "addressPrefixes",
    "applicationRuleCollections",
    "destinationAddresses",
    "destinationAddressPrefix",
    "destinationAddressPrefixes",
    "destinationFqdns",
    "destinationPortRange",
    "destinationPortRanges",
    "destinationPorts",
    "direction",
    "dnsServers",
    "ipAddresses",
    "networkRuleCollections",
    "nextHopIpAddress",
    "nextHopType",
    "outboundType",
    "priority",
    "protocol",
    "routes",
    "ruleCollections",
    "rules",
    "securityRules",
    "sourceAddresses",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "sourcePortRange",
    "sourcePortRanges",
    "subnets",
    "targetFqdns",
    "natRuleCollections",
];

/// Where an unknown value is used.
struct Uses {
    symbol: Arc<Symbol>,
    first: Span,
    count: usize,
}

/// One message for each parameter without a value, and for each expression that only Azure can evaluate.
pub(super) fn findings(resources: &[Resource]) -> Vec<Finding> {
    let mut uses: BTreeMap<(SmolStr, Option<Span>), Uses> = BTreeMap::new();
    for resource in resources {
        if KINDS.iter().any(|kind| resource.id.kind.starts_with(kind)) {
            visit(&resource.whole, false, &mut uses);
        }
    }
    uses.values().map(finding).collect()
}

fn visit(value: &Value, counts: bool, uses: &mut BTreeMap<(SmolStr, Option<Span>), Uses>) {
    match &value.data {
        Data::Object(object) => {
            for member in &object.members {
                let mut properties = PROPERTIES.iter();
                let decides = properties.any(|name| member.key.eq_ignore_ascii_case(name));
                visit(&member.value, decides, uses);
            }
        }
        Data::Array(items) => items.iter().for_each(|item| visit(item, counts, uses)),
        _ if counts => {
            if let Some(symbol) = value.unknown() {
                note(symbol, value.span, uses);
            }
        }
        _ => {}
    }
}

fn note(symbol: &Arc<Symbol>, span: Span, uses: &mut BTreeMap<(SmolStr, Option<Span>), Uses>) {
    let key = match &symbol.why {
        Why::NoValue {
            parameter,
            declared,
        } => (parameter.clone(), *declared),
        Why::RunTime => (symbol.text.clone(), None),
        // There is a message about it already, or nobody can ever tell.
        Why::Wrong | Why::NotUnderstood | Why::TooLarge | Why::NotFound | Why::Unrepeatable => {
            return;
        }
    };
    let entry = uses.entry(key).or_insert_with(|| Uses {
        symbol: Arc::clone(symbol),
        first: span,
        count: 0,
    });
    entry.count += 1;
}

fn finding(uses: &Uses) -> Finding {
    let values = match uses.count {
        1 => "a value of the network depends on it".to_owned(),
        count => format!("{count} values of the network depend on it"),
    };
    match &uses.symbol.why {
        Why::NoValue {
            parameter,
            declared: Some(declared),
        } => Finding::new(
            Id::TG0031,
            format!("parameter `{parameter}` has no value: {values}"),
        )
        .at(*declared, "no default, and no parameter file gives it")
        .related(uses.first, "used here")
        .help("give it a value with --parameters FILE; until then verdicts that depend on it are uncertain"),
        _ => Finding::new(
            Id::TG0031,
            format!("only Azure knows `{}` when the template runs: {values}", uses.symbol),
        )
        .at(uses.first, "not known")
        .help("verdicts that depend on it are uncertain; an export of what is deployed tells it"),
    }
}
