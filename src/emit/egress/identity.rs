//! Identities, custom roles, role assignments.

use crate::estate::{Id, Identity, Principal, RoleAssignment, RoleDefinition, Scope};

use super::Writer;
use super::page::{Block, Body, is_word, quoted};

impl Writer<'_> {
    pub(super) fn identities(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for (id, identity) in estate.identities.iter() {
            body.block(self.identity(id, identity));
        }
        for (id, role) in estate.role_definitions.iter() {
            let mut before = estate.role_definitions.iter();
            let first = before.find(|(_, it)| it.name.eq_ignore_ascii_case(&role.name));
            if first.is_some_and(|(first, _)| first != id) {
                let what = format!("another role `{}`", role.name);
                self.not_said(&mut body, role.origin, what);
            } else {
                body.block(self.role(role));
            }
        }
        self.denials(&mut body);
        body
    }

    fn identity(&mut self, id: Id<Identity>, identity: &Identity) -> Block {
        let name = self.names.identities.of(id).clone();
        let head = format!("identity {name}").into();
        let mut block = self.resource(head, "identity", &identity.meta, &name);
        let body = &mut block.body;
        self.common(body, &identity.meta);
        match &identity.principal {
            Principal::FromResource => {}
            Principal::ObjectId(id) if is_guid(&id.value) => {
                body.clause(format!("principal-id {}", id.value));
            }
            Principal::ObjectId(id) => {
                let what = format!("the principal `{}`", id.value);
                self.not_known(body, id.span.into(), what);
            }
            Principal::Parameter(parameter) => match self.parameter(parameter) {
                Some(word) => body.clause(format!("principal-id {word}")),
                None => self.not_known(body, identity.meta.origin, "its principal".to_owned()),
            },
        }
        let mut groups = Vec::new();
        for group in &identity.groups {
            if stands_for_itself(&group.value) {
                groups.push(quoted(&group.value));
            } else {
                let what = format!("member of group `{}`", group.value);
                self.not_said(body, group.span.into(), what);
            }
        }
        body.list("member-of", &groups);
        for (_, assignment) in self.estate.role_assignments.iter() {
            if assignment.identity == id {
                self.assignment(body, assignment);
            }
        }
        block
    }

    fn assignment(&mut self, body: &mut Body, assignment: &RoleAssignment) {
        let role = &assignment.role.value;
        match self.scope(&assignment.scope.value) {
            Ok(scope) if stands_for_itself(role) => {
                let existing = if assignment.existing { " existing" } else { "" };
                body.clause(format!("role {} on {scope}{existing}", quoted(role)));
            }
            Ok(scope) => {
                let what = format!("role `{role}` on {scope}");
                self.not_said(body, assignment.origin, what);
            }
            Err(scope) => {
                let what = format!("where role `{role}` holds: {scope}");
                self.not_known(body, assignment.origin, what);
            }
        }
    }

    /// The words for a scope; what it is when there are none.
    pub(super) fn scope(&self, scope: &Scope) -> Result<String, String> {
        let names = &self.names;
        let named = |kind: &str, handle: Option<&str>, name: &str| match handle {
            Some(handle) => Ok(format!("{kind} {handle}")),
            None => Err(format!("{kind} `{name}`")),
        };
        macro_rules! resource {
            ($kind:literal, $reference:expr, $table:ident) => {{
                let handle = $reference.id.map(|id| names.$table.of(id).as_str());
                named($kind, handle, &$reference.name)
            }};
        }
        match scope {
            Scope::Vnet(it) => resource!("vnet", it, vnets),
            Scope::RouteTable(it) => resource!("route-table", it, route_tables),
            Scope::Nsg(it) => resource!("nsg", it, nsgs),
            Scope::NatGateway(it) => resource!("nat-gateway", it, nat_gateways),
            Scope::PublicIp(it) => resource!("public-ip", it, public_ips),
            Scope::Service(it) => resource!("service", it, services),
            Scope::Subnet(it) => {
                let path = it.id.map(|id| self.subnet_path(id));
                named("subnet", path.as_deref(), &it.name)
            }
            Scope::DnsZone(it) => {
                let first = |id: &_| super::names::first_of_domain(self.estate, *id);
                let domain = it.id.filter(first);
                let domain = domain.map(|id| self.estate.dns_zones[id].domain.as_str());
                named("private-dns-zone", domain, &it.name)
            }
            Scope::ResourceGroup(None) => Ok("this resource-group".to_owned()),
            Scope::Subscription(None) => Ok("this subscription".to_owned()),
            Scope::ResourceGroup(Some(name)) => word("resource-group", name),
            Scope::Subscription(Some(name)) => word("subscription", name),
            Scope::ManagementGroup(name) => word("management-group", name),
        }
    }

    fn role(&mut self, role: &RoleDefinition) -> Block {
        let mut block = Block::with_braces(format!("role {}", quoted(&role.name)));
        let body = &mut block.body;
        let actions = role.actions.iter().map(|it| &it.value);
        let actions = self.words(body, "action", role.origin, actions);
        body.list("actions", &actions);
        let not_actions = role.not_actions.iter().map(|it| &it.value);
        let not_actions = self.words(body, "action", role.origin, not_actions);
        body.list("not-actions", &not_actions);
        block
    }
}

fn word(kind: &str, name: &str) -> Result<String, String> {
    if is_word(name) {
        Ok(format!("{kind} {name}"))
    } else {
        Err(format!("{kind} `{name}`"))
    }
}

/// Whether a text in quotes is read as it stands: a dollar sign first would name a parameter.
pub(super) fn stands_for_itself(text: &str) -> bool {
    !text.starts_with('$') && !text.trim().is_empty()
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
