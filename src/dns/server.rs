//! Servers, as they are written on the command line.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// How a server is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protocol {
    /// UDP, and TCP for answers that do not fit.
    Udp,
    /// TCP alone.
    Tcp,
    /// DNS over TLS; the name is that of the server's certificate.
    Tls(String),
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its address.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub protocol: Protocol,
}

/// Why a text is no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// It has no address where one must be.
    #[error(
        "`{0}` is no server: write its address, as in 10.0.0.4, 10.0.0.4:5353, tcp://10.0.0.4 or tls://1.1.1.1#one.one.one.one"
    )]
    Address(String),
    /// The name of the certificate is missing.
    #[error("`{0}` says no name for the certificate: write tls://ADDRESS#NAME")]
    NoName(String),
    /// A protocol that is not known.
    #[error("`{0}` is no protocol: there are udp, tcp and tls")]
    Protocol(String),
}

impl Server {
    /// The port of DNS.
    const PORT: u16 = 53;
    /// The port of DNS over TLS.
    const TLS_PORT: u16 = 853;
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("udp", text));
        let (address, name) = match rest.split_once('#') {
            Some((address, name)) => (address, Some(name)),
            None => (rest, None),
        };
        let (protocol, usual) = match (scheme, name) {
            ("udp", None) => (Protocol::Udp, Self::PORT),
            ("tcp", None) => (Protocol::Tcp, Self::PORT),
            ("tls", Some(name)) if !name.is_empty() => {
                (Protocol::Tls(name.to_owned()), Self::TLS_PORT)
            }
            ("tls", _) => return Err(ServerError::NoName(text.to_owned())),
            ("udp" | "tcp", Some(_)) => return Err(ServerError::Address(text.to_owned())),
            (other, _) => return Err(ServerError::Protocol(other.to_owned())),
        };
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        let (ip, port) = match (bare.parse::<IpAddr>(), address.parse::<SocketAddr>()) {
            (Ok(ip), _) => (ip, usual),
            (Err(_), Ok(socket)) => (socket.ip(), socket.port()),
            (Err(_), Err(_)) => return Err(ServerError::Address(text.to_owned())),
        };
        Ok(Self { ip, port, protocol })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = match &self.protocol {
            Protocol::Udp => Self::PORT,
            Protocol::Tcp => {
                f.write_str("tcp://")?;
                Self::PORT
            }
            Protocol::Tls(_) => {
                f.write_str("tls://")?;
                Self::TLS_PORT
            }
        };
        match self.port == usual {
            true => write!(f, "{}", self.ip)?,
            false => write!(f, "{}", SocketAddr::new(self.ip, self.port))?,
        }
        match &self.protocol {
            Protocol::Tls(name) => write!(f, "#{name}"),
            Protocol::Udp | Protocol::Tcp => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_written_as_they_are_read() {
        for text in [
            "10.0.0.4",
            "10.0.0.4:5353",
            "tcp://10.0.0.4",
            "tcp://10.0.0.4:54",
            "tls://1.1.1.1#one.one.one.one",
            "tls://1.1.1.1:8853#one.one.one.one",
            "fd00::53",
            "[fd00::53]:5353",
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), text);
        }
        assert_eq!(
            "[fd00::53]".parse::<Server>().unwrap().to_string(),
            "fd00::53"
        );
    }

    #[test]
    fn what_is_no_server_is_told() {
        for (text, wrong) in [
            ("dns.contoso.com", "is no server"),
            ("10.0.0.4:70000", "is no server"),
            ("10.0.0.4#name", "is no server"),
            ("tls://1.1.1.1", "says no name for the certificate"),
            ("tls://1.1.1.1#", "says no name for the certificate"),
            ("https://1.1.1.1", "`https` is no protocol"),
            ("", "is no server"),
        ] {
            let error = text.parse::<Server>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }
}
