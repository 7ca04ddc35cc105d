//! What the resolver makes of everything that servers do.

use std::net::SocketAddr;
use std::time::Duration;

use tidegate::dns::{
    Answer, Failure, NetworkResolver, Protocol, Resolver, Server, Settings, Trust,
};
use tidegate::net::Fqdn;

use super::servers::{Manner, authoritative, misbehaving, nobody, over_tls};
use crate::authority::Authority;

fn server(address: SocketAddr, protocol: Protocol) -> Server {
    Server {
        ip: address.ip(),
        port: address.port(),
        protocol,
    }
}

fn ask_all(servers: &[Server], names: &[&str]) -> Vec<Answer> {
    ask_trusting(&[], servers, names)
}

/// Asks and believes these authorities too.
fn ask_trusting(authorities: &[String], servers: &[Server], names: &[&str]) -> Vec<Answer> {
    let settings = Settings {
        timeout: Duration::from_millis(400),
        tries: 1,
        ..Settings::default()
    };
    let names: Vec<Fqdn> = names.iter().map(|name| name.parse().unwrap()).collect();
    let resolver =
        NetworkResolver::new(servers, settings, &Trust::new(authorities).unwrap()).unwrap();
    let mut told = 0;
    let answers = resolver.resolve(&names, &mut |_| told += 1);
    assert_eq!(told, names.len());
    let order: Vec<&Fqdn> = answers.iter().map(|answer| &answer.name).collect();
    assert_eq!(order, names.iter().collect::<Vec<_>>());
    answers
}

fn ask(address: SocketAddr, name: &str) -> Answer {
    let server = server(address, Protocol::Udp);
    ask_all(&[server], &[name]).remove(0)
}

/// An answer in a line, as tests compare it.
fn line(answer: &Answer) -> String {
    let aliases = answer.aliases.iter();
    let aliases = aliases.map(|alias| format!("{} ({}) ", alias.name, alias.ttl));
    let addresses = answer.addresses.iter();
    let addresses: Vec<String> = addresses
        .map(|address| format!("{} ({})", address.ip, address.ttl))
        .collect();
    let failure = answer.failure.as_ref().map(Failure::word);
    format!(
        "{}{}{}",
        aliases.collect::<String>(),
        addresses.join(" "),
        failure.unwrap_or_default()
    )
}

const ZONE: &str = "
    www.contoso.com       300 A     192.0.2.20
    www.contoso.com       300 A     192.0.2.3
    www.contoso.com       200 AAAA  2001:db8::20
    six.contoso.com       100 AAAA  2001:db8::6
    shop.contoso.com       60 CNAME front.contoso.com
    front.contoso.com      90 CNAME www.contoso.com
    dangling.contoso.com   50 CNAME gone.contoso.com
    round.contoso.com      40 CNAME about.contoso.com
    about.contoso.com      40 CNAME round.contoso.com
    self.contoso.com       40 CNAME self.contoso.com
    away.contoso.com       70 CNAME www.fabrikam.com
    lost.contoso.com       70 CNAME www.elsewhere.com
    empty.sub.contoso.com  10 A     192.0.2.9
";

#[test]
fn an_authoritative_server_answers_in_full() {
    let fabrikam = "www.fabrikam.com 30 A 198.51.100.1";
    let server = authoritative(&[("contoso.com", ZONE), ("fabrikam.com", fabrikam)]);
    for (name, expected) in [
        (
            "www.contoso.com",
            "192.0.2.3 (300) 192.0.2.20 (300) 2001:db8::20 (200)",
        ),
        ("six.contoso.com", "2001:db8::6 (100)"),
        (
            "shop.contoso.com",
            "front.contoso.com (60) www.contoso.com (90) 192.0.2.3 (300) 192.0.2.20 (300) 2001:db8::20 (200)",
        ),
        ("none.contoso.com", "no-such-name"),
        ("sub.contoso.com", "no-address"),
        ("dangling.contoso.com", "gone.contoso.com (50) no-such-name"),
        (
            "round.contoso.com",
            "about.contoso.com (40) loop at round.contoso.com",
        ),
        ("self.contoso.com", "loop at self.contoso.com"),
        (
            "away.contoso.com",
            "www.fabrikam.com (70) 198.51.100.1 (30)",
        ),
        ("www.adatum.com", "refused"),
    ] {
        assert_eq!(line(&ask(server.address, name)), expected, "{name}");
    }
    // The zone of the alias is not this server's.
    let lost = ask(server.address, "lost.contoso.com");
    assert_eq!(lost.aliases.len(), 1, "{lost:?}");
    assert_eq!(lost.last_name().as_str(), "www.elsewhere.com");
    assert!(lost.failure.is_some(), "{lost:?}");
}

