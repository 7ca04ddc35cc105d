//! The way that an assertion asks for: a firewall or another appliance, by its name in every network.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use smol_str::SmolStr;

use crate::base::did_you_mean;
use crate::estate::{Estate, Meta};
use crate::intent::{Devices, Via};

use super::{Place, Word};

/// What `via` says.
#[derive(Debug, Clone)]
pub(super) struct Way {
    kind: Kind,
    name: SmolStr,
    pub(super) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Firewall,
    Appliance,
}

impl Way {
    /// # Errors
    /// When it is not the name of one thing.
    pub(super) fn parse(word: &Word) -> Result<Self, String> {
        let words: Vec<&str> = word.text.split_whitespace().collect();
        let (kind, name) = match words.as_slice() {
            ["appliance", name] => (Kind::Appliance, *name),
            [name] | ["firewall", name] => (Kind::Firewall, *name),
            _ => {
                return Err(format!(
                    "`{}`: expected the name of a firewall, or `appliance NAME`",
                    word.text
                ));
            }
        };
        Ok(Self {
            kind,
            name: name.into(),
            place: word.place,
        })
    }

    /// What is called so in one network.
    pub(super) fn in_network(&self, estate: &Estate) -> Via {
        let is_called = |meta: &Meta| meta.name.eq_ignore_ascii_case(&self.name);
        let devices = match self.kind {
            Kind::Firewall => {
                let firewalls = estate.firewalls.iter();
                let called = firewalls.filter(|(_, it)| is_called(&it.meta));
                Devices::Firewalls(called.map(|(id, _)| id).collect())
            }
            Kind::Appliance => {
                let appliances = estate.appliances.iter();
                let called = appliances.filter(|(_, it)| is_called(&it.meta));
                Devices::Appliances(called.map(|(id, _)| id).collect())
            }
        };
        let name = self.name.clone();
        Via { name, devices }
    }
}

/// The names of firewalls and appliances in all networks of a run.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    firewalls: BTreeSet<SmolStr>,
    appliances: BTreeSet<SmolStr>,
}

impl Seen {
    pub(super) fn note(&self, estate: &Estate) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let firewalls = estate.firewalls.iter().map(|(_, it)| it.meta.name.clone());
        names.firewalls.extend(firewalls);
        let appliances = estate.appliances.iter().map(|(_, it)| it.meta.name.clone());
        names.appliances.extend(appliances);
    }

    /// That no network has what a way asks for.
    pub(super) fn lacks(&self, way: &Way) -> Option<String> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, before, other, before_other) = match way.kind {
            Kind::Firewall => (&names.firewalls, "", &names.appliances, "appliance "),
            Kind::Appliance => (&names.appliances, "appliance ", &names.firewalls, ""),
        };
        let is_in = |names: &BTreeSet<SmolStr>| {
            let mut names = names.iter();
            names.any(|name| name.eq_ignore_ascii_case(&way.name))
        };
        if is_in(own) {
            return None;
        }
        let near = did_you_mean(&way.name, own.iter().map(SmolStr::as_str));
        let meant = if is_in(other) {
            Some(format!("{before_other}{}", way.name))
        } else {
            near.map(|near| format!("{before}{near}"))
        };
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        let kind = match way.kind {
            Kind::Firewall => "a firewall",
            Kind::Appliance => "an appliance",
        };
        Some(format!("no network has {kind} `{}`{meant}", way.name))
    }
}
