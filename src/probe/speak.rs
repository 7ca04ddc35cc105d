//! What is done at one address.

use std::net::{IpAddr, SocketAddr};

use crate::dns::Trust;

use super::plan::{Peer, Protocol, Target};
use super::row::Ended;
use super::tls::Framing;
use super::trail::Trail;
use super::{http, mssql, ntp, tcp, tls, udp};

/// Connects where the protocol does, says what a client would say first, and tells how that ended.
pub(super) async fn speak(
    target: &Target,
    address: IpAddr,
    trust: &Trust,
    trail: &mut Trail,
) -> Ended {
    let to = SocketAddr::new(address, target.port);
    match target.protocol {
        Protocol::Udp => return udp::datagram(trail, to).await,
        Protocol::Ntp => return ntp::ask(trail, to).await,
        Protocol::Tls | Protocol::Http | Protocol::Mssql | Protocol::Tcp => {}
    }
    let stream = match tcp::connect(trail, to).await {
        Ok(stream) => stream,
        Err(ended) => return ended,
    };
    match target.protocol {
        Protocol::Tls => tls::handshake(trail, stream, &target.peer, trust, Framing::Plain).await,
        Protocol::Http => http::head(trail, stream, &host(target)).await,
        Protocol::Mssql => mssql::login(trail, stream, &target.peer, trust).await,
        Protocol::Tcp | Protocol::Udp | Protocol::Ntp => tcp::connected(),
    }
}

/// The host of a request, with its port where that is not the usual one.
fn host(target: &Target) -> String {
    let host = match &target.peer {
        Peer::Name(name) => name.to_string(),
        Peer::Address(IpAddr::V6(address)) => format!("[{address}]"),
        Peer::Address(address) => address.to_string(),
    };
    match target.port {
        80 => host,
        port => format!("{host}:{port}"),
    }
}
