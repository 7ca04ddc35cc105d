//! Identities and roles.

use crate::base::Spanned;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Principal, RoleAssignment, RoleDefinition, Scope};
use crate::syntax::tree;

use super::declare::Declared;
use super::parameter::{LeftOpen, Text};
use super::{Lowering, Once};

impl Lowering<'_> {
    pub(super) fn define_identities(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            match item {
                Declared::Identity(id, block) => self.define_identity(*id, block),
                Declared::Role(block) => self.define_role(block),
                _ => {}
            }
        }
    }

    fn define_identity(
        &mut self,
        id: crate::estate::Id<crate::estate::Identity>,
        block: &tree::Block<tree::IdentityClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::IdentityClause::PrincipalId(word) => {
                    if self.first_time(&mut once, "principal-id", word.span)
                        && let Some(principal) = self.principal(word)
                    {
                        self.estate.identities[id].principal = principal;
                    }
                }
                tree::IdentityClause::MemberOf(words) => {
                    let groups: Vec<_> = words
                        .iter()
                        .filter_map(|word| self.word(word, "a group"))
                        .collect();
                    self.estate.identities[id].groups.extend(groups);
                }
                tree::IdentityClause::Role {
                    role,
                    scope,
                    existing,
                    span,
                } => {
                    if let Some(role) = self.word(role, "a role")
                        && let Some(scope) = self.scope(scope)
                    {
                        self.estate.role_assignments.push(RoleAssignment {
                            origin: span.span.into(),
                            identity: id,
                            role,
                            scope,
                            existing: *existing,
                        });
                    }
                }
                tree::IdentityClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.identities[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn principal(&mut self, word: &tree::Word) -> Option<Principal> {
        match self.parameters.text(word, &mut self.findings)? {
            Text::Open(name) => {
                self.parameters.leave_open(&name, LeftOpen::Optional);
                Some(Principal::Parameter(name))
            }
            Text::Known(text) if is_guid(&text) => {
                Some(Principal::ObjectId(Spanned::new(text, word.span)))
            }
            Text::Known(text) => {
                let finding = Finding::new(
                    FindingId::TG0004,
                    format!("`{text}` is not the object id of a principal"),
                )
                .at(word.span, "malformed")
                .help("an object id looks like 11111111-2222-3333-4444-555555555555");
                self.report(finding);
                None
            }
        }
    }

    /// Where a role holds, or what is forbidden.
    pub(super) fn scope(&mut self, scope: &tree::Scope) -> Option<Spanned<Scope>> {
        let place = scope
            .name
            .as_ref()
            .map_or(scope.kind.span, |name| scope.kind.span.to(name.span));
        self.scope_of(scope).map(|scope| Spanned::new(scope, place))
    }

    fn scope_of(&mut self, scope: &tree::Scope) -> Option<Scope> {
        let Some(name) = &scope.name else {
            return Some(match scope.kind.value.as_str() {
                "subscription" => Scope::Subscription(None),
                _ => Scope::ResourceGroup(None),
            });
        };
        Some(match scope.kind.value.as_str() {
            "vnet" => Scope::Vnet(self.reference(name, |names| &names.vnets)?),
            "subnet" => Scope::Subnet(self.subnet(name)?),
            "route-table" => Scope::RouteTable(self.reference(name, |names| &names.route_tables)?),
            "nsg" => Scope::Nsg(self.reference(name, |names| &names.nsgs)?),
            "nat-gateway" => Scope::NatGateway(self.reference(name, |names| &names.nat_gateways)?),
            "public-ip" => Scope::PublicIp(self.reference(name, |names| &names.public_ips)?),
            "private-dns-zone" => Scope::DnsZone(self.reference(name, |names| &names.dns_zones)?),
            "service" => Scope::Service(self.reference(name, |names| &names.services)?),
            "resource-group" => Scope::ResourceGroup(Some(self.text(name, "a resource group")?)),
            "subscription" => Scope::Subscription(Some(self.text(name, "a subscription")?)),
            _ => Scope::ManagementGroup(self.text(name, "a management group")?),
        })
    }

    fn define_role(&mut self, block: &tree::Block<tree::RoleClause>) {
        let same = |role: &RoleDefinition| role.name.eq_ignore_ascii_case(&block.name.value);
        let first = self
            .estate
            .role_definitions
            .iter()
            .find(|(_, role)| same(role));
        if let Some(first) = first.map(|(_, role)| role.origin) {
            let finding = Finding::new(
                FindingId::TG0007,
                format!("role `{}` is declared twice", block.name.value),
            )
            .at(block.name.span, "declared again here")
            .related(first, "declared first here");
            self.report(finding);
            return;
        }
        let mut role = RoleDefinition {
            name: block.name.value.clone(),
            origin: block.name.span.into(),
            actions: Vec::new(),
            not_actions: Vec::new(),
        };
        for clause in &block.body.clauses {
            match clause {
                tree::RoleClause::Actions(words) => {
                    role.actions
                        .extend(words.iter().filter_map(|word| self.word(word, "an action")));
                }
                tree::RoleClause::NotActions(words) => {
                    role.not_actions
                        .extend(words.iter().filter_map(|word| self.word(word, "an action")));
                }
            }
        }
        self.estate.role_definitions.push(role);
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lengths.iter().all(|length| {
        parts.next().is_some_and(|part| {
            part.len() == *length && part.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }) && parts.next().is_none()
}
