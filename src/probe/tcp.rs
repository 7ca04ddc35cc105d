//! A TCP connection.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::row::{Class, Ended, StepKind};
use super::trail::{Stop, Trail};

/// Connects, or says how the row ends.
pub(super) async fn connect(trail: &mut Trail, to: SocketAddr) -> Result<TcpStream, Ended> {
    let work = TcpStream::connect(to);
    let connected = trail.step(StepKind::Connect, work, |_| "accepted".to_owned());
    connected.await.map_err(|stop| match stop {
        Stop::Silence => Ended::shown(
            Class::Timeout,
            "no answer to the TCP connection: dropped on the way, or there is no such host",
        ),
        Stop::Limit => Ended::unclear(Class::NotProbed, stop.to_string()),
        Stop::Error(error) => turned_away(&error),
    })
}

/// What an error says that came in place of an answer.
pub(super) fn turned_away(error: &io::Error) -> Ended {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted => Ended::shown(
            Class::Refused,
            "refused: nothing listens there, or something on the way rejects",
        ),
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::PermissionDenied => {
            Ended::shown(Class::Refused, format!("turned away: {error}"))
        }
        io::ErrorKind::TimedOut => Ended::shown(Class::Timeout, "no answer in time"),
        _ => Ended::unclear(Class::NotProbed, format!("this machine cannot: {error}")),
    }
}

/// How a row ends of which nothing but a port is known, once it is connected.
pub(super) fn connected() -> Ended {
    Ended::shown(
        Class::Ok,
        "a TCP connection was accepted; no protocol is known on this port, so nothing was said",
    )
}
