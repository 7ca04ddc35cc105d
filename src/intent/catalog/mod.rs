//! Catalogs: what Azure services must reach, read from `rules/egress/*.yaml`.
//!
//! A catalog is data that Azure's documents can change, so none of it is in the code; users add their own in the
//! same schema. A catalog that is in a [`Library`] was checked as a whole, and every entry knows its place in its
//! file. [`select`] tells which entries a pool needs.

mod check;
mod compare;
mod derive;
mod fqdn_tags;
mod history;
mod holding;
mod library;
mod load;
mod model;
mod on_premises;
mod reference;
mod regions;
mod schema;
mod select;
mod template;
mod yaml;

pub use compare::{CatalogDifference, Entry, EntryKind, Field, FieldChange, compare};
pub use derive::{derived_features, derived_values, features_of};
pub use fqdn_tags::{Evidence, FqdnTagInfo, FqdnTags, TagContent, TagFamily};
pub use history::{DocumentedName, Event, EventKind, Head, History, HistoryDifference, Page};
pub use holding::Holding;
pub use library::{Library, find_cloud};
pub use load::load;
pub use model::{
    Access, Alternative, Ambiguity, Basis, Catalog, Constraint, DataRole, Direction, DnsEntry,
    DnsKind, Documented, Endpoint, Expansion, Fallback, Feature, FeatureImplication, Form, Level,
    Lifecycle, NetworkIsolated, NextHop, NoExtraEndpoints, NsgRule, Parameter, ParameterKind,
    Phase, Place, PrivateEndpoint, Product, RegionValues, Route, RuleKind, Source, SourceRef,
    Status, TlsFacts, Version, When,
};
pub use on_premises::{
    AddressMode, AddressNeed, AddressPool, AddressUnit, ClusterPrefixes, Deployed, Exposure,
    InternalPort, IpPlan, PlanExample, ServicePort,
};
pub use reference::{CatalogName, Moment};
pub use regions::{Region, Regions, UnlistedSuffix};
pub use select::{
    FilledDestination, FilledForm, LeftOut, Need, NoDestination, Reason, Selected, Selection, fill,
    is_of_version, knows_of, select,
};
pub use template::{Template, TemplateError, TemplateKind};
