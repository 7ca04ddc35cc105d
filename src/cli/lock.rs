//! The lock file of names, for commands that read one.

use std::net::IpAddr;

use camino::{Utf8Path, Utf8PathBuf};
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::base::{FileReader, Origin, SourceMap, Span, Spanned};
use crate::dns::{KnownNames, Lock};
use crate::estate::{Estate, Home, Id, Meta, PlatformService, Resolved};
use crate::net::{Fqdn, leads_nowhere};

use super::output::Disk;

/// A lock file.
#[derive(Debug, Clone)]
pub struct LockFile {
    path: Utf8PathBuf,
    text: String,
    /// What it says.
    pub lock: Lock,
}

impl LockFile {
    /// Reads a lock file.
    ///
    /// # Errors
    /// Why it cannot be read or understood.
    pub(super) fn read(path: &Utf8Path) -> Result<Self, String> {
        let text = Disk
            .read(path)
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        Self::of(path, text)
    }

    /// A lock file of this text.
    ///
    /// # Errors
    /// Why it cannot be understood.
    pub fn of(path: &Utf8Path, text: String) -> Result<Self, String> {
        let lock = Lock::parse(&text).map_err(|error| format!("{path}: {error}"))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            lock,
        })
    }

    /// The file among those that are read.
    pub(super) fn among(&self, sources: &mut SourceMap) -> KnownNames {
        let file = sources.add(self.path.as_str(), self.text.clone());
        KnownNames::new(self.lock.clone(), file, sources)
    }
}

/// The lock file that an option names.
///
/// # Errors
/// Why it cannot be read or understood.
pub(super) fn locked(path: Option<&Utf8Path>) -> Result<Option<LockFile>, String> {
    path.map(LockFile::read).transpose()
}

/// Gives names of an estate the public addresses that they led to. What the estate says itself stays.
pub(super) fn take_into(estate: &mut Estate, names: &KnownNames) {
    // A private address is one view's answer; the zones of the estate tell who sees it. What leads nowhere is the answer
    // of a filter.
    let is_public = |ip: &IpAddr| !Facts::builtin().is_private(*ip) && !leads_nowhere(*ip);
    for name in names.lock.names.keys() {
        let (Some((locked, place)), Some(said)) =
            (names.get(name), names.said(name).into_iter().next())
        else {
            continue;
        };
        if !locked.addresses.is_empty() && locked.addresses.iter().all(is_public) {
            let resolved = Resolved {
                date: names.lock.date,
                servers: said.by(),
            };
            give(estate, name, &locked.addresses, &resolved, place);
        }
    }
}

fn give(estate: &mut Estate, name: &Fqdn, addresses: &[IpAddr], resolved: &Resolved, span: Span) {
    let addresses = addresses.iter().map(|ip| Spanned::new(*ip, span));
    let is_it = |id: &Id<PlatformService>| estate.services[*id].fqdn.value == *name;
    let known = estate.services.ids().find(is_it);
    if let Some(id) = known {
        let service = &mut estate.services[id];
        if service.addresses.is_empty() {
            service.addresses.extend(addresses);
            service.resolved = Some(resolved.clone());
        }
        return;
    }
    estate.services.push(PlatformService {
        meta: Meta {
            name: SmolStr::new(name.as_str()),
            origin: Origin::Written(span),
            body: None,
            home: Home::Existing {
                resource_group: None,
                subscription: None,
            },
        },
        kind: None,
        fqdn: Spanned::new(name.clone(), span),
        cname: None,
        addresses: addresses.collect(),
        resolved: Some(resolved.clone()),
        tags: Vec::new(),
        region: None,
        public_access_off: None,
        acl: None,
    });
}
