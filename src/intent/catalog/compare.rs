//! Two catalogs held against each other, entry by entry.
//!
//! Entries are the same when their ids are. Of each, what a rule is made of is compared as sets, so that order says
//! nothing; everything else of it is words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use smol_str::SmolStr;

use crate::base::Span;

use super::model::{
    Catalog, Constraint, DnsEntry, Endpoint, Expansion, Form, NetworkIsolated, NsgRule, Route,
    SourceRef, When,
};
use super::template::Template;

/// What differs between two catalogs. Entries are in the order of the catalog that has them, the new one first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogDifference {
    /// Entries of the new catalog only.
    pub added: Vec<Entry>,
    /// Entries of the old catalog only.
    pub removed: Vec<Entry>,
    /// Endpoints that have another id and are the same else, old and new.
    pub renamed: Vec<(Entry, Entry)>,
    /// Entries of both that are not the same, and in what.
    pub changed: Vec<(Entry, Vec<FieldChange>)>,
    /// Entries of both with other words only, such as purpose, notes and sources.
    pub reworded: Vec<Entry>,
    /// How many entries are the same.
    pub alike: usize,
}

impl CatalogDifference {
    /// Whether something changed beside words.
    #[must_use]
    pub fn is_change(&self) -> bool {
        let lists = [self.added.len(), self.removed.len(), self.renamed.len()];
        lists.iter().any(|length| *length > 0) || !self.changed.is_empty()
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// The catalog as a whole.
    Catalog,
    /// Something to reach.
    Endpoint,
    /// A rule of a network security group.
    NsgRule,
    /// A route.
    Route,
    /// A name or zone of the product's own.
    Name,
    /// The mode without any egress.
    NetworkIsolated,
    /// A rule of the product that is no endpoint.
    Constraint,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Catalog => "catalog",
            Self::Endpoint => "endpoint",
            Self::NsgRule => "security rule",
            Self::Route => "route",
            Self::Name => "name",
            Self::NetworkIsolated => "network isolated",
            Self::Constraint => "constraint",
        })
    }
}

/// An entry of a catalog and what a rule is made of in it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its id.
    pub id: SmolStr,
    /// Its place.
    pub span: Span,
    /// Its fields, those without a value left out.
    pub fields: Vec<(Field, BTreeSet<String>)>,
    /// Everything else that it says.
    words: String,
}

/// Two are equal when they say the same, wherever they stand.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.id) == (other.kind, &other.id)
            && self.fields == other.fields
            && self.words == other.words
    }
}

impl Eq for Entry {}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Which one.
    pub field: Field,
    /// Values of the new entry only.
    pub gained: BTreeSet<String>,
    /// Values of the old entry only.
    pub lost: BTreeSet<String>,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident $words:literal,)*) => {
        /// A field of an entry that is compared.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $field,)*
        }

        impl Field {
            /// What it is called.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$field => $words,)* }
            }
        }
    };
}

fields! {
    /// Whether the product can be had.
    Status "status",
    /// Where it applies.
    Clouds "clouds",
    /// Conditions that entries may name.
    Features "features",
    /// Features that bring others with them.
    Implications "implications",
    /// Placeholders and what their values are.
    Parameters "parameters",
    /// Which way.
    Direction "direction",
    /// Where to.
    Destinations "destinations",
    /// Protocols with their ports.
    Services "services",
    /// The kind of firewall rule.
    Rule "rule",
    /// How badly it is needed.
    Level "requirement",
    /// When it applies.
    Condition "condition",
    /// What serves instead.
    Alternatives "alternatives",
    /// What a firewall can express.
    Fallback "fallback",
    /// Features of the firewall that it needs.
    Needs "needs",
    /// Groups that it allows too.
    Covers "covers",
    /// What a tag stands for.
    Expansion "expands to",
    /// Where from.
    Source "source",
    /// Whether it lets through.
    Access "access",
    /// The next hop of a route.
    NextHop "next hop",
    /// What is required or ruled out, in words.
    Terms "terms",
}

/// What changed from the old catalog to the new one.
#[must_use]
pub fn compare(old: &Catalog, new: &Catalog) -> CatalogDifference {
    let (before, after) = (entries(old), entries(new));
    let key = |entry: &Entry| (entry.kind, entry.id.clone());
    let old_by_id: BTreeMap<_, &Entry> = before.iter().map(|entry| (key(entry), entry)).collect();
    let new_ids: BTreeSet<_> = after.iter().map(key).collect();
    let mut difference = CatalogDifference::default();
    for entry in &after {
        let Some(was) = old_by_id.get(&key(entry)) else {
            difference.added.push(entry.clone());
            continue;
        };
        let changes = field_changes(was, entry);
        if !changes.is_empty() {
            difference.changed.push((entry.clone(), changes));
        } else if was.words != entry.words {
            difference.reworded.push(entry.clone());
        } else {
            difference.alike += usize::from(entry.kind != EntryKind::Catalog);
        }
    }
    let gone = before.iter().filter(|entry| !new_ids.contains(&key(entry)));
    difference.removed = gone.cloned().collect();
    difference.find_renamed();
    difference
}

