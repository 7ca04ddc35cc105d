//! Where the resources of an export are.

use crate::base::Span;
use crate::diag::Finding;
use crate::import::json::{Json, Kind};
use crate::import::{Data, Resource, ResourceId, Text};

use super::literal::literal;
use super::wrapping::{body_of_record, interface_named_in};
use super::{Exported, InForce, Shown, not_used};

/// Lists that hold resources: REST pages, Resource Graph, PowerShell.
const PAGES: [&str; 2] = ["value", "data"];

/// How deep examples and answers wrap their bodies at most.
const MAX_WRAPPING: usize = 8;

/// What a value of an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A resource.
    Resource,
    /// A page of resources, or a list of them.
    List,
    /// A request and its answers, as the definitions of Azure's interfaces show them.
    Example,
    /// A request and its answer, as recorders of requests write them.
    Record,
    /// The routes in force on an interface: a list of them, or what such lists lie in.
    EffectiveRoutes,
    /// The security rules in force on an interface: one group, or what such groups lie in.
    EffectiveRules,
    /// Interfaces with the rules of their groups, as Network Watcher shows them.
    SecurityView,
    /// What `terraform show -json` prints.
    TerraformPlan,
    /// None of them.
    Other,
}

pub(super) fn shape_of(value: Json<'_>) -> Shape {
    match value.kind() {
        Kind::Array => {
            let mut items = value.items();
            if items.any(|item| shape_of_object(item) == Shape::Resource) {
                Shape::List
            } else {
                value.items().next().map_or(Shape::Other, shape_of_element)
            }
        }
        Kind::Object => shape_of_object(value),
        _ => Shape::Other,
    }
}

fn shape_of_object(value: Json<'_>) -> Shape {
    if !value.is_object() {
        return Shape::Other;
    }
    if id_of(value).is_some() {
        return Shape::Resource;
    }
    if value.get("format_version").is_some()
        && (value.get("planned_values").is_some() || value.get("values").is_some())
    {
        return Shape::TerraformPlan;
    }
    if value.get("responses").is_some_and(Json::is_object) {
        return Shape::Example;
    }
    if has_rules_in_force(value) {
        return Shape::EffectiveRules;
    }
    if views(value).next().is_some() {
        return Shape::SecurityView;
    }
    if body_of_record(value).is_some_and(|body| shape_of(body) != Shape::Other) {
        return Shape::Record;
    }
    let page = PAGES
        .iter()
        .filter_map(|key| value.get(key))
        .find(|page| page.is_array());
    page.map_or(Shape::Other, shape_of)
}

/// What the elements of a list tell about it when they are no resources.
fn shape_of_element(item: Json<'_>) -> Shape {
    if is_route_in_force(item) {
        Shape::EffectiveRoutes
    } else {
        shape_of_object(item)
    }
}

fn is_route_in_force(item: Json<'_>) -> bool {
    ["nextHopType", "addressPrefix", "source"]
        .iter()
        .all(|key| item.get(key).is_some())
}

fn has_rules_in_force(value: Json<'_>) -> bool {
    value
        .get("effectiveSecurityRules")
        .is_some_and(Json::is_array)
}

/// The associations of the interfaces in a security view.
fn views(value: Json<'_>) -> impl Iterator<Item = Json<'_>> {
    let interfaces = value.get("networkInterfaces").into_iter();
    let interfaces = interfaces.flat_map(Json::items);
    interfaces.filter_map(|interface| interface.get("securityRuleAssociations"))
}

/// Adds what lies in a value.
pub(super) fn collect(value: Json<'_>, found: &mut Exported, findings: &mut Vec<Finding>) {
    let mut collector = Collector { found, findings };
    collector.collect(value, None, 0);
}

struct Collector<'c> {
    found: &'c mut Exported,
    findings: &'c mut Vec<Finding>,
}

