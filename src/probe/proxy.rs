//! The way through an HTTP proxy (RFC 9110, section 9.3.6, CONNECT).

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::row::{Class, Ended, StepKind};
use super::trail::Trail;
use super::{http, tcp};

/// Connects to the proxy itself.
pub(super) async fn connect(trail: &mut Trail, to: SocketAddr) -> Result<TcpStream, Ended> {
    let connected = tcp::connect(trail, to).await;
    connected.map_err(|ended| Ended {
        detail: format!("the HTTP proxy {to}: {}", ended.detail),
        ..ended
    })
}

/// Connects to the proxy and asks for a way to a host and port.
pub(super) async fn tunnel(
    trail: &mut Trail,
    to: SocketAddr,
    authority: &str,
) -> Result<TcpStream, Ended> {
    let mut stream = connect(trail, to).await?;
    let version = env!("CARGO_PKG_VERSION");
    let request = format!(
        "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: tidegate/{version}\r\n\r\n"
    );
    let work = async {
        stream.write_all(request.as_bytes()).await?;
        http::read_head(&mut stream).await
    };
    let told = |answer: &String| match http::status(answer) {
        Some(status) => format!("HTTP {status}"),
        None => "answered, not in HTTP".to_owned(),
    };
    let answer = trail.step(StepKind::Proxy, work, told).await;
    let answer = answer.map_err(|stop| stop.after("the request to the HTTP proxy"))?;
    match http::status(&answer) {
        Some(200..=299) => Ok(stream),
        Some(407) => Err(Ended::shown(
            Class::ProxyNeeded,
            format!("HTTP 407: the HTTP proxy {to} asks who this is"),
        )),
        Some(status @ 400..=499) => Err(Ended::shown(
            Class::Denied,
            format!("HTTP {status}: the HTTP proxy {to} does not let this through"),
        )),
        Some(status) => Err(Ended::shown(
            Class::Refused,
            format!("HTTP {status}: the HTTP proxy {to} does not reach the server"),
        )),
        None => Err(Ended::unclear(
            Class::ProxyNeeded,
            format!("{to} is no HTTP proxy: its answer is not in HTTP"),
        )),
    }
}
