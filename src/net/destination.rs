//! Where a flow goes, as a requirement or a rule names it.

use std::fmt;

use ipnet::IpNet;
use smol_str::SmolStr;

use super::{AddressRange, FqdnPattern, FqdnTag, ServiceTag};

/// What an open value will turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenKind {
    /// A domain name.
    Name,
    /// An address or prefix.
    Address,
}

/// A value that is known only when the template is deployed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenValue {
    /// The parameter that will carry it.
    pub parameter: SmolStr,
    /// What it will be.
    pub kind: OpenKind,
}

/// One destination.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    /// Everywhere.
    Anywhere,
    /// A prefix.
    Prefix(IpNet),
    /// A range of addresses.
    Range(AddressRange),
    /// All addresses of a service tag.
    ServiceTag(ServiceTag),
    /// A name or the names of a pattern.
    Fqdn(FqdnPattern),
    /// All names of an FQDN tag.
    FqdnTag(FqdnTag),
    /// Told at deployment.
    Open(OpenValue),
}

impl Destination {
    /// Whether it is reached by name: a domain name, names of a pattern or tag, or a name told at deployment.
    #[must_use]
    pub fn is_name(&self) -> bool {
        match self {
            Self::Fqdn(_) | Self::FqdnTag(_) => true,
            Self::Open(open) => open.kind == OpenKind::Name,
            Self::Anywhere | Self::Prefix(_) | Self::Range(_) | Self::ServiceTag(_) => false,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => f.write_str("any"),
            Self::Prefix(prefix) if prefix.prefix_len() == prefix.max_prefix_len() => {
                prefix.addr().fmt(f)
            }
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Range(range) => range.fmt(f),
            Self::ServiceTag(tag) => write!(f, "tag {tag}"),
            Self::Fqdn(pattern) => pattern.fmt(f),
            Self::FqdnTag(tag) => write!(f, "fqdn-tag {tag}"),
            Self::Open(open) => write!(f, "${}", open.parameter),
        }
    }
}
