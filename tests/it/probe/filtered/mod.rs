//! The probe in a network whose packet filter stops things in every way that filters have.
//!
//! A client in one network namespace, where the command runs, reaches servers in another over a wire; the packet filter of
//! the kernel stands before the servers. It runs when `TIDEGATE_KERNEL` is set, as root, where `ip` and `nft` are.

mod other_side;

use std::collections::BTreeMap;

use serde_json::Value;

use self::other_side::OtherSide;
use super::validate;
use crate::cli::{Folder, Ran};
use crate::namespace::{Namespace, hindrance};
use crate::support::TODAY;

const VARIABLE: &str = "TIDEGATE_KERNEL";

const POLICY: &str = "\
egress 1
region westeurope

vnet hub 10.10.0.0/16 {
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 { route-table to-fw }
}
firewall fw in hub { private-ip 10.10.0.4 }
route-table to-fw { route default 0.0.0.0/0 -> firewall fw }

pool apps in hub.nodes { outbound userDefinedRouting }

";

/// The client's end of the wire; there is no way to 203.0.113.0/24.
const CLIENT: &str = "\
link set lo up
link set wire up
addr add 10.40.0.2/24 dev wire
addr add 2001:db8:40::2/64 dev wire nodad
route add 198.51.100.0/24 via 10.40.0.1
route add 2001:db8:1::/64 via 2001:db8:40::1
";

/// What the client's own packet filter forbids.
const CLIENT_RULES: &str = "\
add table ip own
add chain ip own out { type filter hook output priority 0; }
add rule ip own out ip daddr 198.51.100.14 drop
";

/// What stands before the servers. A hello is longer than any packet of a handshake of TCP.
const RULES: &str = "\
add table ip filter
add chain ip filter in { type filter hook input priority 0; }
add rule ip filter in ip daddr 198.51.100.2 drop
add rule ip filter in ip daddr 198.51.100.3 reject with icmp type admin-prohibited
add rule ip filter in ip daddr 198.51.100.4 meta l4proto tcp reject with tcp reset
add rule ip filter in ip daddr 198.51.100.5 meta l4proto tcp meta length > 100 reject with tcp reset
add rule ip filter in ip daddr 198.51.100.6 meta l4proto tcp meta length > 100 drop
add rule ip filter in ip daddr 198.51.100.9 drop
add rule ip filter in ip daddr 198.51.100.10 reject with icmp type port-unreachable
add rule ip filter in ip daddr 198.51.100.11 reject with icmp type admin-prohibited
add rule ip filter in ip daddr 198.51.100.12 reject with icmp type net-unreachable
";

/// A name, the service that is needed of it, and what the probe has to say: the class, whether it shows anything, and words.
type Expected = (&'static str, &'static str, &'static str, bool, &'static str);

const EXPECTED: [Expected; 21] = [
    (
        "ok.contoso.com",
        "https",
        "ok",
        true,
        "issued by CN=Contoso Root",
    ),
    (
        "dropped.contoso.com",
        "https",
        "timeout",
        true,
        "no answer to the TCP connection",
    ),
    (
        "prohibited.contoso.com",
        "https",
        "refused",
        true,
        "turned away by something on the way",
    ),
    (
        "unreachable.contoso.com",
        "https",
        "refused",
        true,
        "turned away by something on the way",
    ),
    ("reset.contoso.com", "https", "refused", true, "refused"),
    ("closed.contoso.com", "https", "refused", true, "refused"),
    (
        "denied.contoso.com",
        "https",
        "reset_after_hello",
        true,
        "reset after the TLS hello",
    ),
    (
        "swallowed.contoso.com",
        "https",
        "reset_after_hello",
        true,
        "no answer to the TLS hello",
    ),
    (
        "inspected.contoso.com",
        "https",
        "tls_intercepted",
        true,
        "issuer CN=Contoso Inspection CA",
    ),
    (
        "gone.contoso.com",
        "https",
        "no_such_name",
        true,
        "NXDOMAIN",
    ),
    ("www.fabrikam.com", "https", "dns_failure", true, "REFUSED"),
    (
        "nowhere.contoso.com",
        "https",
        "not_sent",
        true,
        "this machine has no route there",
    ),
    ("page.contoso.com", "http", "denied", true, "HTTP 470"),
    (
        "time.contoso.com",
        "udp/123",
        "ok",
        true,
        "the time was told",
    ),
    (
        "dropped-time.contoso.com",
        "udp/123",
        "no_answer",
        false,
        "says nothing of UDP",
    ),
    (
        "closed-time.contoso.com",
        "udp/123",
        "refused",
        true,
        "refused",
    ),
    (
        "prohibited-time.contoso.com",
        "udp/123",
        "refused",
        true,
        "turned away by something on the way",
    ),
    (
        "kept-time.contoso.com",
        "udp/123",
        "not_sent",
        true,
        "the packet filter of this machine forbids it",
    ),
    (
        "some.contoso.com",
        "https",
        "partial",
        true,
        "only 1 of 2 addresses answered; 198.51.100.2 timeout:",
    ),
    (
        "none.contoso.com",
        "https",
        "timeout",
        true,
        "none of 2 addresses answered as it should",
    ),
    (
        "dual.contoso.com",
        "https",
        "ok",
        true,
        "2001:db8:1::1 answered; 203.0.113.9 not_sent:",
    ),
];

