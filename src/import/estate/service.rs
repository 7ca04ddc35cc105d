//! Resources of platform services: storage accounts, registries, vaults, databases.
//!
//! Each public name of a resource is an element of its own. Whom a resource lets in is read where the resource itself
//! says it. Rules of SQL servers are resources beside the server, so others than those shown may let more in.

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::estate::{Id, NetworkAcl, PlatformService, Ref, Subnet, Unknown};
use crate::import::{ResourceId, ServiceForm, Value};
use crate::net::Fqdn;

use super::Builder;
use super::endpoint::items;
use super::entity::{Entity, body};
use super::gap::{Part, not_known};
use super::reference::Target;
use super::side::Block;
use super::slot::Slot;

/// The elements of one resource, by what private endpoints call them.
pub(super) type Named = Vec<(SmolStr, Id<PlatformService>)>;

/// The servers of which rules are resources beside them.
const SQL_SERVERS: &str = "microsoft.sql/servers";

impl<'e> Builder<'e> {
    /// How resources of a type are called in public.
    pub(super) fn form_of(&self, id: &ResourceId) -> Option<&'e ServiceForm> {
        let mut forms = self.forms.iter();
        forms.find(|form| id.is(&form.resource))
    }

    /// Makes an element of each public name. A resource whose name is not known becomes none.
    pub(super) fn declare_service(
        &mut self,
        index: usize,
        entity: &'e Entity<'e>,
        form: &ServiceForm,
    ) -> Option<Slot> {
        let place = entity.name_span;
        let label = match &form.named_by {
            None => entity.name(),
            Some(property) => match entity.property(&[property]).and_then(Value::known_text) {
                Some(label) => label.clone(),
                None => SmolStr::default(),
            },
        };
        let mut named = Named::new();
        for name in form.names_in(self.estate.cloud) {
            let Ok(fqdn) = format!("{label}.{}", name.suffix).parse::<Fqdn>() else {
                let unknown = not_known(format!("the public name of `{}`", entity.id), place);
                self.gap(None, Part::Access, unknown);
                return None;
            };
            let service = PlatformService {
                meta: self.meta(entity),
                kind: Some(Spanned::new(form.kind.clone(), place)),
                fqdn: Spanned::new(fqdn, place),
                cname: None,
                addresses: Vec::new(),
                resolved: None,
                tags: Vec::new(),
                region: region(entity),
                public_access_off: None,
                acl: None,
            };
            let id = self.estate.services.push(service);
            named.push((name.group.clone(), id));
        }
        let first = named.first().map(|(_, id)| Slot::Service(*id));
        self.services.insert(index, named);
        first
    }

    /// Whom a resource lets in.
    pub(super) fn define_service(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(named) = self.services.get(&index).cloned() else {
            return;
        };
        let before = self.gaps.len();
        let unstated = |statement: &super::entity::Statement<'_>| {
            statement.whole.get("properties").is_none() && statement.existing
        };
        if entity.statements.iter().all(unstated) {
            let text = format!("`{}` is only referred to", entity.id);
            self.gap(None, Part::Access, not_known(text, entity.name_span));
        }
        let off = self.public_access_off(entity);
        let acl = self.network_acl(entity);
        if entity.id.is(SQL_SERVERS) && off.is_none() {
            let text = "firewall rules of a server are resources of their own";
            self.gap(None, Part::Access, not_known(text, entity.name_span));
        }
        let gaps = self.gaps.split_off(before);
        for (_, id) in &named {
            self.estate.services[*id].public_access_off = off;
            self.estate.services[*id].acl.clone_from(&acl);
            for gap in &gaps {
                self.gap(Slot::Service(*id), gap.part, gap.unknown.clone());
            }
        }
    }

    fn public_access_off(&mut self, entity: &'e Entity<'e>) -> Option<Origin> {
        let keys = ["publicNetworkAccess", "publicNetworkAccessForIngestion"];
        let value = keys.iter().find_map(|key| entity.property(&[key]))?;
        let read = self.text(value, "`Enabled` or `Disabled`");
        let text = self.or_gap_of_none(Part::Access, read)?;
        if text.value.eq_ignore_ascii_case("Disabled") {
            return Some(text.span.into());
        }
        // Others, such as a perimeter, ask somebody else.
        if !text.value.eq_ignore_ascii_case("Enabled") {
            let unknown = not_known(text.value, text.span);
            self.gap(None, Part::Access, unknown);
        }
        None
    }

    /// The rules inside a resource, or those of an Event Hubs namespace beside it. `bypass` lets in services of Azure
    /// and no machines of a network (MicrosoftDocs/azure-docs, articles/storage/common/storage-network-security.md).
    fn network_acl(&mut self, entity: &'e Entity<'e>) -> Option<NetworkAcl> {
        let own = ["networkAcls", "networkRuleSet"];
        if let Some(rules) = own.iter().find_map(|key| entity.property(&[key])) {
            return self.acl(rules);
        }
        let entities = self.entities;
        let (_, beside) = entities.children(entity, "networkrulesets").next()?;
        let rules = body(beside.statements.first()?.whole);
        // Without any rule everybody is let in, whatever the default says
        // (MicrosoftDocs/azure-docs, articles/event-hubs/event-hubs-ip-filtering.md).
        let acl = self.acl(rules)?;
        let some = !acl.prefixes.is_empty() || !acl.subnets.is_empty();
        some.then_some(acl)
    }

    fn acl(&mut self, rules: &'e Value) -> Option<NetworkAcl> {
        if let Some(symbol) = rules.unknown() {
            let unknown = self.unknown(rules, symbol);
            self.gap(None, Part::Access, unknown);
            return None;
        }
        let deny = match rules.get("defaultAction") {
            Some(value) => {
                let read = self.choice(value, &[("Allow", false), ("Deny", true)]);
                self.or_gap_of_none(Part::Access, read)?.value
            }
            None => false,
        };
        let mut acl = NetworkAcl {
            origin: rules.span.into(),
            default_deny: deny,
            prefixes: Vec::new(),
            subnets: Vec::new(),
        };
        if !deny {
            return Some(acl);
        }
        let (prefixes, unknown) = self.list(rules.get("ipRules"), Self::admitted_prefix);
        acl.prefixes = prefixes;
        self.access_gaps(unknown);
        let (subnets, unknown) = self.list(
            rules.get("virtualNetworkRules"),
            |builder, item| -> Result<Option<Ref<Subnet>>, Unknown> {
                let item = body(item);
                builder.unless_open(item.get("subnet").unwrap_or(item))
            },
        );
        acl.subnets = subnets.into_iter().flatten().collect();
        self.access_gaps(unknown);
        Some(acl)
    }

    fn access_gaps(&mut self, unknown: Vec<Unknown>) {
        for unknown in unknown {
            self.gap(None, Part::Access, unknown);
        }
    }

    fn admitted_prefix(&mut self, item: &Value) -> Result<Spanned<IpNet>, Unknown> {
        let item = body(item);
        let value = item.get("value").or_else(|| item.get("ipMask"));
        let value = value.unwrap_or(item);
        match self.parsed(value, "an address or a prefix", Block::parse)? {
            Spanned {
                value: Block::Prefix(prefix),
                span,
            } => Ok(Spanned::new(prefix, span)),
            Spanned { span, .. } => Err(not_known("a range of addresses", span)),
        }
    }

    /// The elements of the resource that a value refers to: all that are called so, where that matters.
    pub(super) fn services_at(
        &mut self,
        value: &Value,
        groups: &[SmolStr],
    ) -> Vec<Ref<PlatformService>> {
        let wanted = |group: &SmolStr| {
            groups.is_empty() || groups.iter().any(|it| it.eq_ignore_ascii_case(group))
        };
        match self.target(value) {
            Some((Target::Entity(index), span)) if self.services.contains_key(&index) => {
                let name = self.ref_of::<PlatformService>(index, span).name;
                let named = self.services.get(&index).into_iter().flatten();
                named
                    .filter(|(group, _)| wanted(group))
                    .map(|(_, id)| Ref {
                        id: Some(*id),
                        name: name.clone(),
                        origin: span.into(),
                    })
                    .collect()
            }
            _ => self.quiet_reference(value).into_iter().collect(),
        }
    }

    /// The public names that a private endpoint stands for, as the id of its target tells.
    pub(super) fn public_names(&self, id: &ResourceId, groups: &[SmolStr]) -> Vec<Fqdn> {
        let Some(form) = self.form_of(id).filter(|form| form.named_by.is_none()) else {
            return Vec::new();
        };
        let named = form.names_in(self.estate.cloud).filter(|name| {
            let mut groups = groups.iter();
            groups.any(|group| group.eq_ignore_ascii_case(&name.group))
        });
        let label = id.name();
        named
            .filter_map(|name| format!("{}.{}", label.known()?, name.suffix).parse().ok())
            .collect()
    }
}

/// The region in Azure's short form.
pub(super) fn region(entity: &Entity<'_>) -> Option<Spanned<SmolStr>> {
    let value = entity.beside(&["location"])?;
    let text = value.known_text()?.replace(' ', "").to_ascii_lowercase();
    Some(Spanned::new(text.into(), value.span))
}

/// The groups that a connection of a private endpoint names.
pub(super) fn groups_of(connection: &Value) -> Vec<SmolStr> {
    let groups = items(body(connection).get("groupIds"));
    groups
        .filter_map(|group| group.known_text().cloned())
        .collect()
}