impl CatalogDifference {
    /// An endpoint that went while the very same one came has another id now.
    fn find_renamed(&mut self) {
        let mut removed = std::mem::take(&mut self.removed);
        let mut added = std::mem::take(&mut self.added);
        added.retain(|new| {
            let same = |old: &Entry| {
                new.kind == EntryKind::Endpoint && old.kind == new.kind && old.fields == new.fields
            };
            let Some(place) = removed.iter().position(same) else {
                return true;
            };
            self.renamed.push((removed.remove(place), new.clone()));
            false
        });
        (self.removed, self.added) = (removed, added);
    }
}

fn field_changes(old: &Entry, new: &Entry) -> Vec<FieldChange> {
    let none = BTreeSet::new();
    let of = |entry: &Entry, field: Field| {
        let found = entry.fields.iter().find(|(own, _)| *own == field);
        found.map_or_else(|| none.clone(), |(_, values)| values.clone())
    };
    let fields = old
        .fields
        .iter()
        .chain(&new.fields)
        .map(|(field, _)| *field);
    let fields: BTreeSet<Field> = fields.collect();
    let changes = fields.into_iter().map(|field| {
        let (was, is) = (of(old, field), of(new, field));
        FieldChange {
            field,
            gained: is.difference(&was).cloned().collect(),
            lost: was.difference(&is).cloned().collect(),
        }
    });
    changes
        .filter(|change| !(change.gained.is_empty() && change.lost.is_empty()))
        .collect()
}

