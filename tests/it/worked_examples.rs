//! What Azure's documents say that happens, example by example. Every table names the page its cases come from.

use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, ServiceTags, Stage, Trace, Verdict};
use tidegate::base::SourceMap;
use tidegate::estate::Estate;
use tidegate::explain::{parse_sender, parse_target};
use tidegate::net::FqdnPattern;
use tidegate::syntax::{Parameters, lower, parse};

use super::policy::{built_in, lines};

/// The estate of a policy without mistakes.
pub(crate) fn estate(text: &str) -> Estate {
    let (mut sources, library): (SourceMap, _) = built_in();
    let text = format!("egress 1\nregion westeurope\n{text}");
    let file = sources.add("policy.egress", text.clone());
    let parsed = parse(&sources, file);
    assert_eq!(lines(&sources, &parsed.findings), "", "{text}");
    let lowered = lower(&[parsed], library, &Parameters::new());
    assert_eq!(lines(&sources, &lowered.findings), "", "{text}");
    lowered.estate
}

/// What becomes of a flow in the estate of a policy.
pub(crate) fn traced(text: &str, from: &str, to: &str, tags: Option<&ServiceTags>) -> Trace {
    let estate = estate(text);
    let plane = Dataplane::new(&estate, Facts::builtin(), tags);
    let sender = parse_sender(&estate, from, |subnet| plane.some_address(subnet)).unwrap();
    plane.trace(&parse_target(to, sender).unwrap())
}

/// The element and the words of the first step of a stage.
fn first(trace: &Trace, stage: Stage) -> String {
    let step = trace.steps.iter().find(|step| step.stage == stage);
    step.map_or_else(
        || "no step".to_owned(),
        |step| format!("{}: {}", step.element, step.text),
    )
}

/// A network whose subnet `nodes` has a table with these routes, and what is around it.
fn network(prefix: &str, subnet: &str, routes: &str, around: &str) -> String {
    format!(
        "vnet net {prefix} {{ subnet nodes {subnet} {{ route-table rt }} }}\n\
         route-table rt {{ {routes} }}\n{around}"
    )
}

/// What a machine in `nodes` does with a packet: the route that it takes begins with these words.
fn takes(text: &str, to: &str, expected: &str) {
    let trace = traced(text, "net.nodes", to, None);
    let route = first(&trace, Stage::Route);
    assert!(route.starts_with(expected), "{to}: {route}\nin {text}");
}

const IN_16: (&str, &str) = ("10.0.0.0/16", "10.0.1.0/24");

/// MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md: default routes.
#[test]
fn every_subnet_starts_with_system_routes() {
    let plain = network(IN_16.0, IN_16.1, "", "");
    for (to, route) in [
        ("10.0.2.4", "system route: 10.0.0.0/16 stays inside"),
        ("10.9.0.1", "system route: 10.0.0.0/8 has next hop None"),
        (
            "172.16.0.1",
            "system route: 172.16.0.0/12 has next hop None",
        ),
        (
            "192.168.0.1",
            "system route: 192.168.0.0/16 has next hop None",
        ),
        (
            "100.64.0.1",
            "system route: 100.64.0.0/10 has next hop None",
        ),
        ("20.50.0.1", "system route: 0.0.0.0/0 -> Internet"),
    ] {
        takes(&plain, to, route);
    }
}

/// The same page: a user route for 0.0.0.0/0 takes the routes for reserved prefixes away, and leaves those of the
/// network.
#[test]
fn a_default_route_takes_reserved_prefixes_along() {
    let routes = "route default 0.0.0.0/0 -> 10.0.3.4";
    let table = network(IN_16.0, IN_16.1, routes, "");
    for to in [
        "10.9.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "20.50.0.1",
    ] {
        takes(&table, to, "route `default` of route table `rt`: 0.0.0.0/0");
    }
    takes(&table, "10.0.2.4", "system route: 10.0.0.0/16 stays inside");
    // A longer user route is no default route.
    let longer = network(IN_16.0, IN_16.1, "route half 0.0.0.0/1 -> 10.0.3.4", "");
    takes(
        &longer,
        "10.9.0.1",
        "system route: 10.0.0.0/8 has next hop None",
    );
}

