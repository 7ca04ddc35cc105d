//! The pre-login of SQL Server ([MS-TDS] 2.2.6.5), and the handshake of TLS in its packets.
//!
//! The name of the server is told only in the handshake, so a firewall that reads names answers the pre-login whatever
//! its rules are.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::dns::Trust;

use super::plan::Peer;
use super::row::{Class, Ended, StepKind};
use super::tls::{Framing, handshake};
use super::trail::Trail;

/// The type of a packet that opens a login, of either side of the handshake.
const PRE_LOGIN: u8 = 0x12;
/// The type of a server's answer.
const ANSWER: u8 = 0x04;
/// The option that says whether to encrypt, and its value for what cannot.
const ENCRYPTION: u8 = 0x01;
const NOT_SUPPORTED: u8 = 0x02;
/// The longest packet that is read.
const MOST: usize = 32 * 1024;

/// Version 17.0 of no product, and encryption on; each option has its number, its place and its length.
const HELLO: [u8; 18] = [
    0x00, 0x00, 0x0b, 0x00, 0x06, // version
    ENCRYPTION, 0x00, 0x11, 0x00, 0x01, // encryption
    0xff, // end
    0x11, 0x00, 0x00, 0x00, 0x00, 0x00, // the version
    0x01, // on
];

/// What came back.
enum Reply {
    /// Encryption can begin.
    Encrypts,
    /// The server cannot encrypt.
    Plain,
    /// Something else than a pre-login.
    Other,
}

/// Says the pre-login, and begins TLS.
pub(super) async fn login(
    trail: &mut Trail,
    mut stream: TcpStream,
    peer: &Peer,
    trust: &Trust,
) -> Ended {
    let work = async {
        send(&mut stream, &HELLO).await?;
        let (kind, body) = receive(&mut stream).await?;
        Ok(read(kind, &body))
    };
    let told = |reply: &Reply| match reply {
        Reply::Encrypts => "pre-login answered".to_owned(),
        Reply::Plain => "pre-login answered, without encryption".to_owned(),
        Reply::Other => "answered, not with a pre-login".to_owned(),
    };
    match trail.step(StepKind::Mssql, work, told).await {
        Ok(Reply::Encrypts) => handshake(trail, stream, peer, trust, Framing::Mssql).await,
        Ok(Reply::Plain) => Ended::shown(
            Class::Ok,
            "SQL Server answered the pre-login, and cannot encrypt",
        ),
        Ok(Reply::Other) => Ended::unclear(
            Class::Ok,
            "something answered the pre-login, and not as SQL Server does",
        ),
        Err(stop) => stop.after("the pre-login"),
    }
}

/// Sends one packet.
pub(super) async fn send(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let length = u16::try_from(body.len() + 8).map_err(|_| io::ErrorKind::InvalidInput)?;
    let [high, low] = length.to_be_bytes();
    // The last packet of the message; no session, number and window.
    let mut packet = vec![PRE_LOGIN, 0x01, high, low, 0, 0, 0, 0];
    packet.extend_from_slice(body);
    stream.write_all(&packet).await
}

/// Takes one packet: its type and what it carries.
pub(super) async fn receive(stream: &mut TcpStream) -> io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    let [kind, _, high, low, ..] = header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !matches!(kind, PRE_LOGIN | ANSWER) || !(8..=MOST).contains(&length) {
        return Ok((kind, Vec::new()));
    }
    let mut body = vec![0; length - 8];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}

fn read(kind: u8, body: &[u8]) -> Reply {
    if kind != ANSWER {
        return Reply::Other;
    }
    let options = body
        .chunks_exact(5)
        .take_while(|it| it.first() != Some(&0xff));
    for option in options {
        let [ENCRYPTION, high, low, ..] = option else {
            continue;
        };
        let at = usize::from(u16::from_be_bytes([*high, *low]));
        return match body.get(at) {
            Some(&NOT_SUPPORTED) => Reply::Plain,
            Some(_) => Reply::Encrypts,
            None => Reply::Other,
        };
    }
    Reply::Other
}
