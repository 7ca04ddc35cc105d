//! The answer to one question of access, and why.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::estate::{DeniedPrincipals, DenyAssignment, Estate, Id, Identity, Ref, RoleAssignment};

use super::super::facts::{Facts, action_matches};
use super::super::flow::{Element, NearMiss, Site};
use super::scope::words as scope_words;
use super::{Answer, Role, Target, covers, is_at, role};

/// Whether an identity may do an action on a target, and what decides it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The answer.
    pub answer: Answer,
    /// What decides: the role assignment that grants, the deny assignment that forbids, the role assignment whose
    /// role is not known, or the identity when nothing grants.
    pub element: Element,
    /// Why, in a sentence.
    pub text: String,
    /// Assignments that nearly grant it, the nearest first: those that hold here and take the action out again, those
    /// that grant it and stop elsewhere, those that hold here and do not have it.
    pub near: Vec<NearMiss>,
}

impl Decision {
    /// Whether the identity certainly may not.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.answer, Answer::Denied | Answer::Missing)
    }
}

/// Decides whether an identity may do an action on a target: deny assignments first, then the sum of the role
/// assignments of the identity and of the groups it is in, directly or through other groups.
#[must_use]
pub fn decide(
    estate: &Estate,
    facts: &Facts,
    identity: Id<Identity>,
    action: &str,
    target: &Target,
) -> Decision {
    let question = Question {
        estate,
        facts,
        identity,
        principals: Principals::of(estate, identity),
        action,
        target,
    };
    question
        .denied()
        .unwrap_or_else(|| question.by_role_assignments())
}

/// An identity and every group it is in.
struct Principals {
    ids: BTreeSet<Id<Identity>>,
    /// Names in lower case; a group need not be declared.
    names: BTreeSet<String>,
}

impl Principals {
    fn of(estate: &Estate, identity: Id<Identity>) -> Self {
        let mut all = Self {
            ids: BTreeSet::new(),
            names: BTreeSet::new(),
        };
        let mut open = vec![identity];
        while let Some(id) = open.pop() {
            if !all.ids.insert(id) {
                continue;
            }
            let identity = &estate.identities[id];
            all.names.insert(identity.meta.name.to_ascii_lowercase());
            for group in &identity.groups {
                all.names.insert(group.value.to_ascii_lowercase());
                let named = estate
                    .identities
                    .iter()
                    .filter(|(_, other)| other.meta.name.eq_ignore_ascii_case(&group.value));
                open.extend(named.map(|(id, _)| id));
            }
        }
        all
    }

    fn hold(&self, principal: &Ref<Identity>) -> bool {
        match principal.id {
            Some(id) => self.ids.contains(&id),
            None => self.names.contains(&principal.name.to_ascii_lowercase()),
        }
    }
}

struct Question<'a> {
    estate: &'a Estate,
    facts: &'a Facts,
    identity: Id<Identity>,
    principals: Principals,
    action: &'a str,
    target: &'a Target,
}

