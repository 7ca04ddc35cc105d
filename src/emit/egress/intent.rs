//! What somebody wants of the estate: requirements, assertions, and what is ignored.

use crate::base::Origin;
use crate::estate::Id;
use crate::intent::{Assertion, Demand, Devices, Ignore, Requirement, Sample, Subject};

use super::Writer;
use super::identity::stands_for_itself;
use super::page::{Body, Clause, quoted};
use super::target::Place;
use super::{LeftOut, texts};

impl Writer<'_> {
    /// Requirements and assertions that somebody wrote; those of catalogs follow from pools.
    pub(super) fn wishes(&mut self) -> Body {
        let intent = self.intent;
        let mut body = Body::default();
        let written = intent.requirements.iter().filter(|it| it.level.is_none());
        for requirement in written {
            self.requirement(&mut body, requirement);
        }
        for assertion in &intent.assertions {
            self.assertion(&mut body, assertion);
        }
        let own = |sample: &&Sample| matches!(sample.origin, Origin::Written(_));
        for sample in intent.samples.iter().filter(own) {
            let names = sample
                .names
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>();
            let clause = Clause::default().part(format!("sample {} =", sample.wildcard), &[&names]);
            body.clause(clause);
        }
        body
    }

    fn requirement(&mut self, body: &mut Body, requirement: &Requirement) {
        let origin = requirement.origin;
        let to = requirement.destinations.iter().map(|it| &it.value);
        let to = self.destinations(body, Place::Requirement, origin, to);
        let over = texts(&requirement.services);
        if to.is_empty() || over.is_empty() {
            let what = format!("requirement `{}`", requirement.name);
            return self.not_said(body, origin, what);
        }
        let pool = self.names.pools.of(requirement.pool);
        let mut clause = Clause::default()
            .part(format!("require {pool} ->"), &[&to, &over])
            .text(&requirement.reason);
        let owners = [
            ("owner", &requirement.owner),
            ("ticket", &requirement.ticket),
        ];
        for (keyword, text) in owners {
            let text = text.iter().filter(|text| stands_for_itself(&text.value));
            for text in text {
                clause = clause.part(format!("{keyword} {}", quoted(&text.value)), &[]);
            }
        }
        if let Some(date) = requirement.expires {
            clause = clause.part(format!("expires {}", date.value), &[]);
        }
        body.clause(clause);
    }

    fn assertion(&mut self, body: &mut Body, assertion: &Assertion) {
        let origin = assertion.origin;
        let to = assertion.destinations.iter().map(|it| &it.value);
        let to = self.destinations(body, Place::Requirement, origin, to);
        if to.is_empty() {
            return self.not_said(body, origin, "an assertion".to_owned());
        }
        let Subject::Pool(pool) = assertion.from else {
            return self.not_said(body, origin, "an assertion about subnets".to_owned());
        };
        let (reaches, via) = match &assertion.demand {
            Demand::Reaches { via } => ("reaches", via.as_ref()),
            Demand::NeverReaches => ("never reaches", None),
            Demand::OnlyReaches => ("only reaches", None),
        };
        let pool = self.names.pools.of(pool);
        let lead = format!("assert {pool} {reaches}");
        let over = texts(&assertion.services);
        let mut clause = Clause::default().part(lead, &[&to, &over]);
        if let Some(via) = via {
            let (kind, name) = (via.devices.kind(), &via.name);
            let device = match &via.devices {
                Devices::Firewalls(ids) => only(ids).map(|id| self.names.firewalls.of(id)),
                Devices::Appliances(ids) => only(ids).map(|id| self.names.appliances.of(id)),
            };
            let Some(device) = device else {
                let what = format!("an assertion of a way via {kind} `{name}`");
                return self.not_said(body, origin, what);
            };
            clause = clause.part(format!("via {kind} {device}"), &[]);
        }
        body.clause(clause);
    }

    /// What whole files ignore stands in the one file that is written.
    pub(super) fn file_ignores(&mut self, body: &mut Body) {
        for (index, ignore) in self.intent.ignores.iter().enumerate() {
            let whole = ignore.scope.start == 0 && ignore.scope.end == u32::MAX;
            if whole && self.ignores_written.insert(index) {
                body.clause(self::ignore(ignore));
            }
        }
    }

    /// What is ignored in blocks that the estate does not know the places of.
    pub(super) fn ignores_without_a_place(&mut self) {
        for (index, ignore) in self.intent.ignores.iter().enumerate() {
            let whole = ignore.scope.start == 0 && ignore.scope.end == u32::MAX;
            if !whole && !self.ignores_written.contains(&index) {
                self.left_out.push(LeftOut {
                    what: format!("`ignore {}` of a block", ignore.id.code()),
                    origin: Origin::Written(ignore.span),
                });
            }
        }
    }
}

/// The only one, where there is one and no other.
fn only<T>(ids: &[Id<T>]) -> Option<Id<T>> {
    match ids {
        [id] => Some(*id),
        _ => None,
    }
}

pub(super) fn ignore(ignore: &Ignore) -> Clause {
    let until = ignore.until.map(|date| format!(" until {}", date.value));
    let reason = quoted(&ignore.reason);
    let code = ignore.id.code();
    Clause::new(format!(
        "ignore {code} {reason}{}",
        until.unwrap_or_default()
    ))
}
