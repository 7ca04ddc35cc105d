//! What several places state about one resource and cannot be true of it at once.
//!
//! Where Azure's semantics decide, they do: a child resource is deployed after its parent and takes the place of what
//! the parent lists (MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/child-resource-name-type.md).
//! Else, as with exports of different days, the property is not known, and a finding tells both places.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::diag::{Finding, Id};
use crate::import::{Data, Symbol, Value, Why};

use super::entity::{Entity, INLINE, Statement, body};
use super::known;
use super::read::shown;

/// A property that two places state differently.
#[derive(Debug)]
pub(super) struct Conflict {
    /// The property.
    pub key: SmolStr,
    /// What it is now: not known.
    pub value: Value,
    /// Both places state it whatever the deployment is given.
    certain: bool,
    one: Span,
    other: Span,
}

impl Conflict {
    /// Says that both places cannot hold; nothing when only one of them may be deployed.
    pub(super) fn finding(&self, entity: &Entity<'_>) -> Option<Finding> {
        if !self.certain {
            return None;
        }
        let message = format!(
            "`{}` is stated twice, with different values of `{}`",
            entity.id, self.key
        );
        let finding = Finding::new(Id::TG0036, message)
            .at(self.one, "one value")
            .related(self.other, "another")
            .help("the property counts as not known; leave out the older file, or the statement that no longer holds");
        Some(finding)
    }
}

/// Leaves out what a child resource of the same template takes the place of.
pub(super) fn drop_replaced(statements: &mut Vec<Statement<'_>>) {
    let own: Vec<_> = statements
        .iter()
        .filter(|statement| !statement.inline && !statement.existing && !statement.conditional)
        .map(|statement| statement.name_span.file)
        .collect();
    statements.retain(|statement| {
        let replaced = statement.inline && !statement.existing && !statement.conditional;
        !replaced || !own.contains(&statement.name_span.file)
    });
}

/// The properties that places of equal weight state differently.
pub(super) fn conflicts(kind: &str, statements: &[Statement<'_>]) -> Vec<Conflict> {
    let mut found: Vec<Conflict> = Vec::new();
    for (at, one) in statements.iter().enumerate() {
        let others = statements.iter().skip(at + 1);
        // What a template deploys takes the place of what an export saw.
        for other in others.filter(|other| other.existing == one.existing) {
            for key in known::read_by(kind) {
                let listed = INLINE
                    .iter()
                    .any(|(of, list, _)| *of == kind && list.eq_ignore_ascii_case(key));
                let told = found.iter().any(|conflict| conflict.key == *key);
                if !listed && !told {
                    found.extend(conflict(key, one, other));
                }
            }
        }
    }
    found
}

fn conflict(key: &str, one: &Statement<'_>, other: &Statement<'_>) -> Option<Conflict> {
    let certain = !one.conditional && !other.conditional;
    let (one, other) = (body(one.whole), body(other.whole));
    let stated = |whole: &Value| whole.get("provisioningState").is_some();
    let (a, b) = match (one.get(key), other.get(key)) {
        (Some(a), Some(b)) if differ(a, b) => (a.span, b.span),
        // Of two exports of the whole, one says that there is none.
        (Some(a), None) if stated(one) && stated(other) && !is_empty(a) => (a.span, other.span),
        (None, Some(b)) if stated(one) && stated(other) && !is_empty(b) => (one.span, b.span),
        _ => return None,
    };
    let text = format!("two statements of `{key}` differ");
    Some(Conflict {
        key: key.into(),
        value: Value::new(Data::Unknown(Symbol::new(text, Why::Wrong)), a),
        certain,
        one: a,
        other: b,
    })
}

fn is_empty(value: &Value) -> bool {
    value.items().is_some_and(<[Value]>::is_empty)
        || value.known_text().is_some_and(|text| text.is_empty())
}

/// Whether two values certainly differ. Lists are compared without their order, objects in what both state.
fn differ(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        _ if a.unknown().is_some() || b.unknown().is_some() => false,
        (Data::Array(a), Data::Array(b)) => {
            let misses = |these: &Arc<[Value]>, those: &Arc<[Value]>| {
                these
                    .iter()
                    .any(|this| those.iter().all(|that| differ(this, that)))
            };
            misses(a, b) || misses(b, a)
        }
        (Data::Object(a), Data::Object(b)) => a.members.iter().any(|member| {
            let state = ["provisioningState", "etag"];
            let matters = !state.iter().any(|it| member.key.eq_ignore_ascii_case(it));
            let other = b.get(&member.key);
            matters && other.is_some_and(|other| differ(&member.value, other))
        }),
        (Data::Array(_) | Data::Object(_), _) | (_, Data::Array(_) | Data::Object(_)) => true,
        _ => !shown(a).eq_ignore_ascii_case(&shown(b)),
    }
}
