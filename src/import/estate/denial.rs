//! Deny assignments, which Azure makes for its own services and which outweigh every role
//! (MicrosoftDocs/azure-docs, articles/role-based-access-control/deny-assignments.md).

use smol_str::SmolStr;

use crate::base::Spanned;
use crate::estate::{DeniedPrincipals, DenyAssignment, Identity, Principal, Ref, Unknown};
use crate::import::Value;

use super::Builder;
use super::entity::Entity;
use super::gap::{Part, not_known};

/// The principal that stands for everybody.
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

impl<'e> Builder<'e> {
    /// One of which something is not known is none here: rules then say nothing of it.
    pub(super) fn define_deny_assignment(&mut self, entity: &'e Entity<'e>) {
        match self.deny_assignment(entity) {
            Ok(denials) => {
                for denial in denials {
                    self.estate.deny_assignments.push(denial);
                }
            }
            Err(unknown) => self.gap(None, Part::Settings, unknown),
        }
    }

    /// Each of its lists of permissions forbids for itself.
    fn deny_assignment(&mut self, entity: &'e Entity<'e>) -> Result<Vec<DenyAssignment>, Unknown> {
        let place = entity.name_span;
        if let Some(condition) = entity.property(&["condition"]) {
            return Err(not_known(
                "a condition of a deny assignment",
                condition.span,
            ));
        }
        let scope = self.scope(entity);
        let scope = scope.ok_or_else(|| not_known("where a deny assignment holds", place))?;
        let scope_only = match entity.property(&["doNotApplyToChildScopes"]) {
            Some(value) => self.switch(value)?.value,
            None => false,
        };
        let principals = match self.denied(entity.property(&["principals"]), place)? {
            listed if listed.iter().any(|one| one.name == EVERYONE) => DeniedPrincipals::Everyone,
            listed => DeniedPrincipals::Listed(listed),
        };
        let excluded = match entity.property(&["excludePrincipals"]) {
            Some(list) => self.denied(Some(list), place)?,
            None => Vec::new(),
        };
        // Somebody excluded whom no identity here is known to be may be any of them, or a group of theirs.
        let known = self
            .estate
            .identities
            .iter()
            .all(|(_, it)| matches!(it.principal, Principal::ObjectId(_)));
        let groups = entity
            .property(&["excludePrincipals"])
            .and_then(Value::items)
            .unwrap_or_default()
            .iter()
            .any(|one| {
                let kind = one.get("type").and_then(Value::known_text);
                kind.is_none_or(|kind| kind.eq_ignore_ascii_case("Group"))
            });
        if excluded.iter().any(|one| one.id.is_none()) && (groups || !known) {
            return Err(not_known("whom a deny assignment leaves out", place));
        }
        let name = entity.property(&["denyAssignmentName"]);
        let name = name.and_then(Value::known_text).cloned();
        let permissions = entity.property(&["permissions"]);
        let permissions = permissions
            .and_then(Value::items)
            .ok_or_else(|| not_known("what a deny assignment forbids", place))?;
        let mut denials = Vec::new();
        for permission in permissions {
            denials.push(DenyAssignment {
                name: name.clone().unwrap_or_else(|| entity.name()),
                origin: place.into(),
                scope: scope.clone(),
                principals: principals.clone(),
                excluded: excluded.clone(),
                actions: self.all_actions(permission.get("actions"))?,
                not_actions: self.all_actions(permission.get("notActions"))?,
                scope_only,
            });
        }
        Ok(denials)
    }

    fn all_actions(&mut self, value: Option<&'e Value>) -> Result<Vec<Spanned<SmolStr>>, Unknown> {
        let (actions, unknown) = self.list(value, |builder, item| builder.text(item, "an action"));
        unknown.into_iter().next().map_or(Ok(actions), Err)
    }

    /// Principals by their ids; those of identities of the input lead there.
    fn denied(
        &mut self,
        value: Option<&'e Value>,
        place: crate::base::Span,
    ) -> Result<Vec<Ref<Identity>>, Unknown> {
        let value = value.ok_or_else(|| not_known("whom a deny assignment is about", place))?;
        let (ids, unknown) = self.list(Some(value), |builder, item| {
            let id = item.get("id").unwrap_or(item);
            builder.text(id, "the id of a principal")
        });
        if let Some(unknown) = unknown.into_iter().next() {
            return Err(unknown);
        }
        let principal = |id: Spanned<SmolStr>| {
            let mut identities = self.estate.identities.iter();
            let same = identities.find(|(_, identity)| {
                matches!(&identity.principal, Principal::ObjectId(own) if own.value.eq_ignore_ascii_case(&id.value))
            });
            Ref {
                id: same.map(|(id, _)| id),
                name: id.value,
                origin: id.span.into(),
            }
        };
        Ok(ids.into_iter().map(principal).collect())
    }
}
