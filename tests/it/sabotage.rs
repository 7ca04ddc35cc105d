//! The proof has teeth: whatever is spoiled in an emitted template, it is noticed.
//!
//! Each kind of sabotage changes a template in one way. Templates of several policies, in both firewall models, are
//! spoiled in every way that applies to them; each has to be refused.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::{Value, json};
use tidegate::azure::facts::Facts;
use tidegate::azure::{
    Announced, Dataplane, Flow, Sender, Verdict, sample_service, sample_targets,
};
use tidegate::cli::{Analysis, analyse, prove_template};
use tidegate::compile::FirewallModel;
use tidegate::emit::{self, Format};
use tidegate::estate::Estate;
use tidegate::explain::fqdn_tag_contents;

use super::support::{Project, options};

/// The templates that are spoiled.
const TEMPLATES: [(&str, FirewallModel); 8] = [
    ("policies/hdinsight-on-aks.egress", FirewallModel::Policy),
    ("policies/hdinsight-on-aks.egress", FirewallModel::Classic),
    ("policies/hub-spoke.egress", FirewallModel::Policy),
    ("policies/aks.egress", FirewallModel::Policy),
    ("policies/aks-china.egress", FirewallModel::Classic),
    (
        "policies/hdinsight-on-aks-load-balancer.egress",
        FirewallModel::Policy,
    ),
    ("fixtures/proof/spoilt.egress", FirewallModel::Policy),
    ("fixtures/proof/spoilt.egress", FirewallModel::Classic),
];

/// The first element of all those at a path that a change applies to is changed.
type Change = fn(&mut Value) -> bool;

