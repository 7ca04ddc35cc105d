//! Resources gathered: what several places state about one resource is put together, and what a resource lists
//! inside itself stands beside its child resources.

use std::collections::HashMap;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::{FileId, Span};
use crate::import::{Data, Resource, ResourceId, Symbol, Value};

use super::conflict::{Conflict, conflicts, drop_replaced};

/// Lists inside a resource whose elements are resources of their own, as child resources state them too.
pub(super) const INLINE: [(&str, &str, &str); 13] = [
    ("microsoft.network/virtualnetworks", "subnets", "subnets"),
    (
        "microsoft.network/virtualnetworks",
        "virtualNetworkPeerings",
        "virtualnetworkpeerings",
    ),
    ("microsoft.network/routetables", "routes", "routes"),
    (
        "microsoft.network/networksecuritygroups",
        "securityRules",
        "securityrules",
    ),
    (
        "microsoft.network/serviceendpointpolicies",
        "serviceEndpointPolicyDefinitions",
        "serviceendpointpolicydefinitions",
    ),
    (
        "microsoft.network/firewallpolicies",
        "ruleCollectionGroups",
        "rulecollectiongroups",
    ),
    (
        "microsoft.network/firewallpolicies",
        "ruleGroups",
        "rulegroups",
    ),
    (
        "microsoft.network/virtualhubs",
        "virtualNetworkConnections",
        "hubvirtualnetworkconnections",
    ),
    (
        "microsoft.network/virtualhubs",
        "hubVirtualNetworkConnections",
        "hubvirtualnetworkconnections",
    ),
    (
        "microsoft.network/privateendpoints",
        "privateDnsZoneGroups",
        "privatednszonegroups",
    ),
    (
        "microsoft.network/loadbalancers",
        "backendAddressPools",
        "backendaddresspools",
    ),
    (
        "microsoft.network/privatednszones",
        "virtualNetworkLinks",
        "virtualnetworklinks",
    ),
    (
        "microsoft.containerservice/managedclusters",
        "agentPoolProfiles",
        "agentpools",
    ),
];

/// One place that states a resource.
#[derive(Debug)]
pub(super) struct Statement<'r> {
    /// The id as this place has it.
    pub id: ResourceId,
    /// The whole object.
    pub whole: &'r Value,
    /// Where the name is written.
    pub name_span: Span,
    /// It is referred to, not deployed.
    pub existing: bool,
    /// Another resource lists it.
    pub inline: bool,
    /// It is deployed on a condition that is not known.
    pub conditional: bool,
}

/// A resource, with all that is stated about it.
#[derive(Debug)]
pub(super) struct Entity<'r> {
    /// The id, with the parts that any place states.
    pub id: ResourceId,
    /// What is stated, that which says most first. Empty for a resource that only its children tell of.
    pub statements: Vec<Statement<'r>>,
    /// The resource it is a part of.
    pub parent: Option<usize>,
    /// Its parts, in the order in which they were met.
    pub children: Vec<usize>,
    /// Where its name is written, or that of the first part of it.
    pub name_span: Span,
    /// What its statements contradict each other in.
    pub conflicts: Vec<Conflict>,
}

/// A resource that is deployed only on a condition that is not known.
#[derive(Debug)]
pub(super) struct Conditional {
    /// The whole resource.
    pub span: Span,
    /// The condition.
    pub symbol: Arc<Symbol>,
}

/// What a search for an id finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// This one.
    One(usize),
    /// More than one that may be meant.
    Several,
    /// None.
    None,
}

/// All resources.
#[derive(Debug, Default)]
pub(super) struct Entities<'r> {
    all: Vec<Entity<'r>>,
    by_key: HashMap<SmolStr, Vec<usize>>,
    /// Conditions that are not known.
    pub conditions: Vec<Conditional>,
}

/// The `properties` of a resource or of an element of a list; the object itself where they lie flat.
pub(super) fn body(whole: &Value) -> &Value {
    whole.get("properties").unwrap_or(whole)
}

impl<'r> Entity<'r> {
    /// What the place that says most says at a path under `properties`. Where something on the way is not known, the
    /// answer is that, so that nobody takes the property for absent.
    pub(super) fn property(&self, path: &[&str]) -> Option<&Value> {
        let contested = self.conflicts.iter().find(|conflict| {
            let key = path.first();
            key.is_some_and(|key| key.eq_ignore_ascii_case(&conflict.key))
        });
        if let Some(conflict) = contested {
            return Some(&conflict.value);
        }
        self.statements
            .iter()
            .find_map(|statement| body(statement.whole).reach(path))
    }

    /// What the place that says most says at a path beside `properties`.
    pub(super) fn beside(&self, path: &[&str]) -> Option<&'r Value> {
        self.statements
            .iter()
            .find_map(|statement| statement.whole.reach(path))
    }

    /// Whether no place deploys it.
    pub(super) fn is_existing(&self) -> bool {
        self.statements.iter().all(|statement| statement.existing)
    }

    /// Its name as the first place writes it.
    pub(super) fn name(&self) -> SmolStr {
        self.id.name().to_string().into()
    }
}

