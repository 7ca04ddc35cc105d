//! Deny assignments and assignments of Azure Policy.

use crate::base::Origin;
use crate::estate::{DeniedPrincipals, DenyAssignment, PolicyAssignment, Scope};

use super::Writer;
use super::page::{Block, Body, quoted};

impl Writer<'_> {
    pub(super) fn denials(&mut self, body: &mut Body) {
        let estate = self.estate;
        let mut seen = Vec::new();
        for (_, denial) in estate.deny_assignments.iter() {
            let (name, origin) = (denial.name.as_str(), denial.origin);
            if let Some(mut block) = self.denial(
                body,
                &mut seen,
                "deny-assignment",
                name,
                origin,
                &denial.scope.value,
            ) {
                self.deny_assignment(&mut block.body, denial);
                body.block(block);
            }
        }
        let mut seen = Vec::new();
        for (_, denial) in estate.policy_assignments.iter() {
            let (name, origin) = (denial.name.as_str(), denial.origin);
            if let Some(mut block) = self.denial(
                body,
                &mut seen,
                "azure-policy",
                name,
                origin,
                &denial.scope.value,
            ) {
                self.azure_policy(&mut block.body, denial);
                body.block(block);
            }
        }
    }

    /// The block of something that is named and holds at a scope, unless it cannot be said; then a comment says so.
    fn denial(
        &mut self,
        body: &mut Body,
        seen: &mut Vec<String>,
        kind: &str,
        name: &str,
        origin: Origin,
        scope: &Scope,
    ) -> Option<Block> {
        let key = name.to_ascii_lowercase();
        if seen.contains(&key) {
            self.not_said(body, origin, format!("another {kind} `{name}`"));
            return None;
        }
        seen.push(key);
        match self.scope(scope) {
            Ok(scope) => Some(Block::new(format!("{kind} {} on {scope}", quoted(name)))),
            Err(scope) => {
                let what = format!("where {kind} `{name}` holds: {scope}");
                self.not_known(body, origin, what);
                None
            }
        }
    }

    fn deny_assignment(&mut self, body: &mut Body, denial: &DenyAssignment) {
        let actions = denial.actions.iter().map(|it| &it.value);
        let actions = self.words(body, "action", denial.origin, actions);
        body.list("actions", &actions);
        let not_actions = denial.not_actions.iter().map(|it| &it.value);
        let not_actions = self.words(body, "action", denial.origin, not_actions);
        body.list("not-actions", &not_actions);
        if let DeniedPrincipals::Listed(listed) = &denial.principals {
            let names = self.references(body, "principal", listed, |n| &n.identities);
            if names.is_empty() {
                let what = "whom it is about; it is not everybody".to_owned();
                self.not_known(body, denial.origin, what);
            }
            body.list("principals", &names);
        }
        let except = self.references(body, "principal", &denial.excluded, |n| &n.identities);
        body.list("except", &except);
        if denial.scope_only {
            body.clause("scope-only");
        }
    }

    fn azure_policy(&mut self, body: &mut Body, denial: &PolicyAssignment) {
        let effect = std::iter::once(&denial.effect.value);
        let effect = self.words(body, "effect", denial.origin, effect);
        body.list("effect", &effect);
        let types = denial.resource_types.iter().map(|it| &it.value);
        let types = self.words(body, "resource type", denial.origin, types);
        body.list("resource-types", &types);
    }
}
