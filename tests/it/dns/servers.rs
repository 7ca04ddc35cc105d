//! Servers on loopback: an authoritative one with zones, and ones that misbehave.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME};
use hickory_resolver::proto::rr::{LowerName, Name, RData, Record};
use hickory_server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use rustls::ServerConfig;
use tokio::runtime::Runtime;

/// A port of loopback that is free.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long a server waits for the rest of a question.
const PATIENCE: Duration = Duration::from_secs(5);

/// An authoritative server, which ends with this value. For names outside its zones it answers REFUSED.
pub(crate) struct Authoritative {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

/// Starts a server on loopback for zones: each with its records as `NAME TTL TYPE VALUE`, a line each.
pub(crate) fn authoritative(zones: &[(&str, &str)]) -> Authoritative {
    authoritative_at(LOOPBACK, zones)
}

/// Starts one at an address.
pub(crate) fn authoritative_at(address: SocketAddr, zones: &[(&str, &str)]) -> Authoritative {
    serving(zones, async |server| {
        let udp = tokio::net::UdpSocket::bind(address).await.unwrap();
        let address = udp.local_addr().unwrap();
        let tcp = tokio::net::TcpListener::bind(address).await.unwrap();
        server.register_socket(udp);
        server.register_listener(tcp, PATIENCE, 4096);
        address
    })
}

/// Starts one on loopback that is asked over TLS.
pub(crate) fn over_tls(config: &Arc<ServerConfig>, zones: &[(&str, &str)]) -> Authoritative {
    serving(zones, async |server| {
        let tcp = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
        let address = tcp.local_addr().unwrap();
        let registered =
            server.register_tls_listener_with_tls_config(tcp, PATIENCE, config.clone());
        registered.unwrap();
        address
    })
}

/// Starts a server once it has got its sockets.
fn serving(
    zones: &[(&str, &str)],
    register: impl AsyncFnOnce(&mut Server<Catalog>) -> SocketAddr,
) -> Authoritative {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let address = runtime.block_on(async {
        let mut server = Server::new(catalog(zones));
        let address = register(&mut server).await;
        tokio::spawn(async move { server.block_until_done().await });
        address
    });
    Authoritative {
        address,
        _runtime: runtime,
    }
}

fn catalog(zones: &[(&str, &str)]) -> Catalog {
    let mut catalog = Catalog::new();
    for (origin, records) in zones {
        let origin = name(origin);
        let mut zone = InMemoryZoneHandler::<TokioRuntimeProvider>::empty(
            origin.clone(),
            ZoneType::Primary,
            AxfrPolicy::Deny,
        );
        let soa = format!("{origin} 3600 SOA");
        assert!(zone.upsert_mut(record(&soa), 0));
        for line in records
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            assert!(zone.upsert_mut(record(line), 0), "{line}");
        }
        catalog.upsert(LowerName::new(&origin), vec![Arc::new(zone)]);
    }
    catalog
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{}.", text.trim_end_matches('.'))).unwrap()
}

fn record(line: &str) -> Record {
    let words: Vec<&str> = line.split_whitespace().collect();
    let data = match words[2] {
        "A" => RData::A(A(words[3].parse().unwrap())),
        "AAAA" => RData::AAAA(AAAA(words[3].parse().unwrap())),
        "CNAME" => RData::CNAME(CNAME(name(words[3]))),
        "SOA" => {
            let origin = name(words[0]);
            RData::SOA(hickory_resolver::proto::rr::rdata::SOA::new(
                origin.clone(),
                origin,
                1,
                3600,
                600,
                86400,
                60,
            ))
        }
        other => panic!("{other}"),
    };
    Record::from_rdata(name(words[0]), words[1].parse().unwrap(), data)
}

/// What a server does that is no good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes questions and never answers.
    Silent,
    /// It fails.
    Fails,
    /// It cuts every answer off, over UDP and TCP.
    CutsOff,
    /// It cuts answers off over UDP and answers over TCP.
    NeedsTcp,
}

/// Starts such a server; it lives as long as the process.
pub(crate) fn misbehaving(manner: Manner) -> SocketAddr {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap();
    let tcp = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            if let Some(reply) = reply(&buffer[..length], manner, false) {
                udp.send_to(&reply, from).unwrap();
            }
        }
    });
    std::thread::spawn(move || {
        for stream in tcp.incoming() {
            let Ok(mut stream) = stream else { continue };
            std::thread::spawn(move || {
                let mut length = [0; 2];
                while stream.read_exact(&mut length).is_ok() {
                    let mut question = vec![0; u16::from_be_bytes(length).into()];
                    if stream.read_exact(&mut question).is_err() {
                        return;
                    }
                    if let Some(reply) = reply(&question, manner, true) {
                        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
                        let whole = [&length[..], &reply].concat();
                        if stream.write_all(&whole).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

fn reply(question: &[u8], manner: Manner, over_tcp: bool) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let mut reply = Message::new(question.id, MessageType::Response, OpCode::Query);
    reply.metadata.recursion_desired = true;
    reply.metadata.recursion_available = true;
    let asked = question.queries.first()?.clone();
    reply.add_query(asked.clone());
    match manner {
        Manner::Silent => return None,
        Manner::Fails => reply.metadata.response_code = ResponseCode::ServFail,
        Manner::CutsOff => reply.metadata.truncation = true,
        Manner::NeedsTcp if !over_tcp => reply.metadata.truncation = true,
        Manner::NeedsTcp => {
            let address = RData::A(A("192.0.2.7".parse().unwrap()));
            reply.add_answer(Record::from_rdata(asked.name().clone(), 30, address));
        }
    }
    reply.to_vec().ok()
}

/// An address that nobody listens at.
pub(crate) fn nobody() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}
