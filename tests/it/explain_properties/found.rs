//! What random estates and flows found, as the smallest cases.

use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Verdict};
use tidegate::base::Origin;
use tidegate::estate::{Condition, Estate, Gap, Ref, Unknown, VirtualHub};
use tidegate::explain::{explain, parse_sender, parse_target};
use tidegate::verify::{Subnets, difference};

use super::build::{meta, span};
use crate::worked_examples::{estate, traced};

/// What becomes of a flow in an estate.
fn verdict_in(estate: &Estate, from: &str, to: &str) -> Verdict {
    let plane = Dataplane::new(estate, Facts::builtin(), None);
    let sender = parse_sender(estate, from, |subnet| plane.some_address(subnet)).unwrap();
    plane.trace(&parse_target(to, sender).unwrap()).verdict
}

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

/// A name may lead to either half of the Internet, and so takes one of the routes to the halves.
#[test]
fn two_halves_stand_in_for_a_default_route() {
    let text = "vnet net 10.0.0.0/16 {\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  \
                subnet nodes 10.0.1.0/24 { route-table rt }\n}\n\
                route-table rt { route low 0.0.0.0/1 -> firewall fw  route high 128.0.0.0/1 -> HOP }\n\
                firewall fw in net { private-ip 10.0.0.4  public-ip 20.50.1.8\n  \
                application-rules web 200 allow {\n    rule api from any to api.example.com https\n  }\n}";
    let verdict = |hop: &str, to: &str| {
        let text = text.replace("HOP", hop);
        traced(&text, "net.nodes", to, None).verdict
    };
    for (hop, to, expected) in [
        ("firewall fw", "api.example.com", Verdict::Allowed),
        ("firewall fw", "other.example.com", Verdict::Denied),
        ("internet", "api.example.com", Verdict::Allowed),
        ("internet", "other.example.com", Verdict::Uncertain),
        ("none", "api.example.com", Verdict::Uncertain),
        ("none", "other.example.com", Verdict::Denied),
    ] {
        assert_eq!(verdict(hop, to), expected, "{hop} {to}");
    }
}

/// Where one of several next hops loses the request and another the reply, their order does not matter.
#[test]
fn next_hops_that_share_the_load_have_no_order() {
    let text = "vnet net 10.0.0.0/16 {\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  \
                subnet nodes 10.0.1.0/24 { route-table rt }\n  subnet data 10.0.2.0/24\n}\n\
                route-table rt { route data 10.0.2.0/24 -> HOPS }\n\
                firewall fw in net { private-ip 10.0.0.4  public-ip 20.50.1.8\n  \
                network-rules all 100 allow {\n    rule all from any to any any\n  }\n}";
    let verdict = |hops| {
        traced(
            &text.replace("HOPS", hops),
            "net.nodes",
            "10.0.2.4:443",
            None,
        )
        .verdict
    };
    assert_eq!(verdict("10.0.0.4"), Verdict::NoReturn);
    assert_eq!(verdict("10.0.0.99"), Verdict::Denied);
    assert_eq!(verdict("10.0.0.4, 10.0.0.99"), Verdict::Denied);
    assert_eq!(verdict("10.0.0.99, 10.0.0.4"), Verdict::Denied);
}

/// What a way rests on may be there on a condition only, also where it is no step of its own.
#[test]
fn a_verdict_rests_on_all_that_is_on_the_way() {
    let text = "vnet hub 10.0.0.0/16 { subnet AzureFirewallSubnet 10.0.0.0/26 }\n\
                vnet net 10.1.0.0/16 { subnet nodes 10.1.0.0/24 { route-table rt  nsg group } }\n\
                PEERING\nnsg group { }\nroute-table rt { route default 0.0.0.0/0 -> firewall fw }\n\
                firewall fw in hub { private-ip 10.0.0.4  public-ip 20.50.1.8\n  \
                network-rules all 100 allow {\n    rule all from any to any any\n  }\n}";
    let peered = estate(&text.replace("PEERING", "peering net <-> hub { forwarded-traffic on }"));
    let verdict = |estate: &Estate, place: Option<Origin>| {
        let mut estate = estate.clone();
        estate.gaps.conditions = place.map(on_condition).into_iter().collect();
        verdict_in(&estate, "net.nodes", "20.60.0.1:443")
    };
    assert_eq!(verdict(&peered, None), Verdict::Allowed);
    let subnets = peered.subnets.iter().map(|(_, it)| it.meta.origin);
    let peerings = peered.peerings.iter().map(|(_, it)| it.origin);
    let nsgs = peered.nsgs.iter().map(|(_, it)| it.meta.origin);
    for place in subnets.chain(peerings).chain(nsgs) {
        assert_eq!(verdict(&peered, Some(place)), Verdict::Uncertain);
    }
    // Without its route a flow does not meet a next hop that nothing reaches.
    let apart = estate(&text.replace("PEERING", ""));
    assert_eq!(verdict(&apart, None), Verdict::Denied);
    let (_, table) = apart.route_tables.iter().next().unwrap();
    let route = table.routes.first().unwrap().origin;
    assert_eq!(verdict(&apart, Some(route)), Verdict::Uncertain);
}

