//! What a pool with an HTTP proxy needs is tried through the proxy.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use tidegate::dns::Trust;
use tidegate::probe::{Class, Item, Peer, Protocol, Proxy, Row};

use super::servers::{listen, nobody, saying};
use super::{LOCAL, Names, PATIENT, endpoint, tried_with, validate};
use crate::authority::Authority;
use crate::cli::Folder;

/// A proxy that leads every tunnel to a port of this machine.
fn tunnelling(port: u16) -> u16 {
    listen(move |mut client| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && client.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("CONNECT www.contoso.com:443 HTTP/1.1\r\n"));
        let mut server = TcpStream::connect((LOCAL, port)).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        thread::spawn(move || std::io::copy(&mut server, &mut client));
    })
}

fn through(proxy: u16, service: &str, protocol: Protocol, trust: &Trust) -> Row {
    let port = if service == "http" { 80 } else { 443 };
    let mut item = endpoint("www.contoso.com", service, protocol, port);
    if let Item::Probe(target) = &mut item {
        target.proxy = Some(Proxy {
            peer: Peer::Address(LOCAL),
            port: proxy,
        });
    }
    let mut rows = tried_with(vec![item], Names::default(), trust, PATIENT);
    rows.remove(0)
}

#[test]
fn a_tunnel_leads_to_the_server() {
    let authority = Authority::named("proxied");
    let trust = Trust::new(&[authority.pem()]).unwrap();
    let proxy = tunnelling(authority.server("www.contoso.com"));
    let row = through(proxy, "https", Protocol::Tls, &trust);
    assert_eq!(row.ended.class, Class::Ok, "{row:?}");
    let steps: Vec<&str> = row.steps.iter().map(|step| step.kind.word()).collect();
    assert_eq!(steps, ["connect", "proxy", "tls"]);
    // Where the proxy leads is not seen from here.
    assert_eq!((row.address, row.port), (None, Some(443)));
}

#[test]
fn what_a_proxy_answers_is_told_apart() {
    let trust = Trust::new(&[]).unwrap();
    for (answer, class, words) in [
        (
            "HTTP/1.1 407 No\r\n\r\n",
            Class::ProxyNeeded,
            "asks who this is",
        ),
        (
            "HTTP/1.1 403 No\r\n\r\n",
            Class::Denied,
            "does not let this through",
        ),
        (
            "HTTP/1.1 503 No\r\n\r\n",
            Class::Refused,
            "does not reach the server",
        ),
        (
            "SSH-2.0-nothing\r\n\r\n",
            Class::ProxyNeeded,
            "is no HTTP proxy",
        ),
    ] {
        let proxy = saying(answer.as_bytes());
        let row = through(proxy, "https", Protocol::Tls, &trust);
        assert_eq!(row.ended.class, class, "{answer}: {row:?}");
        assert!(row.ended.detail.contains(words), "{answer}: {row:?}");
    }
    let row = through(nobody(), "https", Protocol::Tls, &trust);
    assert_eq!(row.ended.class, Class::Refused);
    assert!(
        row.ended.detail.starts_with("the HTTP proxy 127.0.0.1:"),
        "{row:?}"
    );
    // Plain HTTP needs no tunnel.
    let proxy = saying(b"HTTP/1.1 204 OK\r\nVia: 1.1 squid\r\n\r\n");
    let row = through(proxy, "http", Protocol::Http, &trust);
    assert_eq!(
        (row.ended.class, row.ended.detail.as_str()),
        (Class::Ok, "HTTP 204")
    );
}

/// The policy says which proxy, and what goes past it.
#[test]
fn the_proxy_of_a_pool_is_taken() {
    let folder = Folder::new();
    let proxy = saying(b"HTTP/1.1 403 No\r\n\r\n");
    folder.write(
        "shop.egress",
        format!(
            "\
egress 1
region westeurope

vnet hub 10.10.0.0/16 {{
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 {{ route-table to-fw }}
}}
firewall fw in hub {{ private-ip 10.10.0.4 }}
route-table to-fw {{ route default 0.0.0.0/0 -> firewall fw }}
proxy squid {{ address 127.0.0.1  port {proxy} }}

pool apps in hub.nodes {{
  outbound userDefinedRouting
  http-proxy squid {{ no-proxy fabrikam.com }}
}}

require apps -> www.contoso.com, www.fabrikam.com https
"
        ),
    );
    let command = "probe shop.egress --pool apps --server 127.0.0.1:9 --timeout 1 --format json --today 2026-11-30";
    let document = validate(&folder.run(command).ends_with(1).out);
    let classes: Vec<&str> = document["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["denied", "dns_failure"], "{document:#}");
}
