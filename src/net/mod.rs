//! Domain values of networking: prefixes, ports, protocols, names, tags.
//!
//! Each is checked when it is made, so a value that exists is well formed. Nothing here knows Azure's resources.

mod address;
mod cloud;
mod destination;
mod name;
mod overlap;
mod port;
mod service;
mod tag;

pub use address::{AddressRange, PrefixError, leads_nowhere, parse_address, parse_prefix};
pub use cloud::Cloud;
pub use destination::{Destination, OpenKind, OpenValue};
pub use name::{Fqdn, FqdnPattern, NameError};
pub use overlap::overlapping;
pub use port::{PortError, PortRange};
pub use service::{AppProtocol, Service, ServiceError, Transport};
pub use tag::{FqdnTag, ServiceTag};
