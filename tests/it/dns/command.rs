//! `tidegate resolve` as a process.

use super::servers::{Authoritative, Manner, authoritative, misbehaving, over_tls};
use crate::authority::Authority;
use crate::cli::Folder;
use crate::support::{TODAY, project};

const POLICY: &str = "\
egress 1

region westeurope

vnet shop 10.20.0.0/16 {
  subnet AzureFirewallSubnet 10.20.0.0/26
  subnet nodes 10.20.1.0/24
  subnet endpoints 10.20.2.0/24
}

firewall fw in shop { private-ip 10.20.0.4  dns-proxy on }

service lake {
  fqdn contosolake.blob.core.windows.net
  kind storage
}
private-endpoint pe-lake in shop.endpoints {
  private-ip 10.20.2.5
  for contosolake.blob.core.windows.net
  target lake
}

identity shop-id { role \"Network Contributor\" on this resource-group }

pool apps in shop.nodes {
  outbound userDefinedRouting
  via fw
  identity shop-id
}

require apps -> www.contoso.com, gone.contoso.com, *.fabrikam.com, *.adatum.com https
require apps -> contosolake.blob.core.windows.net https

sample *.fabrikam.com = eu.fabrikam.com
";

const CONTOSO: &str = "
    www.contoso.com  300 CNAME front.contoso.com
    front.contoso.com 60 A 192.0.2.3
    front.contoso.com 60 A 192.0.2.20
";
const FABRIKAM: &str = "eu.fabrikam.com 600 A 198.51.100.7";
/// As everybody sees it, and as the network of the policy does.
const PUBLIC: &str = "
    contosolake.blob.core.windows.net 60 CNAME contosolake.privatelink.blob.core.windows.net
    contosolake.privatelink.blob.core.windows.net 60 A 203.0.113.9
";
const PRIVATE: &str = "
    contosolake.blob.core.windows.net 60 CNAME contosolake.privatelink.blob.core.windows.net
    contosolake.privatelink.blob.core.windows.net 10 A 10.20.2.5
";

fn view(blob: &str) -> Authoritative {
    authoritative(&[
        ("contoso.com", CONTOSO),
        ("fabrikam.com", FABRIKAM),
        ("windows.net", blob),
    ])
}

struct Run {
    folder: Folder,
}

impl Run {
    fn new() -> Self {
        let folder = Folder::new();
        folder.write("shop.egress", POLICY);
        Self { folder }
    }

    /// Runs the command; servers are shown as letters, because their ports differ from run to run.
    fn run(&self, servers: &[&Authoritative], more: &str) -> (i32, String) {
        let mut arguments =
            format!("resolve shop.egress --today {TODAY} --timeout 1 --tries 1 {more}");
        for server in servers {
            arguments.push_str(&format!(" --server {}", server.address));
        }
        let output = self.folder.command(&arguments).output().unwrap();
        let mut text = String::from_utf8(output.stdout).unwrap();
        text.push_str(&String::from_utf8(output.stderr).unwrap());
        for (server, letter) in servers.iter().zip(["SERVER-A", "SERVER-B"]) {
            text = text.replace(&server.address.to_string(), letter);
        }
        (output.status.code().unwrap(), text)
    }
}

/// The page about names shows what is printed, with addresses for the servers.
fn is_documented(text: &str) {
    let page = std::fs::read_to_string(project("docs/dns.md")).unwrap();
    let text = text
        .replace("SERVER-A", "10.0.0.4")
        .replace("SERVER-B", "10.0.0.5");
    assert!(
        page.contains(text.trim_end()),
        "docs/dns.md does not show\n{text}"
    );
}

#[test]
fn names_are_resolved_and_kept() {
    let run = Run::new();
    let server = view(PRIVATE);
    let (code, text) = run.run(&[&server], "--lock egress.lock");
    assert_eq!(code, 0, "{text}");
    is_documented(&text);
    insta::assert_snapshot!("resolve-text", text);
    let lock = run.folder.read("egress.lock");
    let lock = lock.replace(&server.address.to_string(), "SERVER-A");
    is_documented(&lock.replace("'SERVER-A'", "SERVER-A"));
    insta::assert_snapshot!("resolve-lock", lock);
    let (code, json) = run.run(&[&server], "--format json");
    assert_eq!(code, 0);
    insta::assert_snapshot!("resolve-json", json);
}

/// Routes and rules by service tags that treat an answer otherwise than the rest of the Internet.
#[test]
fn what_treats_an_address_in_its_own_way_is_told() {
    let run = Run::new();
    let policy = POLICY.replace(
        "subnet nodes 10.20.1.0/24",
        "subnet nodes 10.20.1.0/24 { route-table t  nsg n }",
    ) + "
route-table t {
  route default 0.0.0.0/0 -> firewall fw
  route partner 192.0.2.0/28 -> internet
}
nsg n { rule cloud 300 outbound deny from any to tag AzureCloud tcp/22 \"no way in\" }
";
    run.folder.write("shop.egress", policy);
    let tags = std::fs::read_to_string(project(
        "fixtures/service-tags/ServiceTags_Public_20260112.json",
    ));
    run.folder.write("tags.json", tags.unwrap());
    let cloud = "eu.fabrikam.com 600 A 20.50.3.4";
    let server = authoritative(&[("contoso.com", CONTOSO), ("fabrikam.com", cloud)]);
    let (code, text) = run.run(&[&server], "--service-tags tags.json");
    // The server refuses to answer for the lake.
    assert_eq!(code, 3, "{text}");
    insta::assert_snapshot!("resolve-treated", text);
}

#[test]
fn a_check_tells_what_changed_and_leaves_the_file() {
    let run = Run::new();
    let before = view(PRIVATE);
    assert_eq!(run.run(&[&before], "--lock egress.lock").0, 0);
    let (code, text) = run.run(&[&before], "--lock egress.lock --check");
    assert_eq!(
        (code, text.contains("changed   nothing since")),
        (0, true),
        "{text}"
    );
    let lock = run.folder.read("egress.lock");
    let after = authoritative(&[
        (
            "contoso.com",
            "www.contoso.com 60 A 192.0.2.3\ngone.contoso.com 60 A 192.0.2.99",
        ),
        ("fabrikam.com", "us.fabrikam.com 600 A 198.51.100.7"),
        ("windows.net", PUBLIC),
    ]);
    let (code, text) = run.run(&[&after], "--lock egress.lock --check");
    assert_eq!(code, 1);
    is_documented(&text);
    insta::assert_snapshot!("resolve-check", text);
    let (_, json) = run.run(&[&after], "--lock egress.lock --check --format json");
    insta::assert_snapshot!("resolve-check-json", json);
    assert_eq!(run.folder.read("egress.lock"), lock);
}

#[test]
fn two_views_are_compared() {
    let run = Run::new();
    let (inside, outside) = (view(PRIVATE), view(PUBLIC));
    let (code, text) = run.run(&[&inside, &outside], "--compare");
    assert_eq!(code, 1);
    is_documented(&text);
    insta::assert_snapshot!("resolve-compare", text);
    let (_, json) = run.run(&[&inside, &outside], "--compare --format json");
    insta::assert_snapshot!("resolve-compare-json", json);
    let (code, text) = run.run(&[&inside, &view(PRIVATE)], "--compare");
    assert_eq!(
        (code, text.contains("disagree  nowhere")),
        (0, true),
        "{text}"
    );
}

/// The lock file of several servers holds the answers of the first one, and those that disagree with it.
#[test]
fn views_are_kept() {
    let run = Run::new();
    let (inside, outside) = (view(PRIVATE), view(PUBLIC));
    let (code, text) = run.run(&[&inside, &outside], "--compare --lock egress.lock");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("written   egress.lock"), "{text}");
    let lock = run.folder.read("egress.lock");
    let shown = lock
        .replace(&inside.address.to_string(), "SERVER-A")
        .replace(&outside.address.to_string(), "SERVER-B");
    insta::assert_snapshot!("resolve-views-lock", shown);
    let (_, again) = run.run(&[&inside, &outside], "--compare --lock egress.lock");
    assert_eq!((again, run.folder.read("egress.lock")), (text, lock));
    let arguments = format!("lint shop.egress --lock egress.lock --today {TODAY}");
    let output = run.folder.command(&arguments).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("TG5007"), "{told}");
    // The configuration names the file, too.
    run.folder.write("tidegate.yaml", "lock: egress.lock\n");
    let arguments = format!("lint shop.egress --today {TODAY}");
    let output = run.folder.command(&arguments).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), told);
}

