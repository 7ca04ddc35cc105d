//! A TCP connection.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::row::{Class, Ended, StepKind};
use super::trail::{Stop, Trail};
use super::udp;

/// `EPERM`, which no message from a network becomes.
const NOT_PERMITTED: i32 = 1;

/// Connects, or says how the row ends.
pub(super) async fn connect(trail: &mut Trail, to: SocketAddr) -> Result<TcpStream, Ended> {
    let work = TcpStream::connect(to);
    let connected = trail.step(StepKind::Connect, work, |_| "accepted".to_owned());
    let stop = match connected.await {
        Ok(stream) => return Ok(stream),
        Err(stop) => stop,
    };
    Err(match &stop {
        Stop::Silence => Ended::shown(
            Class::Timeout,
            "no answer to the TCP connection: dropped on the way, or there is no such host",
        ),
        Stop::Limit => Ended::unclear(Class::NotProbed, stop.to_string()),
        Stop::Error(error) => turned_away(error, to).await,
    })
}

/// What an error says that came in place of an answer.
pub(super) async fn turned_away(error: &io::Error, to: SocketAddr) -> Ended {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted => Ended::shown(
            Class::Refused,
            "refused: nothing listens there, or something on the way rejects",
        ),
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::PermissionDenied => unreachable(error, to).await,
        io::ErrorKind::TimedOut => Ended::shown(Class::Timeout, "no answer in time"),
        _ => Ended::unclear(Class::NotProbed, format!("this machine cannot: {error}")),
    }
}

/// Whether nothing was sent, or somebody on the way says so: the same errors are told for both.
async fn unreachable(error: &io::Error, to: SocketAddr) -> Ended {
    if udp::socket(to).await.is_err() {
        return Ended::shown(
            Class::NotSent,
            format!("nothing was sent, for this machine has no route there: {error}"),
        );
    }
    if error.raw_os_error() == Some(NOT_PERMITTED) {
        return Ended::shown(
            Class::NotSent,
            format!("nothing was sent, for the packet filter of this machine forbids it: {error}"),
        );
    }
    Ended::shown(
        Class::Refused,
        format!(
            "turned away by something on the way, or nobody has this address in the subnet: {error}"
        ),
    )
}

/// How a row ends of which nothing but a port is known, once it is connected.
pub(super) fn connected() -> Ended {
    Ended::shown(
        Class::Ok,
        "a TCP connection was accepted; no protocol is known on this port, so nothing was said",
    )
}
