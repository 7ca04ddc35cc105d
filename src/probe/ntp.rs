//! A client's request for the time (RFC 5905).

use std::net::SocketAddr;

use super::row::{Class, Ended, StepKind};
use super::trail::{Stop, Trail};
use super::udp::{exchange, unanswered};

/// How long requests and answers are without extensions.
const LENGTH: usize = 48;

/// Asks for the time.
pub(super) async fn ask(trail: &mut Trail, to: SocketAddr) -> Ended {
    let mut request = [0; LENGTH];
    if let Some(first) = request.first_mut() {
        // Version 4, mode 3: a client.
        *first = 0x23;
    }
    let work = exchange(to, &request);
    let told = |answer: &Vec<u8>| match is_of_server(answer) {
        true => "answered".to_owned(),
        false => format!("answered with {} bytes that are no NTP", answer.len()),
    };
    match trail.step(StepKind::Ntp, work, told).await {
        Ok(answer) if is_of_server(&answer) => Ended::shown(Class::Ok, "the time was told"),
        Ok(_) => Ended::shown(Class::Ok, "a datagram was answered, though not in NTP"),
        Err(Stop::Silence) => Ended::unclear(
            Class::NoAnswer,
            "no answer, which says nothing of UDP; a time server would mostly have answered",
        ),
        Err(stop) => unanswered(&stop, to).await,
    }
}

fn is_of_server(answer: &[u8]) -> bool {
    let mode = answer.first().map(|first| first & 0x07);
    answer.len() >= LENGTH && mode == Some(4)
}