/// Who interrupts the command keeps the file that was there.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_file() {
    let run = Run::new();
    let before = view(PRIVATE);
    assert_eq!(run.run(&[&before], "--lock egress.lock").0, 0);
    let lock = run.folder.read("egress.lock");
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let arguments = format!(
        "resolve shop.egress --lock egress.lock --timeout 60 --server {}",
        silent.local_addr().unwrap()
    );
    let mut child = run.folder.command(&arguments).spawn().unwrap();
    // It is under way once it has asked.
    silent.recv_from(&mut [0; 512]).unwrap();
    let id = child.id().to_string();
    let mut interrupt = std::process::Command::new("kill");
    let told = interrupt.args(["-INT", &id]).status().unwrap();
    assert!(told.success());
    assert!(!child.wait().unwrap().success());
    assert_eq!(run.folder.read("egress.lock"), lock);
    let left = std::fs::read_dir(run.folder.path(".")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn servers_that_fail_are_not_taken_for_missing_names() {
    let run = Run::new();
    for manner in [Manner::Silent, Manner::Fails] {
        let arguments = format!(
            "resolve shop.egress --today {TODAY} --timeout 1 --tries 1 --no-ipv6 --server {}",
            misbehaving(manner)
        );
        let output = run.folder.command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{manner:?}");
    }
}

#[test]
fn authorities_are_believed_over_tls() {
    let run = Run::new();
    let authority = Authority::named("Contoso Root");
    let server = over_tls(
        &authority.config("dns.contoso.com"),
        &[
            ("contoso.com", CONTOSO),
            ("fabrikam.com", FABRIKAM),
            ("windows.net", PRIVATE),
        ],
    );
    run.folder.write("ca.pem", authority.pem());
    let resolve = |name: &str, more: &str| {
        let server = format!("--server tls://{}#{name}", server.address);
        run.run(&[], &format!("{server} {more}"))
    };
    let (code, text) = resolve("dns.contoso.com", "--ca ca.pem");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("leads 198.51.100.7"), "{text}");
    for (name, more, why) in [
        ("dns.contoso.com", "", "no public authority made it"),
        ("www.contoso.com", "--ca ca.pem", "it is for other names"),
    ] {
        let (code, text) = resolve(name, more);
        assert_eq!(code, 3, "{text}");
        let text: Vec<&str> = text.split_whitespace().collect();
        let told = format!("the certificate of the server is not believed: {why}");
        assert!(text.join(" ").contains(&told), "{text:?}");
    }
}

