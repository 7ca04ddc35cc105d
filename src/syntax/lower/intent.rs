//! Requirements.

use smol_str::{SmolStr, format_smolstr};

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Id, Pool};
use crate::intent::Requirement;
use crate::net::{Destination, Service};
use crate::syntax::tree::{self, Word};

use super::Lowering;
use super::declare::Declared;

/// The purpose of requirements that the policy itself states.
const OWN: SmolStr = SmolStr::new_static("policy");

impl Lowering<'_> {
    pub(super) fn define_intent(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::Require(require) => self.require(require),
                Declared::Assert(assert) => self.assert(assert),
                _ => {}
            }
        }
    }

    pub(super) fn pool(&mut self, word: &Word) -> Option<Id<Pool>> {
        self.reference(word, |names| &names.pools)?.id
    }

    fn require(&mut self, require: &tree::Require) {
        let pool = self.pool(&require.pool);
        let destinations = self.destinations(&require.to);
        let services = self.services(&require.services);
        let expires = require.expires.as_ref().and_then(|word| self.date(word));
        let owner = require
            .owner
            .as_ref()
            .and_then(|word| self.word(word, "an owner"));
        let ticket = require
            .ticket
            .as_ref()
            .and_then(|word| self.word(word, "a ticket"));
        let Some(pool) = pool else { return };
        if destinations.is_empty() || services.is_empty() {
            // A finding has said why.
            return;
        }
        self.check_services_fit(&services, &destinations);
        self.intent.requirements.push(Requirement {
            pool,
            name: name(require, &services),
            purpose: OWN,
            destinations,
            services,
            reason: require
                .reason
                .as_ref()
                .map(|text| text.value.to_string())
                .unwrap_or_default(),
            owner,
            ticket,
            expires,
            level: None,
            origin: require.span.span.into(),
        });
    }

    fn check_services_fit(
        &mut self,
        services: &[Spanned<Service>],
        destinations: &[Spanned<Destination>],
    ) {
        for destination in destinations {
            let Destination::FqdnTag(tag) = &destination.value else {
                continue;
            };
            for service in services
                .iter()
                .filter(|service| matches!(service.value, Service::Net { .. }))
            {
                let finding = Finding::new(
                    FindingId::TG3001,
                    format!(
                        "FQDN tag `{tag}` cannot be reached over `{}`",
                        service.value
                    ),
                )
                .at(service.span, "an FQDN tag stands in application rules only")
                .related(destination.span, "the FQDN tag")
                .help("write `https` or `http` instead");
                self.report(finding);
            }
        }
    }
}

/// A name made of the statement's own words, so that other statements do not change it.
fn name(require: &tree::Require, services: &[Spanned<Service>]) -> SmolStr {
    let first = require
        .to
        .first()
        .map_or("", |target| target.word.value.as_str());
    let more = match require.to.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let services: Vec<String> = services
        .iter()
        .map(|service| service.value.to_string())
        .collect();
    format_smolstr!("{first}{more} {}", services.join(" "))
}