/// What is spoiled: a name, where, and how. In a path `*` stands for every element, and a word in brackets for
/// resources of a type.
const SABOTAGE: &[(&str, &str, Change)] = &[
    ("a default route is half as wide", ROUTES, |it| {
        set_if(it, "/properties/addressPrefix", "0.0.0.0/0", "128.0.0.0/1")
    }),
    ("a route leads to the Internet", ROUTES, |it| {
        it["properties"]["nextHopType"] = json!("Internet");
        take(&mut it["properties"], "nextHopIpAddress")
    }),
    ("a route leads nowhere", ROUTES, |it| {
        it["properties"]["nextHopType"] = json!("None");
        take(&mut it["properties"], "nextHopIpAddress")
    }),
    ("a route leads to the address beside", ROUTES, |it| {
        it["properties"]["nextHopIpAddress"] = json!("10.99.0.5");
        true
    }),
    ("the routes are lost", TABLES, |it| {
        empty(it, "/properties/routes")
    }),
    ("a route goes past the firewall", TABLES, |it| {
        push(
            it,
            "/properties/routes",
            json!({"name": "more", "properties": {"addressPrefix": "20.0.0.0/8", "nextHopType": "Internet"}}),
        )
    }),
    ("a route drops", TABLES, |it| {
        push(
            it,
            "/properties/routes",
            json!({"name": "more", "properties": {"addressPrefix": "192.168.0.0/16", "nextHopType": "None"}}),
        )
    }),
    ("a table takes in the routes of gateways", TABLES, |it| {
        set_if(it, "/properties/disableBgpRoutePropagation", true, false)
    }),
    ("a subnet loses its route table", SUBNETS, |it| {
        take(&mut it["properties"], "routeTable")
    }),
    ("a subnet has another route table", SUBNETS, |it| {
        set_text(
            it,
            "/properties/routeTable/id",
            "[resourceId('Microsoft.Network/routeTables', 'nobody')]",
        )
    }),
    ("a subnet has another security group", SUBNETS, |it| {
        set_text(
            it,
            "/properties/networkSecurityGroup/id",
            "[resourceId('Microsoft.Network/networkSecurityGroups', 'nobody')]",
        )
    }),
    ("a subnet is half as large", SUBNETS, |it| {
        narrow(it, "/properties/addressPrefix")
    }),
    ("a subnet has another name", SUBNETS, |it| {
        it["name"] = json!("elsewhere");
        true
    }),
    (
        "a subnet reaches storage by service endpoint",
        SUBNETS,
        |it| {
            if it["properties"]["routeTable"].is_null() {
                return false;
            }
            it["properties"]["serviceEndpoints"] = json!([{"service": "Microsoft.Storage"}]);
            true
        },
    ),
    (
        "a subnet is lost",
        "[virtualNetworks]/properties/subnets",
        |it| {
            let all = it.as_array_mut().unwrap();
            let place = all
                .iter()
                .position(|one| one["properties"]["routeTable"].is_object());
            place.map(|place| all.remove(place)).is_some()
        },
    ),
    ("the DNS servers are others", VNETS, |it| {
        set_value(
            it,
            "/properties/dhcpOptions/dnsServers",
            json!(["10.99.0.53"]),
        )
    }),
    ("the DNS servers are lost", VNETS, |it| {
        take(&mut it["properties"], "dhcpOptions")
    }),
    ("a peering is lost", "", |it| {
        remove(it, "virtualNetworkPeerings")
    }),
    (
        "a peering takes no forwarded traffic",
        "[virtualNetworkPeerings]",
        |it| set_if(it, "/properties/allowForwardedTraffic", true, false),
    ),
    (
        "a peering gives no access",
        "[virtualNetworkPeerings]",
        |it| set_if(it, "/properties/allowVirtualNetworkAccess", true, false),
    ),
    (
        "a peering leads elsewhere",
        "[virtualNetworkPeerings]",
        |it| {
            set_text(
                it,
                "/properties/remoteVirtualNetwork/id",
                "[resourceId('Microsoft.Network/virtualNetworks', 'nowhere')]",
            )
        },
    ),
    ("a security group denies HTTPS", GROUPS, |it| {
        push(
            it,
            "/properties/securityRules",
            security_rule("Outbound", "Deny", "443"),
        )
    }),
    ("a security group lets everybody in", GROUPS, |it| {
        push(
            it,
            "/properties/securityRules",
            security_rule("Inbound", "Allow", "22"),
        )
    }),
    (
        "a security rule denies",
        "[networkSecurityGroups]/properties/securityRules/*",
        |it| {
            let out = it["properties"]["direction"] == "Outbound";
            out && set_if(it, "/properties/access", "Allow", "Deny")
        },
    ),
    (
        "a security rule allows what it denied",
        "[networkSecurityGroups]/properties/securityRules/*",
        |it| set_if(it, "/properties/access", "Deny", "Allow"),
    ),
    (
        "a denying security rule comes last",
        "[networkSecurityGroups]/properties/securityRules/*",
        |it| {
            let denies = it["properties"]["access"] == "Deny";
            it["properties"]["priority"] = json!(4096);
            denies
        },
    ),
    (
        "a denying security rule is lost",
        "[networkSecurityGroups]/properties/securityRules",
        |it| {
            let all = it.as_array_mut().unwrap();
            let place = all
                .iter()
                .position(|one| one["properties"]["access"] == "Deny");
            place.map(|place| all.remove(place)).is_some()
        },
    ),
    (
        "a denying security rule misses a port",
        "[networkSecurityGroups]/properties/securityRules/*",
        |it| {
            it["properties"]["access"] == "Deny"
                && set_if(it, "/properties/destinationPortRange", "25", "26")
        },
    ),
    ("a collection is lost", COLLECTIONS, |it| pop(it)),
    ("a collection denies", ONE_COLLECTION, |it| {
        set_if_either(it, "Allow", "Deny")
    }),
    ("a denying collection allows", ONE_COLLECTION, |it| {
        set_if_either(it, "Deny", "Allow")
    }),
    (
        "a denying collection comes after the others",
        ONE_COLLECTION,
        |it| {
            let denies = action(it) == "Deny";
            match it.pointer_mut("/properties/priority") {
                Some(priority) => *priority = json!(64999),
                None => it["priority"] = json!(64999),
            }
            denies
        },
    ),
    ("an application rule is lost", APPLICATION_RULES, |it| {
        pop(it)
    }),
    ("a network rule is lost", NETWORK_RULES, |it| pop(it)),
    ("a rule misses one of its names", APPLICATION_RULE, |it| {
        it["targetFqdns"]
            .as_array()
            .is_some_and(|all| all.len() > 1)
            && pop(&mut it["targetFqdns"])
    }),
    ("a name has a letter less", APPLICATION_RULE, |it| {
        edit(it, "/targetFqdns/0", |name| {
            let mut letters = name.chars();
            letters.next_back();
            letters.as_str().to_owned()
        })
    }),
    ("a name is a wildcard", APPLICATION_RULE, |it| {
        edit(it, "/targetFqdns/0", |name| {
            name.split_once('.')
                .filter(|(host, _)| *host != "*")
                .map_or_else(|| "*".to_owned(), |(_, rest)| format!("*.{rest}"))
        })
    }),
    ("a wildcard is everything", APPLICATION_RULE, |it| {
        edit(it, "/targetFqdns/0", |name| {
            if name.starts_with('*') {
                "*".to_owned()
            } else {
                name.to_owned()
            }
        })
    }),
    (
        "an application rule takes another port",
        APPLICATION_RULE,
        |it| set_if(it, "/protocols/0/port", 443, 8443),
    ),
    (
        "an application rule takes another protocol",
        APPLICATION_RULE,
        |it| set_if(it, "/protocols/0/protocolType", "Https", "Http"),
    ),
    (
        "an application rule takes a port more",
        APPLICATION_RULE,
        |it| {
            push(
                it,
                "/protocols",
                json!({"protocolType": "Https", "port": 4443}),
            )
        },
    ),
    (
        "an application rule has another FQDN tag",
        APPLICATION_RULE,
        |it| set_value(it, "/fqdnTags", json!(["WindowsUpdate"])),
    ),
    (
        "an application rule takes a web category too",
        APPLICATION_RULE,
        |it| {
            it["webCategories"] = json!(["gambling"]);
            action_is_application(it)
        },
    ),
    ("an application rule opens TLS", APPLICATION_RULE, |it| {
        it["terminateTLS"] = json!(true);
        it["protocols"][0]["protocolType"] == "Https"
    }),
    (
        "an application rule is for one machine",
        APPLICATION_RULE,
        |it| sources(it, "10.250.0.4"),
    ),
    ("a network rule has another port", NETWORK_RULE, |it| {
        set_value(it, "/destinationPorts", json!(["9"]))
    }),
    ("a network rule has every port", NETWORK_RULE, |it| {
        set_value(it, "/destinationPorts", json!(["*"]))
    }),
    ("a network rule has a port more", NETWORK_RULE, |it| {
        push(it, "/destinationPorts", json!("40000"))
    }),
    ("a network rule has another protocol", NETWORK_RULE, |it| {
        set_if_any(it, &["/ipProtocols/0", "/protocols/0"], "TCP", "UDP")
    }),
    ("a network rule has a protocol more", NETWORK_RULE, |it| {
        push_any(it, &["/ipProtocols", "/protocols"], json!("UDP"))
    }),
    ("a prefix is one bit wider", NETWORK_RULE, |it| {
        edit(it, "/destinationAddresses/0", widen)
    }),
    ("a prefix is one bit narrower", NETWORK_RULE, |it| {
        narrow(it, "/destinationAddresses/0")
    }),
    ("a tag is that of the whole cloud", NETWORK_RULE, |it| {
        edit(it, "/destinationAddresses/0", |tag| {
            tag.split_once('.')
                .filter(|_| tag.starts_with(|first: char| first.is_ascii_alphabetic()))
                .map_or_else(|| tag.to_owned(), |(service, _)| service.to_owned())
        })
    }),
    ("a tag is that of another region", NETWORK_RULE, |it| {
        edit(it, "/destinationAddresses/0", |tag| {
            tag.split_once('.')
                .filter(|_| tag.starts_with(|first: char| first.is_ascii_alphabetic()))
                .map_or_else(
                    || tag.to_owned(),
                    |(service, _)| format!("{service}.EastUS"),
                )
        })
    }),
    ("a name in a network rule is another", NETWORK_RULE, |it| {
        edit(it, "/destinationFqdns/0", |name| format!("x{name}"))
    }),
    ("a network rule is for one machine", NETWORK_RULE, |it| {
        sources(it, "10.250.0.4")
    }),
    (
        "a network rule is for half of the machines",
        NETWORK_RULE,
        |it| narrow(it, "/sourceAddresses/0"),
    ),
    ("a network rule lets everything out", NETWORK_RULES, |it| {
        let mut first = it[0].clone();
        first["name"] = json!("everything");
        first["destinationAddresses"] = json!(["*"]);
        first["destinationPorts"] = json!(["*"]);
        for key in ["destinationFqdns", "destinationIpGroups"] {
            take(&mut first, key);
        }
        it.as_array_mut().unwrap().push(first);
        true
    }),
    (
        "an application rule lets every name out",
        APPLICATION_RULES,
        |it| {
            let mut first = it[0].clone();
            first["name"] = json!("everything");
            first["targetFqdns"] = json!(["*"]);
            take(&mut first, "fqdnTags");
            it.as_array_mut().unwrap().push(first);
            true
        },
    ),
    ("an IP group lacks a member", "[ipGroups]", |it| {
        pop(&mut it["properties"]["ipAddresses"])
    }),
    ("a rule collection group is lost", "", |it| {
        remove(it, "ruleCollectionGroups")
    }),
    (
        "a rule collection group is that of another policy",
        "[ruleCollectionGroups]",
        |it| edit(it, "/name", |name| format!("other{name}")),
    ),
    ("the DNS proxy is off", "[firewallPolicies]", |it| {
        set_if(it, "/properties/dnsSettings/enableProxy", true, false)
    }),
    ("a policy translates nothing", "[firewallPolicies]", |it| {
        it["properties"]["snat"] = json!({"privateRanges": ["0.0.0.0/0"]});
        true
    }),
    (
        "a policy has a parent that nobody knows",
        "[firewallPolicies]",
        |it| {
            it["properties"]["basePolicy"] =
                json!({"id": "[resourceId('Microsoft.Network/firewallPolicies', 'base')]"});
            true
        },
    ),
    ("a firewall has no policy", "[azureFirewalls]", |it| {
        take(&mut it["properties"], "firewallPolicy")
    }),
    ("a firewall has another policy", "[azureFirewalls]", |it| {
        set_text(
            it,
            "/properties/firewallPolicy/id",
            "[resourceId('Microsoft.Network/firewallPolicies', 'other')]",
        )
    }),
    (
        "a firewall has no public address",
        "[azureFirewalls]",
        |it| empty(it, "/properties/ipConfigurations"),
    ),
    ("a firewall is lost", "", |it| remove(it, "azureFirewalls")),
    ("a security group is lost", "", |it| {
        remove(it, "networkSecurityGroups")
    }),
    ("a route table is lost", "", |it| remove(it, "routeTables")),
    ("a network is lost", "", |it| remove(it, "virtualNetworks")),
    ("the identity has another role", "[roleAssignments]", |it| {
        set_text(
            it,
            "/properties/roleDefinitionId",
            "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')]",
        )
    }),
    ("the identity has a role less", "", |it| {
        remove(it, "roleAssignments")
    }),
];