impl Collector<'_> {
    /// `interface` is the one that a wrapping further out names.
    fn collect(&mut self, value: Json<'_>, interface: Option<&ResourceId>, depth: usize) {
        if depth > MAX_WRAPPING {
            return;
        }
        match shape_of(value) {
            Shape::Resource => {
                self.found.resources.extend(resource(value));
                // Exports of PowerShell list child resources inside.
                for child in value.get("resources").into_iter().flat_map(Json::items) {
                    self.collect(child, None, depth + 1);
                }
            }
            Shape::List => self.collect_inside(value, interface, depth),
            Shape::Example => {
                let named = interface_named_in(value);
                let responses = value.get("responses").into_iter().flat_map(Json::members);
                // One good answer tells all; the others show the same resource while it is being made.
                let bodies = responses.filter_map(|(_, response)| response.get("body"));
                let mut bodies = bodies.into_iter();
                if let Some(body) = bodies.find(|body| shape_of(*body) != Shape::Other) {
                    self.collect(body, named.as_ref().or(interface), depth + 1);
                }
            }
            Shape::Record => {
                let named = interface_named_in(value);
                if let Some(body) = body_of_record(value) {
                    self.collect(body, named.as_ref().or(interface), depth + 1);
                }
            }
            Shape::EffectiveRoutes if value.items().next().is_some_and(is_route_in_force) => {
                self.show(InForce::Routes, value, interface);
            }
            Shape::EffectiveRules if has_rules_in_force(value) => {
                self.show(InForce::Rules, value, interface);
            }
            Shape::EffectiveRoutes | Shape::EffectiveRules => {
                self.collect_inside(value, interface, depth);
            }
            Shape::SecurityView => {
                // Beside the rules that somebody wrote stand Azure's own and all of them once more, in other words.
                let groups = ["networkInterfaceAssociation", "subnetAssociation"];
                for view in views(value) {
                    let groups = groups.iter().filter_map(|group| view.get(group));
                    let rules = groups.filter_map(|group| group.get("securityRules"));
                    for rule in rules.flat_map(Json::items) {
                        self.collect(rule, None, depth + 1);
                    }
                }
            }
            Shape::TerraformPlan => self.findings.push(not_used(
                "plans of Terraform",
                "export what is deployed with `az`, or write the network as a template",
                head(value),
            )),
            Shape::Other => {}
        }
    }

    /// The elements of a list, or what the pages of an object hold.
    fn collect_inside(&mut self, value: Json<'_>, interface: Option<&ResourceId>, depth: usize) {
        let named = interface_named_in(value);
        let interface = named.as_ref().or(interface);
        for item in value.items() {
            self.collect(item, interface, depth + 1);
        }
        for page in PAGES.iter().filter_map(|key| value.get(key)) {
            if shape_of(page) == Shape::EffectiveRoutes {
                self.collect(page, interface, depth + 1);
            } else {
                for item in page.items() {
                    self.collect(item, interface, depth + 1);
                }
            }
        }
    }

    fn show(&mut self, of: InForce, value: Json<'_>, interface: Option<&ResourceId>) {
        self.found.shown.push(Shown {
            of,
            list: literal(value),
            head: head(value),
            interface: interface.cloned(),
        });
    }
}

/// The first character of a value: the whole of it would fill the screen.
fn head(value: Json<'_>) -> Span {
    let span = value.span();
    Span {
        end: span.start + 1,
        ..span
    }
}

/// The id of a resource: stated, or put together from type and name.
fn id_of(value: Json<'_>) -> Option<ResourceId> {
    let text = |key: &str| value.get(key).and_then(Json::as_str);
    let stated = text("id").or_else(|| text("ResourceId"));
    if let Some(id) = stated.and_then(|id| ResourceId::parse(&Text::from(id.as_ref()))) {
        return Some(id);
    }
    let kind = text("type").or_else(|| text("ResourceType"))?;
    let name = text("name")?;
    let mut parts = kind.split('/');
    let provider = parts.next().filter(|provider| {
        provider
            .get(..10)
            .is_some_and(|start| start.eq_ignore_ascii_case("microsoft."))
    })?;
    let mut id = format!("/providers/{provider}");
    for (part, name) in parts.zip(name.split('/')) {
        id.push_str(&format!("/{part}/{name}"));
    }
    ResourceId::parse(&Text::from(id.as_str()))
}

fn resource(value: Json<'_>) -> Option<Resource> {
    let id = id_of(value)?;
    let name = value.get("name").or_else(|| value.get("id"));
    let name = name.or_else(|| value.get("ResourceId"));
    let whole = literal(value);
    let depends_on = Vec::new();
    debug_assert!(matches!(whole.data, Data::Object(_)));
    Some(Resource {
        id,
        span: value.span(),
        name_span: name.map_or(value.span(), Json::content_span),
        whole,
        existing: false,
        condition: None,
        depends_on,
    })
}
