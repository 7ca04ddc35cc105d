//! What a pool needs, tried over a real network from where the program runs.
//!
//! A [`Plan`] says which endpoints are tried, and of the others why they are not: nothing is left out without a word.
//! [`run`] tries them: the name, a TCP connection, and then what the client of the protocol would say first.
//! A connection alone shows nothing where an application protocol is known, because a firewall that reads names
//! accepts every connection itself and decides afterwards.

mod addresses;
mod certificate;
mod http;
mod mssql;
mod ntp;
mod plan;
mod proxy;
mod row;
mod run;
mod sample;
mod speak;
mod tcp;
mod tls;
mod trail;
mod udp;
mod view;

pub use plan::{Item, Listener, Peer, Plan, Protocol, Proxy, Skipped, Target, plan};
pub use row::{Class, Ended, Row, Standing, Step, StepKind};
pub use run::{Limits, run};
pub use sample::{Sample, SampleError};
pub use view::{ExpectedView, ExpectedViews};