/// Two namespaces and the wire between them.
fn wired() -> (Namespace, Namespace) {
    let client = Namespace::new("near").unwrap();
    let servers = Namespace::new("far").unwrap();
    let wire = "link add wire type veth peer name wire netns";
    client.ip(&format!("{wire} {}", servers.name));
    servers.ip(&other_side::links());
    client.ip(CLIENT);
    // Every rejection is told.
    servers.set(&[("icmp_ratelimit", 0), ("icmp_ratemask", 0)]);
    servers.run(&["nft", "-f", "-"], RULES).unwrap();
    client.run(&["nft", "-f", "-"], CLIENT_RULES).unwrap();
    (client, servers)
}

#[test]
fn every_way_of_stopping_is_told_apart() {
    let why = match std::env::var_os(VARIABLE) {
        None => Some(format!("{VARIABLE} is not set")),
        Some(_) => hindrance().map(|why| format!("namespaces cannot be made here ({why})")),
    };
    if let Some(why) = why {
        println!("SKIPPED, {}: a probe past a packet filter", why.trim());
        return;
    }
    let (client, servers) = wired();
    let folder = Folder::new();
    let _servers = OtherSide::start(&servers, &folder);
    let needs = EXPECTED.iter();
    let needs =
        needs.map(|(name, service, ..)| format!("require apps -> {name} {service} \"so\"\n"));
    folder.write(
        "shop.egress",
        POLICY.to_owned() + &needs.collect::<String>(),
    );
    let command = folder.command(&format!(
        "probe shop.egress --pool apps --server {} --ca ca.pem --timeout 1 --format json --today {TODAY}",
        other_side::DNS.ip()
    ));
    let ran = Ran::of(client.inside(&command).output()).ends_with(1);
    let document = validate(&ran.out);
    let rows = document["rows"].as_array().unwrap();
    let rows: BTreeMap<&str, &Value> = rows
        .iter()
        .map(|row| (row["destination"].as_str().unwrap(), row))
        .collect();
    assert_eq!(rows.len(), EXPECTED.len());
    for (name, _, class, evidence, words) in EXPECTED {
        let row = rows[name];
        let detail = row["detail"].as_str().unwrap();
        assert_eq!(row["class"], class, "{row:#}");
        assert_eq!(row["evidence"], evidence, "{row:#}");
        assert!(detail.contains(words), "{row:#}");
    }
    let steps = rows["some.contoso.com"]["steps"].as_array().unwrap();
    let steps: Vec<&str> = steps
        .iter()
        .map(|step| step["result"].as_str().unwrap())
        .collect();
    assert_eq!(
        steps,
        [
            "198.51.100.2, 198.51.100.20",
            "198.51.100.2: no answer in time",
            "198.51.100.20: accepted",
            "198.51.100.20: TLS 1.3",
        ]
    );
}
