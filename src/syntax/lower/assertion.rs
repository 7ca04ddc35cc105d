//! Assertions.

use crate::diag::{Finding, Id as FindingId, Severity};
use crate::intent::{Assertion, Demand, Devices, Subject, Via};
use crate::syntax::tree::{self, AssertKind, AssertVia, Place};

use super::Lowering;

impl Lowering<'_> {
    pub(super) fn assert(&mut self, assert: &tree::Assert) {
        let pool = self.pool(&assert.pool);
        let destinations = self.destinations(&assert.to);
        let services = self.services(&assert.services);
        let demand = self.demand(assert.kind, assert.via.as_ref());
        let (Some(pool), Some(demand)) = (pool, demand) else {
            return;
        };
        self.intent.assertions.push(Assertion {
            from: Subject::Pool(pool),
            demand,
            destinations,
            services,
            reason: None,
            severity: Severity::Error,
            origin: assert.span.span.into(),
        });
    }

    /// Without the way that was meant an assertion would say something else, so there is none.
    fn demand(&mut self, kind: AssertKind, via: Option<&(AssertVia, Place)>) -> Option<Demand> {
        let (kind, words) = match (kind, via) {
            (AssertKind::Reaches, None) => return Some(Demand::Reaches { via: None }),
            (AssertKind::Reaches, Some((via, _))) => {
                let via = Some(self.via(via)?);
                return Some(Demand::Reaches { via });
            }
            (AssertKind::NeverReaches, _) => (Demand::NeverReaches, "never reaches"),
            (AssertKind::OnlyReaches, _) => (Demand::OnlyReaches, "only reaches"),
        };
        let Some((_, place)) = via else {
            return Some(kind);
        };
        let finding = Finding::new(
            FindingId::TG0023,
            format!("`via` belongs to `reaches`, and this says `{words}`"),
        )
        .at(place.span, "no way can be named here")
        .help("take it out, or say in an assertion of its own what is reached that way");
        self.report(finding);
        None
    }

    fn via(&mut self, via: &AssertVia) -> Option<Via> {
        let (name, devices) = match via {
            AssertVia::Firewall(word) => {
                let firewall = self.reference(word, |names| &names.firewalls)?;
                let ids = firewall.id.into_iter().collect();
                (firewall.name, Devices::Firewalls(ids))
            }
            AssertVia::Appliance(word) => {
                let appliance = self.reference(word, |names| &names.appliances)?;
                let ids = appliance.id.into_iter().collect();
                (appliance.name, Devices::Appliances(ids))
            }
        };
        Some(Via { name, devices })
    }
}
