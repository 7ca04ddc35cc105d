//! The answer for programs.

use serde::Serialize;

use crate::reach::{Destinations, Fate};
use crate::verify::Reach;

use super::View;

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    from: &'v str,
    subnets: Vec<Subnet<'v>>,
}

#[derive(Serialize)]
struct Subnet<'v> {
    subnet: String,
    whole: bool,
    reached: Vec<Group<'v>>,
}

#[derive(Serialize)]
struct Group<'v> {
    verdict: &'static str,
    to: &'static str,
    via: &'v [String],
    flows: &'v [String],
    addresses: String,
    pairs: String,
    shared_below: &'v [String],
    rests_on: &'v [String],
}

/// An answer as JSON.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let subnets = view.reached.iter().map(|reached| Subnet {
        subnet: view.estate.subnet_path(reached.subnet),
        whole: !reached.too_large,
        reached: reached.groups.iter().map(group).collect(),
    });
    let root = Root {
        version: 1,
        from: view.from,
        subnets: subnets.collect(),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn group(reach: &Reach) -> Group<'_> {
    Group {
        verdict: match reach.fate {
            Fate::Allowed => "allowed",
            Fate::NoReturn => "no_return",
            Fate::Uncertain => "uncertain",
        },
        to: match reach.to {
            Destinations::Names => "names",
            Destinations::Public => "public",
            Destinations::Private => "private",
            Destinations::Unlisted => "unlisted",
            Destinations::Unroutable => "unroutable",
            Destinations::Inside => "inside",
            Destinations::Platform => "platform",
        },
        via: &reach.via,
        flows: &reach.flows,
        // Wider than what every reader of JSON takes for a number.
        addresses: reach.openness.addresses.to_string(),
        pairs: reach.openness.pairs.to_string(),
        shared_below: &reach.openness.shared,
        rests_on: &reach.doubts,
    }
}
