//! Names asked of servers on loopback.

mod command;
mod lock;
mod resolver;
mod servers;
