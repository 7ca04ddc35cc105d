//! Names as servers answer them: the only place that asks DNS over a network.
//!
//! [`Resolver`] is what the rest of the program knows. [`NetworkResolver`] asks real servers; tests give answers of their
//! own. What was answered is kept in a [`Lock`], a file that people review and other commands read, so that no other
//! command has to ask anybody.

mod answer;
mod compare;
mod connection;
mod drift;
mod known;
mod lock;
mod network;
mod server;
mod trust;

pub use answer::{Address, Alias, Answer, Failure};
pub use compare::{Difference, Views, compare};
pub use drift::{Drift, drift};
pub use known::{KnownNames, Said};
pub use lock::{Lock, LockError, Locked, OtherView};
pub use network::{NetworkResolver, Settings};
pub use server::{Protocol, Server, ServerError};
pub(crate) use trust::disbelief;
pub use trust::{Trust, TrustError};

use crate::net::Fqdn;

/// Who answers for names.
pub trait Resolver {
    /// Asks for the addresses of names, many at a time; the answers are in the order of the names. Each is told as it comes,
    /// in whatever order that is.
    fn resolve(&self, names: &[Fqdn], told: &mut dyn FnMut(&Answer)) -> Vec<Answer>;

    /// Who is asked, as people write it.
    fn servers(&self) -> Vec<String>;
}
