//! What has changed since a lock file was written.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::net::Fqdn;

use super::{Failure, Lock, Locked};

/// A change of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// It is asked for now, and not in the file.
    New(Fqdn),
    /// It is in the file, and nobody asks for it any more.
    Dropped(Fqdn),
    /// It led to addresses and does not any more.
    Lost(Fqdn, Failure),
    /// It leads to addresses and did not.
    Found(Fqdn, Vec<IpAddr>),
    /// It fails, and failed in another way.
    FailsOtherwise(Fqdn, Failure),
    /// It stands for other names.
    Aliases {
        /// The name.
        name: Fqdn,
        /// What it stood for.
        before: Vec<Fqdn>,
        /// What it stands for.
        after: Vec<Fqdn>,
    },
    /// It has other addresses.
    Addresses {
        /// The name.
        name: Fqdn,
        /// Those that are new.
        added: Vec<IpAddr>,
        /// Those that are gone.
        removed: Vec<IpAddr>,
    },
}

/// Everything that changed between two files, by name.
#[must_use]
pub fn drift(before: &Lock, after: &Lock) -> Vec<Drift> {
    let names: BTreeSet<&Fqdn> = before.names.keys().chain(after.names.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        match (before.names.get(name), after.names.get(name)) {
            (None, _) => changes.push(Drift::New(name.clone())),
            (_, None) => changes.push(Drift::Dropped(name.clone())),
            (Some(before), Some(after)) => of_name(name, before, after, &mut changes),
        }
    }
    changes
}

fn of_name(name: &Fqdn, before: &Locked, after: &Locked, changes: &mut Vec<Drift>) {
    let name = name.clone();
    match (&before.failure, &after.failure) {
        (None, Some(failure)) => {
            changes.push(Drift::Lost(name, failure.clone()));
            return;
        }
        (Some(_), None) => {
            changes.push(Drift::Found(name, after.addresses.clone()));
            return;
        }
        (Some(one), Some(other)) if one != other => {
            changes.push(Drift::FailsOtherwise(name, other.clone()));
            return;
        }
        _ => {}
    }
    if before.aliases != after.aliases {
        changes.push(Drift::Aliases {
            name: name.clone(),
            before: before.aliases.clone(),
            after: after.aliases.clone(),
        });
    }
    let missing = |from: &[IpAddr], of: &[IpAddr]| -> Vec<IpAddr> {
        let gone = of.iter().filter(|ip| !from.contains(ip));
        gone.copied().collect()
    };
    let added = missing(&before.addresses, &after.addresses);
    let removed = missing(&after.addresses, &before.addresses);
    if !added.is_empty() || !removed.is_empty() {
        changes.push(Drift::Addresses {
            name,
            added,
            removed,
        });
    }
}
