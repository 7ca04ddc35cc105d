//! Names to ask DNS for in the place of wildcards.

use crate::base::{Origin, Span};
use crate::diag::{Finding, Id as FindingId};
use crate::intent::Sample;
use crate::intent::catalog::{Catalog, Need, Selection, fill};
use crate::net::{Destination, Fqdn, FqdnPattern};
use crate::syntax::tree::Word;

use super::Lowering;
use super::value::name_finding;

impl Lowering<'_> {
    pub(super) fn sample(&mut self, word: &Word, names: &[Word]) {
        let Some(text) = self.text(word, "a wildcard") else {
            return;
        };
        let wildcard = match text.parse() {
            Ok(wildcard @ (FqdnPattern::Below(_) | FqdnPattern::Suffix(_))) => wildcard,
            Ok(FqdnPattern::Any | FqdnPattern::Exact(_)) => {
                let finding = Finding::new(FindingId::TG0023, format!("`{text}` needs no sample"))
                    .at(word.span, "no wildcard that stands for some names")
                    .help("samples are names that a wildcard such as *.contoso.com stands for");
                self.report(finding);
                return;
            }
            Err(error) => {
                let finding = name_finding(word, &text, &error);
                self.report(finding);
                return;
            }
        };
        let wildcard_span = word.span;
        let mut samples = Vec::new();
        for word in names {
            let Some(name) = self.domain(word) else {
                continue;
            };
            if wildcard.covers(&name.value) {
                samples.push(name.value);
                continue;
            }
            let message = format!("`{wildcard}` does not stand for {}", name.value);
            let finding = Finding::new(FindingId::TG0023, message)
                .at(word.span, "no sample of it")
                .related(Origin::Written(wildcard_span), "the wildcard");
            self.report(finding);
        }
        self.intent.samples.push(Sample {
            wildcard,
            names: samples,
            origin: Origin::Written(wildcard_span),
        });
    }

    /// Names that the wildcards of entries stand for.
    pub(super) fn take_samples(
        &mut self,
        catalog: &Catalog,
        needs: &[Need<'_>],
        selection: &Selection<'_>,
        because: Span,
    ) {
        for need in needs {
            let samples = need.endpoint.samples.iter();
            let samples = samples.filter_map(|sample| fill(catalog, selection, sample));
            let names: Vec<Fqdn> = samples.flatten().filter_map(exact).collect();
            let form = need.fallback.as_ref().unwrap_or(&need.form);
            let destinations = form.destinations.iter();
            let wildcards = destinations.filter_map(|filled| match filled.destination().ok()? {
                Destination::Fqdn(pattern) => Some(pattern),
                _ => None,
            });
            for wildcard in wildcards {
                let names = names.iter().filter(|name| wildcard.covers(name));
                let names: Vec<Fqdn> = names.cloned().collect();
                let origin = Origin::Catalog {
                    because,
                    entry: need.endpoint.span,
                };
                if !names.is_empty() {
                    self.intent.samples.push(Sample {
                        wildcard,
                        names,
                        origin,
                    });
                }
            }
        }
    }
}

fn exact(destination: Destination) -> Option<Fqdn> {
    match destination {
        Destination::Fqdn(FqdnPattern::Exact(name)) => Some(name),
        _ => None,
    }
}
