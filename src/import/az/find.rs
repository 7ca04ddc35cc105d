//! Where the resources of an export are.

use crate::base::Span;
use crate::diag::Finding;
use crate::import::json::{Json, Kind};
use crate::import::{Data, Resource, ResourceId, Text};

use super::literal::literal;
use super::not_used;

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
    /// The routes in force on an interface.
    EffectiveRoutes,
    /// The security rules in force on an interface.
    EffectiveRules,
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
    let page = PAGES
        .iter()
        .filter_map(|key| value.get(key))
        .find(|page| page.is_array());
    page.map_or(Shape::Other, shape_of)
}

/// What the elements of a list tell about it when they are no resources.
fn shape_of_element(item: Json<'_>) -> Shape {
    let has = |key: &str| item.get(key).is_some();
    if has("nextHopType") && has("addressPrefix") && has("source") {
        Shape::EffectiveRoutes
    } else if has("effectiveSecurityRules") {
        Shape::EffectiveRules
    } else {
        shape_of_object(item)
    }
}

/// Adds the resources that lie in a value.
pub(super) fn collect(value: Json<'_>, found: &mut Vec<Resource>, findings: &mut Vec<Finding>) {
    collect_at(value, found, findings, 0);
}

fn collect_at(
    value: Json<'_>,
    found: &mut Vec<Resource>,
    findings: &mut Vec<Finding>,
    depth: usize,
) {
    if depth > MAX_WRAPPING {
        return;
    }
    match shape_of(value) {
        Shape::Resource => {
            found.extend(resource(value));
            // Exports of PowerShell list child resources inside.
            for child in value.get("resources").into_iter().flat_map(Json::items) {
                collect_at(child, found, findings, depth + 1);
            }
        }
        Shape::List => {
            let pages = PAGES.iter().filter_map(|key| value.get(key));
            for item in value.items().chain(pages.flat_map(Json::items)) {
                collect_at(item, found, findings, depth + 1);
            }
        }
        Shape::Example => {
            let responses = value.get("responses").into_iter().flat_map(Json::members);
            // One good answer tells all; the others show the same resource while it is being made.
            let bodies = responses.filter_map(|(_, response)| response.get("body"));
            if let Some(body) = bodies.into_iter().find(|body| shape_of(*body) != Shape::Other) {
                collect_at(body, found, findings, depth + 1);
            }
        }
        Shape::EffectiveRoutes => findings.push(not_used(
            "effective routes",
            "they do not say which subnet they are of; export its route table and its network instead",
            head(value),
        )),
        Shape::EffectiveRules => findings.push(not_used(
            "effective security rules",
            "they are what Azure makes of the rules; export the network security groups instead",
            head(value),
        )),
        Shape::TerraformPlan => findings.push(not_used(
            "plans of Terraform",
            "export what is deployed with `az`, or write the network as a template",
            head(value),
        )),
        Shape::Other => {}
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
