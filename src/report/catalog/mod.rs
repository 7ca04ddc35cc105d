//! Catalogs as text for a terminal: which there are, and what a pool needs and why.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::base::{SourceMap, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::intent::catalog::{
    Catalog, Level, Library, Reason, Selected, Selection, Source, find_cloud, select,
};
use crate::net::Cloud;

use self::beside::Beside;
use self::page::Page;
use super::wrap::paragraph;

mod beside;
mod page;

/// How many characters a line of text should have at most.
pub const DEFAULT_WIDTH: usize = 88;

/// What to show of a catalog, in the words of the user.
#[derive(Debug, Clone, Default)]
pub struct Request<'a> {
    /// The name of the catalog.
    pub catalog: &'a str,
    /// What the pool has.
    pub features: &'a [String],
    /// The region, by either name.
    pub region: Option<&'a str>,
    /// The cloud; that of the region unless it is given, and the public cloud without either.
    pub cloud: Option<&'a str>,
    /// Levels wanted beyond what is required.
    pub include: &'a [String],
    /// The version, where the catalog tells versions apart; the newest unless it is given.
    pub version: Option<&'a str>,
    /// Whether to refuse what rests on documents that contradict each other.
    pub strict: bool,
}

/// The catalogs at hand, a short paragraph each.
#[must_use]
pub fn list(library: &Library, width: usize) -> String {
    let mut out = String::new();
    let name_width = library.names().map(|name| name.chars().count()).max();
    let name_width = name_width.unwrap_or(0);
    for catalog in library.catalogs() {
        let count = catalog.endpoints.len();
        let mut facts = format!("{}, {}", catalog.product.status, endpoints(count));
        if let Some(date) = catalog.newest_source() {
            facts.push_str(&format!(", newest source {date}"));
        }
        let name = format!("{:name_width$}  ", catalog.name);
        let blank = " ".repeat(name_width + 2);
        paragraph(&mut out, &name, &catalog.title, width);
        paragraph(&mut out, &blank, &facts, width);
        paragraph(&mut out, &blank, &join(&catalog.product.clouds), width);
    }
    out
}

/// What a pool needs from a catalog, and why.
///
/// # Errors
/// A finding for every name that is unknown, and for names that do not go together, without a place; under
/// [`strict`](Request::strict) one for every contradiction of documents that an entry depends on.
pub fn show(
    library: &Library,
    sources: &SourceMap,
    request: &Request<'_>,
    width: usize,
) -> Result<String, Vec<Finding>> {
    let (catalog, selection) = resolve(library, request)?;
    let selected = select(catalog, &selection);
    if request.strict {
        let refused = selected.contradictions(catalog);
        if !refused.is_empty() {
            return Err(refused);
        }
    }
    let beside = Beside::of(catalog, &selection, &selected);
    let mut page = Page {
        catalog,
        sources,
        selection: &selection,
        width,
        out: String::new(),
        cited: cited_sources(catalog, &selected, &beside),
    };
    page.head(&selected);
    page.entries(&selected);
    page.beside(&beside);
    page.known_later(&selected);
    page.ambiguities(&selected, &beside);
    page.source_list();
    Ok(page.out)
}

fn resolve<'a>(
    library: &'a Library,
    request: &Request<'_>,
) -> Result<(&'a Catalog, Selection<'a>), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut note = |finding: Finding| findings.push(finding);
    let catalog = library
        .find(request.catalog)
        .map_err(|finding| note(*finding))
        .ok();
    let region = request.region.and_then(|name| {
        library
            .regions()
            .find(name)
            .map_err(|finding| note(*finding))
            .ok()
    });
    let named_cloud = request
        .cloud
        .and_then(|name| find_cloud(name).map_err(|finding| note(*finding)).ok());
    if let (Some(region), Some(cloud)) = (region, named_cloud)
        && region.cloud != cloud
    {
        note(Finding::new(
            Id::TG0023,
            format!(
                "region `{}` is in {}, not in {cloud}",
                region.name, region.cloud
            ),
        ));
    }
    let cloud = named_cloud
        .or(region.map(|region| region.cloud))
        .unwrap_or_default();
    let mut include = BTreeSet::new();
    for word in request.include {
        match Level::from_keyword(word) {
            Some(level) => {
                include.insert(level);
            }
            None => note(unknown_level(word)),
        }
    }
    let mut features = BTreeSet::new();
    if let Some(catalog) = catalog {
        for feature in request.features {
            match catalog.find_feature(feature) {
                Ok(feature) => {
                    features.insert(feature.name.clone());
                }
                Err(finding) => note(*finding),
            }
        }
        if let Some(version) = request.version
            && let Err(finding) = catalog.find_version(version)
        {
            note(*finding);
        }
        if !catalog.product.clouds.contains(&cloud) {
            note(
                Finding::new(
                    Id::TG0023,
                    format!("catalog `{}` has nothing for {cloud}", catalog.name),
                )
                .help(format!("it covers {}", join(&catalog.product.clouds))),
            );
        }
    }
    match catalog {
        Some(catalog) if findings.is_empty() => Ok((
            catalog,
            Selection {
                cloud,
                region,
                version: request.version.map(SmolStr::from),
                features,
                include,
                ..Selection::default()
            },
        )),
        _ => Err(findings),
    }
}