/// The same page: an address space that is a reserved prefix, or wider, takes the place of its route.
#[test]
fn an_address_space_replaces_reserved_prefixes() {
    for (space, subnet, to, route) in [
        (
            "10.0.0.0/8",
            "10.0.1.0/24",
            "10.200.0.1",
            "system route: 10.0.0.0/8 stays inside",
        ),
        (
            "172.0.0.0/8",
            "172.16.1.0/24",
            "172.20.0.1",
            "system route: 172.0.0.0/8 stays inside",
        ),
        (
            "100.64.0.0/10",
            "100.64.1.0/24",
            "100.65.0.1",
            "system route: 100.64.0.0/10 stays inside",
        ),
        // One inside it leaves it in place.
        (
            "192.168.4.0/22",
            "192.168.4.0/24",
            "192.168.9.1",
            "system route: 192.168.0.0/16 has next hop None",
        ),
    ] {
        takes(&network(space, subnet, "", ""), to, route);
    }
}

/// The same page: how Azure selects a route.
#[test]
fn the_longest_prefix_wins_then_user_then_learned_routes() {
    let gateway = |learned: &str| format!("gateway g in net {{ learned {learned} }}");
    let user = |name: &str| format!("route `{name}` of route table `rt`: ");
    let learned = "a route learned by gateway `g`: ";
    let cases = [
        // Longest prefix.
        (
            "route wide 20.50.0.0/16 -> internet  route narrow 20.50.1.0/24 -> none",
            "",
            "20.50.1.1",
            user("narrow"),
        ),
        (
            "route wide 20.50.0.0/16 -> none  route narrow 20.50.1.0/24 -> none",
            "",
            "20.50.2.1",
            user("wide"),
        ),
        (
            "route default 0.0.0.0/0 -> none",
            "20.50.0.0/16",
            "20.50.1.1",
            learned.to_owned(),
        ),
        // Ties.
        (
            "route same 20.50.0.0/16 -> none",
            "20.50.0.0/16",
            "20.50.1.1",
            user("same"),
        ),
        (
            "route default 0.0.0.0/0 -> none",
            "0.0.0.0/0",
            "20.50.1.1",
            user("default"),
        ),
        ("", "0.0.0.0/0", "20.50.1.1", learned.to_owned()),
        ("", "192.168.0.0/16", "192.168.1.1", learned.to_owned()),
        (
            "route same 10.0.0.0/16 -> none",
            "",
            "10.0.2.4",
            user("same"),
        ),
        // Routes into the network are preferred even over longer learned ones, not over longer user routes.
        (
            "",
            "10.0.2.0/24",
            "10.0.2.4",
            "system route: 10.0.0.0/16".to_owned(),
        ),
        (
            "route part 10.0.2.0/24 -> none",
            "10.0.2.0/24",
            "10.0.2.4",
            user("part"),
        ),
        // Without propagation nothing is learned.
        (
            "gateway-propagation off",
            "192.168.0.0/16",
            "192.168.1.1",
            "system route: 192.168.0.0/16 has".to_owned(),
        ),
        (
            "gateway-propagation off",
            "20.50.0.0/16",
            "20.50.1.1",
            "system route: 0.0.0.0/0 -> Internet".to_owned(),
        ),
    ];
    for (routes, announced, to, route) in cases {
        let around = if announced.is_empty() {
            String::new()
        } else {
            gateway(announced)
        };
        takes(&network(IN_16.0, IN_16.1, routes, &around), to, &route);
    }
}

/// The same page: peering adds the ranges of the peer to both networks, and learned routes never beat them.
#[test]
fn peering_routes_need_both_sides_and_beat_longer_learned_routes() {
    let around = |peering: &str| {
        format!(
            "vnet other 10.1.0.0/16 {{ subnet s 10.1.2.0/24 }}\npeering {peering}\n\
             gateway g in net {{ learned 10.1.2.0/24 }}"
        )
    };
    let over = |peering: &str| network(IN_16.0, IN_16.1, "", &around(peering));
    takes(
        &over("net <-> other"),
        "10.1.2.4",
        "peering `net` -> `other`: 10.1.0.0/16",
    );
    takes(
        &over("net -> other"),
        "10.1.2.4",
        "a route learned by gateway `g`",
    );
    takes(
        &over("net <-> other { existing  state disconnected }"),
        "10.1.2.4",
        "a route learned by gateway `g`",
    );
    let user = network(
        IN_16.0,
        IN_16.1,
        "route same 10.1.0.0/16 -> none",
        &around("net <-> other"),
    );
    takes(&user, "10.1.2.4", "route `same` of route table `rt`");
}

