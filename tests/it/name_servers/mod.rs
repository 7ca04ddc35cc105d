//! Names are asked of the servers that people run: BIND with zones and views, and Unbound that forwards and speaks TLS.
//! `dig` says what they answer, as a second opinion.
//!
//! It runs when `TIDEGATE_NAME_SERVERS` is set, where `named`, `unbound` and `dig` are.

mod dig;
mod servers;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;
use tidegate::dns::{Failure, Lock, Locked};

use self::servers::{NAME, Servers, hindrance};
use super::authority::Authority;
use super::cli::{Folder, Ran};
use super::support::TODAY;

const VARIABLE: &str = "TIDEGATE_NAME_SERVERS";

/// Servers, and a folder in which the command asks them.
struct Asked {
    servers: Servers,
    folder: Folder,
}

impl Asked {
    /// Starts the servers; nothing, and a word why, where they cannot run.
    fn start(what: &str) -> Option<Self> {
        let why = match std::env::var_os(VARIABLE) {
            None => Some(format!("{VARIABLE} is not set")),
            Some(_) => hindrance(),
        };
        if let Some(why) = why {
            println!("SKIPPED, {why}: {what}");
            return None;
        }
        let folder = Folder::new();
        let authority = Authority::named("Contoso Root");
        folder.write("ca.pem", authority.pem());
        let servers = Servers::start(&folder, &authority);
        Some(Self { servers, folder })
    }

    fn resolve(&self, arguments: &str) -> Ran {
        let command = format!("resolve shop.egress --today {TODAY} --timeout 2 --tries 1");
        self.folder.run(&format!("{command} {arguments}"))
    }

    /// What is kept of the answers of a server.
    fn lock(&self, server: &str, more: &str) -> Lock {
        // A file keeps what servers do not answer for; here all is asked anew.
        let _ = std::fs::remove_file(self.folder.path("egress.lock"));
        // Some names are in no zone, so that servers do not answer for all.
        let arguments = format!("--server {server} --lock egress.lock {more}");
        self.resolve(&arguments).ends_with(3);
        Lock::parse(&self.folder.read("egress.lock")).unwrap()
    }
}

/// What a name led to, in a line.
fn led(lock: &Lock, name: &str) -> String {
    let Locked {
        aliases,
        addresses,
        failure,
        ..
    } = &lock.names[&name.parse().unwrap()];
    let aliases = aliases.iter().map(ToString::to_string);
    let addresses = addresses.iter().map(ToString::to_string);
    let failure = failure.iter().map(Failure::word);
    let parts: Vec<String> = aliases.chain(addresses).chain(failure).collect();
    parts.join(" ")
}

/// Every address that is kept is one that `dig` sees, and the other way round.
fn holds_what_dig_says(lock: &Lock, server: SocketAddr) {
    for (name, locked) in &lock.names {
        let kept: BTreeSet<_> = locked.addresses.iter().copied().collect();
        assert_eq!(kept, dig::addresses(server, name.as_str()), "{name}");
    }
}

#[test]
fn what_bind_answers_is_kept() {
    let Some(asked) = Asked::start("what BIND answers") else {
        return;
    };
    let server = asked.servers.outside;
    let lock = asked.lock(&server.to_string(), "");
    holds_what_dig_says(&lock, server);
    for (name, status, expected) in [
        (
            "www.contoso.com",
            "NOERROR",
            "front.contoso.com 192.0.2.3 192.0.2.20 2001:db8::20",
        ),
        (
            "away.contoso.com",
            "NOERROR",
            "www.fabrikam.com shop.adatum.com 203.0.113.40",
        ),
        (
            "contosolake.blob.core.windows.net",
            "NOERROR",
            "contosolake.privatelink.blob.core.windows.net 203.0.113.9",
        ),
        ("gone.contoso.com", "NXDOMAIN", "no-such-name"),
        ("text.contoso.com", "NOERROR", "no-address"),
        (
            "dangling.contoso.com",
            "NXDOMAIN",
            "gone.contoso.com no-such-name",
        ),
        (
            "round.contoso.com",
            "SERVFAIL",
            "about.contoso.com loop at round.contoso.com",
        ),
        (
            "lost.contoso.com",
            "NOERROR",
            "www.elsewhere.example refused",
        ),
        ("www.elsewhere.example", "REFUSED", "refused"),
    ] {
        assert_eq!(dig::status(server, name), status, "{name}");
        assert_eq!(led(&lock, name), expected, "{name}");
    }
    assert_eq!(lock.names.len(), 12);
    let chain = &lock.names[&"chain1.contoso.com".parse().unwrap()];
    assert_eq!(chain.failure, Some(Failure::TooManyAliases));
    assert_eq!(chain.aliases.len(), 16);
}

