//! Deny assignments and assignments of Azure Policy.

use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{DeniedPrincipals, DenyAssignment, PolicyAssignment};
use crate::syntax::tree::{self, AzurePolicyClause, DenyAssignmentClause, Word};

use super::declare::Declared;
use super::description::Needed;
use super::{Lowering, Once};

/// The effects of Azure Policy (azure-docs, governance/policy/concepts/effect-basics.md).
const EFFECTS: [&str; 11] = [
    "AddToNetworkGroup",
    "Append",
    "Audit",
    "AuditIfNotExists",
    "Deny",
    "DenyAction",
    "DeployIfNotExists",
    "Disabled",
    "Manual",
    "Modify",
    "Mutate",
];

impl Lowering<'_> {
    pub(super) fn define_denials(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::DenyAssignment(denial) => self.define_deny_assignment(denial),
                Declared::AzurePolicy(denial) => self.define_azure_policy(denial),
                _ => {}
            }
        }
    }

    fn define_deny_assignment(&mut self, denial: &tree::Denial<DenyAssignmentClause>) {
        let all = self.estate.deny_assignments.iter();
        let all = all.map(|(_, it)| (it.name.as_str(), it.origin));
        let first = first_of(all, &denial.name.value);
        if self.is_declared_twice("deny-assignment", &denial.name, first) {
            return;
        }
        let scope = self.scope(&denial.scope);
        let mut once = Once::default();
        let mut actions = Vec::new();
        let mut not_actions = Vec::new();
        let mut listed = None;
        let mut excluded = Vec::new();
        let mut scope_only = false;
        for clause in &denial.body.clauses {
            match clause {
                DenyAssignmentClause::Actions(words) => {
                    actions.extend(words.iter().filter_map(|word| self.word(word, "an action")));
                }
                DenyAssignmentClause::NotActions(words) => {
                    let words = words.iter();
                    not_actions.extend(words.filter_map(|word| self.word(word, "an action")));
                }
                DenyAssignmentClause::Principals(words) => {
                    let principals = self.references(words, |names| &names.identities);
                    listed.get_or_insert_with(Vec::new).extend(principals);
                }
                DenyAssignmentClause::Except(words) => {
                    excluded.extend(self.references(words, |names| &names.identities));
                }
                DenyAssignmentClause::ScopeOnly(word) => {
                    scope_only |= self.first_time(&mut once, "scope-only", word.span);
                }
                DenyAssignmentClause::Ignore(ignore) => {
                    self.ignore(ignore, denial.body.span.unwrap_or(denial.name.span));
                }
            }
        }
        let needed = Needed {
            kind: "deny-assignment",
            keyword: "actions",
            example: "actions Microsoft.Network/routeTables/write",
        };
        let stated = denial.body.clauses.iter().find_map(|clause| match clause {
            DenyAssignmentClause::Actions(words) => words.first(),
            _ => None,
        });
        self.needed(&denial.name, denial.body.span, &needed, stated);
        let Some(scope) = scope else { return };
        self.estate.deny_assignments.push(DenyAssignment {
            name: denial.name.value.clone(),
            origin: denial.name.span.into(),
            scope,
            principals: listed.map_or(DeniedPrincipals::Everyone, DeniedPrincipals::Listed),
            excluded,
            actions,
            not_actions,
            scope_only,
        });
    }

    fn define_azure_policy(&mut self, denial: &tree::Denial<AzurePolicyClause>) {
        let all = self.estate.policy_assignments.iter();
        let all = all.map(|(_, it)| (it.name.as_str(), it.origin));
        let first = first_of(all, &denial.name.value);
        if self.is_declared_twice("azure-policy", &denial.name, first) {
            return;
        }
        let scope = self.scope(&denial.scope);
        let mut once = Once::default();
        let mut stated_effect = None;
        let mut stated_type = None;
        let mut effect = None;
        let mut resource_types = Vec::new();
        for clause in &denial.body.clauses {
            match clause {
                AzurePolicyClause::Effect(word) => {
                    if self.first_time(&mut once, "effect", word.span) {
                        stated_effect = Some(word);
                        effect = self.choice(
                            word,
                            "an effect of Azure Policy",
                            &EFFECTS.map(|effect| (effect, effect)),
                        );
                    }
                }
                AzurePolicyClause::ResourceTypes(words) => {
                    stated_type = stated_type.or(words.first());
                    let words = words.iter();
                    resource_types
                        .extend(words.filter_map(|word| self.word(word, "a resource type")));
                }
                AzurePolicyClause::Ignore(ignore) => {
                    self.ignore(ignore, denial.body.span.unwrap_or(denial.name.span));
                }
            }
        }
        let needed = Needed {
            kind: "azure-policy",
            keyword: "effect",
            example: "effect deny",
        };
        self.needed(&denial.name, denial.body.span, &needed, stated_effect);
        let needed = Needed {
            kind: "azure-policy",
            keyword: "resource-types",
            example: "resource-types Microsoft.Network/publicIPAddresses",
        };
        self.needed(&denial.name, denial.body.span, &needed, stated_type);
        let (Some(scope), Some(effect)) = (scope, effect) else {
            return;
        };
        self.estate.policy_assignments.push(PolicyAssignment {
            name: denial.name.value.clone(),
            origin: denial.name.span.into(),
            scope,
            effect: Spanned::new(effect.value.into(), effect.span),
            resource_types,
        });
    }

    /// Reports the second declaration of a name.
    fn is_declared_twice(&mut self, kind: &str, name: &Word, first: Option<Origin>) -> bool {
        let Some(first) = first else { return false };
        let finding = Finding::new(
            FindingId::TG0007,
            format!("{kind} `{}` is declared twice", name.value),
        )
        .at(name.span, "declared again here")
        .related(first, "declared first here");
        self.report(finding);
        true
    }
}

/// Where a name is declared first.
fn first_of<'e>(mut all: impl Iterator<Item = (&'e str, Origin)>, name: &str) -> Option<Origin> {
    all.find(|(declared, _)| declared.eq_ignore_ascii_case(name))
        .map(|(_, origin)| origin)
}
