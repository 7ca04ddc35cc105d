//! What each kind of server amounts to.

use tidegate::dns::{Failure, Trust};
use tidegate::probe::{Class, Item, Listener, Protocol, Row, Standing, StepKind, Target};
use tidegate::report::probe::{View, json, text};

use super::servers;
use super::{IMPATIENT, Names, PATIENT, endpoint, tried, tried_with, validate};
use crate::authority::Authority;

#[track_caller]
fn amounts_to(row: &Row, class: Class, evidence: bool, detail: &str) {
    assert_eq!(row.ended.class, class, "{row:#?}");
    assert_eq!(row.ended.evidence, evidence, "{row:#?}");
    assert!(row.ended.detail.contains(detail), "{row:#?}");
}

fn https(name: &str, port: u16) -> Row {
    tried(endpoint(name, "https", Protocol::Tls, port), PATIENT)
}

#[test]
fn a_connection_alone_is_no_tls_endpoint() {
    let reset = https("reset.contoso.com", servers::resetting());
    amounts_to(
        &reset,
        Class::ResetAfterHello,
        true,
        "reset after the TLS hello",
    );
    let kinds: Vec<StepKind> = reset.steps.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [StepKind::Resolve, StepKind::Connect, StepKind::Tls]);
    assert_eq!(reset.steps[1].result, "accepted");
    let closed = https("closed.contoso.com", servers::closing());
    amounts_to(
        &closed,
        Class::ResetAfterHello,
        true,
        "closed after the TLS hello",
    );
    let silent = endpoint(
        "silent.contoso.com",
        "https",
        Protocol::Tls,
        servers::silent(),
    );
    let silent = tried(silent, IMPATIENT);
    amounts_to(
        &silent,
        Class::ResetAfterHello,
        true,
        "no answer to the TLS hello",
    );
}

#[test]
fn a_port_of_no_known_protocol_is_tried_by_its_connection() {
    let open = endpoint(
        "kafka.contoso.com",
        "tcp/9092",
        Protocol::Tcp,
        servers::silent(),
    );
    amounts_to(
        &tried(open, PATIENT),
        Class::Ok,
        true,
        "no protocol is known",
    );
    let refused = endpoint(
        "kafka.contoso.com",
        "tcp/9092",
        Protocol::Tcp,
        servers::nobody(),
    );
    amounts_to(&tried(refused, PATIENT), Class::Refused, true, "refused");
    let none = endpoint("127.0.0.1", "tcp/9092", Protocol::Tcp, servers::nobody());
    let row = tried(none, PATIENT);
    assert_eq!(row.name, None);
    assert_eq!(row.steps.len(), 1, "an address is not asked for");
}

#[test]
fn a_name_of_a_tag_need_not_answer_over_every_service() {
    let of_tag = |port| match endpoint("mcr.contoso.com", "http", Protocol::Http, port) {
        Item::Probe(target) => Item::Probe(Target {
            listener: Listener::Possible,
            ..target
        }),
        skip @ Item::Skip(_) => skip,
    };
    let refused = tried(of_tag(servers::nobody()), PATIENT);
    amounts_to(&refused, Class::Refused, false, "not every name");
    let reset = tried(of_tag(servers::resetting()), PATIENT);
    amounts_to(
        &reset,
        Class::ResetAfterHello,
        true,
        "after the HTTP request",
    );
}

