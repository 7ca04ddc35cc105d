//! What the lock file tells other commands.

use crate::cli::Folder;

const POLICY: &str = "\
egress 1

region westeurope

vnet hub 10.10.0.0/16 {
  dns firewall fw
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 { route-table t  nsg n }
}

route-table t { route d 0.0.0.0/0 -> firewall fw }

firewall fw in hub {
  sku Standard
  private-ip 10.10.0.4
  public-ip 203.0.113.1
  dns-proxy on
  network-rules own 200 allow { rule partners from hub.nodes to 192.0.2.0/24 tcp/8443 }
}

nsg n { rule no 300 outbound deny from any to 198.51.100.0/24 any \"not there\" }
";

const LOCK: &str = "\
schema: egress-lock/1
date: 2026-11-30
servers:
- 10.0.0.4
names:
  blocked.contoso.com:
    addresses:
    - 0.0.0.0
  half.contoso.com:
    addresses:
    - 192.0.2.4
    - 198.51.100.9
  inside.contoso.com:
    addresses:
    - 10.99.0.4
  in-rule.contoso.com:
    addresses:
    - 192.0.2.3
  stopped.contoso.com:
    addresses:
    - 198.51.100.7
";

/// The policy with a pool that needs the name whose address a security rule denies.
fn needing(service: &str) -> String {
    format!(
        "{POLICY}
identity apps-id {{ role \"Network Contributor\" on this resource-group }}
pool apps in hub.nodes {{ outbound userDefinedRouting  identity apps-id }}
require apps -> stopped.contoso.com {service}
"
    )
}

fn explain(to: &str, more: &str) -> (i32, String, String) {
    let folder = Folder::new();
    folder.write("hub.egress", POLICY);
    folder.write("egress.lock", LOCK);
    let arguments = format!("explain hub.egress --from hub/nodes --to {to}:8443 {more}");
    let output = folder.command(&arguments).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_name_has_the_addresses_of_the_lock_file() {
    let (without, ..) = explain("in-rule.contoso.com", "--today 2026-12-01");
    assert_eq!(without, 1);
    let (code, text, told) = explain(
        "in-rule.contoso.com",
        "--today 2026-12-01 --lock egress.lock",
    );
    assert_eq!((code, told.as_str()), (0, ""), "{text}");
    assert!(text.contains("10.10.1.4 -> 192.0.2.3"), "{text}");
    let (code, text, _) = explain(
        "stopped.contoso.com",
        "--today 2026-12-01 --lock egress.lock",
    );
    assert_eq!(code, 1);
    insta::assert_snapshot!("explain-lock", text);
}

/// A machine takes any of the addresses, so one that is stopped leaves the answer open.
#[test]
fn all_addresses_of_a_name_count() {
    let (code, text, _) = explain("half.contoso.com", "--today 2026-12-01 --lock egress.lock");
    assert_eq!(code, 3, "{text}");
    insta::assert_snapshot!("explain-lock-two-addresses", text);
}

#[test]
fn a_private_answer_is_left_to_the_zones_of_the_estate() {
    let to = "inside.contoso.com";
    let with = explain(to, "--today 2026-12-01 --lock egress.lock");
    assert_eq!(with.1, explain(to, "--today 2026-12-01").1);
}

/// A filter of names answers with an address that is nobody's, which is none of the name.
#[test]
fn what_leads_nowhere_is_no_address() {
    let to = "blocked.contoso.com";
    let with = explain(to, "--today 2026-12-01 --lock egress.lock");
    assert_eq!(with.1, explain(to, "--today 2026-12-01").1);
}

#[test]
fn a_file_that_is_laid_out_in_another_way_says_the_same() {
    let folder = Folder::new();
    folder.write("hub.egress", POLICY);
    folder.write(
        "egress.lock",
        "{schema: egress-lock/1, date: 2026-11-30, servers: [], names: {in-rule.contoso.com: {addresses: [192.0.2.3]}}}",
    );
    let arguments = "explain hub.egress --from hub/nodes --to in-rule.contoso.com:8443 --today 2026-12-01 --lock egress.lock";
    let output = folder.command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn verify_takes_the_addresses_of_the_lock_file() {
    let folder = Folder::new();
    folder.write("hub.egress", needing("https"));
    folder.write("egress.lock", LOCK);
    let verify = |more: &str| {
        let arguments = format!("verify hub.egress --today 2026-12-01 {more}");
        let output = folder.command(&arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // Without its address nobody knows that a security rule stops it.
    assert!(!verify("").contains("rule `no` of nsg `n`"));
    let with = verify("--lock egress.lock");
    assert!(with.contains("rule `no` of nsg `n`"), "{with}");
}

#[test]
fn an_old_lock_file_is_told() {
    let (_, _, told) = explain(
        "in-rule.contoso.com",
        "--today 2027-01-15 --lock egress.lock",
    );
    let old = "egress.lock:2:1: warning[TG0047] names were resolved on 2026-11-30, 46 days ago";
    assert!(told.contains(old), "{told}");
}

/// What stops an address of a name that is needed is found before anything is deployed.
#[test]
fn compile_takes_the_addresses_of_the_lock_file() {
    let folder = Folder::new();
    folder.write("hub.egress", needing("tcp/9093"));
    folder.write("egress.lock", LOCK);
    let compile = |more: &str| {
        let arguments = format!("compile hub.egress --today 2026-12-01 --out out {more}");
        let output = folder.command(&arguments).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    let (code, told) = compile("--lock egress.lock");
    assert_eq!(code, Some(1), "{told}");
    let denies = "rule `no` of nsg `n` denies 10.10.1.4 -> 198.51.100.7 (TCP 9093)";
    assert!(told.contains(denies), "{told}");
    assert!(!folder.path("out").exists());
    let (code, told) = compile("");
    assert_eq!(code, Some(0), "{told}");
}
