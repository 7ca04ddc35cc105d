//! Datagrams.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;

use super::row::{Class, Ended, StepKind};
use super::tcp::turned_away;
use super::trail::{Stop, Trail};

/// Sends a datagram of no known protocol.
pub(super) async fn datagram(trail: &mut Trail, to: SocketAddr) -> Ended {
    let work = exchange(to, b"\0");
    let told = |answer: &Vec<u8>| format!("answered with {} bytes", answer.len());
    match trail.step(StepKind::Udp, work, told).await {
        Ok(_) => Ended::shown(Class::Ok, "a datagram was answered"),
        Err(stop) => unanswered(&stop, to).await,
    }
}

/// A socket for datagrams to somebody. Nothing is sent, but there is none where this machine has no route.
pub(super) async fn socket(to: SocketAddr) -> io::Result<UdpSocket> {
    let any = match to.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Only a connected socket is told of ICMP errors.
    socket.connect(to).await?;
    Ok(socket)
}

/// Sends a datagram, and takes the first one that comes back.
pub(super) async fn exchange(to: SocketAddr, data: &[u8]) -> io::Result<Vec<u8>> {
    let socket = socket(to).await?;
    socket.send(data).await?;
    let mut answer = vec![0; 1500];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

/// How a row ends that nothing came back for.
pub(super) async fn unanswered(stop: &Stop, to: SocketAddr) -> Ended {
    match stop {
        Stop::Silence => Ended::unclear(Class::NoAnswer, "no answer, which says nothing of UDP"),
        Stop::Limit => Ended::unclear(Class::NotProbed, stop.to_string()),
        Stop::Error(error) => turned_away(error, to).await,
    }
}
