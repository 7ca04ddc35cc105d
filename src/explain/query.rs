//! What somebody asks: from whom, to what, over what.

use std::net::IpAddr;

use crate::azure::{Announced, Flow, Sender, Target};
use crate::base::did_you_mean;
use crate::estate::{Estate, Id, Pool, Subnet};
use crate::net::{Fqdn, Transport, parse_address};

/// A question that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The sender is nothing of the estate, and no address.
    #[error("`{0}` is no pool, no subnet and no address{1}")]
    UnknownSender(String, String),
    /// A subnet name that several networks have.
    #[error("several networks have a subnet `{0}`; write VNET.SUBNET: {1}")]
    AmbiguousSubnet(String, String),
    /// The sender has no subnet or address to send from.
    #[error("{0} has no subnet with addresses to send from")]
    NoAddress(String),
    /// The target is malformed.
    #[error("`{0}` is no target such as mcr.microsoft.com:443 or 192.168.40.9:9092/tcp: {1}")]
    Target(String, String),
}

/// Where a flow starts: a pool, a subnet (`VNET.SUBNET`, or its name alone when only one has it), or an address.
///
/// An address inside a subnet of the estate is a machine there; any other comes from outside.
///
/// # Errors
/// When the word names nothing, several things, or something without an address.
pub fn parse_sender(
    estate: &Estate,
    text: &str,
    address_of: impl Fn(Id<Subnet>) -> Option<IpAddr>,
) -> Result<Sender, QueryError> {
    if let Some(address) = parse_address(text) {
        return Ok(sender_at(estate, address));
    }
    let subnet = match pool_named(estate, text) {
        Some(pool) => {
            let mut subnets = estate.pools[pool]
                .subnets
                .iter()
                .filter_map(|subnet| subnet.id);
            subnets
                .next()
                .ok_or_else(|| QueryError::NoAddress(format!("pool `{text}`")))?
        }
        None => subnet_named(estate, text)?,
    };
    let address = address_of(subnet)
        .ok_or_else(|| QueryError::NoAddress(format!("`{}`", estate.subnet_path(subnet))))?;
    Ok(Sender::Inside { subnet, address })
}

/// Where all flows of somebody start: the subnets of a pool, or one subnet (`VNET/SUBNET`, or its name alone when only one
/// has it).
///
/// # Errors
/// When the word names nothing or several things.
pub fn parse_subnets(estate: &Estate, text: &str) -> Result<Vec<Id<Subnet>>, QueryError> {
    let Some(pool) = pool_named(estate, text) else {
        return Ok(vec![subnet_named(estate, text)?]);
    };
    let subnets = estate.pools[pool].subnets.iter();
    let subnets: Vec<Id<Subnet>> = subnets.filter_map(|subnet| subnet.id).collect();
    if subnets.is_empty() {
        return Err(QueryError::NoAddress(format!("pool `{text}`")));
    }
    Ok(subnets)
}

/// The machine at an address: in the narrowest subnet that holds it, or outside.
#[must_use]
pub(super) fn sender_at(estate: &Estate, address: IpAddr) -> Sender {
    let holding = estate.subnets.iter().filter_map(|(id, subnet)| {
        let mut prefixes = subnet.prefixes.iter();
        let prefix = prefixes.find(|prefix| prefix.value.contains(&address))?;
        Some((prefix.value.prefix_len(), id))
    });
    match holding.max_by_key(|(length, _)| *length) {
        Some((_, subnet)) => Sender::Inside { subnet, address },
        None => Sender::Outside {
            address,
            tags: Vec::new(),
        },
    }
}

/// The pool of that name.
#[must_use]
pub(super) fn pool_named(estate: &Estate, name: &str) -> Option<Id<Pool>> {
    let mut pools = estate.pools.iter();
    pools
        .find(|(_, pool)| pool.meta.name == name)
        .map(|(id, _)| id)
}

