//! Exports → resources: output of `az`, REST bodies, Resource Graph.

use super::json::Json;

/// Whether a value holds resources as Azure shows them.
#[must_use]
pub fn is_export(value: Json<'_>) -> bool {
    let typed = |value: Json<'_>| {
        let kind = value.get("type").or_else(|| value.get("ResourceType"));
        let id = value.get("id").or_else(|| value.get("ResourceId"));
        let is_provider = |text: &str| text.to_ascii_lowercase().starts_with("microsoft.");
        kind.and_then(Json::as_str)
            .is_some_and(|kind| is_provider(&kind))
            || id
                .and_then(Json::as_str)
                .is_some_and(|id| id.contains("/providers/"))
    };
    typed(value)
}

/// The resources of an export.
pub fn resources(
    _: &super::json::Document,
    _: &mut Vec<crate::diag::Finding>,
) -> Vec<super::Resource> {
    Vec::new()
}