const ROUTES: &str = "[routeTables]/properties/routes/*";
const TABLES: &str = "[routeTables]";
const VNETS: &str = "[virtualNetworks]";
const SUBNETS: &str = "[virtualNetworks]/properties/subnets/*";
const GROUPS: &str = "[networkSecurityGroups]";
const COLLECTIONS: &str = "collections";
const ONE_COLLECTION: &str = "collection";
const NETWORK_RULES: &str = "network rules";
const NETWORK_RULE: &str = "network rule";
const APPLICATION_RULES: &str = "application rules";
const APPLICATION_RULE: &str = "application rule";

fn action(collection: &Value) -> &Value {
    let policy = collection.pointer("/action/type");
    policy
        .or(collection.pointer("/properties/action/type"))
        .unwrap_or(&Value::Null)
}

fn action_is_application(rule: &Value) -> bool {
    rule["targetFqdns"].is_array()
}

fn set_value(it: &mut Value, path: &str, value: Value) -> bool {
    match it
        .pointer_mut(path)
        .filter(|before| !before.is_null() && **before != value)
    {
        Some(before) => {
            *before = value;
            true
        }
        None => false,
    }
}

fn set_text(it: &mut Value, path: &str, text: &str) -> bool {
    set_value(it, path, json!(text))
}