fn subnet_named(estate: &Estate, text: &str) -> Result<Id<Subnet>, QueryError> {
    // The names of networks may hold dots, so the whole path is compared. To Azure case means nothing.
    let wanted = text.to_ascii_lowercase();
    let is = |subnet: &Subnet| {
        let name = subnet.meta.name.to_ascii_lowercase();
        let vnet = estate.vnets[subnet.vnet].meta.name.to_ascii_lowercase();
        wanted == name
            || wanted
                .strip_prefix(vnet.as_str())
                .and_then(|rest| rest.strip_prefix(['.', '/']))
                .is_some_and(|rest| rest == name)
    };
    let named: Vec<Id<Subnet>> = estate
        .subnets
        .iter()
        .filter(|(_, subnet)| is(subnet))
        .map(|(id, _)| id)
        .collect();
    match named.as_slice() {
        [one] => Ok(*one),
        [] => {
            let pools = estate
                .pools
                .iter()
                .map(|(_, pool)| pool.meta.name.to_string());
            let subnets = estate
                .subnets
                .ids()
                .map(|id| estate.subnet_path(id).replace('/', "."));
            let known: Vec<String> = pools.chain(subnets).collect();
            let hint = did_you_mean(text, known.iter().map(String::as_str))
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(QueryError::UnknownSender(text.to_owned(), hint))
        }
        several => {
            let paths: Vec<String> = several
                .iter()
                .map(|id| estate.subnet_path(*id).replace('/', "."))
                .collect();
            Err(QueryError::AmbiguousSubnet(
                text.to_owned(),
                paths.join(", "),
            ))
        }
    }
}

/// A flow to a target as written: `HOST[:PORT][/PROTOCOL]`, where HOST is a name, an IPv4 address or an IPv6 address in
/// brackets. The port is 443 and the protocol tcp when left out.
///
/// # Errors
/// When a part is malformed.
pub fn parse_target(text: &str, from: Sender) -> Result<Flow, QueryError> {
    let (to, transport, port) = parse_place(text)?;
    Ok(Flow {
        from,
        to,
        transport,
        port,
        announced: Announced::Target,
        at_once: None,
    })
}

/// A target as [`parse_target`] takes it.
pub(super) fn parse_place(text: &str) -> Result<(Target, Transport, u16), QueryError> {
    let fault = |why: &str| QueryError::Target(text.to_owned(), why.to_owned());
    let (place, protocol) = match text.rsplit_once('/') {
        Some((place, protocol)) => (place, Some(protocol)),
        None => (text, None),
    };
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest
                .split_once(']')
                .ok_or_else(|| fault("`[` without `]`"))?;
            (host, after.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let transport = parse_transport(protocol).map_err(|why| fault(&why))?;
    let port = match port {
        Some(port) => {
            parse_port(port).ok_or_else(|| fault("a port is a number from 1 to 65535"))?
        }
        None if transport.has_ports() => DEFAULT_PORT,
        None => 0,
    };
    let to = match parse_address(host) {
        Some(address) => Target {
            name: None,
            address: Some(address),
            tags: Vec::new(),
        },
        None => Target {
            name: Some(
                host.parse::<Fqdn>()
                    .map_err(|error| fault(&error.to_string()))?,
            ),
            address: None,
            tags: Vec::new(),
        },
    };
    Ok((to, transport, port))
}

/// The port of a target without one.
const DEFAULT_PORT: u16 = 443;

pub(super) fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u16>().ok().filter(|port| digits && *port > 0)
}

pub(super) fn parse_transport(text: Option<&str>) -> Result<Transport, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(Transport::Tcp);
    };
    let mut known = Transport::ALL.into_iter();
    known
        .find(|transport| {
            *transport != Transport::Any && transport.keyword().eq_ignore_ascii_case(text)
        })
        .ok_or_else(|| format!("`{text}` is no protocol of a flow; tcp, udp, icmp, esp or ah"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside() -> Sender {
        Sender::Outside {
            address: "192.0.2.1".parse().unwrap(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn targets_have_a_host_a_port_and_a_protocol() {
        let words = |text: &str| {
            let flow = parse_target(text, outside()).unwrap();
            let host = flow.to.name.map_or_else(
                || flow.to.address.unwrap().to_string(),
                |name| name.to_string(),
            );
            format!("{host} {} {}", flow.transport.keyword(), flow.port)
        };
        assert_eq!(words("mcr.microsoft.com"), "mcr.microsoft.com tcp 443");
        assert_eq!(words("mcr.microsoft.com:80"), "mcr.microsoft.com tcp 80");
        assert_eq!(words("192.168.40.9:9092/tcp"), "192.168.40.9 tcp 9092");
        assert_eq!(words("ntp.ubuntu.com:123/UDP"), "ntp.ubuntu.com udp 123");
        assert_eq!(words("[fd00::4]:53/udp"), "fd00::4 udp 53");
        assert_eq!(words("10.0.0.4/icmp"), "10.0.0.4 icmp 0");
        for bad in [
            "",
            "a b",
            "mcr.microsoft.com:0",
            "mcr.microsoft.com:x",
            "*.x.com",
            "[::1",
            "h/any",
            "h/x",
        ] {
            assert!(parse_target(bad, outside()).is_err(), "{bad}");
        }
    }
}
