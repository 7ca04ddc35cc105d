//! Application security groups: their members are the interfaces that name them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::base::Spanned;
use crate::estate::{ApplicationSecurityGroup, Id, Meta};

use super::Builder;
use super::gap::Part;
use super::slot::Slot;
use crate::estate::Unknown;

pub(super) fn blank(meta: Meta) -> ApplicationSecurityGroup {
    ApplicationSecurityGroup {
        meta,
        members: None,
    }
}

/// Members of groups as interfaces name them.
#[derive(Debug, Default)]
pub(super) struct Members {
    known: BTreeMap<Id<ApplicationSecurityGroup>, Vec<Spanned<IpAddr>>>,
    incomplete: BTreeMap<Id<ApplicationSecurityGroup>, Unknown>,
}

impl Members {
    /// Puts an interface into a group; the reason, when its address is not known.
    pub(super) fn add(
        &mut self,
        group: Id<ApplicationSecurityGroup>,
        addresses: &[Spanned<IpAddr>],
        unknown: Option<&Unknown>,
    ) {
        self.known.entry(group).or_default().extend(addresses);
        if let Some(unknown) = unknown {
            self.incomplete.insert(group, unknown.clone());
        }
    }
}

impl Builder<'_> {
    /// Groups of which every member is known have them; others have none stated.
    pub(super) fn set_members(&mut self, members: Members) {
        for (group, addresses) in members.known {
            match members.incomplete.get(&group) {
                Some(unknown) => {
                    self.gap(Slot::SecurityGroup(group), Part::Members, unknown.clone());
                }
                None => self.estate.security_groups[group].members = Some(addresses),
            }
        }
    }
}
