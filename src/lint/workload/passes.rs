//! Whether a flow that was followed took the way that an assertion asks for.

use crate::azure::{Site, Trace};
use crate::intent::{Devices, Via};

/// Whether it passes one of what a way asks for; `None` when that is not known, or nothing is called so.
pub(super) fn passes(trace: &Trace, via: &Via) -> Option<bool> {
    let sites: Vec<Site> = match &via.devices {
        Devices::Firewalls(ids) => ids.iter().copied().map(Site::Firewall).collect(),
        Devices::Appliances(ids) => ids.iter().copied().map(Site::Appliance).collect(),
    };
    let passed: Vec<Option<bool>> = sites.iter().map(|it| trace.passes(it)).collect();
    if passed.contains(&Some(true)) {
        return Some(true);
    }
    let none = !passed.is_empty() && !passed.contains(&None);
    none.then_some(false)
}