fn set_if(it: &mut Value, path: &str, before: impl Into<Value>, after: impl Into<Value>) -> bool {
    it.pointer(path) == Some(&before.into()) && set_value(it, path, after.into())
}

fn set_if_any(it: &mut Value, paths: &[&str], before: &str, after: &str) -> bool {
    paths.iter().any(|path| set_if(it, path, before, after))
}

fn set_if_either(collection: &mut Value, before: &str, after: &str) -> bool {
    set_if_any(
        collection,
        &["/action/type", "/properties/action/type"],
        before,
        after,
    )
}

fn push(it: &mut Value, path: &str, value: Value) -> bool {
    let list = it.pointer_mut(path).and_then(Value::as_array_mut);
    list.map(|list| list.insert(0, value)).is_some()
}

fn push_any(it: &mut Value, paths: &[&str], value: Value) -> bool {
    paths.iter().any(|path| {
        let known = it.pointer(path).and_then(Value::as_array);
        known.is_some_and(|all| all == &[json!("TCP")]) && push(it, path, value.clone())
    })
}

fn pop(list: &mut Value) -> bool {
    list.as_array_mut().is_some_and(|list| list.pop().is_some())
}

fn empty(it: &mut Value, path: &str) -> bool {
    set_value(it, path, json!([]))
}

