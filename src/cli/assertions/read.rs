//! Assertions as they are read: words to values.

use globset::{GlobBuilder, GlobMatcher};
use smol_str::SmolStr;

use crate::azure::facts::Facts;
use crate::diag::Severity;
use crate::estate::{Estate, Subnet};
use crate::intent::Demand;
use crate::net::{
    AddressRange, Destination, FqdnPattern, FqdnTag, Service, ServiceTag, parse_prefix,
};

use super::Place;
use super::way::Way;

/// A word of the configuration.
#[derive(Debug)]
pub(in crate::cli) struct Word {
    pub(in crate::cli) text: String,
    pub(in crate::cli) place: Place,
}

/// An assertion as it is written.
#[derive(Debug)]
pub(in crate::cli) struct Written {
    pub(in crate::cli) place: Place,
    pub(in crate::cli) from: Vec<Word>,
    pub(in crate::cli) reaches: Vec<Word>,
    pub(in crate::cli) never_reaches: Vec<Word>,
    pub(in crate::cli) only_reaches: Vec<Word>,
    pub(in crate::cli) via: Option<Word>,
    pub(in crate::cli) over: Vec<Word>,
    pub(in crate::cli) because: Option<String>,
    pub(in crate::cli) severity: Severity,
}

/// One assertion, not yet about the subnets of a network.
#[derive(Debug, Clone)]
pub(super) struct Asserted {
    pub(super) place: Place,
    pub(super) from: Vec<Subnets>,
    /// Without the way, which each network has for itself.
    pub(super) demand: Demand,
    pub(super) way: Option<Way>,
    pub(super) destinations: Vec<(Destination, Place)>,
    pub(super) services: Vec<(Service, Place)>,
    pub(super) reason: Option<SmolStr>,
    pub(super) severity: Severity,
}

/// Subnets by name.
#[derive(Debug, Clone)]
pub(super) struct Subnets {
    written: String,
    matcher: GlobMatcher,
}

impl Subnets {
    /// # Errors
    /// When it is no pattern.
    fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text)
            .case_insensitive(true)
            .literal_separator(true)
            .build();
        let matcher = glob
            .map_err(|error| error.kind().to_string())?
            .compile_matcher();
        let written = text.to_owned();
        Ok(Self { written, matcher })
    }

    /// Azure's own subnets, such as that of the firewall, are meant only where they are named.
    pub(super) fn is(&self, estate: &Estate, subnet: &Subnet, facts: &Facts) -> bool {
        let name = subnet.meta.name.as_str();
        let network = estate.vnets[subnet.vnet].meta.name.as_str();
        let fits = if self.written.contains('/') {
            self.matcher.is_match(format!("{network}/{name}"))
        } else {
            self.matcher.is_match(name)
        };
        let named = self.written.rsplit('/').next();
        fits && (facts.reserved_subnet(name).is_none()
            || named.is_some_and(|named| named.eq_ignore_ascii_case(name)))
    }
}

impl Asserted {
    pub(super) fn parse(written: &Written) -> Result<Self, (Place, String)> {
        let place = written.place;
        let wrong = |message: &str| (place, message.to_owned());
        let lists = [
            (&written.reaches, Demand::Reaches { via: None }),
            (&written.never_reaches, Demand::NeverReaches),
            (&written.only_reaches, Demand::OnlyReaches),
        ];
        let mut said = lists.into_iter().filter(|(to, _)| !to.is_empty());
        let (Some((to, demand)), None) = (said.next(), said.next()) else {
            return Err(wrong(
                "an assertion has one of `reaches`, `never-reaches` and `only-reaches`, with what is meant",
            ));
        };
        let way = match &written.via {
            Some(via) if !matches!(demand, Demand::Reaches { .. }) => {
                let message = "`via` belongs to `reaches`: say in an assertion of its own what is reached that way";
                return Err((via.place, message.to_owned()));
            }
            via => via
                .as_ref()
                .map(|via| Way::parse(via).map_err(|message| (via.place, message))),
        };
        if written.from.is_empty() || written.over.is_empty() {
            return Err(wrong(
                "an assertion names subnets in `from` and services in `over`",
            ));
        }
        let from = written.from.iter().map(|pattern| {
            Subnets::parse(&pattern.text).map_err(|message| (pattern.place, message))
        });
        let destinations = to.iter().map(|target| {
            destination(&target.text)
                .map(|destination| (destination, target.place))
                .map_err(|message| (target.place, message))
        });
        let services = written.over.iter().map(|service| {
            let parsed = service.text.parse::<Service>();
            parsed
                .map(|parsed| (parsed, service.place))
                .map_err(|error| (service.place, format!("`{}`: {error}", service.text)))
        });
        Ok(Self {
            place,
            from: from.collect::<Result<_, _>>()?,
            demand,
            way: way.transpose()?,
            destinations: destinations.collect::<Result<_, _>>()?,
            services: services.collect::<Result<_, _>>()?,
            reason: written.because.as_deref().map(SmolStr::from),
            severity: written.severity,
        })
    }
}

/// A destination in the words of policies.
fn destination(text: &str) -> Result<Destination, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["any"] => Ok(Destination::Anywhere),
        ["tag", tag] => Ok(Destination::ServiceTag(ServiceTag::new(*tag))),
        ["fqdn-tag", tag] => Ok(Destination::FqdnTag(FqdnTag::new(*tag))),
        [word] => {
            if let Some(range) = AddressRange::parse(word) {
                return Ok(Destination::Range(range));
            }
            let is_address = word.contains('/') || word.contains(':');
            match (parse_prefix(word), word.parse::<FqdnPattern>()) {
                (Ok(prefix), _) => Ok(Destination::Prefix(prefix)),
                (Err(error), _) if is_address => Err(format!("`{word}`: {error}")),
                (Err(_), Ok(_)) if !word.contains('.') && !word.starts_with('*') => Err(format!(
                    "`{word}`: expected a domain name, an address or a prefix"
                )),
                (Err(_), Ok(pattern)) => Ok(Destination::Fqdn(pattern)),
                (Err(_), Err(error)) => Err(format!("`{word}`: {error}")),
            }
        }
        _ => Err(format!(
            "`{text}`: expected a name, an address, a prefix, `tag NAME`, `fqdn-tag NAME` or `any`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_the_words_of_policies() {
        for (text, shown) in [
            ("any", "any"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.4", "10.0.0.4"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("10.0.0.4-10.0.0.9", "10.0.0.4-10.0.0.9"),
            ("tag Sql.WestEurope", "tag Sql.WestEurope"),
            (
                "fqdn-tag AzureKubernetesService",
                "fqdn-tag AzureKubernetesService",
            ),
            ("*.contoso.com", "*.contoso.com"),
            ("mcr.microsoft.com", "mcr.microsoft.com"),
        ] {
            assert_eq!(
                destination(text).map(|it| it.to_string()),
                Ok(shown.to_owned())
            );
        }
        for text in ["", "10.0.0.0/33", "10.0.0.4/8", "tag", "a..b", "tag A B"] {
            assert!(destination(text).is_err(), "{text}");
        }
    }
}
