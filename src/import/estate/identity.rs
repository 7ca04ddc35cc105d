//! Managed identities and the roles they are given.

use smol_str::SmolStr;

use crate::base::{Span, Spanned};
use crate::estate::{Id, Identity, Meta, Principal, RoleAssignment, RoleDefinition, Scope};
use crate::import::{ResourceId, Text, Value};

use super::Builder;
use super::entity::{Entity, Found};
use super::gap::{Part, not_known};
use super::reference::{id_text, parse_id, read_of};
use super::slot::Slot;

pub(super) fn blank(meta: Meta) -> Identity {
    Identity {
        meta,
        principal: Principal::FromResource,
        groups: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_identity(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Identity>(index) else {
            return;
        };
        if let Some(principal) = entity.property(&["principalId"]) {
            let read = self.text(principal, "the id of a principal");
            if let Some(principal) = self.or_gap_of_none(Part::Settings, read) {
                self.estate.identities[id].principal = Principal::ObjectId(principal);
            }
        }
    }

    pub(super) fn define_role_definition(&mut self, entity: &'e Entity<'e>) {
        let Some(name) = entity
            .property(&["roleName"])
            .and_then(|name| name.known_text().cloned())
        else {
            return;
        };
        let mut role = RoleDefinition {
            name,
            origin: entity.name_span.into(),
            actions: Vec::new(),
            not_actions: Vec::new(),
        };
        let permissions = entity.property(&["permissions"]).and_then(Value::items);
        for permission in permissions.unwrap_or_default() {
            let action = |builder: &mut Self, item: &Value| builder.text(item, "an action");
            let (actions, unknown) = self.list(permission.get("actions"), action);
            let (not_actions, also) = self.list(permission.get("notActions"), action);
            // A role of which something is not known is none here: rules then say nothing of it.
            if !unknown.is_empty() || !also.is_empty() {
                self.settings_gaps(unknown);
                self.settings_gaps(also);
                return;
            }
            role.actions.extend(actions);
            role.not_actions.extend(not_actions);
        }
        self.estate.role_definitions.push(role);
    }

    pub(super) fn define_role_assignment(&mut self, entity: &'e Entity<'e>) {
        let (Some(principal), Some(role)) = (
            entity.property(&["principalId"]),
            entity.property(&["roleDefinitionId"]),
        ) else {
            return;
        };
        let (Some(identity), Some(role), Some(scope)) = (
            self.principal(principal),
            self.role(role),
            self.scope(entity),
        ) else {
            let unknown = not_known("to whom, what or where it grants", entity.name_span);
            self.gap(None, Part::Settings, unknown);
            return;
        };
        self.estate.role_assignments.push(RoleAssignment {
            origin: entity.name_span.into(),
            identity,
            role,
            scope,
            existing: entity.is_existing(),
        });
    }

    /// The identity whose principal a value is: read from its resource, or the same object id.
    fn principal(&mut self, value: &'e Value) -> Option<Id<Identity>> {
        self.place(value);
        if let Some(symbol) = value.unknown() {
            let (id, path) = read_of(symbol)?;
            let last = path.last()?;
            let Found::One(index) = self.entities.find(&id, value.span.file) else {
                return None;
            };
            return last
                .eq_ignore_ascii_case("principalId")
                .then(|| self.slot_of(index))?;
        }
        let text = value.known_text()?;
        let mut identities = self.estate.identities.iter();
        let same = identities.find(|(_, identity)| match &identity.principal {
            Principal::ObjectId(id) => id.value.eq_ignore_ascii_case(text),
            _ => false,
        });
        same.map(|(id, _)| id)
    }

    /// The role by its own name when the input defines it, else by the last part of its id.
    fn role(&mut self, value: &'e Value) -> Option<Spanned<SmolStr>> {
        self.place(value);
        let (text, _) = id_text(value)?;
        let id = parse_id(value);
        if let Some(id) = &id
            && let Found::One(index) = self.entities.find(id, value.span.file)
            && let Some(defined) = self
                .entities
                .get(index)
                .and_then(|it| it.property(&["roleName"]))
        {
            return Some(Spanned::new(defined.known_text()?.clone(), value.span));
        }
        let name = match &id {
            Some(id) => id.name(),
            None => text,
        };
        Some(Spanned::new(name.known()?.clone(), value.span))
    }

    pub(super) fn scope(&mut self, entity: &'e Entity<'e>) -> Option<Spanned<Scope>> {
        let stated = entity.property(&["scope"]);
        if let Some(extended) = &entity.id.extends {
            let scope = self.scope_of(extended, entity.name_span)?;
            return Some(Spanned::new(scope, entity.name_span));
        }
        let Some(stated) = stated else {
            let id = &entity.id;
            let container = if id.subscription.is_some() && id.group.is_none() {
                Scope::Subscription(None)
            } else {
                Scope::ResourceGroup(None)
            };
            return Some(Spanned::new(container, entity.name_span));
        };
        let (text, _) = id_text(stated)?;
        let scope = match ResourceId::parse(&text) {
            Some(id) => self.scope_of(&id, stated.span)?,
            None => container(&text)?,
        };
        Some(Spanned::new(scope, stated.span))
    }

    fn scope_of(&mut self, id: &ResourceId, span: Span) -> Option<Scope> {
        let Found::One(index) = self.entities.find(id, span.file) else {
            return None;
        };
        Some(match self.slot(index)? {
            Slot::Vnet(_) => Scope::Vnet(self.ref_of(index, span)),
            Slot::Subnet(_) => Scope::Subnet(self.ref_of(index, span)),
            Slot::RouteTable(_) => Scope::RouteTable(self.ref_of(index, span)),
            Slot::Nsg(_) => Scope::Nsg(self.ref_of(index, span)),
            Slot::NatGateway(_) => Scope::NatGateway(self.ref_of(index, span)),
            Slot::PublicIp(_) => Scope::PublicIp(self.ref_of(index, span)),
            Slot::DnsZone(_) => Scope::DnsZone(self.ref_of(index, span)),
            Slot::Service(_) => Scope::Service(self.ref_of(index, span)),
            _ => return None,
        })
    }
}

/// A resource group, subscription or management group by its id.
fn container(text: &Text) -> Option<Scope> {
    let text = text.known()?;
    let segments: Vec<&str> = text.split('/').filter(|it| !it.is_empty()).collect();
    match segments.as_slice() {
        ["subscriptions", id] => Some(Scope::Subscription(Some(SmolStr::new(id)))),
        ["subscriptions", _, group, name] if group.eq_ignore_ascii_case("resourceGroups") => {
            Some(Scope::ResourceGroup(Some(SmolStr::new(name))))
        }
        _ => None,
    }
}
