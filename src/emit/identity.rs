//! Identities, custom roles, role assignments.

use crate::estate::{Id, Identity, Principal, RoleAssignment, RoleDefinition, Scope};

use super::network::is_deployed;
use super::template::{Expr, Target, Value};
use super::{Builder, target};

pub(super) fn add(builder: &mut Builder<'_>) {
    let estate = builder.estate;
    for (id, identity) in estate.identities.iter() {
        if identity.meta.home.is_existing() || identity.principal != Principal::FromResource {
            continue;
        }
        let mut resource = builder.resource(builder.identity(id), identity.meta.origin);
        resource.location = Some(builder.location());
        builder.push(resource);
    }
    for (_, role) in estate.role_definitions.iter() {
        builder.custom_role(role);
    }
    for (_, assignment) in estate
        .role_assignments
        .iter()
        .filter(|(_, assignment)| !assignment.existing)
    {
        builder.role_assignment(assignment);
    }
}

/// Where a role assignment can be put.
enum Place {
    ResourceGroup,
    Resource(Target),
    Elsewhere(String),
}

impl Builder<'_> {
    fn identity(&self, id: Id<Identity>) -> Target {
        let kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
        let mut target = target(kind, "identity", &self.estate.identities[id].meta);
        target.api_version = self.facts.api_version(kind).map(str::to_owned);
        target
    }

    fn custom_role_target(&self, role: &RoleDefinition) -> Target {
        let mut target = Target::new(
            "Microsoft.Authorization/roleDefinitions",
            "role",
            &[role.name.as_str()],
            &Default::default(),
        );
        let name = Expr::Guid(vec![
            Expr::ResourceGroupId,
            Expr::Text(role.name.to_string()),
        ]);
        target.computed_name = Some(Box::new(name));
        target
    }

    fn custom_role(&mut self, role: &RoleDefinition) {
        let mut resource = self.resource(self.custom_role_target(role), role.origin);
        let actions = |actions: &[crate::base::Spanned<smol_str::SmolStr>]| {
            Value::texts(actions.iter().map(|action| action.value.as_str()))
        };
        let permissions = Value::Object(vec![
            ("actions", actions(&role.actions)),
            ("notActions", actions(&role.not_actions)),
        ]);
        resource.properties = vec![
            ("roleName", Value::text(role.name.as_str())),
            ("type", Value::text("CustomRole")),
            ("permissions", Value::List(vec![permissions])),
            (
                "assignableScopes",
                Value::List(vec![Value::Expr(Expr::ResourceGroupId)]),
            ),
        ];
        self.push(resource);
    }

    fn role_assignment(&mut self, assignment: &RoleAssignment) {
        let identity = &self.estate.identities[assignment.identity];
        let role_name = assignment.role.value.as_str();
        let custom = self
            .estate
            .role_definitions
            .iter()
            .find(|(_, role)| role.name.eq_ignore_ascii_case(role_name));
        let (role_name, role_id, role_target) = match (custom, self.facts.role(role_name)) {
            (Some((_, role)), _) => {
                let target = self.custom_role_target(role);
                (role.name.as_str(), Expr::Id(target.clone()), Some(target))
            }
            (None, Some(role)) => (role.name.as_str(), Expr::BuiltInRole(role.id.clone()), None),
            // An unknown role is an error that stops the compile before.
            (None, None) => return,
        };
        let place = self.place(&assignment.scope.value);
        let scope = match place {
            Place::ResourceGroup => None,
            Place::Resource(target) => Some(target),
            Place::Elsewhere(scope) => {
                self.template.not_deployed.push(format!(
                    "role `{role_name}` for `{}` on {scope}",
                    identity.meta.name
                ));
                return;
            }
        };
        let principal = match &identity.principal {
            Principal::FromResource => Expr::PrincipalOf(self.identity(assignment.identity)),
            Principal::ObjectId(id) => Expr::Text(id.value.to_string()),
            Principal::Parameter(name) => Expr::Parameter(name.to_string()),
        };
        let scope_id = scope.clone().map_or(Expr::ResourceGroupId, Expr::Id);
        // The name of an assignment must be computable before deployment, so it is made of names, not of principals.
        let name = Expr::Guid(vec![
            scope_id,
            Expr::Text(identity.meta.name.to_string()),
            Expr::Text(role_name.to_owned()),
        ]);
        let on = scope
            .as_ref()
            .map_or("group", |scope| scope.symbol.as_str());
        let mut target = Target::new(
            "Microsoft.Authorization/roleAssignments",
            "assignment",
            &[identity.meta.name.as_str(), role_name, on],
            &Default::default(),
        );
        target.computed_name = Some(Box::new(name));
        // Azure refuses a second assignment of the same; one that a policy states twice is made once.
        if self.template.resources.iter().any(|it| it.target == target) {
            return;
        }
        let mut resource = self.resource(target, assignment.origin);
        let identity_target = self.identity(assignment.identity);
        if identity.principal == Principal::FromResource && is_deployed(&identity_target) {
            resource.depends_on.push(identity_target);
        }
        resource.depends_on.extend(role_target);
        if let Some(scope) = &scope {
            let outermost = scope
                .inside
                .as_ref()
                .map_or_else(|| scope.clone(), |(parent, _)| (**parent).clone());
            resource
                .depends_on
                .extend(Some(outermost).filter(is_deployed));
        }
        if let Principal::Parameter(name) = &identity.principal {
            resource.condition = Some(Expr::HasValue(name.to_string()));
        }
        resource.scope = scope;
        resource.properties = vec![
            ("roleDefinitionId", Value::Expr(role_id)),
            ("principalId", Value::Expr(principal)),
            ("principalType", Value::text("ServicePrincipal")),
        ];
        self.push(resource);
    }

    fn place(&self, scope: &Scope) -> Place {
        let target = match scope {
            Scope::Vnet(vnet) => vnet.id.map(|id| self.vnet(id)),
            Scope::Subnet(subnet) => subnet.id.map(|id| self.subnet(id)),
            Scope::RouteTable(table) => table.id.map(|id| self.route_table(id)),
            Scope::Nsg(nsg) => nsg.id.map(|id| self.nsg(id)),
            Scope::NatGateway(nat) => nat.id.map(|id| self.nat_gateway(id)),
            Scope::PublicIp(ip) => ip.id.map(|id| self.public_ip(id)),
            Scope::DnsZone(zone) => zone.id.map(|id| self.dns_zone(id)),
            Scope::Service(service) => return Place::Elsewhere(format!("`{}`", service.name)),
            Scope::ResourceGroup(None) => return Place::ResourceGroup,
            Scope::ResourceGroup(Some(name)) => {
                return Place::Elsewhere(format!("resource group `{name}`"));
            }
            Scope::Subscription(None) => return Place::Elsewhere("the subscription".to_owned()),
            Scope::Subscription(Some(id)) => {
                return Place::Elsewhere(format!("subscription `{id}`"));
            }
            Scope::ManagementGroup(name) => {
                return Place::Elsewhere(format!("management group `{name}`"));
            }
        };
        match target {
            Some(target) if target.home.is_elsewhere() => {
                Place::Elsewhere(format!("`{}`", target.name.join("/")))
            }
            Some(target) => Place::Resource(target),
            None => Place::Elsewhere("something unknown".to_owned()),
        }
    }
}
