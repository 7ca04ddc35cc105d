//! Files of service tags read as sets of addresses: what a tag is, and what changed from one file to another.
//!
//! How a set is cut into prefixes says nothing, so nothing here depends on it.

mod addresses;
mod compare;
mod describe;
#[cfg(test)]
mod tests;

pub use addresses::Addresses;
pub use compare::{Alone, Changed, TagsDifference, UnknownTag, tags_difference};
pub use describe::{FactsDiffer, Holder, TagDescription, cloud_of, describe_tag, known_names};