impl<'r> Entities<'r> {
    /// Gathers resources.
    pub(super) fn gather(resources: &'r [Resource]) -> Self {
        let mut entities = Self::default();
        for resource in resources {
            if let Some(symbol) = &resource.condition {
                entities.conditions.push(Conditional {
                    span: resource.span,
                    symbol: Arc::clone(symbol),
                });
            }
            entities.add(Statement {
                id: resource.id.clone(),
                whole: &resource.whole,
                name_span: resource.name_span,
                existing: resource.existing,
                inline: false,
                conditional: resource.condition.is_some(),
            });
        }
        for entity in &mut entities.all {
            let says = |statement: &Statement<'_>| match &body(statement.whole).data {
                Data::Object(object) => object.members.len(),
                _ => 0,
            };
            entity
                .statements
                .sort_by_key(|statement| std::cmp::Reverse(says(statement)));
            if entity.statements.len() > 1 {
                drop_replaced(&mut entity.statements);
                entity.conflicts = conflicts(&entity.id.kind, &entity.statements);
            }
        }
        entities
    }

    fn add(&mut self, statement: Statement<'r>) {
        let index = match self.find(&statement.id, statement.name_span.file) {
            Found::One(index) => index,
            Found::Several | Found::None => self.insert(&statement.id, statement.name_span),
        };
        let (whole, id, existing) = (statement.whole, statement.id.clone(), statement.existing);
        let conditional = statement.conditional;
        if let Some(entity) = self.all.get_mut(index) {
            entity.learn(&statement.id);
            if entity.statements.is_empty() {
                entity.name_span = statement.name_span;
            }
            entity.statements.push(statement);
        }
        for (kind, list, part) in INLINE {
            if id.is(kind)
                && let Some(items) = body(whole).get(list).and_then(Value::items)
            {
                for item in items {
                    if let Some(child) = inline(&id, part, item, existing) {
                        self.add(Statement {
                            conditional,
                            ..child
                        });
                    }
                }
            }
        }
    }

    fn insert(&mut self, id: &ResourceId, name_span: Span) -> usize {
        // An id has few parts, so this ends soon.
        let parent = id
            .parent()
            .map(|parent| match self.find(&parent, name_span.file) {
                Found::One(index) => index,
                Found::Several | Found::None => self.insert(&parent, name_span),
            });
        let index = self.all.len();
        self.all.push(Entity {
            id: id.clone(),
            statements: Vec::new(),
            parent,
            children: Vec::new(),
            name_span,
            conflicts: Vec::new(),
        });
        self.by_key.entry(id.key()).or_default().push(index);
        if let Some(parent) = parent.and_then(|parent| self.all.get_mut(parent)) {
            parent.children.push(index);
        }
        index
    }

    /// The resource of an id. Of several that may be meant, the one that the same file states.
    pub(super) fn find(&self, id: &ResourceId, file: FileId) -> Found {
        let Some(same_key) = self.by_key.get(&id.key()) else {
            return Found::None;
        };
        let possible: Vec<usize> = same_key
            .iter()
            .copied()
            .filter(|index| self.get(*index).is_some_and(|it| it.id.may_be(id)))
            .collect();
        match possible.as_slice() {
            [] => Found::None,
            [only] => Found::One(*only),
            several => {
                let mut here = several.iter().copied().filter(|index| {
                    self.get(*index)
                        .is_some_and(|entity| entity.is_stated_in(file))
                });
                match (here.next(), here.next()) {
                    (Some(only), None) => Found::One(only),
                    _ => Found::Several,
                }
            }
        }
    }

    /// The resource at a place of the list.
    pub(super) fn get(&self, index: usize) -> Option<&Entity<'r>> {
        self.all.get(index)
    }

    /// The places of names that do not stand for one resource stated there alone and deployed, in order.
    pub(super) fn shared_names(&self) -> Vec<Span> {
        let mut names: Vec<(Span, bool)> = Vec::new();
        for entity in &self.all {
            let alone = entity.statements.len() == 1 && !entity.is_existing();
            let statements = entity.statements.iter();
            names.extend(statements.map(|statement| (statement.name_span, alone)));
        }
        names.sort_unstable();
        let same = names.chunk_by(|(a, _), (b, _)| a == b);
        same.filter_map(|same| match same {
            [(_, true)] => None,
            several => several.first().map(|(span, _)| *span),
        })
        .collect()
    }

    /// All resources in the order in which they were met.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Entity<'r>)> {
        self.all.iter().enumerate()
    }

    /// The parts of a resource that are of a type, given by its last part in lower case.
    pub(super) fn children<'s>(
        &'s self,
        entity: &'s Entity<'r>,
        part: &'s str,
    ) -> impl Iterator<Item = (usize, &'s Entity<'r>)> {
        entity.children.iter().filter_map(move |index| {
            let child = self.get(*index)?;
            let last = child.id.kind.rsplit('/').next()?;
            (last == part).then_some((*index, child))
        })
    }
}

impl Entity<'_> {
    /// Takes over what another id of the same resource states more.
    fn learn(&mut self, id: &ResourceId) {
        if self.id.subscription.is_none() {
            self.id.subscription.clone_from(&id.subscription);
        }
        if self.id.group.is_none() {
            self.id.group.clone_from(&id.group);
        }
    }

    fn is_stated_in(&self, file: FileId) -> bool {
        let mut statements = self.statements.iter();
        statements.any(|statement| statement.name_span.file == file)
    }
}

/// An element of a list inside a resource, as a resource.
fn inline<'r>(
    parent: &ResourceId,
    part: &str,
    item: &'r Value,
    existing: bool,
) -> Option<Statement<'r>> {
    let own_id = item
        .get("id")
        .and_then(Value::text)
        .and_then(|text| ResourceId::parse(&text));
    let (name, name_span) = match (item.get("name"), &own_id) {
        (Some(name), _) => (name.text()?, name.span),
        (None, Some(id)) => (id.name(), item.get("id")?.span),
        (None, None) => return None,
    };
    let mut names = parent.names.clone();
    names.push(name);
    Some(Statement {
        id: ResourceId {
            kind: format!("{}/{part}", parent.kind).into(),
            names,
            ..parent.clone()
        },
        whole: item,
        name_span,
        existing,
        inline: true,
        conditional: false,
    })
}
