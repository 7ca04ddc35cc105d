//! Identities, roles, assignments, and where they hold.

use smol_str::SmolStr;
use tidegate::base::{Origin, Spanned};
use tidegate::estate::{
    DeniedPrincipals, DenyAssignment, Estate, Home, Identity, Meta, PolicyAssignment, Principal,
    Ref, RoleAssignment, RoleDefinition, Scope, Subscription,
};

use super::build::{Builder, Groups, by_name, subnet};
use super::document::Fields;

/// Resource groups and subscriptions, which the homes of everything else need.
pub(super) fn places(builder: &mut Builder, topology: &Fields<'_>) {
    for fields in topology.items("subscriptions") {
        let management_group = fields.text("management_group");
        builder.estate.subscriptions.push(Subscription {
            name: fields.name().into(),
            management_group: management_group.map(SmolStr::from),
        });
    }
    for fields in topology.items("resource_groups") {
        let subscription = fields.text("subscription").map(SmolStr::from);
        builder
            .groups
            .listed
            .push((fields.name().into(), subscription));
    }
}

pub(super) fn build(builder: &mut Builder, root: &Fields<'_>, topology: &Fields<'_>) {
    for fields in root.items("identities") {
        fields.skip(&["type"]);
        let meta = builder.meta(&fields, fields.name());
        let groups = builder.words(&fields, "groups");
        builder.estate.identities.push(Identity {
            meta,
            principal: Principal::FromResource,
            groups,
        });
    }
    for fields in root.items("role_definitions") {
        let role = RoleDefinition {
            name: fields.name().into(),
            origin: builder.origin(fields.path()),
            actions: builder.words(&fields, "actions"),
            not_actions: builder.words(&fields, "not_actions"),
        };
        builder.estate.role_definitions.push(role);
    }
    for fields in root.items("role_assignments") {
        role_assignment(builder, &fields);
    }
    for fields in root.items("deny_assignments") {
        deny_assignment(builder, &fields);
    }
    for fields in topology.items("policy_assignments") {
        let Some(scope) = scope_of(builder, &fields) else {
            continue;
        };
        let effect = builder.words(&fields, "effect").pop();
        let Some(effect) = effect else {
            fields.problem("effect", "missing");
            continue;
        };
        let assignment = PolicyAssignment {
            name: fields.name().into(),
            origin: builder.origin(fields.path()),
            scope,
            effect,
            resource_types: builder.words(&fields, "resource_types"),
        };
        builder.estate.policy_assignments.push(assignment);
    }
}

/// The identity of that name. Groups are principals of their own, and so is whoever a file names nowhere else.
fn principal(builder: &mut Builder, fields: &Fields<'_>, key: &str, name: &str) -> Ref<Identity> {
    let found = by_name(&builder.estate.identities, name, |identity| &identity.meta);
    let found = found.unwrap_or_else(|| {
        let origin = builder.origin(&format!("identities[{name}]"));
        builder.estate.identities.push(Identity {
            meta: Meta {
                name: name.into(),
                origin,
                body: None,
                home: Home::Deployed,
            },
            principal: Principal::FromResource,
            groups: Vec::new(),
        })
    });
    builder.reference(fields, key, name, Some(found))
}

fn role_assignment(builder: &mut Builder, fields: &Fields<'_>) {
    fields.skip(&["name"]);
    let name = fields.text("principal").unwrap_or_default();
    let identity = principal(builder, fields, "principal", &name);
    let role = builder.words(fields, "role").pop();
    let scope = scope_of(builder, fields);
    if role.is_none() {
        fields.problem("role", "missing");
    }
    let (Some(identity), Some(role), Some(scope)) = (identity.id, role, scope) else {
        return;
    };
    let assignment = RoleAssignment {
        origin: builder.origin(fields.path()),
        identity,
        role,
        scope,
        existing: true,
    };
    builder.estate.role_assignments.push(assignment);
}

