//! What was emitted, read again as if it were a stranger's, and held against the policy.

use camino::Utf8Path;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::{MemoryFiles, SourceMap};
use crate::diag::Severity;
use crate::estate::Estate;
use crate::explain::fqdn_tag_contents;
use crate::import::{self, Deployment, Found, Join, read_file};
use crate::report;
use crate::verify::{Objection, Proved, place, prove};

use super::estates::{cloud_of_region, service_forms};
use super::pipeline::Analysis;

/// What keeps a template from being what its policy asks for.
#[derive(Debug)]
pub struct Disproof {
    /// What is wrong, in words.
    pub objections: Vec<Objection>,
    /// What was read of it.
    pub network: Estate,
    /// Its sources.
    pub sources: SourceMap,
}

/// A template that does what its policy asks for.
#[derive(Debug)]
pub struct Proof {
    /// What was compared, and what the plan leaves open.
    pub proved: Proved,
    /// What was read of the template, completed with what the policy says exists already.
    pub network: Estate,
}

/// Reads a template again and proves that it does what the policy asks for, and nothing else.
///
/// # Errors
/// What is wrong with it.
pub fn prove_template(analysis: &Analysis, template: &str) -> Result<Proof, Box<Disproof>> {
    let mut sources = analysis.sources.clone();
    let mut findings = Vec::new();
    let path = Utf8Path::new("main.json");
    let file = read_file(
        &mut sources,
        path,
        template.to_owned(),
        Found::Named,
        &mut findings,
    );
    let options = import::Options {
        reader: &MemoryFiles::default(),
        parameters: &|_| Vec::new(),
        deployment: &Deployment::default(),
        services: &service_forms(),
        cloud_of: &cloud_of_region,
    };
    let mut networks = import::import(&mut sources, &[file], &options, Join::All);
    let network = networks.pop();
    let mut estate = network
        .as_ref()
        .map(|it| it.estate.clone())
        .unwrap_or_default();
    findings.extend(network.into_iter().flat_map(|it| it.findings));
    estate.complete(&analysis.estate);
    let placed = place(&analysis.estate, &mut estate);
    let contents = fqdn_tag_contents(&analysis.catalogs, &analysis.estate);
    let facts = Facts::builtin();
    let planned = Dataplane::new(&analysis.estate, facts, None).with_fqdn_tags(contents.clone());
    let made = Dataplane::new(&estate, facts, None).with_fqdn_tags(contents);
    let proved = prove(&planned, &made, &analysis.intent, &placed);
    findings.retain(|finding| finding.severity == Severity::Error);
    let objections = match proved {
        Ok(proved) if findings.is_empty() => {
            return Ok(Proof {
                proved,
                network: estate,
            });
        }
        Ok(_) => vec![Objection::of(None, report::concise(&findings, &sources))],
        Err(objections) => objections,
    };
    Err(Box::new(Disproof {
        objections,
        network: estate,
        sources,
    }))
}