/// Everything that is compared.
fn entries(catalog: &Catalog) -> Vec<Entry> {
    let mut entries = vec![whole(catalog)];
    entries.extend(catalog.endpoints.iter().map(endpoint));
    entries.extend(catalog.nsg_rules.iter().map(nsg_rule));
    entries.extend(catalog.routes.iter().map(route));
    entries.extend(catalog.dns.iter().map(name));
    let isolated = catalog.network_isolated.as_ref();
    entries.extend(isolated.map(|it| network_isolated(it, catalog.span)));
    entries.extend(catalog.constraints.iter().map(constraint));
    for entry in &mut entries {
        entry.fields.retain(|(_, values)| !values.is_empty());
    }
    entries
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn whole(catalog: &Catalog) -> Entry {
    let product = &catalog.product;
    let implications = catalog.feature_implications.iter();
    let parameters = catalog.parameters.iter();
    Entry {
        kind: EntryKind::Catalog,
        // Catalogs of two names can be compared.
        id: SmolStr::default(),
        span: catalog.span,
        fields: vec![
            (Field::Status, texts([product.status])),
            (Field::Clouds, texts(&product.clouds)),
            (
                Field::Features,
                texts(catalog.features.iter().map(|it| &it.name)),
            ),
            (
                Field::Implications,
                texts(
                    implications.map(|it| format!("{} with {}", it.implies.join(", "), it.feature)),
                ),
            ),
            (
                Field::Parameters,
                texts(parameters.map(|it| format!("{} ({})", it.name, it.kind))),
            ),
        ],
        words: format!(
            "{:?}",
            (&catalog.title, &product.name, &product.status_note)
        ),
    }
}

fn endpoint(endpoint: &Endpoint) -> Entry {
    let form = &endpoint.form;
    let alternatives = endpoint.alternatives.iter();
    let alternatives = alternatives.map(|alternative| form_words(&alternative.form));
    let fallback = endpoint.fallback.iter().flat_map(|it| &it.fqdns);
    let said = (
        (
            &endpoint.group,
            &endpoint.purpose,
            &endpoint.known,
            &endpoint.notes,
        ),
        (&endpoint.documented, &endpoint.basis, &endpoint.ambiguity),
        (
            &endpoint.private_endpoint,
            &endpoint.url_path,
            &endpoint.tls,
        ),
        (
            &endpoint.lifecycle,
            &endpoint.safe_to_block,
            &endpoint.sources,
        ),
        endpoint
            .alternatives
            .iter()
            .map(|it| (&it.note, &it.known))
            .collect::<Vec<_>>(),
        endpoint.fallback.as_ref().map(|it| &it.reason),
    );
    Entry {
        kind: EntryKind::Endpoint,
        id: endpoint.id.clone(),
        span: endpoint.span,
        fields: vec![
            (Field::Clouds, texts(&endpoint.clouds)),
            (Field::Direction, texts([endpoint.direction])),
            (Field::Destinations, destinations(&form.destinations)),
            (Field::Services, texts(&form.services)),
            (Field::Rule, texts([form.rule])),
            (Field::Level, texts([endpoint.level])),
            (Field::Condition, condition(&endpoint.when)),
            (Field::Alternatives, texts(alternatives)),
            (Field::Fallback, texts(fallback.map(Template::text))),
            (Field::Needs, texts(&endpoint.needs)),
            (Field::Covers, texts(&endpoint.covers)),
            (
                Field::Expansion,
                texts(endpoint.expands_to.iter().map(expansion)),
            ),
        ],
        words: format!("{said:?}"),
    }
}

fn form_words(form: &Form) -> String {
    let list = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(" ");
    format!(
        "{} {} ({} rule)",
        list(destinations(&form.destinations)),
        list(texts(&form.services)),
        form.rule
    )
}

fn expansion(expansion: &Expansion) -> String {
    format!("{} of {}", expansion.groups.join(", "), expansion.catalog)
}

/// Destinations, each with its kind where the text alone does not tell it.
fn destinations(templates: &[Template]) -> BTreeSet<String> {
    use super::template::TemplateKind;
    texts(templates.iter().map(|template| match template.kind() {
        TemplateKind::Fqdn | TemplateKind::Address => template.text().to_owned(),
        TemplateKind::ServiceTag => format!("{} (service tag)", template.text()),
        TemplateKind::FqdnTag => format!("{} (FQDN tag)", template.text()),
    }))
}

fn condition(when: &When) -> BTreeSet<String> {
    let sorted = |list: &[SmolStr]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    let when = When {
        all: sorted(&when.all),
        any: sorted(&when.any),
        none: sorted(&when.none),
    };
    texts((!when.is_always()).then_some(when))
}

fn nsg_rule(rule: &NsgRule) -> Entry {
    Entry {
        kind: EntryKind::NsgRule,
        id: rule.id.clone(),
        span: rule.span,
        fields: vec![
            (Field::Direction, texts([rule.direction])),
            (Field::Source, texts(rule.source.iter().map(Template::text))),
            (
                Field::Destinations,
                destinations(rule.destination.as_slice()),
            ),
            (Field::Services, texts(&rule.services)),
            (Field::Access, texts([rule.access])),
            (Field::Condition, condition(&rule.when)),
        ],
        words: said(&(&rule.group, &rule.note), &rule.sources),
    }
}

fn route(route: &Route) -> Entry {
    let address = route.next_hop_address.iter();
    let hop = match address.clone().next() {
        Some(address) => format!("{} {}", route.next_hop, address.text()),
        None => route.next_hop.to_string(),
    };
    Entry {
        kind: EntryKind::Route,
        id: route.id.clone(),
        span: route.span,
        fields: vec![
            (
                Field::Destinations,
                destinations(std::slice::from_ref(&route.prefix)),
            ),
            (Field::NextHop, texts([hop])),
            (Field::Condition, texts([&route.requirement])),
        ],
        words: said(&(), &route.sources),
    }
}

fn name(entry: &DnsEntry) -> Entry {
    Entry {
        kind: EntryKind::Name,
        id: format!("{} {}", entry.kind, entry.pattern.text()).into(),
        span: entry.pattern.span(),
        fields: vec![
            (Field::Clouds, texts(&entry.clouds)),
            (Field::Condition, condition(&entry.when)),
        ],
        words: said(&entry.note, &entry.sources),
    }
}

fn network_isolated(isolated: &NetworkIsolated, span: Span) -> Entry {
    let unsupported = isolated
        .unsupported
        .iter()
        .chain(&isolated.unsupported_extensions);
    let terms = isolated
        .requires
        .iter()
        .cloned()
        .chain(
            isolated
                .outbound_types
                .iter()
                .map(|it| format!("outbound type {it}")),
        )
        .chain(unsupported.map(|it| format!("without {it}")));
    let zone = isolated.acr_private_endpoint_zone.iter();
    Entry {
        kind: EntryKind::NetworkIsolated,
        id: SmolStr::default(),
        span,
        fields: vec![
            (Field::Terms, texts(terms)),
            (
                Field::Destinations,
                texts(isolated.endpoints_needed_for_bootstrap.iter().chain(zone)),
            ),
        ],
        words: said(&isolated.caution, &isolated.sources),
    }
}

fn constraint(constraint: &Constraint) -> Entry {
    Entry {
        kind: EntryKind::Constraint,
        id: constraint.id.clone(),
        span: constraint.span,
        fields: vec![(Field::Terms, texts([&constraint.text]))],
        words: said(&(), &constraint.sources),
    }
}

/// Words of an entry in one text. Nothing in them has a place.
fn said(words: &dyn fmt::Debug, sources: &[SourceRef]) -> String {
    format!("{:?}", (words, sources))
}
