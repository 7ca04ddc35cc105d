//! Authorities of one's own, for commands that speak TLS.

use camino::Utf8PathBuf;
use clap::Args;

use crate::base::FileReader as _;
use crate::dns::Trust;

use super::Outcome;
use super::output::{Disk, refuse};

/// Which authorities are believed beside the public ones.
#[derive(Debug, Args)]
pub(super) struct TrustOptions {
    /// Believe certificates of these authorities too, in PEM.
    #[arg(long = "ca", value_name = "FILE")]
    pub(super) authorities: Vec<Utf8PathBuf>,
}

impl TrustOptions {
    /// Reads the authorities.
    ///
    /// # Errors
    /// The outcome, when a file cannot be read or used; a message has been printed.
    pub(super) fn read(&self) -> Result<Trust, Outcome> {
        let mut texts = Vec::new();
        for path in &self.authorities {
            let text = Disk.read(path);
            let text = text.map_err(|error| refuse(&format!("cannot read {path}: {error}")))?;
            Trust::new(std::slice::from_ref(&text))
                .map_err(|error| refuse(&format!("{path}: {error}")))?;
            texts.push(text);
        }
        Trust::new(&texts).map_err(|error| refuse(&error.to_string()))
    }
}