#[test]
fn tcp_is_enough() {
    let zone = authoritative(&[("contoso.com", ZONE)]);
    let tcp = server(zone.address, Protocol::Tcp);
    let answers = ask_all(&[tcp], &["six.contoso.com"]);
    assert_eq!(line(&answers[0]), "2001:db8::6 (100)");
}

#[test]
fn a_certificate_of_ones_own_is_believed_when_its_authority_is() {
    let authority = Authority::named("Contoso Root");
    let zone = over_tls(
        &authority.config("dns.contoso.com"),
        &[("contoso.com", ZONE)],
    );
    let ask = |authorities: &[String], name: &str| {
        let server = server(zone.address, Protocol::Tls(name.to_owned()));
        line(&ask_trusting(authorities, &[server], &["six.contoso.com"])[0])
    };
    let own = [authority.pem()];
    assert_eq!(ask(&own, "dns.contoso.com"), "2001:db8::6 (100)");
    let unknown = "untrusted: no public authority made it";
    assert_eq!(ask(&[], "dns.contoso.com"), unknown);
    let other = Authority::named("Fabrikam Root").pem();
    assert_eq!(ask(&[other], "dns.contoso.com"), unknown);
    assert_eq!(
        ask(&own, "dns.fabrikam.com"),
        "untrusted: it is for other names"
    );
}

#[test]
fn what_speaks_no_tls_is_told() {
    let zone = authoritative(&[("contoso.com", ZONE)]);
    let server = server(zone.address, Protocol::Tls("dns.contoso.com".to_owned()));
    let answer = ask_all(&[server], &["six.contoso.com"]).remove(0);
    assert!(!answer.failure.unwrap().is_of_name());
}

#[test]
fn servers_that_misbehave_are_told_apart() {
    for (manner, expected) in [
        (Manner::Silent, "timeout"),
        (Manner::Fails, "server-failure"),
        (Manner::CutsOff, "truncated"),
        (Manner::NeedsTcp, "192.0.2.7 (30)"),
    ] {
        let answer = ask(misbehaving(manner), "www.contoso.com");
        assert_eq!(line(&answer), expected, "{manner:?}");
    }
}

#[test]
fn nobody_there_is_no_answer() {
    let answer = ask(nobody(), "www.contoso.com");
    let failure = answer.failure.unwrap();
    assert!(!failure.is_of_name(), "{failure:?}");
}

#[test]
fn the_next_server_is_asked_when_one_is_silent() {
    let zone = authoritative(&[("contoso.com", ZONE)]);
    let silent = misbehaving(Manner::Silent);
    let servers = [silent, zone.address].map(|address| server(address, Protocol::Udp));
    let answers = ask_all(&servers, &["six.contoso.com"]);
    assert_eq!(line(&answers[0]), "2001:db8::6 (100)");
}

#[test]
fn many_names_come_back_in_their_order() {
    let records: String = (0..300)
        .map(|at| format!("n{at}.contoso.com 60 A 10.0.{}.{}\n", at / 250, at % 250))
        .collect();
    let zone = authoritative(&[("contoso.com", &records)]);
    let names: Vec<String> = (0..300).map(|at| format!("n{at}.contoso.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let answers = ask_all(&[server(zone.address, Protocol::Udp)], &names);
    for (at, answer) in answers.iter().enumerate() {
        let expected = format!("10.0.{}.{} (60)", at / 250, at % 250);
        assert_eq!(line(answer), expected);
    }
}