impl Question<'_> {
    fn denied(&self) -> Option<Decision> {
        let mut denials = self.estate.deny_assignments.iter();
        let (_, denial) = denials.find(|(_, denial)| self.is_denied_by(denial))?;
        let action = self.action;
        Some(Decision {
            answer: Answer::Denied,
            element: Element {
                name: format!("deny assignment `{}`", denial.name),
                origin: denial.origin,
                site: Site::Other,
            },
            text: format!(
                "forbids `{action}` at {}, which holds for {}, and `{}` is not excluded",
                scope_words(self.estate, &denial.scope.value),
                self.target.words(self.estate),
                self.name(self.identity),
            ),
            near: Vec::new(),
        })
    }

    fn is_denied_by(&self, denial: &DenyAssignment) -> bool {
        let scope = &denial.scope.value;
        let holds_here = if denial.scope_only {
            is_at(scope, self.target)
        } else {
            covers(self.estate, scope, self.target)
        };
        let meant = match &denial.principals {
            DeniedPrincipals::Everyone => true,
            DeniedPrincipals::Listed(listed) => listed.iter().any(|one| self.principals.hold(one)),
        };
        let excluded = denial.excluded.iter().any(|one| self.principals.hold(one));
        let matches = |patterns: &[crate::base::Spanned<SmolStr>]| {
            let mut patterns = patterns.iter();
            patterns.any(|pattern| action_matches(&pattern.value, self.action))
        };
        holds_here
            && meant
            && !excluded
            && matches(&denial.actions)
            && !matches(&denial.not_actions)
    }

    fn by_role_assignments(&self) -> Decision {
        let mut unknown = None;
        let mut near = Vec::new();
        let action = self.action;
        let assignments = self.estate.role_assignments.iter();
        let own = assignments
            .map(|(_, assignment)| assignment)
            .filter(|assignment| self.principals.ids.contains(&assignment.identity));
        for assignment in own {
            let here = covers(self.estate, &assignment.scope.value, self.target);
            let known = role(self.estate, self.facts, &assignment.role.value);
            match (here, known) {
                (true, Some(role)) if role.grants(action) => {
                    return Decision {
                        answer: Answer::Granted,
                        element: self.element_of(assignment),
                        text: format!("grants `{action}` on {}", self.target.words(self.estate)),
                        near: Vec::new(),
                    };
                }
                (true, None) => {
                    unknown = unknown.or(Some(assignment));
                }
                (_, Some(role)) => near.extend(self.near_miss(assignment, role, here)),
                (false, None) => {}
            }
        }
        near.sort_by_key(|(rank, _)| *rank);
        let near = near.into_iter().map(|(_, miss)| miss).collect();
        match unknown {
            Some(assignment) => Decision {
                answer: Answer::Unknown,
                element: self.element_of(assignment),
                text: format!(
                    "the role holds at {}, and what it grants is not known",
                    self.target.words(self.estate)
                ),
                near,
            },
            None => self.missing(near),
        }
    }

    fn missing(&self, near: Vec<NearMiss>) -> Decision {
        let text = format!(
            "no role of it grants `{}` on {}",
            self.action,
            self.target.words(self.estate)
        );
        Decision {
            answer: Answer::Missing,
            element: Element {
                name: format!("identity `{}`", self.name(self.identity)),
                origin: self.estate.identities[self.identity].meta.origin,
                site: Site::Identity(self.identity),
            },
            text,
            near,
        }
    }

    /// How near an assignment comes, the nearest with the lowest number; `None` when it has nothing to do with it.
    fn near_miss(
        &self,
        assignment: &RoleAssignment,
        role: Role<'_>,
        here: bool,
    ) -> Option<(u8, NearMiss)> {
        let action = self.action;
        let (rank, text) = match (here, role.holds(action), role.takes_out(action)) {
            (true, true, true) => (0, format!("takes `{action}` out again")),
            (false, true, false) => (
                1,
                format!(
                    "grants `{action}`, but stops at {}",
                    scope_words(self.estate, &assignment.scope.value)
                ),
            ),
            (true, _, _) => (2, format!("holds here, but does not have `{action}`")),
            (false, _, _) => return None,
        };
        let miss = NearMiss {
            element: self.element_of(assignment),
            differs: Vec::new(),
            text,
        };
        Some((rank, miss))
    }

    fn element_of(&self, assignment: &RoleAssignment) -> Element {
        Element {
            name: format!(
                "role `{}` of `{}` at {}",
                assignment.role.value,
                self.name(assignment.identity),
                scope_words(self.estate, &assignment.scope.value)
            ),
            origin: assignment.origin,
            site: Site::Other,
        }
    }

    fn name(&self, identity: Id<Identity>) -> &str {
        &self.estate.identities[identity].meta.name
    }
}
