//! What a JSON file is, told by its content.

use super::json::{Document, Json};

/// What a JSON file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A template to deploy, or the body of a deployment with one inside.
    Template,
    /// Values for the parameters of a template.
    Parameters,
    /// Resources as Azure shows them.
    Export,
    /// A map from a compiled template to Bicep.
    SourceMap,
    /// Something else.
    Other,
}

/// Tells what a file is.
#[must_use]
pub fn kind_of(document: &Document) -> Kind {
    let Some(root) = document.root() else {
        return Kind::Other;
    };
    let schema = root.get("$schema").and_then(Json::as_str);
    let schema = schema.map(|schema| schema.to_ascii_lowercase());
    let schema = schema.as_deref().unwrap_or("");
    if schema.contains("deploymentparameters.json") {
        return Kind::Parameters;
    }
    if is_template(root, schema) || template_of(root).is_some_and(|inner| !inner.is_same(root)) {
        return Kind::Template;
    }
    if document.roots().any(super::az::is_export) {
        return Kind::Export;
    }
    if super::bicep::is_source_map(root) {
        return Kind::SourceMap;
    }
    Kind::Other
}

fn is_template(value: Json<'_>, schema: &str) -> bool {
    let resources = value.get("resources");
    let listed = resources.is_some_and(|resources| resources.is_array() || resources.is_object());
    // A file that is meant to be a template and lacks its resources is worth a message.
    let meant = schema.contains("deploymenttemplate.json");
    meant || (listed && value.get("contentVersion").is_some())
}

/// The template in a file: all of it, or what the body of a deployment carries.
#[must_use]
pub fn template_of(root: Json<'_>) -> Option<Json<'_>> {
    let schema = |value: Json<'_>| {
        let schema = value.get("$schema").and_then(Json::as_str);
        schema
            .map(|schema| schema.to_ascii_lowercase())
            .unwrap_or_default()
    };
    if is_template(root, &schema(root)) {
        return Some(root);
    }
    let inner = root.at(&["properties", "template"])?;
    is_template(inner, &schema(inner)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::FileId;

    #[test]
    fn content_tells() {
        for (text, kind) in [
            (
                r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "resources": []}"#,
                Kind::Template,
            ),
            (
                r#"{"$schema": "…/2018-05-01/subscriptionDeploymentTemplate.json#", "resources": {}}"#,
                Kind::Template,
            ),
            (
                r#"{"$schema": "…/2019-04-01/DeploymentTemplate.json#"}"#,
                Kind::Template,
            ),
            (
                r#"{"contentVersion": "1.0.0.0", "resources": []}"#,
                Kind::Template,
            ),
            (
                r#"{"properties": {"mode": "Incremental", "template": {"contentVersion": "1.0.0.0", "resources": []}}}"#,
                Kind::Template,
            ),
            (
                r#"{"$schema": "…/2015-01-01/deploymentParameters.json#", "parameters": {}}"#,
                Kind::Parameters,
            ),
            (
                r#"{"Entrypoint": "main.bicep", "Entries": [{"FilePath": "main.bicep", "SourceMap": []}]}"#,
                Kind::SourceMap,
            ),
            (r#"{"name": "left-pad", "version": "1.0.0"}"#, Kind::Other),
            ("[1, 2]", Kind::Other),
        ] {
            let document = crate::import::json::parse(FileId::default(), &Arc::from(text)).unwrap();
            assert_eq!(kind_of(&document), kind, "{text}");
        }
    }
}