fn deny_assignment(builder: &mut Builder, fields: &Fields<'_>) {
    let names = fields.texts("principals");
    let everyone = names
        .iter()
        .any(|name| name.eq_ignore_ascii_case("everyone"));
    let principals = if everyone {
        DeniedPrincipals::Everyone
    } else {
        let listed = names.iter();
        let listed = listed.map(|name| principal(builder, fields, "principals", name));
        DeniedPrincipals::Listed(listed.collect())
    };
    let excluded = fields.texts("exclude_principals");
    let excluded = excluded.iter();
    let excluded = excluded.map(|name| principal(builder, fields, "exclude_principals", name));
    let excluded = excluded.collect();
    let Some(scope) = scope_of(builder, fields) else {
        return;
    };
    let assignment = DenyAssignment {
        name: fields.name().into(),
        origin: builder.origin(fields.path()),
        scope,
        principals,
        excluded,
        actions: builder.words(fields, "actions"),
        not_actions: builder.words(fields, "not_actions"),
        scope_only: fields.flag("do_not_apply_to_child_scopes").unwrap_or(false),
    };
    builder.estate.deny_assignments.push(assignment);
}

fn scope_of(builder: &mut Builder, fields: &Fields<'_>) -> Option<Spanned<Scope>> {
    let Some(name) = fields.text("scope") else {
        fields.problem("scope", "missing");
        return None;
    };
    let span = builder.span(&fields.path_of("scope"));
    let found = scope(&builder.estate, &builder.groups, &name, span.into());
    if found.is_none() {
        fields.problem("scope", format_args!("nothing here is called `{name}`"));
    }
    Some(Spanned::new(found?, span))
}

/// The scope of that name.
pub(super) fn scope(estate: &Estate, groups: &Groups, name: &str, origin: Origin) -> Option<Scope> {
    if let Some(scope) = resource(estate, name, origin) {
        return Some(scope);
    }
    let listed = &groups.listed;
    if groups.own.as_deref() == Some(name)
        || listed.iter().any(|(group, _)| group == name)
        || named_groups(estate).any(|group| group == name)
    {
        return Some(Scope::ResourceGroup(Some(name.into())));
    }
    let mut subscriptions = estate.subscriptions.iter();
    if subscriptions.any(|subscription| subscription.name == name)
        || listed.iter().any(|(_, of)| of.as_deref() == Some(name))
    {
        return Some(Scope::Subscription(Some(name.into())));
    }
    let mut subscriptions = estate.subscriptions.iter();
    if subscriptions.any(|subscription| subscription.management_group.as_deref() == Some(name)) {
        return Some(Scope::ManagementGroup(name.into()));
    }
    match name {
        "subscription" => Some(Scope::Subscription(None)),
        "resource_group" | "resource-group" => Some(Scope::ResourceGroup(None)),
        _ => None,
    }
}

/// The resource groups that elements say they are in.
fn named_groups(estate: &Estate) -> impl Iterator<Item = &SmolStr> {
    let vnets = estate.vnets.iter().map(|(_, vnet)| &vnet.meta);
    let tables = estate.route_tables.iter().map(|(_, table)| &table.meta);
    let nsgs = estate.nsgs.iter().map(|(_, nsg)| &nsg.meta);
    let zones = estate.dns_zones.iter().map(|(_, zone)| &zone.meta);
    let metas = vnets.chain(tables).chain(nsgs).chain(zones);
    metas.filter_map(|meta| match &meta.home {
        Home::Existing { resource_group, .. } => resource_group.as_ref(),
        Home::Deployed => None,
    })
}

fn resource(estate: &Estate, name: &str, origin: Origin) -> Option<Scope> {
    if let Some(id) = by_name(&estate.vnets, name, |vnet| &vnet.meta) {
        return Some(Scope::Vnet(Ref::known(id, name, origin)));
    }
    if let Some(id) = by_name(&estate.route_tables, name, |table| &table.meta) {
        return Some(Scope::RouteTable(Ref::known(id, name, origin)));
    }
    if let Some(id) = by_name(&estate.nsgs, name, |nsg| &nsg.meta) {
        return Some(Scope::Nsg(Ref::known(id, name, origin)));
    }
    if let Some(id) = by_name(&estate.nat_gateways, name, |gateway| &gateway.meta) {
        return Some(Scope::NatGateway(Ref::known(id, name, origin)));
    }
    if let Some(id) = by_name(&estate.dns_zones, name, |zone| &zone.meta) {
        return Some(Scope::DnsZone(Ref::known(id, name, origin)));
    }
    if let Some(id) = by_name(&estate.services, name, |service| &service.meta) {
        return Some(Scope::Service(Ref::known(id, name, origin)));
    }
    if let Some(id) = by_name(&estate.public_ips, name, |ip| &ip.meta) {
        return Some(Scope::PublicIp(Ref::known(id, name, origin)));
    }
    let subnet = subnet(estate, name, None);
    subnet.map(|id| Scope::Subnet(Ref::known(id, name, origin)))
}
