//! Names asked of servers on loopback.

mod command;
mod explained;
mod lock;
mod resolver;
pub(crate) mod servers;
