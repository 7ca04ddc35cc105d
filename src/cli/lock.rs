//! The lock file of names, for commands that read one.

use std::net::IpAddr;

use camino::{Utf8Path, Utf8PathBuf};
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::base::{FileReader, Origin, SourceMap, Span, Spanned};
use crate::dns::Lock;
use crate::estate::{Estate, Home, Id, Meta, PlatformService};
use crate::net::Fqdn;

use super::Outcome;
use super::age;
use super::arguments::ReadingOptions;
use super::output::{Disk, refuse};

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
    /// The outcome, when it cannot be read or understood; a message has been printed.
    pub(super) fn read(path: &Utf8Path) -> Result<Self, Outcome> {
        let text = Disk
            .read(path)
            .map_err(|error| refuse(&format!("cannot read {path}: {error}")))?;
        let lock = Lock::parse(&text).map_err(|error| refuse(&format!("{path}: {error}")))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            lock,
        })
    }

    /// Gives names of an estate the public addresses that they led to. What the estate says itself stays.
    pub(super) fn take_into(&self, estate: &mut Estate, sources: &mut SourceMap) {
        let file = sources.add(self.path.as_str(), self.text.clone());
        let is_public = |ip: &IpAddr| !Facts::builtin().is_private(*ip);
        for (name, locked) in &self.lock.names {
            // A private address is one view's answer; the zones of the estate tell who sees it.
            if locked.addresses.is_empty() || !locked.addresses.iter().all(is_public) {
                continue;
            }
            let (from, to) = self.place(name);
            let span = sources.span(file, from, to);
            give(estate, name, &locked.addresses, span);
        }
    }

    /// Where the block of a name begins; the beginning of a file that is laid out in another way.
    fn place(&self, name: &Fqdn) -> (usize, usize) {
        let line = format!("\n  {name}:");
        match self.text.find(&line) {
            Some(before) => (before + 3, before + 3 + name.as_str().len()),
            None => (0, 0),
        }
    }
}

/// The lock file that a command is given, after saying that it is old when it is.
///
/// # Errors
/// The outcome, when it cannot be read or understood; a message has been printed.
pub(super) fn locked(
    path: Option<&Utf8Path>,
    reading: &ReadingOptions,
) -> Result<Option<LockFile>, Outcome> {
    let Some(path) = path else {
        return Ok(None);
    };
    let file = LockFile::read(path)?;
    age::tell_lock(path, file.lock.date, reading)?;
    Ok(Some(file))
}

fn give(estate: &mut Estate, name: &Fqdn, addresses: &[IpAddr], span: Span) {
    let addresses = addresses.iter().map(|ip| Spanned::new(*ip, span));
    let is_it = |id: &Id<PlatformService>| estate.services[*id].fqdn.value == *name;
    let known = estate.services.ids().find(is_it);
    if let Some(id) = known {
        let own = &mut estate.services[id].addresses;
        if own.is_empty() {
            own.extend(addresses);
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
        tags: Vec::new(),
        region: None,
        public_access_off: None,
        acl: None,
    });
}
