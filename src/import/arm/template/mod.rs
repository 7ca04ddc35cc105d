//! Templates → resources: parameters, variables, loops, conditions, nested and linked deployments.
//!
//! Evaluation is lazy: what nothing asks for costs nothing. A value that only the deployment will tell becomes a symbol;
//! an expression that is wrong makes its own property unknown and is one finding. Everything is bounded.

mod access;
mod calls;
mod counts;
mod deployments;
mod emit;
mod evaluate;
mod functions_of_users;
mod lambdas;
mod links;
mod loops;
mod machine;
mod names;
mod outputs;
mod parameters;
mod place;
mod references;
mod resources;
mod scope;
mod spelling;
mod variables;

#[cfg(test)]
mod tests;

use smol_str::SmolStr;

use crate::base::{FileReader, SourceMap};
use crate::diag::Finding;
use crate::import::Resource;
use crate::import::json::Document;

pub use counts::{Counts, Tally};

/// How to expand a template.
#[derive(Clone, Copy)]
pub struct ExpandOptions<'o> {
    /// Files with values of parameters; later ones win.
    pub parameter_files: &'o [Document],
    /// Reads linked templates.
    pub reader: &'o dyn FileReader,
    /// Whether a type, given in lower case, is wanted. Resources of other types are not evaluated.
    pub wanted: fn(&str) -> bool,
    /// Where the template is deployed, as far as it is known.
    pub deployment: &'o Deployment,
}

impl std::fmt::Debug for ExpandOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExpandOptions")
            .field("parameter_files", &self.parameter_files.len())
            .field("deployment", &self.deployment)
            .finish_non_exhaustive()
    }
}

/// Where a template is deployed. What is not said stays a symbol.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// The id of the subscription.
    pub subscription: Option<SmolStr>,
    /// The name of the resource group.
    pub group: Option<SmolStr>,
    /// The location of the resource group, or of the deployment itself.
    pub location: Option<SmolStr>,
}

/// What a template deploys.
#[derive(Debug, Default)]
pub struct Expanded {
    /// The resources of the wanted types, in the order in which they are written; nested deployments behind.
    pub resources: Vec<Resource>,
    /// What was found on the way.
    pub findings: Vec<Finding>,
    /// How many expressions there were, and what became of them.
    pub counts: Counts,
    /// The templates and parameter files that it links, each once.
    pub linked: Vec<Document>,
}

/// Whether a document is a template, or the body of a request that deploys one.
#[must_use]
pub fn is_template(document: &Document) -> bool {
    deployments::template_of(document).is_some()
}

/// Expands a template. Linked files are read into `sources`; findings about them point there.
pub fn expand(
    sources: &mut SourceMap,
    document: &Document,
    options: &ExpandOptions<'_>,
) -> Expanded {
    let shelf = links::Shelf::default();
    let mut machine = machine::Machine::new(sources, options, &shelf);
    let Some(root) = machine.enter_root(document, options.parameter_files) else {
        return Expanded::default();
    };
    machine.enter_deployments();
    let resources = machine.emit();
    machine.check_given(&root, options.parameter_files);
    let (findings, counts) = (machine.findings, machine.counts);
    Expanded {
        resources,
        findings,
        counts,
        linked: shelf.into_documents(),
    }
}
