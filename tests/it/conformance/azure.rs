//! Azure's published definitions of resources, kept outside this project.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

/// The environment variable that names the folder with the definitions.
pub(super) const VARIABLE: &str = "TIDEGATE_SHARED";
const FILE: &str = "arm-schemas/arm-min-network-2025-07-01.strict.schema.json";

/// The definitions of resource types.
pub(super) struct Definitions(BTreeMap<String, Definition>);

struct Definition {
    validator: Validator,
    api_version: Value,
}

/// What the definitions say about a template.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) complaints: Vec<String>,
    /// Types without a definition.
    pub(super) not_covered: BTreeSet<String>,
}

impl Definitions {
    /// The definitions in the folder that the environment names; `None` when it names none.
    ///
    /// A folder that is named but cannot be used is an error, so that no check is lost unnoticed.
    pub(super) fn from_environment() -> Result<Option<Self>, String> {
        let Some(folder) = std::env::var_os(VARIABLE) else {
            return Ok(None);
        };
        let folder = Utf8PathBuf::from_os_string(folder);
        let path = folder
            .map_err(|_| format!("{VARIABLE} is not UTF-8"))?
            .join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let schema = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        Self::new(&schema).map(Some)
    }

    fn new(schema: &Value) -> Result<Self, String> {
        let dispatch = schema["x-dispatch"].as_object();
        let mut definitions = BTreeMap::new();
        for (kind, pointer) in dispatch.into_iter().flatten() {
            let definition = json!({
                "$schema": schema["$schema"],
                "allOf": [{"$ref": pointer}],
                "definitions": schema["definitions"],
            });
            let validator = jsonschema::validator_for(&definition)
                .map_err(|error| format!("{kind}: {error}"))?;
            let name = pointer
                .as_str()
                .and_then(|pointer| pointer.rsplit('/').next());
            let resource = &schema["definitions"][name.unwrap_or("")];
            let api_version = resource["properties"]["apiVersion"]["enum"][0].clone();
            definitions.insert(
                kind.clone(),
                Definition {
                    validator,
                    api_version,
                },
            );
        }
        if definitions.is_empty() {
            return Err("there are no definitions".to_owned());
        }
        Ok(Self(definitions))
    }

    pub(super) fn validate(&self, template: &Value) -> Verdict {
        let mut verdict = Verdict::default();
        for resource in template["resources"].as_array().into_iter().flatten() {
            let kind = resource["type"].as_str().unwrap_or("");
            let Some(definition) = self.0.get(kind) else {
                verdict.not_covered.insert(kind.to_owned());
                continue;
            };
            let mut resource = resource.clone();
            // What is emitted has a newer API version than the last one published in this form.
            resource["apiVersion"] = definition.api_version.clone();
            for error in definition.validator.iter_errors(&resource) {
                let causes = causes(&error)
                    .into_iter()
                    .filter(|error| !is_accepted(kind, error));
                verdict.complaints.extend(causes.map(|error| {
                    format!(
                        "{kind} {}{}: {error}",
                        resource["name"],
                        error.instance_path()
                    )
                }));
            }
        }
        verdict
    }
}

/// The one complaint that is not shared: Azure's list of protocols of a policy's application rules has Http and Https
/// only, while the service and its documentation know Mssql (azure-docs, firewall/sql-fqdn-filtering.md).
fn is_accepted(kind: &str, error: &ValidationError<'_>) -> bool {
    kind == "Microsoft.Network/firewallPolicies/ruleCollectionGroups"
        && error.instance_path().as_str().ends_with("/protocolType")
        && **error.instance() == "Mssql"
}

/// What is really wrong: of a choice that nothing fits, what is wrong with the alternative that was meant.
fn causes<'e>(error: &'e ValidationError<'e>) -> Vec<&'e ValidationError<'e>> {
    let (ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context }) =
        error.kind()
    else {
        return vec![error];
    };
    let alternatives = context
        .iter()
        .map(|errors| errors.iter().flat_map(causes).collect::<Vec<_>>());
    alternatives
        .filter(|causes| !causes.is_empty())
        .max_by_key(|causes| closeness(causes, error.instance_path().as_str()))
        .unwrap_or_else(|| vec![error])
}

/// How likely an alternative of a choice at `path` was meant: it is of the kind of the value, its discriminator fits,
/// and its errors lie deep inside.
fn closeness(causes: &[&ValidationError<'_>], path: &str) -> (bool, bool, usize) {
    let paths = || causes.iter().map(|error| error.instance_path().as_str());
    let other_type = causes.iter().any(|error| {
        let about_type = matches!(error.kind(), ValidationErrorKind::Type { .. });
        about_type && error.instance_path().as_str() == path
    });
    let other_kind =
        paths().any(|path| path.ends_with("/ruleType") || path.ends_with("/ruleCollectionType"));
    let depth = paths().map(|path| path.matches('/').count()).max();
    (!other_type, !other_kind, depth.unwrap_or(0))
}