#[test]
fn an_answer_that_no_datagram_holds_comes_over_tcp() {
    let Some(asked) = Asked::start("long answers of BIND") else {
        return;
    };
    let server = asked.servers.outside;
    assert!(dig::is_cut_off(server, "many.contoso.com"));
    let lock = asked.lock(&server.to_string(), "");
    let name = "many.contoso.com".parse().unwrap();
    assert_eq!(lock.names[&name].addresses.len(), 90);
    let over_tcp = asked.lock(&format!("tcp://{server}"), "");
    assert_eq!(over_tcp.names, lock.names);
}

#[test]
fn views_of_bind_are_compared() {
    let Some(asked) = Asked::start("the views of BIND") else {
        return;
    };
    let (inside, outside) = (asked.servers.inside, asked.servers.outside);
    let arguments = format!("--compare --server {inside} --server {outside} --format json");
    let document = asked.resolve(&arguments).ends_with(1).out;
    let document: Value = serde_json::from_str(&document).unwrap();
    let differences = document["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{document:#}");
    assert_eq!(differences[0]["name"], "contosolake.blob.core.windows.net");
    let views = differences[0]["views"].as_array().unwrap();
    for (view, server, address, note) in [
        (
            &views[0],
            inside,
            "10.20.2.5",
            "is private endpoint `pe-lake`",
        ),
        (
            &views[1],
            outside,
            "203.0.113.9",
            "lead past it to 203.0.113.9",
        ),
    ] {
        assert_eq!(view["servers"][0], server.to_string());
        assert_eq!(view["addresses"][0], address);
        let told = view["notes"][0].as_str().unwrap();
        assert!(told.contains(note), "{told}");
        let lake = dig::addresses(server, "contosolake.blob.core.windows.net");
        assert_eq!(lake, [address.parse().unwrap()].into());
    }
}

#[test]
fn what_unbound_forwards_is_kept() {
    let Some(mut asked) = Asked::start("what Unbound forwards") else {
        return;
    };
    let server = asked.servers.forwarder;
    let lock = asked.lock(&server.to_string(), "");
    holds_what_dig_says(&lock, server);
    for (name, status, expected) in [
        (
            "away.contoso.com",
            "NOERROR",
            "www.fabrikam.com shop.adatum.com 203.0.113.40",
        ),
        (
            "contosolake.blob.core.windows.net",
            "NOERROR",
            "contosolake.privatelink.blob.core.windows.net 10.20.2.5",
        ),
        ("gone.contoso.com", "NXDOMAIN", "no-such-name"),
        ("text.contoso.com", "NOERROR", "no-address"),
        ("www.elsewhere.example", "SERVFAIL", "server-failure"),
        ("www.refused.example", "REFUSED", "refused"),
    ] {
        assert_eq!(dig::status(server, name), status, "{name}");
        assert_eq!(led(&lock, name), expected, "{name}");
    }
    // What changed is what was answered otherwise before, and a server that is gone answers for nothing.
    let outside = asked.servers.outside.to_string();
    let check = format!("--lock egress.lock --check --server {outside} --format json");
    let changed = asked.resolve(&check).ends_with(1).out;
    assert!(changed.contains("203.0.113.9"), "{changed}");
    asked.servers.stop_named();
    for (server, word) in [
        (outside.clone(), "timeout"),
        (
            format!("tcp://{outside}"),
            "unreachable: Connection refused (os error 111)",
        ),
    ] {
        let gone = asked.lock(&server, "");
        let is_gone = |locked: &Locked| locked.failure.as_ref().is_some_and(|it| it.word() == word);
        assert!(gone.names.values().all(is_gone), "{}", gone.text());
    }
}

#[test]
fn unbound_is_asked_over_tls() {
    let Some(asked) = Asked::start("Unbound over TLS") else {
        return;
    };
    let (plain, over_tls) = (asked.servers.forwarder, asked.servers.over_tls);
    let server = format!("tls://{over_tls}#{NAME}");
    let lock = asked.lock(&server, "--ca ca.pem");
    assert_eq!(lock.servers.join(" "), server);
    let names = asked.lock(&plain.to_string(), "").names;
    assert_eq!(lock.names.len(), names.len());
    for name in names.keys() {
        let (encrypted, plain) = (&lock.names[name], &names[name]);
        assert_eq!(encrypted.addresses, plain.addresses, "{name}");
        assert_eq!(encrypted.failure, plain.failure, "{name}");
    }
    for (server, more, why) in [
        (server.as_str(), "", "no public authority made it"),
        (
            &format!("tls://{over_tls}#dns.fabrikam.com"),
            "--ca ca.pem",
            "it is for other names",
        ),
    ] {
        let untrusted = Failure::Untrusted(why.to_owned());
        let lock = asked.lock(server, more);
        let is_told = |locked: &Locked| locked.failure.as_ref() == Some(&untrusted);
        assert!(lock.names.values().all(is_told), "{}", lock.text());
    }
}