/// The same page: no route table beats a route to a service endpoint.
#[test]
fn service_endpoints_beat_route_tables() {
    for routes in [
        "route default 0.0.0.0/0 -> none",
        "route service 20.60.1.0/24 -> none",
        "route address 20.60.1.4/32 -> none",
        "route tag tag Storage -> none",
    ] {
        let text = format!(
            "vnet net 10.0.0.0/16 {{ subnet nodes 10.0.1.0/24 {{ route-table rt  service-endpoints Microsoft.Storage }} }}\n\
             route-table rt {{ {routes} }}\n\
             service logs {{ fqdn logs.blob.core.windows.net  kind storage  address 20.60.1.4  tag Storage }}"
        );
        takes(
            &text,
            "logs.blob.core.windows.net",
            "service endpoint of subnet `net/nodes`: service tag Storage",
        );
    }
}

/// The same page: routes with service tags.
#[test]
fn tags_of_one_prefix_have_an_order_and_explicit_prefixes_come_first() {
    let value = |name: &str, prefix: &str| {
        format!(
            r#"{{"name": "{name}", "id": "{name}", "properties": {{"changeNumber": 1, "region": "", "regionId": 0,
            "platform": "Azure", "systemService": "", "addressPrefixes": ["{prefix}"], "networkFeatures": []}}}}"#
        )
    };
    let file = |storage: &str| {
        let values = [
            value("Storage.WestEurope", storage),
            value("Storage", storage),
            value("AzureCloud.westeurope", "20.60.0.0/16"),
            value("AzureCloud", "20.60.0.0/16"),
        ];
        let text = format!(
            r#"{{"changeNumber": 1, "cloud": "Public", "values": [{}]}}"#,
            values.join(",")
        );
        ServiceTags::parse(&text).unwrap()
    };
    let same = file("20.60.0.0/16");
    let longer = file("20.60.1.0/24");
    let all = [
        ("explicit", "20.60.0.0/16"),
        ("regional", "tag Storage.WestEurope"),
        ("top-level", "tag Storage"),
        ("cloud-region", "tag AzureCloud.WestEurope"),
        ("cloud", "tag AzureCloud"),
    ];
    let taken = |routes: &[(&str, &str)], file: &ServiceTags| {
        let routes = routes.iter().rev();
        let routes: Vec<String> = routes
            .map(|(name, to)| format!("route {name} {to} -> none"))
            .collect();
        let text = network(IN_16.0, IN_16.1, &routes.join("  "), "");
        let trace = traced(&text, "net.nodes", "20.60.1.4", Some(file));
        first(&trace, Stage::Route)
    };
    // Each comes before all that follow it.
    for (at, (name, _)) in all.iter().enumerate() {
        let route = taken(&all[at..], &same);
        assert!(route.starts_with(&format!("route `{name}` ")), "{route}");
    }
    // The longest prefix comes before that order.
    let route = taken(&all, &longer);
    assert!(route.starts_with("route `regional` "), "{route}");
}

/// MicrosoftDocs/azure-docs, articles/private-link/disable-private-endpoint-network-policy.md.
#[test]
fn private_endpoints_have_a_route_of_their_own_until_policies_take_it() {
    let table = |policies: &str, routes: &str| {
        network(
            IN_16.0,
            IN_16.1,
            routes,
            &format!(
                "vnet other 10.1.0.0/16 {{ subnet endpoints 10.1.5.0/24 {{ private-endpoint-policies {policies} }} }}\n\
                 peering net <-> other\n\
                 private-endpoint pe in other.endpoints {{ private-ip 10.1.5.4  for s.blob.core.windows.net }}"
            ),
        )
    };
    let (endpoint, user) = (
        "route to private endpoint `pe`",
        "route `r` of route table `rt`",
    );
    for (policies, prefix, expected) in [
        ("disabled", "0.0.0.0/0", endpoint),
        ("disabled", "10.1.0.0/16", endpoint),
        ("disabled", "10.1.5.0/24", endpoint),
        // The same prefix: the user's wins.
        ("disabled", "10.1.5.4/32", user),
        ("nsg", "10.1.0.0/16", endpoint),
        ("route-table", "10.1.0.0/16", user),
        ("route-table", "10.1.5.0/24", user),
        ("enabled", "10.1.0.0/16", user),
        ("enabled", "10.0.0.0/8", endpoint),
        ("enabled", "0.0.0.0/0", endpoint),
    ] {
        let routes = format!("route r {prefix} -> none");
        takes(&table(policies, &routes), "10.1.5.4", expected);
    }
}

