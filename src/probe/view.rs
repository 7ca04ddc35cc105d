//! Which of DNS's views a pool should have of a name.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::dns::Answer;
use crate::net::{Fqdn, leads_nowhere};

use super::row::{Class, Ended};

/// What kind of address a name should lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedView {
    /// A private one: of a private endpoint, or of a private API server.
    Private,
    /// A public one.
    Public,
}

/// The views that a pool should have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedViews {
    /// The names of which it is known.
    pub expected: BTreeMap<Fqdn, ExpectedView>,
    /// The prefixes of private addresses.
    pub private: Vec<IpNet>,
}

impl ExpectedViews {
    /// How a row ends whose name leads to addresses of the other kind.
    pub(super) fn wrong(&self, answer: &Answer) -> Option<Ended> {
        let first = answer.addresses.first()?.ip;
        if answer.addresses.iter().any(|it| leads_nowhere(it.ip)) {
            // The answer of a filter is no view; connecting to it shows what it is.
            return None;
        }
        let mut all = answer.addresses.iter();
        let is_private = |ip: IpAddr| self.private.iter().any(|range| range.contains(&ip));
        let words = match self.expected.get(&answer.name)? {
            ExpectedView::Private if all.all(|it| !is_private(it.ip)) => {
                "a public address, and the policy has a private one for it: the servers that were asked do not see its private zone"
            }
            ExpectedView::Public if all.all(|it| is_private(it.ip)) => {
                "a private address, and the policy has no private endpoint for it: the servers that were asked see a zone of another network"
            }
            ExpectedView::Private | ExpectedView::Public => return None,
        };
        Some(Ended::shown(
            Class::WrongView,
            format!("{first} is {words}"),
        ))
    }
}
