//! Templates in, resources and findings out.

mod deployments;
mod faults;
mod loops;
mod parameters;
mod references;

use std::fmt::Write;

use camino::Utf8PathBuf;

use super::{Counts, Deployment, ExpandOptions, expand};
use crate::base::{MemoryFiles, SourceMap};
use crate::diag;
use crate::import::json::{self, Document};
use crate::import::{Data, Value};

/// A template with what lies around it.
#[derive(Default)]
struct Case {
    files: MemoryFiles,
    parameters: Vec<String>,
    deployment: Deployment,
}

impl Case {
    /// One more file beside the template.
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.0.insert(path.into(), text.to_owned());
        self
    }

    /// One more parameter file.
    fn parameters(mut self, text: &str) -> Self {
        self.parameters.push(text.to_owned());
        self
    }

    /// What the template gives: `type name`, properties, findings.
    fn expand(&self, template: &str) -> String {
        let mut sources = SourceMap::default();
        let mut read = |path: &str, text: &str| -> Document {
            let id = sources.add(Utf8PathBuf::from(path), text.to_owned());
            let text = sources.get(id).unwrap().shared_text();
            json::parse(id, &text).unwrap()
        };
        let document = read("main.json", template);
        let parameter_files: Vec<Document> = self
            .parameters
            .iter()
            .enumerate()
            .map(|(index, text)| read(&format!("parameters{index}.json"), text))
            .collect();
        let options = ExpandOptions {
            parameter_files: &parameter_files,
            reader: &self.files,
            wanted: |kind| !kind.starts_with("other/"),
            deployment: &self.deployment,
        };
        let mut expanded = expand(&mut sources, &document, &options);
        let mut out = String::new();
        for resource in &expanded.resources {
            write!(out, "{} {}", resource.id.kind, resource.id).unwrap();
            if resource.existing {
                out.push_str(" existing");
            }
            if let Some(condition) = &resource.condition {
                write!(out, " if {condition}").unwrap();
            }
            if !resource.depends_on.is_empty() {
                let ids = resource.depends_on.iter().map(ToString::to_string);
                write!(out, " after {}", ids.collect::<Vec<_>>().join(", ")).unwrap();
            }
            out.push('\n');
            if let Some(properties) = resource.properties() {
                writeln!(out, "  {}", shown(properties)).unwrap();
            }
        }
        diag::sort(&mut expanded.findings);
        for finding in &expanded.findings {
            let place = finding.primary.as_ref().map(|label| label.span);
            let place = place.map_or_else(String::new, |span| {
                format!("{} `{}`", sources.describe(span), sources.text(span))
            });
            writeln!(out, "{} {place} {}", finding.id, finding.message).unwrap();
        }
        out
    }
}

/// What a resource with some properties gives, in a template with some sections.
fn properties(sections: &str, properties: &str) -> String {
    let template = format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", {sections}
"resources": [{{"type": "A.B/c", "name": "n", "properties": {properties}}}]}}"#
    );
    let out = Case::default().expand(&template);
    out.strip_prefix("a.b/c n\n  ")
        .unwrap_or(&out)
        .trim_end()
        .to_owned()
}

/// A value as JSON, holes as `${…}`.
fn shown(value: &Value) -> String {
    let listed = |pieces: Vec<String>| pieces.join(", ");
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        Data::Text(text) => format!("\"{text}\""),
        Data::Unknown(symbol) => format!("${{{symbol}}}"),
        Data::Array(items) => format!("[{}]", listed(items.iter().map(shown).collect())),
        Data::Object(object) => {
            let member = |member: &crate::import::Member| {
                format!("\"{}\": {}", member.key, shown(&member.value))
            };
            format!(
                "{{{}}}",
                listed(object.members.iter().map(member).collect())
            )
        }
    }
}
