//! What runs over a flow: an application protocol with its port, or a transport with ports.

use std::fmt;
use std::str::FromStr;

use super::port::PortRange;

/// An application protocol that a firewall can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppProtocol {
    /// Plain HTTP; names come from the Host header.
    Http,
    /// HTTP over TLS; names come from the server name indication.
    Https,
    /// The protocol of SQL Server.
    Mssql,
}

impl AppProtocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Http, Self::Https, Self::Mssql];

    /// The word in the language.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Mssql => "mssql",
        }
    }

    /// The port it has unless another is named.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Mssql => 1433,
        }
    }
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP, which has no ports.
    Icmp,
    /// IPsec's encapsulating payload, which has no ports.
    Esp,
    /// IPsec's authentication header, which has no ports.
    Ah,
    /// Any of them.
    Any,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Tcp,
        Self::Udp,
        Self::Icmp,
        Self::Esp,
        Self::Ah,
        Self::Any,
    ];

    /// The word in the language.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Esp => "esp",
            Self::Ah => "ah",
            Self::Any => "any",
        }
    }

    /// Whether flows of this kind have ports.
    #[must_use]
    pub fn has_ports(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp | Self::Any)
    }
}

/// What a requirement or a rule lets through, written `https`, `https/8443`, `tcp/9092-9094`, `icmp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// An application protocol on one port.
    App {
        /// Which one.
        protocol: AppProtocol,
        /// On which TCP port.
        port: u16,
    },
    /// A transport on a range of ports.
    Net {
        /// Which one.
        transport: Transport,
        /// On which ports; [`PortRange::ALL`] for transports without ports.
        ports: PortRange,
    },
}

impl Service {
    /// The transport and ports of the flows, as a packet filter sees them.
    #[must_use]
    pub fn transport_ports(self) -> (Transport, PortRange) {
        match self {
            Self::App { port, .. } => (Transport::Tcp, PortRange::single(port)),
            Self::Net { transport, ports } => (transport, ports),
        }
    }
}

/// Why a text is no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The word before the slash is unknown.
    #[error("expected a service such as https, https/8443, tcp/9092-9094, udp/123, icmp or any")]
    UnknownProtocol,
    /// What stands after the slash is no port.
    #[error("expected a port from 1 to 65535, a range such as tcp/9092-9094, or tcp/*")]
    Ports,
    /// An application protocol has one port.
    #[error("expected an application protocol with one port, such as https/8443")]
    OnePort,
    /// TCP or UDP without ports.
    #[error("expected {0} with ports, such as {0}/443, {0}/9092-9094 or {0}/*")]
    MissingPorts(&'static str),
    /// ICMP and the like have no ports.
    #[error("expected {0} alone, as it has no ports")]
    NoPorts(&'static str),
}

impl FromStr for Service {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let (word, ports) = match text.split_once('/') {
            Some((word, ports)) => (word, Some(ports)),
            None => (text, None),
        };
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if let Some(protocol) = AppProtocol::ALL.into_iter().find(|p| is(p.keyword())) {
            let port = match ports.map(str::parse::<PortRange>) {
                None => protocol.default_port(),
                Some(Ok(range)) if range.bounds().0 == range.bounds().1 => range.bounds().0,
                Some(Ok(_)) => return Err(ServiceError::OnePort),
                Some(Err(_)) => return Err(ServiceError::Ports),
            };
            return Ok(Self::App { protocol, port });
        }
        let Some(transport) = Transport::ALL.into_iter().find(|t| is(t.keyword())) else {
            return Err(ServiceError::UnknownProtocol);
        };
        let ports = match ports {
            Some(_) if !transport.has_ports() => {
                return Err(ServiceError::NoPorts(transport.keyword()));
            }
            Some(ports) => ports.parse().map_err(|_| ServiceError::Ports)?,
            None if matches!(transport, Transport::Tcp | Transport::Udp) => {
                return Err(ServiceError::MissingPorts(transport.keyword()));
            }
            None => PortRange::ALL,
        };
        Ok(Self::Net { transport, ports })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::App { protocol, port } if port == protocol.default_port() => {
                f.write_str(protocol.keyword())
            }
            Self::App { protocol, port } => write!(f, "{}/{port}", protocol.keyword()),
            Self::Net {
                transport: Transport::Any,
                ports: PortRange::ALL,
            } => f.write_str("any"),
            Self::Net { transport, ports } if transport.has_ports() => {
                write!(f, "{}/{ports}", transport.keyword())
            }
            Self::Net { transport, .. } => f.write_str(transport.keyword()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_round_trip() {
        for text in [
            "https",
            "https/8443",
            "http",
            "mssql",
            "tcp/9092-9094",
            "udp/123",
            "tcp/*",
            "icmp",
            "any",
            "any/53",
        ] {
            assert_eq!(text.parse::<Service>().unwrap().to_string(), text);
        }
        for bad in [
            "tcp",
            "udp",
            "icmp/8",
            "https/1-2",
            "https/x",
            "tcp/0",
            "smtp",
            "",
            "/",
            "contoso.com",
        ] {
            assert!(bad.parse::<Service>().is_err(), "{bad}");
        }
    }
}
