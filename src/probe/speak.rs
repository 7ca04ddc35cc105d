//! What is done at one address.

use std::net::{IpAddr, SocketAddr};

use crate::dns::Trust;

use super::plan::{Peer, Protocol, Target};
use super::row::Ended;
use super::tls::Framing;
use super::trail::Trail;
use super::{http, mssql, ntp, proxy, tcp, tls, udp};

/// Connects where the protocol does, says what a client would say first, and tells how that ended.
pub(super) async fn speak(
    target: &Target,
    address: IpAddr,
    trust: &Trust,
    trail: &mut Trail,
) -> Ended {
    let port = target.proxy.as_ref().map_or(target.port, |it| it.port);
    let to = SocketAddr::new(address, port);
    match target.protocol {
        Protocol::Udp => return udp::datagram(trail, to).await,
        Protocol::Ntp => return ntp::ask(trail, to).await,
        Protocol::Tls | Protocol::Http | Protocol::Mssql | Protocol::Tcp => {}
    }
    let connected = match (&target.proxy, target.protocol) {
        (Some(_), Protocol::Tls) => proxy::tunnel(trail, to, &authority(target)).await,
        (Some(_), _) => proxy::connect(trail, to).await,
        (None, _) => tcp::connect(trail, to).await,
    };
    let stream = match connected {
        Ok(stream) => stream,
        Err(ended) => return ended,
    };
    match target.protocol {
        Protocol::Tls => tls::handshake(trail, stream, &target.peer, trust, Framing::Plain).await,
        Protocol::Http => {
            let host = host(target);
            let path = match &target.proxy {
                Some(_) => format!("http://{host}/"),
                None => "/".to_owned(),
            };
            http::head(trail, stream, &host, &path).await
        }
        Protocol::Mssql => mssql::login(trail, stream, &target.peer, trust).await,
        Protocol::Tcp | Protocol::Udp | Protocol::Ntp => tcp::connected(),
    }
}

/// The host of a request, with its port where that is not the usual one.
fn host(target: &Target) -> String {
    match target.port {
        80 => bare_host(target),
        _ => authority(target),
    }
}

/// The host with its port.
fn authority(target: &Target) -> String {
    format!("{}:{}", bare_host(target), target.port)
}

fn bare_host(target: &Target) -> String {
    match &target.peer {
        Peer::Name(name) => name.to_string(),
        Peer::Address(IpAddr::V6(address)) => format!("[{address}]"),
        Peer::Address(address) => address.to_string(),
    }
}