fn take(it: &mut Value, key: &str) -> bool {
    it.as_object_mut()
        .is_some_and(|object| object.shift_remove(key).is_some())
}

fn edit(it: &mut Value, path: &str, change: fn(&str) -> String) -> bool {
    let Some(text) = it.pointer(path).and_then(Value::as_str) else {
        return false;
    };
    let after = change(text);
    after != text && set_text(it, path, &after)
}

fn widen(prefix: &str) -> String {
    let Ok(prefix) = prefix.parse::<ipnet::Ipv4Net>() else {
        return prefix.to_owned();
    };
    prefix.supernet().unwrap().to_string()
}

fn narrow(it: &mut Value, path: &str) -> bool {
    edit(it, path, |prefix| match prefix.parse::<ipnet::Ipv4Net>() {
        Ok(net) if net.prefix_len() < 30 => net
            .subnets(net.prefix_len() + 1)
            .unwrap()
            .next()
            .unwrap()
            .to_string(),
        _ => prefix.to_owned(),
    })
}

fn sources(it: &mut Value, address: &str) -> bool {
    take(it, "sourceIpGroups");
    it["sourceAddresses"] = json!([address]);
    it["destinationAddresses"].is_array() || it["targetFqdns"].is_array()
}

fn security_rule(direction: &str, access: &str, port: &str) -> Value {
    json!({"name": "sabotage", "properties": {
        "priority": 101, "direction": direction, "access": access, "protocol": "Tcp",
        "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": port,
    }})
}

fn is_kind(resource: &Value, kind: &str) -> bool {
    resource["type"]
        .as_str()
        .is_some_and(|it| it.ends_with(&format!("/{kind}")))
}

