//! The handshake of TLS: the first thing that a firewall which reads names has to let through.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error, ProtocolVersion,
    SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::dns::Trust;

use super::certificate::{Judge, Judged};
use super::mssql;
use super::plan::Peer;
use super::row::{Class, Ended, StepKind};
use super::trail::Trail;

/// What the handshake is written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// The connection itself.
    Plain,
    /// Packets of SQL Server.
    Mssql,
}

/// How a handshake ended that something answered.
enum Spoken {
    /// It is complete.
    Done(Option<ProtocolVersion>),
    /// The server ended it.
    Alert(AlertDescription),
    /// Server and client have nothing in common.
    Incompatible(String),
    /// What came is not TLS, or not right.
    Wrong(String),
}

/// Does the handshake, and says how the row ends.
pub(super) async fn handshake(
    trail: &mut Trail,
    mut stream: TcpStream,
    peer: &Peer,
    trust: &Trust,
    framing: Framing,
) -> Ended {
    let judge = Arc::new(Judge::new(trust.clone()));
    let mut client = match client(peer, trust, &judge, framing) {
        Ok(client) => client,
        Err(why) => return Ended::unclear(Class::NotProbed, why),
    };
    let work = speak(&mut client, &mut stream, framing);
    let spoken = match trail.step(StepKind::Tls, work, told).await {
        Ok(spoken) => spoken,
        Err(stop) => return stop.after("the TLS hello"),
    };
    match spoken {
        Spoken::Done(_) => match judge.judged() {
            Some(judged) => certified(&judged),
            None => Ended::unclear(Class::TlsIntercepted, "the server showed no certificate"),
        },
        Spoken::Alert(alert) => Ended::shown(
            Class::Ok,
            format!("the server answered the TLS hello with the alert {alert:?}"),
        ),
        Spoken::Incompatible(why) => Ended::shown(
            Class::Ok,
            format!("the server answered the TLS hello, and has nothing in common with it: {why}"),
        ),
        Spoken::Wrong(why) => Ended::shown(
            Class::TlsIntercepted,
            format!("what answered the TLS hello does not speak TLS as it should: {why}"),
        ),
    }
}

fn certified(judged: &Judged) -> Ended {
    let Judged {
        wrong,
        subject,
        issuer,
    } = judged;
    match wrong {
        None => Ended::shown(Class::Ok, format!("TLS, certificate issued by {issuer}")),
        Some(wrong) => Ended::shown(
            Class::TlsIntercepted,
            format!("the certificate is not believed: {wrong}; subject {subject}; issuer {issuer}"),
        ),
    }
}

fn client(
    peer: &Peer,
    trust: &Trust,
    judge: &Arc<Judge>,
    framing: Framing,
) -> Result<ClientConnection, String> {
    const BEFORE_TDS_8: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
    let builder = ClientConfig::builder_with_provider(trust.provider.clone());
    let builder = match framing {
        Framing::Plain => builder.with_safe_default_protocol_versions(),
        Framing::Mssql => builder.with_protocol_versions(&BEFORE_TDS_8),
    };
    let builder = builder.map_err(|error| error.to_string())?;
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(judge.clone())
        .with_no_client_auth();
    let name = match peer {
        Peer::Name(name) => ServerName::try_from(name.as_str().to_owned())
            .map_err(|_| format!("`{name}` cannot stand in a TLS hello"))?,
        Peer::Address(address) => ServerName::from(IpAddr::clone(address)),
    };
    ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())
}

/// Says and hears until the handshake is complete.
async fn speak(
    client: &mut ClientConnection,
    stream: &mut TcpStream,
    framing: Framing,
) -> io::Result<Spoken> {
    loop {
        let mut out = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut out)?;
        }
        if !out.is_empty() {
            match framing {
                Framing::Plain => stream.write_all(&out).await?,
                Framing::Mssql => mssql::send(stream, &out).await?,
            }
        }
        if !client.is_handshaking() {
            return Ok(Spoken::Done(client.protocol_version()));
        }
        let heard = match framing {
            Framing::Plain => read(stream).await?,
            Framing::Mssql => mssql::receive(stream).await?.1,
        };
        let mut rest = heard.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest)?;
            if let Err(error) = client.process_new_packets() {
                return Ok(ended(error));
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut part = vec![0; 4096];
    let length = stream.read(&mut part).await?;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    part.truncate(length);
    Ok(part)
}

fn ended(error: Error) -> Spoken {
    match error {
        Error::AlertReceived(alert) => Spoken::Alert(alert),
        Error::PeerIncompatible(why) => Spoken::Incompatible(format!("{why:?}")),
        other => Spoken::Wrong(other.to_string()),
    }
}

fn told(spoken: &Spoken) -> String {
    match spoken {
        Spoken::Done(Some(ProtocolVersion::TLSv1_3)) => "TLS 1.3".to_owned(),
        Spoken::Done(Some(ProtocolVersion::TLSv1_2)) => "TLS 1.2".to_owned(),
        Spoken::Done(_) => "TLS".to_owned(),
        Spoken::Alert(alert) => format!("alert {alert:?}"),
        Spoken::Incompatible(_) => "nothing in common".to_owned(),
        Spoken::Wrong(_) => "no TLS".to_owned(),
    }
}
