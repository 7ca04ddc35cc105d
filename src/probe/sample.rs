//! Names and addresses that stand for destinations that are wider than one.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::net::{Destination, Fqdn, FqdnPattern, parse_prefix};

use super::Peer;

/// What stands for a destination: `*.contoso.com=www.contoso.com`, `Storage.WestEurope=20.60.1.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The destination as the requirement writes it; a tag also without the word `tag`.
    pub destination: String,
    /// What is tried for it.
    pub peer: Peer,
}

/// Why a text is no sample.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// It has another form.
    #[error(
        "`{0}` is no sample: write DESTINATION=NAME or DESTINATION=ADDRESS, as in *.contoso.com=www.contoso.com"
    )]
    Form(String),
    /// What stands for a destination is not part of it.
    #[error("`{sample}` does not lie in `{destination}`")]
    Outside {
        /// What should stand for it.
        sample: String,
        /// The destination.
        destination: String,
    },
}

impl Sample {
    /// Whether it is for a destination.
    pub(super) fn is_for(&self, destination: &Destination) -> bool {
        let written = destination.to_string();
        let tag = match destination {
            Destination::ServiceTag(tag) => tag.to_string(),
            Destination::FqdnTag(tag) => tag.to_string(),
            _ => String::new(),
        };
        let own = self.destination.as_str();
        own.eq_ignore_ascii_case(&written) || own.eq_ignore_ascii_case(&tag)
    }
}

impl FromStr for Sample {
    type Err = SampleError;

    fn from_str(text: &str) -> Result<Self, SampleError> {
        let form = || SampleError::Form(text.to_owned());
        let (destination, sample) = text.split_once('=').ok_or_else(form)?;
        let (destination, sample) = (destination.trim(), sample.trim());
        let peer = match (sample.parse::<IpAddr>(), sample.parse::<Fqdn>()) {
            (Ok(address), _) => Peer::Address(address),
            (Err(_), Ok(name)) => Peer::Name(name),
            (Err(_), Err(_)) => return Err(form()),
        };
        if destination.is_empty() {
            return Err(form());
        }
        let fits = match (parse_prefix(destination), &peer) {
            (Ok(prefix), Peer::Address(address)) => prefix.contains(address),
            (Ok(_), Peer::Name(_)) => true,
            (Err(_), peer) => match (destination.parse::<FqdnPattern>(), peer) {
                (Ok(pattern), Peer::Name(name)) if destination.starts_with('*') => {
                    pattern.covers(name)
                }
                (Ok(_), Peer::Address(_)) => !destination.starts_with('*'),
                _ => true,
            },
        };
        match fits {
            true => Ok(Self {
                destination: destination.to_owned(),
                peer,
            }),
            false => Err(SampleError::Outside {
                sample: sample.to_owned(),
                destination: destination.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Peer::Name(name) => write!(f, "{}={name}", self.destination),
            Peer::Address(address) => write!(f, "{}={address}", self.destination),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_in_what_they_stand_for() {
        for good in [
            "*.contoso.com=www.contoso.com",
            "*.contoso.com=a.b.contoso.com",
            "*contoso.com=contoso.com",
            "*=contoso.com",
            "10.0.0.0/8=10.1.2.3",
            "tag Storage=20.60.1.1",
            "Storage.WestEurope=contoso.blob.core.windows.net",
        ] {
            assert!(good.parse::<Sample>().is_ok(), "{good}");
        }
        for (bad, wrong) in [
            ("*.contoso.com", "is no sample"),
            ("=www.contoso.com", "is no sample"),
            ("*.contoso.com=*.contoso.com", "is no sample"),
            ("*.contoso.com=contoso.com", "does not lie in"),
            ("*.contoso.com=evilcontoso.com", "does not lie in"),
            ("*.contoso.com=10.0.0.1", "does not lie in"),
            ("10.0.0.0/8=11.0.0.1", "does not lie in"),
        ] {
            let error = bad.parse::<Sample>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{bad}: {error}");
        }
    }
}