fn remove(template: &mut Value, kind: &str) -> bool {
    let resources = template["resources"].as_array_mut().unwrap();
    let place = resources.iter().position(|it| is_kind(it, kind));
    place.map(|place| resources.remove(place)).is_some()
}

/// Every place that a path leads to.
fn places<'v>(template: &'v mut Value, path: &str) -> Vec<&'v mut Value> {
    let (application, network) = match path {
        "" => return vec![template],
        COLLECTIONS => return lists(template, true, true),
        ONE_COLLECTION => return each(lists(template, true, true)),
        NETWORK_RULES | NETWORK_RULE => (false, true),
        APPLICATION_RULES | APPLICATION_RULE => (true, false),
        _ => {
            let (kind, rest) = path.strip_prefix('[').unwrap().split_once(']').unwrap();
            let resources = template["resources"].as_array_mut().unwrap().iter_mut();
            let resources = resources.filter(|it| is_kind(it, kind));
            return match rest.strip_suffix("/*") {
                Some(rest) => each(resources.filter_map(|it| it.pointer_mut(rest)).collect()),
                None => resources.filter_map(|it| it.pointer_mut(rest)).collect(),
            };
        }
    };
    let collections = each(lists(template, application, network));
    let rules = collections.into_iter().filter_map(|it| {
        let classic = it["properties"]["rules"].is_array();
        let rules = if classic {
            &mut it["properties"]["rules"]
        } else {
            &mut it["rules"]
        };
        let first = rules[0].clone();
        let by_name = first["targetFqdns"].is_array() || first["fqdnTags"].is_array();
        (by_name == application).then_some(rules)
    });
    let rules: Vec<&mut Value> = rules.collect();
    if matches!(path, NETWORK_RULE | APPLICATION_RULE) {
        each(rules)
    } else {
        rules
    }
}

/// The lists of collections, of policies and of firewalls.
fn lists(template: &mut Value, application: bool, network: bool) -> Vec<&mut Value> {
    let resources = template["resources"].as_array_mut().unwrap().iter_mut();
    let mut lists = Vec::new();
    for resource in resources {
        // A group that waits for a value is not deployed yet.
        if is_kind(resource, "ruleCollectionGroups") && resource["condition"].is_null() {
            lists.extend(resource.pointer_mut("/properties/ruleCollections"));
        } else if is_kind(resource, "azureFirewalls") {
            let properties = resource["properties"].as_object_mut().unwrap();
            for (key, list) in properties.iter_mut() {
                let wanted = (application && key == "applicationRuleCollections")
                    || (network && key == "networkRuleCollections");
                lists.extend(wanted.then_some(list));
            }
        }
    }
    lists
}

fn each(lists: Vec<&mut Value>) -> Vec<&mut Value> {
    lists
        .into_iter()
        .filter_map(Value::as_array_mut)
        .flatten()
        .collect()
}

/// The template spoiled at each place that a kind of sabotage applies to.
fn spoiled<'t>(
    template: &'t Value,
    path: &'static str,
    change: Change,
) -> impl Iterator<Item = Value> + 't {
    let count = places(&mut template.clone(), path).len();
    (0..count).filter_map(move |at| {
        let mut copy = template.clone();
        let place = places(&mut copy, path).into_iter().nth(at).unwrap();
        change(place).then_some(copy)
    })
}

fn template_of(path: &str, model: FirewallModel) -> (Analysis, Value) {
    let analysis = analyse(Utf8Path::new(path), &Project, &options(model)).unwrap();
    let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    let text = emit::render(&template, Format::Arm);
    (analysis, serde_json::from_str(&text).unwrap())
}