#[test]
fn certificates_are_held_against_the_roots() {
    let authority = Authority::new();
    let port = authority.server("api.contoso.com");
    let row = https("api.contoso.com", port);
    amounts_to(
        &row,
        Class::TlsIntercepted,
        true,
        "no public authority made it",
    );
    amounts_to(
        &row,
        Class::TlsIntercepted,
        true,
        "subject CN=api.contoso.com",
    );
    amounts_to(&row, Class::TlsIntercepted, true, "inspecting firewall");

    let trust = Trust::new(&[authority.pem()]).unwrap();
    let with = |name: &str| {
        let item = endpoint(name, "https", Protocol::Tls, port);
        tried_with(vec![item], Names::default(), &trust, PATIENT).remove(0)
    };
    amounts_to(
        &with("api.contoso.com"),
        Class::Ok,
        true,
        "TLS, certificate issued by",
    );
    amounts_to(
        &with("www.contoso.com"),
        Class::TlsIntercepted,
        true,
        "for other names",
    );
    // Who asks for an address cannot say which name it means.
    amounts_to(
        &with("127.0.0.1"),
        Class::Ok,
        true,
        "TLS, certificate issued by",
    );

    let other = Trust::new(&[Authority::new().pem()]).unwrap();
    let item = endpoint("api.contoso.com", "https", Protocol::Tls, port);
    let row = tried_with(vec![item], Names::default(), &other, PATIENT).remove(0);
    assert_eq!(row.ended.class, Class::TlsIntercepted, "{row:#?}");
}

#[test]
fn an_alert_comes_from_a_server_and_other_words_do_not() {
    let alert = servers::saying(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]);
    amounts_to(
        &https("alert.contoso.com", alert),
        Class::Ok,
        true,
        "HandshakeFailure",
    );
    let page = servers::saying(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let row = https("page.contoso.com", page);
    amounts_to(&row, Class::TlsIntercepted, true, "does not speak TLS");
}

#[test]
fn answers_of_http_tell_who_gave_them() {
    let cases: [(&'static [u8], Class, bool, &str); 7] = [
        (b"HTTP/1.1 200 OK\r\n\r\n", Class::Ok, true, "HTTP 200"),
        (
            b"HTTP/1.1 404 Not Found\r\n\r\n",
            Class::Ok,
            true,
            "HTTP 404",
        ),
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            Class::ProxyNeeded,
            true,
            "HTTP 407",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\nVia: 1.1 squid\r\n\r\n",
            Class::ProxyNeeded,
            true,
            "from a proxy",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            Class::ProxyNeeded,
            false,
            "or what the server itself says",
        ),
        (
            b"HTTP/1.1 470 status code 470\r\n\r\n",
            Class::Denied,
            true,
            "Azure Firewall",
        ),
        (b"SSH-2.0-x\r\n", Class::Ok, false, "not in HTTP"),
    ];
    for (answer, class, evidence, detail) in cases {
        let port = servers::saying(answer);
        let item = endpoint("www.contoso.com", "http", Protocol::Http, port);
        let row = tried(item, PATIENT);
        amounts_to(&row, class, evidence, detail);
        let standing = match (evidence, class) {
            (false, _) => Standing::Unknown,
            (true, Class::Ok) => Standing::Reached,
            (true, _) => Standing::Failed,
        };
        assert_eq!(row.ended.standing(), standing);
    }
    let reset = endpoint(
        "www.contoso.com",
        "http",
        Protocol::Http,
        servers::resetting(),
    );
    let row = tried(reset, PATIENT);
    amounts_to(&row, Class::ResetAfterHello, true, "after the HTTP request");
}

