//! What random estates and flows found, as the smallest cases.

use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Verdict};
use tidegate::explain::{explain, parse_sender, parse_target};

use crate::worked_examples::{estate, traced};

/// Without a file, a tag may hold a longer prefix than the route that certainly holds the address.
#[test]
fn a_tag_route_may_be_longer_than_a_certain_one() {
    let text = "vnet net 10.0.0.0/16 { subnet nodes 10.0.1.0/24 { route-table rt  default-outbound on } }\n\
                route-table rt { route wide 20.50.1.0/24 -> none  route tag tag Storage -> internet }";
    let verdict = |to| traced(text, "net.nodes", to, None).verdict;
    assert_eq!(verdict("20.50.1.7"), Verdict::Uncertain);
    // No prefix is longer than that of one address.
    let host = text.replace("20.50.1.0/24", "20.50.1.7/32");
    let trace = traced(&host, "net.nodes", "20.50.1.7", None);
    assert_eq!(trace.verdict, Verdict::Denied);
}

/// The only route that may hold an address may also not hold it.
#[test]
fn the_only_route_may_miss() {
    let text =
        "vnet net 10.0.0.0/16 { subnet nodes 10.0.1.0/24 { service-endpoints Microsoft.Storage } }";
    let trace = traced(text, "net.nodes", "[2603:1000::5]:443", None);
    assert_eq!(trace.verdict, Verdict::Uncertain);
}

/// A reply takes each route that may hold its destination, not the likeliest only.
#[test]
fn a_reply_may_take_another_route() {
    let text = "vnet net 10.0.0.0/16 {\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  \
                subnet nodes 10.0.1.0/24 { route-table rt  service-endpoints Microsoft.Storage }\n}\n\
                route-table rt { route default 0.0.0.0/0 -> firewall fw }\n\
                firewall fw in net { private-ip 10.0.0.4  public-ip 20.50.1.8 }";
    let trace = traced(text, "20.70.0.1", "10.0.1.4", None);
    assert_eq!(trace.verdict, Verdict::Uncertain);
}

/// What stands in the way of asking one DNS server does not matter once the next one answers.
#[test]
fn remedies_that_others_make_needless_are_not_told() {
    let text = "vnet hub 10.0.0.0/16 {\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  subnet shared 10.0.2.0/24\n}\n\
                vnet spoke-1 10.1.0.0/16 {\n  dns 10.0.2.53, 168.63.129.16\n  subnet nodes 10.1.0.0/24 { default-outbound on }\n}\n\
                vnet spoke-2 10.2.0.0/16 { subnet nodes 10.2.0.0/24 { route-table rt }  subnet data 10.2.1.0/24 }\n\
                route-table rt { route default 0.0.0.0/0 -> firewall fw }\n\
                firewall fw in hub { private-ip 10.0.0.4  public-ip 20.50.1.8 }\n\
                dns-server resolver in hub { address 10.0.2.53  forwarders 168.63.129.16 }\n\
                private-dns-zone privatelink.blob.core.windows.net { }\n\
                private-endpoint pe in spoke-2.data { private-ip 10.2.1.9  for account.blob.core.windows.net  \
                zone privatelink.blob.core.windows.net  target account }\n\
                service account { fqdn account.blob.core.windows.net  kind storage  address 20.60.1.4  \
                alias account.privatelink.blob.core.windows.net  public-access off }";
    let estate = estate(text);
    let plane = Dataplane::new(&estate, Facts::builtin(), None);
    let sender = parse_sender(&estate, "spoke-1.nodes", |subnet| {
        plane.some_address(subnet)
    })
    .unwrap();
    let flow = parse_target("account.blob.core.windows.net", sender).unwrap();
    let explanation = explain(&plane, &flow);
    assert_eq!(explanation.after, Some(Verdict::Allowed));
    let first = |reason: &tidegate::explain::Reason| reason.remedies[0].title.clone();
    let titles: Vec<String> = explanation.reasons.iter().map(first).collect();
    assert_eq!(
        titles,
        ["turn public network access of service `account` on"]
    );
}

/// A network rule that may match leaves the source alone where an application rule would not.
#[test]
fn which_kind_of_rule_lets_through_may_decide_the_source() {
    let text = "vnet net 10.0.0.0/16 {\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  \
                subnet nodes 10.0.1.0/24 { route-table rt }\n}\n\
                route-table rt { route default 0.0.0.0/0 -> firewall fw }\n\
                firewall fw in net { private-ip 10.0.0.4  public-ip 20.50.1.8\n  snat-private-ranges 0.0.0.0/0\n  \
                network-rules first 100 allow {\n    rule storage from any to tag Storage tcp/443\n  }\n  \
                application-rules second 200 allow {\n    rule api from any to api.example.com https\n  }\n}\n\
                service api { fqdn api.example.com  address 20.50.1.7 }";
    let trace = traced(text, "net.nodes", "api.example.com", None);
    assert_eq!(trace.verdict, Verdict::Uncertain);
}