/// A subnet with a group of these rules, and routes.
fn guarded(rules: &str, routes: &str) -> String {
    format!(
        "vnet net 10.0.0.0/16 {{\n  subnet nodes 10.0.1.0/24 {{ nsg n  route-table rt  default-outbound on }}\n  \
         subnet other 10.0.2.0/24\n}}\nroute-table rt {{ {routes} }}\nnsg n {{\n{rules}\n}}"
    )
}

fn decides(text: &str, from: &str, to: &str, expected: &str) {
    let trace = traced(text, from, to, None);
    let rule = first(&trace, Stage::Nsg);
    assert!(rule.starts_with(expected), "{from} {to}: {rule}\nin {text}");
}

/// MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md: default rules and the order
/// of priorities.
#[test]
fn security_rules_go_by_priority_and_defaults_come_last() {
    let none = guarded("", "");
    for (from, to, rule) in [
        (
            "net.nodes",
            "10.0.2.4",
            "default rule `AllowVnetOutBound` of nsg `n`: allows",
        ),
        (
            "net.nodes",
            "10.0.1.9",
            "default rule `AllowVnetOutBound` of nsg `n`: allows",
        ),
        (
            "net.nodes",
            "20.50.0.1",
            "default rule `AllowInternetOutBound` of nsg `n`: allows",
        ),
        (
            "net.nodes",
            "192.168.7.7",
            "default rule `DenyAllOutBound` of nsg `n`: denies",
        ),
        (
            "net.other",
            "10.0.1.4",
            "default rule `AllowVnetInBound` of nsg `n`: allows",
        ),
        (
            "168.63.129.16",
            "10.0.1.4:9000",
            "default rule `AllowVnetInBound` of nsg `n`: allows",
        ),
        (
            "20.50.0.1",
            "10.0.1.4",
            "default rule `DenyAllInBound` of nsg `n`: denies",
        ),
    ] {
        decides(&none, from, to, rule);
    }
    // Neither place nor name counts: the lower number comes first.
    let ordered = guarded(
        "rule later 300 outbound allow from any to any tcp/443\n\
         rule sooner 200 outbound deny from any to any tcp/443\n\
         rule other-way 100 inbound allow from any to any tcp/443\n\
         rule other-port 110 outbound allow from any to any tcp/80\n\
         rule other-protocol 120 outbound allow from any to any udp/443\n\
         rule other-source 130 outbound allow from 10.0.9.0/24 to any tcp/443\n\
         rule other-destination 140 outbound allow from any to 10.0.9.0/24 tcp/443",
        "",
    );
    decides(
        &ordered,
        "net.nodes",
        "20.50.0.1",
        "rule `sooner` of nsg `n`: denies",
    );
    decides(
        &ordered,
        "net.nodes",
        "20.50.0.1:80",
        "rule `other-port` of nsg `n`: allows",
    );
    decides(
        &ordered,
        "net.nodes",
        "20.50.0.1:443/udp",
        "rule `other-protocol` of nsg `n`: allows",
    );
    // Traffic inside a subnet is filtered too.
    decides(
        &ordered,
        "net.nodes",
        "10.0.1.9",
        "rule `sooner` of nsg `n`: denies",
    );
}

/// The same page: the addresses of the Azure host.
#[test]
fn the_azure_host_is_exempt_unless_a_rule_names_its_tag() {
    let all = guarded("rule all 100 outbound deny from any to any any", "");
    let exempt = "nsg `n` leaves the Azure host's addresses alone: allows";
    decides(&all, "net.nodes", "168.63.129.16:53/udp", exempt);
    decides(&all, "net.nodes", "169.254.169.254:80", exempt);
    decides(
        &all,
        "net.nodes",
        "8.8.8.8:53/udp",
        "rule `all` of nsg `n`: denies",
    );
    let tagged = guarded(
        "rule dns 100 outbound deny from any to tag AzurePlatformDNS any\n\
         rule imds 110 outbound deny from any to tag AzurePlatformIMDS any",
        "route default 0.0.0.0/0 -> none",
    );
    decides(
        &tagged,
        "net.nodes",
        "168.63.129.16:53/udp",
        "rule `dns` of nsg `n`: denies",
    );
    decides(
        &tagged,
        "net.nodes",
        "169.254.169.254:80",
        "rule `imds` of nsg `n`: denies",
    );
    // Routes do not matter there.
    let routed = guarded("", "route default 0.0.0.0/0 -> none");
    let trace = traced(&routed, "net.nodes", "168.63.129.16:53/udp", None);
    assert_eq!(trace.verdict, Verdict::Allowed);
}