#[test]
fn sql_server_tells_its_name_in_the_handshake_only() {
    let sql = |port| endpoint("db.contoso.com", "mssql", Protocol::Mssql, port);
    let authority = Authority::new();
    let trust = Trust::new(&[authority.pem()]).unwrap();
    let item = sql(authority.sql_server("db.contoso.com"));
    let row = tried_with(vec![item], Names::default(), &trust, PATIENT).remove(0);
    amounts_to(&row, Class::Ok, true, "TLS, certificate issued by");
    assert_eq!(row.steps.last().unwrap().result, "TLS 1.2");

    let plain = tried(sql(servers::saying(servers::NOT_ENCRYPTING)), PATIENT);
    amounts_to(&plain, Class::Ok, true, "answered the pre-login");
    let denied = tried(sql(servers::saying(servers::ENCRYPTING)), PATIENT);
    amounts_to(&denied, Class::ResetAfterHello, true, "after the TLS hello");
    let reset = tried(sql(servers::resetting()), PATIENT);
    amounts_to(&reset, Class::ResetAfterHello, true, "after the pre-login");
    let other = tried(
        sql(servers::saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        PATIENT,
    );
    amounts_to(&other, Class::Ok, false, "not as SQL Server");
}

#[test]
fn silence_says_nothing_of_udp() {
    let ntp = |port| endpoint("ntp.contoso.com", "udp/123", Protocol::Ntp, port);
    let time = tried(ntp(servers::datagrams(servers::TIME)), PATIENT);
    amounts_to(&time, Class::Ok, true, "the time was told");
    let other = tried(ntp(servers::datagrams(b"no")), PATIENT);
    amounts_to(&other, Class::Ok, true, "not in NTP");
    let (port, _kept) = servers::mute();
    let silent = tried(ntp(port), IMPATIENT);
    amounts_to(&silent, Class::NoAnswer, false, "says nothing of UDP");

    let udp = |port| endpoint("tunnel.contoso.com", "udp/1194", Protocol::Udp, port);
    let answered = tried(udp(servers::datagrams(b"yes")), PATIENT);
    amounts_to(&answered, Class::Ok, true, "answered");
    let refused = tried(udp(servers::no_datagrams()), PATIENT);
    amounts_to(&refused, Class::Refused, true, "refused");
    let (port, _kept) = servers::mute();
    let silent = tried(udp(port), IMPATIENT);
    amounts_to(&silent, Class::NoAnswer, false, "says nothing of UDP");
}

#[test]
fn one_of_each_is_shown() {
    let authority = Authority::new();
    let sql = Authority::named("our own authority");
    let trust = Trust::new(&[sql.pem()]).unwrap();
    let (port, _kept) = servers::mute();
    let items = vec![
        endpoint(
            "db.contoso.com",
            "mssql",
            Protocol::Mssql,
            sql.sql_server("db.contoso.com"),
        ),
        endpoint(
            "reset.contoso.com",
            "https",
            Protocol::Tls,
            servers::resetting(),
        ),
        endpoint(
            "api.contoso.com",
            "https",
            Protocol::Tls,
            authority.server("api.contoso.com"),
        ),
        endpoint("old.contoso.com", "https", Protocol::Tls, 443),
        endpoint("lost.contoso.com", "https", Protocol::Tls, 443),
        endpoint(
            "127.0.0.1",
            "tcp/9092-9094",
            Protocol::Tcp,
            servers::nobody(),
        ),
        endpoint(
            "www.contoso.com",
            "http",
            Protocol::Http,
            servers::saying(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        ),
        endpoint("ntp.contoso.com", "udp/123", Protocol::Ntp, port),
    ];
    let names = Names(
        [
            ("old.contoso.com", Failure::NoSuchName),
            ("lost.contoso.com", Failure::ServerFailure),
        ]
        .into(),
    );
    let limits = super::Limits {
        step: std::time::Duration::from_secs(3),
        ..PATIENT
    };
    let rows = tried_with(items, names, &trust, limits);
    let view = View {
        pool: "shop-aks",
        started: "2026-11-30".parse().unwrap(),
        servers: &["10.40.0.4".to_owned()],
        rows: &rows,
        width: 90,
    };
    let document = validate(&json(&view));
    assert_eq!(document["rows"][1]["class"], "reset_after_hello");
    assert_eq!(document["rows"][1]["name"], "reset.contoso.com");
    assert_eq!(document["rows"][1]["address"], "127.0.0.1");
    assert_eq!(document["rows"][3]["address"], serde_json::Value::Null);
    assert_eq!(document["rows"][5]["service"], "tcp/9092-9094");
    insta::with_settings!({
        filters => vec![(r"\d+ ms", "[time]"), (r"port \d+", "port [port]")],
    }, {
        insta::assert_snapshot!("probe_text", text(&view));
    });
}
