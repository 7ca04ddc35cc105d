//! A request of plain HTTP.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::row::{Class, Ended, StepKind};
use super::trail::Trail;

/// How much of an answer is read.
const MOST: usize = 8 * 1024;

/// What proxies and filters write into their answers.
const OF_PROXIES: [&str; 5] = [
    "via:",
    "proxy-authenticate:",
    "proxy-connection:",
    "x-squid-error:",
    "x-cache-lookup:",
];

/// Asks for the head of a path; of a proxy with the host before it.
pub(super) async fn head(
    trail: &mut Trail,
    mut stream: TcpStream,
    host: &str,
    path: &str,
) -> Ended {
    let version = env!("CARGO_PKG_VERSION");
    let request = format!(
        "HEAD {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: tidegate/{version}\r\nConnection: close\r\n\r\n"
    );
    let work = async {
        stream.write_all(request.as_bytes()).await?;
        read_head(&mut stream).await
    };
    let told = |answer: &String| match status(answer) {
        Some(status) => format!("HTTP {status}"),
        None => "answered, not in HTTP".to_owned(),
    };
    match trail.step(StepKind::Http, work, told).await {
        Ok(answer) => judge(&answer),
        Err(stop) => stop.after("the HTTP request"),
    }
}

/// Reads to the empty line after the head, or to the end.
pub(super) async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut answer = Vec::new();
    let mut part = [0; 1024];
    while answer.len() < MOST && !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(0) => break,
            Ok(length) => answer.extend(part.iter().take(length)),
            // A reset after an answer takes nothing back.
            Err(_) if !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    match answer.is_empty() {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

pub(super) fn status(answer: &str) -> Option<u16> {
    let mut words = answer.lines().next()?.split_whitespace();
    words.next()?.strip_prefix("HTTP/")?;
    words.next()?.parse().ok()
}

fn judge(answer: &str) -> Ended {
    let Some(status) = status(answer) else {
        return Ended::unclear(
            Class::Ok,
            "something answered the HTTP request, and not in HTTP",
        );
    };
    let answer = answer.to_ascii_lowercase();
    let by_proxy = answer
        .lines()
        .skip(1)
        .any(|line| OF_PROXIES.iter().any(|header| line.starts_with(header)));
    match status {
        407 => Ended::shown(Class::ProxyNeeded, "HTTP 407: a proxy asks who this is"),
        511 => Ended::shown(
            Class::ProxyNeeded,
            "HTTP 511: the network wants a login first",
        ),
        403 if by_proxy => Ended::shown(Class::ProxyNeeded, "HTTP 403 from a proxy"),
        403 => Ended::unclear(
            Class::ProxyNeeded,
            "HTTP 403: the page of a proxy or filter, or what the server itself says",
        ),
        470 => Ended::shown(
            Class::Denied,
            "HTTP 470: Azure Firewall answers so when no application rule allows the request",
        ),
        _ => Ended::shown(Class::Ok, format!("HTTP {status}")),
    }
}