/// MicrosoftDocs/azure-docs, articles/virtual-network/service-tags-overview.md: `VirtualNetwork` holds the prefixes of
/// user-defined routes.
#[test]
fn user_routes_widen_the_tag_of_the_network() {
    let deny = "rule net 100 outbound deny from any to tag VirtualNetwork any";
    for (routes, to, rule) in [
        ("", "20.50.0.1", "default rule `AllowInternetOutBound`"),
        (
            "route default 0.0.0.0/0 -> 10.0.3.4",
            "20.50.0.1",
            "rule `net` of nsg `n`: denies",
        ),
        (
            "route part 20.50.0.0/16 -> 10.0.3.4",
            "20.50.0.1",
            "rule `net` of nsg `n`: denies",
        ),
        (
            "route part 20.50.0.0/16 -> 10.0.3.4",
            "20.51.0.1",
            "default rule `AllowInternetOutBound`",
        ),
        (
            "route default 0.0.0.0/0 -> internet",
            "20.50.0.1",
            "default rule `AllowInternetOutBound`",
        ),
    ] {
        decides(&guarded(deny, routes), "net.nodes", to, rule);
    }
    // So the default rule for the network may let the Internet through.
    decides(
        &guarded("", "route default 0.0.0.0/0 -> 10.0.3.4"),
        "net.nodes",
        "20.50.0.1",
        "default rule `AllowVnetOutBound` of nsg `n`: allows",
    );
}

/// A hub with a firewall through which the subnet `nodes` leaves. `subnet` and `settings` are clauses of the
/// firewall's subnet and of the firewall.
fn hub(subnet: &str, settings: &str, around: &str) -> String {
    format!(
        "vnet net 10.0.0.0/16 {{\n  subnet AzureFirewallSubnet 10.0.0.0/26 {{ {subnet} }}\n  \
         subnet nodes 10.0.1.0/24 {{ route-table rt }}\n}}\n\
         route-table rt {{ route default 0.0.0.0/0 -> firewall fw }}\n\
         firewall fw in net {{ private-ip 10.0.0.4  public-ip 20.50.1.8  {settings} }}\n{around}"
    )
}

/// MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md: the example with a parent and a child policy.
#[test]
fn the_documented_order_of_parent_and_child_holds() {
    #[derive(Clone, Copy)]
    struct Collection {
        policy: &'static str,
        group: (&'static str, u32),
        name: &'static str,
        priority: u32,
    }
    let collection = |policy, group, name, priority| Collection {
        policy,
        group,
        name,
        priority,
    };
    let (base_1, base_2) = (("BaseRCG1", 200), ("BaseRCG2", 300));
    let (child_1, child_2) = (("ChildRCG1", 300), ("ChildRCG2", 650));
    let mut left = vec![
        collection("child", child_2, "ChNetRC2", 1100),
        collection("child", child_2, "ChAppRC2", 2000),
        collection("child", child_2, "ChDNATRC3", 3000),
        collection("child", child_1, "ChNetRC1", 700),
        collection("child", child_1, "ChAppRC1", 900),
        collection("parent", base_2, "AppRC2", 1200),
        collection("parent", base_2, "NetworkRC2", 1300),
        collection("parent", base_1, "DNATRC1", 600),
        collection("parent", base_1, "DNATRC3", 610),
        collection("parent", base_1, "NetworkRC1", 800),
    ];
    let text = |collections: &[Collection]| {
        let policy = |policy: &str| {
            let groups = [base_1, base_2, child_1, child_2].map(|group| {
                let mine = collections
                    .iter()
                    .filter(|c| c.policy == policy && c.group == group);
                let mine: Vec<String> = mine
                    .map(|Collection { name, priority, .. }| {
                        if name.contains("DNAT") {
                            format!("dnat-rules {name} {priority} {{ rule r from any to 20.50.1.8 tcp/443 -> 10.0.1.4 port 443 }}")
                        } else if name.contains("Net") {
                            format!("network-rules {name} {priority} allow {{ rule r from any to any tcp/443 }}")
                        } else {
                            format!("application-rules {name} {priority} allow {{ rule r from any to *.contoso.com https }}")
                        }
                    })
                    .collect();
                if mine.is_empty() {
                    String::new()
                } else {
                    format!("rule-collection-group {} {} {{\n{}\n}}\n", group.0, group.1, mine.join("\n"))
                }
            });
            groups.concat()
        };
        let policies = format!(
            "firewall-policy child {{ parent parent\n{} }}\nfirewall-policy parent {{ {} }}",
            policy("child"),
            policy("parent")
        );
        hub("", "policy child", &policies)
    };
    let mut order = Vec::new();
    for (from, to) in [("20.70.0.1", "20.50.1.8"), ("net.nodes", "www.contoso.com")] {
        loop {
            let trace = traced(&text(&left), from, to, None);
            let rule = first(&trace, Stage::Firewall);
            let decided = left
                .iter()
                .position(|c| rule.contains(&format!("/{}/", c.name)));
            match decided {
                Some(at) => order.push(left.remove(at).name),
                None => break,
            }
        }
    }
    assert_eq!(
        order,
        [
            "DNATRC1",
            "DNATRC3",
            "ChDNATRC3",
            "NetworkRC1",
            "NetworkRC2",
            "ChNetRC1",
            "ChNetRC2",
            "AppRC2",
            "ChAppRC1",
            "ChAppRC2"
        ]
    );
}

/// The same page: rules end the search, and network rules come first whatever the priorities.
#[test]
fn network_rules_hide_application_rules_and_lower_numbers_win() {
    let google = hub("", "", "").replace(
        "public-ip 20.50.1.8",
        "public-ip 20.50.1.8
         application-rules block 100 deny { rule google from any to google.com https }
         network-rules web 200 allow { rule out from any to any tcp/80, tcp/443 }",
    );
    let trace = traced(&google, "net.nodes", "google.com", None);
    assert_eq!(trace.verdict, Verdict::Allowed);
    assert!(first(&trace, Stage::Firewall).contains("`web/out`"));
    assert!(
        trace
            .overruled
            .iter()
            .any(|rule| rule.name.contains("block/google"))
    );

    let ssh = google
        .replace("web 200 allow", "Allow-SSH 200 allow")
        .replace("tcp/80, tcp/443", "tcp/22")
        .replace(
            "application-rules block 100 deny { rule google from any to google.com https }",
            "network-rules Deny-SSH 100 deny { rule in from any to any tcp/22 }",
        );
    let trace = traced(&ssh, "net.nodes", "20.60.0.1:22", None);
    assert_eq!(trace.verdict, Verdict::Denied);
    assert!(first(&trace, Stage::Firewall).contains("`Deny-SSH/in`"));
}

/// MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml: wildcards in target names.
#[test]
fn wildcards_stand_for_what_the_faq_says() {
    for (pattern, name, expected) in [
        ("www.contoso.com", "www.contoso.com", Verdict::Allowed),
        ("www.contoso.com", "WWW.Contoso.COM", Verdict::Allowed),
        ("www.contoso.com", "a.www.contoso.com", Verdict::Denied),
        ("*.contoso.com", "any.contoso.com", Verdict::Allowed),
        ("*.contoso.com", "sub1.any.contoso.com", Verdict::Allowed),
        ("*.contoso.com", "contoso.com", Verdict::Denied),
        ("*.contoso.com", "evilcontoso.com", Verdict::Denied),
        ("*contoso.com", "contoso.com", Verdict::Allowed),
        ("*contoso.com", "example.anycontoso.com", Verdict::Allowed),
        ("*contoso.com", "th3re4lcontoso.com", Verdict::Allowed),
        ("*contoso.com", "contoso.com.example.org", Verdict::Denied),
    ] {
        let rules =
            format!("application-rules web 100 allow {{ rule r from any to {pattern} https }}");
        let trace = traced(&hub("", &rules, ""), "net.nodes", name, None);
        assert_eq!(trace.verdict, expected, "{pattern} {name}");
    }
    for wrong in ["www.contoso.*", "*.contoso.*", "www.*contoso.com"] {
        assert!(wrong.parse::<FqdnPattern>().is_err(), "{wrong}");
    }
}

/// MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md and threat-intel.md.
#[test]
fn threat_intelligence_comes_first_and_application_rules_take_names_over_tcp() {
    let rules = "application-rules web 100 allow { rule r from any to *.contoso.com https }";
    let hostile = "testmaliciousdomain.eastus.cloudapp.azure.com";
    for (settings, to, expected) in [
        (
            "threat-intel deny  network-rules n 100 allow { rule r from any to any any }",
            hostile,
            Verdict::Denied,
        ),
        (
            "threat-intel alert  network-rules n 100 allow { rule r from any to any any }",
            hostile,
            Verdict::Allowed,
        ),
        (rules, "www.contoso.com", Verdict::Allowed),
        // Nothing tells a name.
        (rules, "20.60.0.1", Verdict::Denied),
        (rules, "www.contoso.com:443/udp", Verdict::Denied),
        (rules, "www.contoso.com:8443", Verdict::Denied),
    ] {
        let trace = traced(&hub("", settings, ""), "net.nodes", to, None);
        assert_eq!(trace.verdict, expected, "{settings} {to}");
    }
}

/// MicrosoftDocs/azure-docs, articles/nat-gateway/nat-overview.md and firewall/snat-private-range.md.
#[test]
fn the_public_address_follows_the_documented_order() {
    let around = "public-ip nat-ip 20.50.1.20\npublic-ip lb-ip 20.50.1.30\nnat-gateway nat { public-ip nat-ip }\n\
                  load-balancer lb { public-ip lb-ip  backend net.nodes  outbound-rule on }";
    let place = |clauses: &str, routes: &str, around: &str| {
        format!(
            "vnet net 10.0.0.0/16 {{\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  \
             subnet nodes 10.0.1.0/24 {{ route-table rt  {clauses} }}\n}}\nroute-table rt {{ {routes} }}\n\
             firewall fw in net {{ private-ip 10.0.0.4  public-ip 20.50.1.8\n\
             network-rules all 100 allow {{ rule r from any to any any }} }}\n{around}"
        )
    };
    let rule = "network-rules all 100 allow { rule r from any to any any }";
    let through = "route default 0.0.0.0/0 -> firewall fw";
    let no_balancer = around.replace("outbound-rule on", "outbound-rule off");
    for (text, expected) in [
        // A route to an appliance, then the NAT gateway, then the outbound rule.
        (place("nat-gateway nat", through, around), Some("20.50.1.8")),
        (place("nat-gateway nat", "", around), Some("20.50.1.20")),
        (
            place(
                "nat-gateway nat",
                "route default 0.0.0.0/0 -> internet",
                around,
            ),
            Some("20.50.1.20"),
        ),
        (place("", "", around), Some("20.50.1.30")),
        // A private subnet without any of them has none.
        (place("default-outbound off", "", &no_balancer), None),
        // A NAT gateway on the firewall's subnet takes the place of the firewall's addresses.
        (
            hub(
                "nat-gateway nat",
                rule,
                "public-ip nat-ip 20.50.1.20\nnat-gateway nat { public-ip nat-ip }",
            ),
            Some("20.50.1.20"),
        ),
        // Ranges for which the source is kept.
        (
            hub("", &format!("snat-private-ranges 0.0.0.0/0  {rule}"), ""),
            None,
        ),
        (
            hub(
                "",
                &format!("snat-private-ranges 255.255.255.255/32  {rule}"),
                "",
            ),
            Some("20.50.1.8"),
        ),
        // Application rules translate always.
        (
            hub(
                "",
                "snat-private-ranges 0.0.0.0/0  application-rules web 100 allow { rule r from any to *.contoso.com https }",
                "",
            ),
            Some("20.50.1.8"),
        ),
    ] {
        let trace = traced(&text, "net.nodes", "www.contoso.com", None);
        let addresses: Vec<String> = trace.source_nat.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, Vec::from_iter(expected), "{text}");
        let verdict = expected.map_or(Verdict::Denied, |_| Verdict::Allowed);
        assert_eq!(trace.verdict, verdict, "{text}");
    }
    // Neither the firewall nor a NAT gateway translates ICMP.
    for text in [hub("", rule, ""), place("nat-gateway nat", "", around)] {
        let trace = traced(&text, "net.nodes", "20.60.0.1/icmp", None);
        assert_eq!(trace.verdict, Verdict::Denied, "{text}");
    }
}
