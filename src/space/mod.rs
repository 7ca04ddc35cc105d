//! Sets of flows: exact, with a flow to show from any set that is not empty.
//!
//! A flow has a source address and port, a destination address or name and port, and a protocol. Sets are lists of
//! blocks, whose fields are independent of each other: ranges of numbers, and patterns of names. What is not known,
//! such as the addresses of a service tag, is an atom; operations hold for whatever it may turn out to be. Operations
//! count their steps, and past a bound the answer is [`TooLarge`], never a guess.

mod addresses;
mod alike;
mod atoms;
mod block;
mod canonical;
mod decided;
mod describe;
mod first_match;
mod flows;
mod holding;
mod index;
mod joined;
mod names;
mod ranges;
mod search;
#[cfg(test)]
mod tests;

pub use addresses::{as_v4, every_port, every_v4, every_v6, number_of, ports_of, v4_of, v6_of};
pub use alike::{Acting, differ};
pub use atoms::{Atom, Atoms, Known, Side};
pub use block::{Block, Kind, Point, Target, Targets};
pub use canonical::Canonical;
pub use decided::{Deciding, all_decided, needless};
pub use describe::Wording;
pub use first_match::{Matches, shadows};
pub use flows::{Flows, TooLarge, Work};
pub use holding::Holding;
pub use index::Index;
pub use names::Names;
pub use ranges::{Range, Ranges};
pub use search::{Cover, cover};