/// What becomes of flows to all that the policy needs and to some of what it does not, one by one.
fn verdicts(analysis: &Analysis, estate: &Estate) -> Vec<Verdict> {
    let plane = Dataplane::new(estate, Facts::builtin(), None)
        .with_fqdn_tags(fqdn_tag_contents(&analysis.catalogs, &analysis.estate));
    let mut verdicts = Vec::new();
    for requirement in &analysis.intent.requirements {
        let pool = &analysis.estate.pools[requirement.pool];
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            let path = analysis.estate.subnet_path(subnet);
            let Some(subnet) = estate.subnet_at(&path) else {
                continue;
            };
            for destination in &requirement.destinations {
                for service in &requirement.services {
                    let (transport, port) = sample_service(service.value);
                    for to in sample_targets(&plane, &destination.value).unwrap_or_default() {
                        let address = plane.some_address(subnet).unwrap();
                        for port in [port, 22, 25, 443] {
                            let flow = Flow {
                                from: Sender::Inside { subnet, address },
                                to: to.clone(),
                                transport,
                                port,
                                announced: Announced::Target,
                                at_once: None,
                            };
                            verdicts.push(plane.trace(&flow).verdict);
                        }
                    }
                }
            }
        }
    }
    verdicts
}

/// Of one template which kinds of sabotage are noticed. What is not noticed has to change nothing that the evaluator of
/// single flows sees.
fn tried(path: &str, model: FirewallModel) -> (BTreeSet<&'static str>, usize) {
    const MOST: usize = 3;
    let (analysis, template) = template_of(path, model);
    let text = template.to_string();
    let whole = match prove_template(&analysis, &text) {
        Ok(proof) => verdicts(&analysis, &proof.network),
        Err(disproof) => panic!("{path} {model:?}: {:?}", disproof.objections),
    };
    let (mut noticed, mut count) = (BTreeSet::new(), 0);
    for (name, place, change) in SABOTAGE {
        for template in spoiled(&template, place, *change).take(MOST) {
            count += 1;
            match prove_template(&analysis, &template.to_string()) {
                Err(_) => {
                    noticed.insert(*name);
                    break;
                }
                Ok(proof) => assert_eq!(
                    verdicts(&analysis, &proof.network),
                    whole,
                    "{path} {model:?}: {name}"
                ),
            }
        }
    }
    for cut in [text.len() / 2, text.len() - 1] {
        assert!(
            prove_template(&analysis, text.get(..cut).unwrap()).is_err(),
            "{path} cut short"
        );
    }
    (noticed, count)
}

/// Resources by symbolic names, as Bicep builds them, are read just as well.
#[test]
fn what_bicep_builds_is_proved_too() {
    for (path, model) in TEMPLATES {
        let analysis = analyse(Utf8Path::new(path), &Project, &options(model)).unwrap();
        let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
        let built = emit::built(&template);
        assert!(built.contains("\"languageVersion\": \"2.0\""), "{built}");
        if let Err(disproof) = prove_template(&analysis, &built) {
            panic!("{path} {model:?}: {:?}\n{built}", disproof.objections);
        }
        let spoiled = built.replacen("\"0.0.0.0/0\"", "\"0.0.0.0/1\"", 1);
        assert!(
            spoiled == built || prove_template(&analysis, &spoiled).is_err(),
            "{path}"
        );
    }
}

#[test]
fn whatever_is_spoiled_is_noticed() {
    let results = std::thread::scope(|scope| {
        let threads = TEMPLATES.map(|(path, model)| scope.spawn(move || tried(path, model)));
        threads.map(|thread| thread.join().unwrap())
    });
    let count: usize = results.iter().map(|(_, count)| count).sum();
    let noticed: BTreeSet<&str> = results
        .into_iter()
        .flat_map(|(noticed, _)| noticed)
        .collect();
    println!(
        "{count} spoiled templates, {} kinds of sabotage",
        noticed.len()
    );
    let kinds = SABOTAGE.iter().map(|it| it.0);
    let unnoticed: Vec<&str> = kinds.filter(|it| !noticed.contains(it)).collect();
    assert_eq!(unnoticed, [""; 0]);
}