fn unknown_level(word: &str) -> Finding {
    let words = Level::ALL.iter().map(|level| level.keyword());
    let list = words.clone().collect::<Vec<_>>().join("`, `");
    Finding::new(Id::TG0016, format!("unknown requirement level `{word}`"))
        .help(did_you_mean_help(word, words).unwrap_or(format!("the levels are `{list}`")))
}

/// The documents that what is shown cites, in the order of the catalog.
fn cited_sources<'a>(
    catalog: &'a Catalog,
    selected: &Selected<'a>,
    beside: &Beside<'a>,
) -> Vec<&'a Source> {
    let cited: BTreeSet<&SmolStr> = selected
        .needs
        .iter()
        .flat_map(|need| &need.endpoint.sources)
        .chain(beside.sources())
        .map(|reference| &reference.source)
        .collect();
    let sources = catalog.sources.iter();
    sources
        .filter(|source| cited.contains(&source.id))
        .collect()
}

fn join(clouds: &[Cloud]) -> String {
    let names: Vec<_> = clouds.iter().map(|cloud| cloud.name()).collect();
    names.join(", ")
}

fn endpoints(count: usize) -> String {
    match count {
        1 => "1 endpoint".to_owned(),
        count => format!("{count} endpoints"),
    }
}

/// A line for each reason to leave endpoints out, with the way to have them.
fn left_out(selected: &Selected<'_>) -> Vec<String> {
    let mut reasons: Vec<Reason> = selected.left_out.iter().map(|left| left.reason).collect();
    reasons.sort_unstable();
    let mut lines = Vec::new();
    for same in reasons.chunk_by(|a, b| a == b) {
        let Some(reason) = same.first() else { continue };
        let count = same.len();
        lines.push(match reason {
            Reason::WrongCloud => format!("{count} for other clouds"),
            Reason::OtherVersion => format!("{count} for other versions"),
            Reason::OtherRegion => format!("{count} that only lists of other regions have"),
            Reason::Inbound => format!("{count} inbound"),
            Reason::Level(level) => format!("{count} {level} (add `--include {level}`)"),
            Reason::WhenNotMet => {
                format!("{count} for features that are not given, or excluded by those that are")
            }
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "\
schema: egress-catalog/1
catalog: example
title: 'Example: outbound requirements'
product:
  name: Example
  status: retired
  status_note: Gone since 2025-01-31.
  clouds: [AzureCloud]
  regions_documented: [eastus]
parameters:
  - name: region
    type: arm-region-name
  - name: api_server_ip
    type: ipv4
    available: after cluster creation
    how: az aks show
features:
  - name: spark
    note: has Spark
sources:
  - id: doc
    repo: contoso/docs
    path: egress.md
    commit: 0123456789abcdef0123456789abcdef01234567
    doc_date: '2024-02-19'
endpoints:
  - id: example.tunnel
    group: core
    clouds: [AzureCloud]
    direction: outbound
    rule: network
    protocols: [TCP]
    ports: ['9000']
    destinations:
      addresses: ['{api_server_ip}']
    requirement: required
    known: after cluster creation
    alternatives:
      - destinations:
          addresses: ['*']
        note: the widest form
    purpose: Tunnel between the nodes and the control plane, which is the first thing that breaks.
    ambiguity: example-1
    sources:
      - ref: doc
        section: Network rules
  - id: example.store
    group: spark
    clouds: [AzureCloud]
    direction: outbound
    rule: application
    protocols:
      - { type: Https, port: 443 }
    destinations:
      fqdns: ['{region}.example.com']
    requirement: conditional
    when:
      all: [spark]
    purpose: Storage.
    sources:
      - ref: doc
  - id: example.updates
    group: core
    clouds: [AzureCloud]
    direction: outbound
    rule: application
    protocols:
      - { type: Http, port: 80 }
    destinations:
      fqdns: ['*.example.org']
    requirement: recommended
    purpose: Updates.
    sources:
      - ref: doc
ambiguities:
  - id: example-1
    about: the tunnel
    text: One page says 9000, another says nothing.
    resolution: port 9000
";

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn example(request: &Request<'_>) -> Result<String, Vec<String>> {
        let mut sources = SourceMap::default();
        let (mut library, _) = Library::builtin(&mut sources);
        library
            .add(
                &mut sources,
                "rules/egress/example.yaml",
                EXAMPLE.to_owned(),
            )
            .unwrap();
        show(&library, &sources, request, 72).map_err(|findings| {
            let line =
                |finding: Finding| format!("{}; {}", finding.message, finding.help.join("; "));
            findings.into_iter().map(line).collect()
        })
    }

    #[test]
    fn a_pool_is_told_what_it_needs_and_why() {
        let request = Request {
            catalog: "example",
            features: &words("spark"),
            region: Some("West Europe"),
            ..Request::default()
        };
        assert_eq!(
            example(&request).unwrap(),
            "\
RETIRED  Gone since 2025-01-31.

Example: outbound requirements

catalog   example
cloud     AzureCloud
region    westeurope (West Europe)
          its documents do not name this region; they name eastus
features  spark
needed    2 endpoints
left out  1 recommended (add `--include recommended`)

core
----

  {api_server_ip}
    tcp/9000, network rule, required
    Tunnel between the nodes and the control plane, which is the first
    thing that breaks.
    waits for {api_server_ip}, known after cluster creation
    or everywhere: the widest form
    see example-1 below: the documents disagree
    from [1] Network rules
    example.tunnel at rules/egress/example.yaml:27

spark
-----

  westeurope.example.com
    https, application rule, conditional with spark
    Storage.
    from [1]
    example.store at rules/egress/example.yaml:47

values still needed
-------------------

  {api_server_ip} (ipv4)
    known after cluster creation
    get it: az aks show

where the documents disagree
----------------------------

  example-1: the tunnel
    One page says 9000, another says nothing.
    decided: port 9000

sources
-------

  [1]  contoso/docs egress.md @ 0123456, 2024-02-19
"
        );
    }

    #[test]
    fn more_is_shown_when_asked_for() {
        let request = Request {
            catalog: "example",
            include: &words("recommended"),
            ..Request::default()
        };
        let text = example(&request).unwrap();
        assert!(text.contains("  *.example.org\n    http, application rule, recommended\n"));
        assert!(text.contains("left out  1 for features that are not given"));
        assert!(text.contains("region    not given"));
    }

    #[test]
    fn every_unknown_name_is_reported_at_once() {
        let request = Request {
            catalog: "example",
            features: &words("sparc"),
            region: Some("chinaeast2"),
            cloud: Some("AzureCloud"),
            include: &words("recomended"),
            ..Request::default()
        };
        assert_eq!(
            example(&request).unwrap_err(),
            [
                "region `chinaeast2` is in AzureChinaCloud, not in AzureCloud; ",
                "unknown requirement level `recomended`; did you mean `recommended`?",
                "catalog `example` has no feature `sparc`; did you mean `spark`?",
            ]
        );
        let request = Request {
            catalog: "exmaple",
            region: Some("westurope"),
            cloud: Some("AzureClod"),
            ..Request::default()
        };
        assert_eq!(
            example(&request).unwrap_err(),
            [
                "unknown catalog `exmaple`; did you mean `example`?",
                "unknown region `westurope`; did you mean `westeurope`?",
                "unknown cloud `AzureClod`; did you mean `AzureCloud`?",
            ]
        );
        let request = Request {
            catalog: "example",
            region: Some("usgovvirginia"),
            ..Request::default()
        };
        assert_eq!(
            example(&request).unwrap_err(),
            ["catalog `example` has nothing for AzureUSGovernment; it covers AzureCloud"]
        );
    }

    #[test]
    fn built_in_catalogs_fit_the_terminal() {
        let mut sources = SourceMap::default();
        let (library, _) = Library::builtin(&mut sources);
        let features = words("defender container_insights managed_prometheus key_vault_csi flux");
        let include = words("recommended optional observed");
        let request = Request {
            catalog: "aks",
            features: &features,
            region: Some("francecentral"),
            include: &include,
            ..Request::default()
        };
        let page = show(&library, &sources, &request, DEFAULT_WIDTH).unwrap();
        assert!(page.contains("  AzureCloud.centralfrance (service tag)\n"));
        let list = list(&library, DEFAULT_WIDTH);
        assert!(list.contains("retired, 22 endpoints, newest source 2026-06-18"));
        for line in page.lines().chain(list.lines()) {
            // One word may be longer than a line.
            let fits = line.chars().count() <= DEFAULT_WIDTH || line.trim().split(' ').count() == 1;
            assert!(fits, "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }

    #[test]
    fn no_number_points_at_nothing() {
        let mut sources = SourceMap::default();
        let (library, _) = Library::builtin(&mut sources);
        for catalog in library.names() {
            let request = Request {
                catalog,
                ..Request::default()
            };
            let page = show(&library, &sources, &request, DEFAULT_WIDTH).unwrap();
            assert!(!page.contains("[0]"));
        }
    }
}