/// Nobody answers: the answers of another day are not lost, and nothing is said of a disagreement.
#[test]
fn a_file_keeps_what_nobody_answers_for() {
    let run = Run::new();
    assert_eq!(run.run(&[&view(PRIVATE)], "--lock egress.lock").0, 0);
    let lock = run.folder.read("egress.lock");
    let silent = [misbehaving(Manner::Silent), misbehaving(Manner::Silent)];
    for more in [
        format!("--server {}", silent[0]),
        format!("--compare --server {} --server {}", silent[0], silent[1]),
    ] {
        let (code, text) = run.run(&[], &format!("--lock egress.lock {more}"));
        assert_eq!(code, 3, "{text}");
        let kept = "egress.lock stays as it is: nobody answered for 4 names";
        assert!(text.contains(kept), "{text}");
        assert_eq!(run.folder.read("egress.lock"), lock);
    }
    let both = format!("--compare --server {} --server {}", silent[0], silent[1]);
    let (_, text) = run.run(&[], &both);
    assert!(
        text.contains(&format!("no answer {} for 4 names", silent[1])),
        "{text}"
    );
    let (_, json) = run.run(&[], &format!("{both} --format json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["differences"], serde_json::json!([]));
    assert_eq!(json["unanswered"][1]["names"], 4, "{json:#}");
    // One that answers is enough, and the other one contradicts nobody.
    let server = view(PRIVATE);
    let one = format!(
        "--compare --lock egress.lock --server {} --server {}",
        silent[0], server.address
    );
    let (code, text) = run.run(&[], &one);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("disagree  nowhere"), "{text}");
    let again = run.folder.read("egress.lock");
    let names = |lock: &str| lock.split_once("names:").unwrap().1.to_owned();
    assert_eq!(names(&again), names(&lock));
}

/// What was compared is not lost to a run that does not compare.
#[test]
fn a_file_with_views_is_compared_again() {
    let run = Run::new();
    let (inside, outside) = (view(PRIVATE), view(PUBLIC));
    let (code, _) = run.run(&[&inside, &outside], "--compare --lock egress.lock");
    assert_eq!(code, 1);
    let (code, text) = run.run(&[&inside], "--lock egress.lock");
    assert_eq!(code, 2);
    assert!(
        text.contains("ask with --compare, or name another file"),
        "{text}"
    );
    let (code, text) = run.run(&[&inside], "--lock egress.lock --check");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("not held  of other servers"), "{text}");
}

#[test]
fn wrong_usage_is_told() {
    let run = Run::new();
    let server = view(PUBLIC);
    for (arguments, wrong) in [
        ("--compare", "--compare needs two servers"),
        ("--check", "--lock"),
        ("--server 10.0.0.4/24", "is no server"),
        ("--lock none.lock --check", "cannot read none.lock"),
        (
            "--lock bad.lock --check",
            "bad.lock: the schema is `egress-lock/9`",
        ),
        (
            "--ca none.pem",
            "--ca is for servers that are asked over TLS",
        ),
        (
            "--server tls://127.0.0.1#dns --ca none.pem",
            "cannot read none.pem",
        ),
        (
            "--server tls://127.0.0.1#dns --ca shop.egress",
            "shop.egress: it has no certificate in PEM",
        ),
    ] {
        run.folder.write(
            "bad.lock",
            "schema: egress-lock/9\ndate: 2026-11-30\nservers: []\nnames: {}\n",
        );
        let (code, text) = run.run(&[&server], arguments);
        assert_eq!(code, 2, "{arguments}: {text}");
        assert!(text.contains(wrong), "{arguments}: {text}");
    }
    assert!(!run.folder.path("none.lock").exists());
}