fn on_condition(place: Origin) -> Condition {
    Condition {
        resource: place.span().unwrap(),
        text: "parameters('deploy')".into(),
    }
}

/// Which addresses other networks hold does not matter to a flow inside its own subnet.
#[test]
fn addresses_of_the_own_subnet_are_known() {
    let mut estate = estate("vnet net 10.0.0.0/16 { subnet nodes 10.0.1.0/24 }");
    let vnet = estate.vnets.ids().next().unwrap();
    let unknown = Unknown {
        text: "parameters('space')".into(),
        origin: span().into(),
    };
    estate.gaps.add(Gap::VnetAddresses(vnet), unknown);
    let verdict = |to| verdict_in(&estate, "net.nodes", to);
    assert_eq!(verdict("10.0.1.9:443"), Verdict::Allowed);
    assert_eq!(verdict("10.0.2.9:443"), Verdict::Uncertain);
}

/// A hub without a firewall has its default route from a site behind it; nobody knows what that lets out.
#[test]
fn a_hub_without_a_firewall_may_let_nothing_out() {
    let mut estate = estate("vnet net 10.0.0.0/16 { subnet nodes 10.0.1.0/24 }");
    let vnet = estate.vnets.ids().next().unwrap();
    estate.hubs.push(VirtualHub {
        meta: meta("hub"),
        wan: None,
        prefix: None,
        without_default: Vec::new(),
        connections: vec![Ref::known(vnet, "net", span())],
        firewall: None,
        internet_routing: true,
        private_routing: false,
        intent: None,
    });
    assert_eq!(
        verdict_in(&estate, "net.nodes", "20.60.0.1:443"),
        Verdict::Uncertain
    );
}

/// A name whose look-up gets no reply is not resolved, so nothing is sent.
#[test]
fn a_lost_reply_to_a_look_up_stops_the_request() {
    let text = "vnet hub 10.0.0.0/16 {\n  subnet AzureFirewallSubnet 10.0.0.0/26\n  subnet shared 10.0.2.0/24\n}\n\
                vnet net 10.1.0.0/16 {\n  dns 10.0.2.53\n  subnet nodes 10.1.0.0/24 { route-table rt }\n}\n\
                peering net <-> hub { forwarded-traffic on }\n\
                route-table rt { route shared 10.0.2.0/24 -> firewall fw  route default 0.0.0.0/0 -> firewall fw }\n\
                dns-server resolver in hub { address 10.0.2.53  forwarders 168.63.129.16 }\n\
                firewall fw in hub { private-ip 10.0.0.4  public-ip 20.50.1.8\n  \
                network-rules all 100 allow {\n    rule all from any to any any\n  }\n}";
    let verdict = |to| traced(text, "net.nodes", to, None).verdict;
    assert_eq!(verdict("10.0.2.53:53"), Verdict::NoReturn);
    assert_eq!(verdict("20.60.0.1:443"), Verdict::Allowed);
    assert_eq!(verdict("api.example.com"), Verdict::Denied);
}

/// Two networks cut the Internet differently: the example of a change lies in the part that changes, whichever of them
/// comes first.
#[test]
fn an_example_lies_in_the_narrower_part_of_the_internet() {
    let network = |table: &str, more: &str| {
        estate(&format!(
            "vnet net 10.0.0.0/16 {{ subnet nodes 10.0.1.0/24 {{ {table} default-outbound on }} }}
             vnet other 10.9.0.0/16 {{ subnet nodes 10.9.1.0/24 {{ {more} default-outbound on }} }}
             route-table rt {{ route odd 192.0.0.0/2 -> none }}
             route-table half {{ route half 0.0.0.0/1 -> internet }}"
        ))
    };
    let fine = network("route-table rt", "");
    let coarse = network("", "route-table half");
    let plane = |estate| Dataplane::new(estate, Facts::builtin(), None);
    for (before, after) in [(&fine, &coarse), (&coarse, &fine)] {
        let told = difference(&plane(before), &plane(after), Subnets::All);
        assert!(told.is_certain() && !told.is_open(), "{told:#?}");
    }
}
