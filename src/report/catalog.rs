//! Catalogs as text for a terminal: which there are, and what a pool needs and why.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::base::{SourceMap, Span, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::intent::catalog::{
    Basis, Catalog, Endpoint, FilledForm, Form, Level, Library, Need, Parameter, Reason, Selected,
    Selection, Source, Status, Template, TemplateKind, find_cloud, select,
};
use crate::net::{Cloud, Service};

use super::wrap::paragraph;

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
/// A finding for every name that is unknown, and for names that do not go together. None has a place.
pub fn show(
    library: &Library,
    sources: &SourceMap,
    request: &Request<'_>,
    width: usize,
) -> Result<String, Vec<Finding>> {
    let (catalog, selection) = resolve(library, request)?;
    let selected = select(catalog, &selection);
    let mut page = Page {
        catalog,
        sources,
        selection: &selection,
        width,
        out: String::new(),
        cited: cited_sources(catalog, &selected),
    };
    page.head(&selected);
    page.entries(&selected);
    page.known_later(&selected);
    page.ambiguities(&selected);
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
    if let Some(catalog) = catalog {
        for feature in request.features {
            if let Err(finding) = catalog.check_feature(feature) {
                note(*finding);
            }
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
                features: request.features.iter().map(SmolStr::from).collect(),
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

/// The documents that the needed entries cite, in the order of the catalog.
fn cited_sources<'a>(catalog: &'a Catalog, selected: &Selected<'a>) -> Vec<&'a Source> {
    let cited: BTreeSet<&SmolStr> = selected
        .needs
        .iter()
        .flat_map(|need| &need.endpoint.sources)
        .map(|reference| &reference.source)
        .collect();
    let sources = catalog.sources.iter();
    sources
        .filter(|source| cited.contains(&source.id))
        .collect()
}

/// A page in the making.
struct Page<'a> {
    catalog: &'a Catalog,
    sources: &'a SourceMap,
    selection: &'a Selection<'a>,
    width: usize,
    out: String,
    /// The documents cited; their place in this list, from 1, is their number.
    cited: Vec<&'a Source>,
}

impl Page<'_> {
    fn text(&mut self, first: &str, text: &str) {
        paragraph(&mut self.out, first, text, self.width);
    }

    fn heading(&mut self, title: &str) {
        self.out.push('\n');
        self.out.push_str(title);
        self.out.push('\n');
        self.out
            .extend(std::iter::repeat_n('-', title.chars().count()));
        self.out.push('\n');
    }

    fn head(&mut self, selected: &Selected<'_>) {
        let catalog = self.catalog;
        let product = &catalog.product;
        if product.status != Status::Current {
            let status = product.status.keyword().to_ascii_uppercase();
            let note = product.status_note.as_deref().unwrap_or("");
            self.text(&format!("{status}  "), note);
            self.out.push('\n');
        }
        self.text("", &catalog.title);
        self.out.push('\n');
        self.text("catalog   ", &catalog.name);
        self.text("cloud     ", self.selection.cloud.name());
        match self.selection.region {
            Some(region) => {
                self.text(
                    "region    ",
                    &format!("{} ({})", region.name, region.display_name),
                );
                let documented = &product.regions_documented;
                if !documented.is_empty() && !documented.contains(&region.name) {
                    let list = documented.join(", ");
                    self.text(
                        "          ",
                        &format!("its documents do not name this region; they name {list}"),
                    );
                }
            }
            None => self.text(
                "region    ",
                "not given; names with a region in them stay open",
            ),
        }
        let features: Vec<_> = selected.features.iter().map(SmolStr::as_str).collect();
        let features = match features.as_slice() {
            [] => "none given".to_owned(),
            features => features.join(", "),
        };
        self.text("features  ", &features);
        self.text("needed    ", &endpoints(selected.needs.len()));
        for line in left_out(selected) {
            self.text("left out  ", &line);
        }
    }

    fn entries(&mut self, selected: &Selected<'_>) {
        let mut groups: Vec<&SmolStr> = Vec::new();
        for need in &selected.needs {
            if !groups.contains(&&need.endpoint.group) {
                groups.push(&need.endpoint.group);
            }
        }
        for group in groups {
            self.heading(group);
            let members = selected
                .needs
                .iter()
                .filter(|need| need.endpoint.group == *group);
            for need in members {
                self.out.push('\n');
                self.entry(need);
            }
        }
    }

    fn entry(&mut self, need: &Need<'_>) {
        let endpoint = need.endpoint;
        for destination in &need.form.destinations {
            let kind = destination.template.kind();
            self.text("  ", &described(&destination.text, kind));
        }
        self.text("    ", &self.terms(need));
        self.text("    ", &endpoint.purpose);
        if let Some(fallback) = &need.fallback {
            self.fallback(endpoint, fallback);
        }
        if !need.missing.is_empty() {
            let names: Vec<_> = need.missing.iter().map(|p| braced(&p.name)).collect();
            let mut text = names.join(", ");
            if let Some(known) = chosen_known(need) {
                text.push_str(&format!(", known {known}"));
            }
            self.text("    waits for ", &text);
        }
        self.alternatives(need);
        if let Some(private) = &endpoint.private_endpoint {
            let text = match &private.also {
                Some(also) => format!("a private endpoint, zones {} and {also}", private.zone),
                None => format!("a private endpoint, zone {}", private.zone),
            };
            self.text("    or ", &text);
        }
        if !endpoint.needs.is_empty() {
            self.text("    needs ", &endpoint.needs.join(", "));
        }
        if let Some(path) = &endpoint.url_path {
            self.text("    only ", &format!("paths below {path} are used"));
        }
        if let Some(alpn) = endpoint.tls.as_ref().and_then(|tls| tls.alpn.as_ref()) {
            self.text("    TLS: ", &format!("ALPN {alpn}"));
        }
        if endpoint.tls.as_ref().and_then(|tls| tls.websocket) == Some(true) {
            self.text("    TLS: ", "web sockets must pass");
        }
        self.lifecycle(endpoint);
        for note in &endpoint.notes {
            self.text("    note: ", note);
        }
        if endpoint.basis == Basis::Inferred {
            self.text(
                "    note: ",
                "concluded from the documents, not stated by them",
            );
        }
        if endpoint.safe_to_block == Some(true) {
            self.text("    note: ", "known to be safe to block");
        }
        if let Some(id) = &endpoint.ambiguity {
            self.text("    see ", &format!("{id} below: the documents disagree"));
        }
        self.citation(endpoint);
    }

    /// What, how, and how badly: `udp/1194, network rule, required unless private_aks`.
    fn terms(&self, need: &Need<'_>) -> String {
        let endpoint = need.endpoint;
        let mut text = format!(
            "{}, {} rule, {}",
            services(need.form.services),
            need.form.rule,
            endpoint.level
        );
        if !endpoint.when.is_always() {
            text.push_str(&format!(" {}", endpoint.when));
        }
        text
    }

    fn fallback(&mut self, endpoint: &Endpoint, fallback: &FilledForm<'_>) {
        let reason = endpoint.fallback.as_ref().map_or("", |f| &f.reason);
        let names: Vec<_> = fallback
            .destinations
            .iter()
            .map(|destination| destination.text.as_str())
            .collect();
        self.text(
            "    on Azure Firewall: ",
            &format!("{} ({reason})", names.join(", ")),
        );
    }

    fn alternatives(&mut self, need: &Need<'_>) {
        let endpoint = need.endpoint;
        if need.chosen_alternative.is_some() {
            let text = self.form_in_short(&endpoint.form, endpoint);
            self.text("    instead of ", &text);
        }
        for (index, alternative) in endpoint.alternatives.iter().enumerate() {
            if need.chosen_alternative == Some(index) {
                continue;
            }
            let mut text = self.form_in_short(&alternative.form, endpoint);
            if let Some(known) = &alternative.known {
                text.push_str(&format!(", known {known}"));
            }
            if let Some(note) = &alternative.note {
                text.push_str(&format!(": {note}"));
            }
            self.text("    or ", &text);
        }
    }

    /// The destinations of a form, and its services and kind where they are not those of the endpoint.
    fn form_in_short(&self, form: &Form, endpoint: &Endpoint) -> String {
        let destinations: Vec<_> = form
            .destinations
            .iter()
            .map(|template| described(&self.with_region(template), template.kind()))
            .collect();
        let mut text = destinations.join(", ");
        if form.rule != endpoint.form.rule || form.services != endpoint.form.services {
            text.push_str(&format!(
                ", {}, {} rule",
                services(&form.services),
                form.rule
            ));
        }
        text
    }

    /// The text of a template with the names of the region filled in.
    fn with_region(&self, template: &Template) -> String {
        template.fill(|name| {
            let parameter = self.catalog.parameter(name)?;
            self.selection.region?.value_of(parameter.kind)
        })
    }

    fn lifecycle(&mut self, endpoint: &Endpoint) {
        let Some(lifecycle) = &endpoint.lifecycle else {
            return;
        };
        let mut parts = Vec::new();
        if let Some(day) = &lifecycle.added_to_doc {
            parts.push(format!("in the document since {day}"));
        }
        if let Some(retired) = &lifecycle.retired {
            parts.push(format!("retired {retired}"));
        }
        if let Some(other) = &lifecycle.replaced_by {
            parts.push(format!("replaced by {other}"));
        }
        self.text("    ", &parts.join("; "));
    }

    /// The documents by number with their sections, and the entry's own place.
    fn citation(&mut self, endpoint: &Endpoint) {
        let references: Vec<_> = endpoint
            .sources
            .iter()
            .map(|reference| {
                let cited = self.cited.iter();
                let number = cited.zip(1..).find(|(s, _)| s.id == reference.source);
                let number = number.map_or(0, |(_, number)| number);
                match &reference.section {
                    Some(section) => format!("[{number}] {section}"),
                    None => format!("[{number}]"),
                }
            })
            .collect();
        self.text("    from ", &references.join(", "));
        self.text(
            "    ",
            &format!("{} at {}", endpoint.id, self.place(endpoint.span)),
        );
    }

    fn place(&self, span: Span) -> String {
        match self.sources.get(span.file) {
            Some(file) => format!("{}:{}", file.path(), file.line_column(span.start).line),
            None => String::new(),
        }
    }

    fn known_later(&mut self, selected: &Selected<'_>) {
        let mut open: Vec<&Parameter> = Vec::new();
        for &parameter in selected.needs.iter().flat_map(|need| &need.missing) {
            if !open.iter().any(|known| known.name == parameter.name) {
                open.push(parameter);
            }
        }
        if open.is_empty() {
            return;
        }
        self.heading("values still needed");
        for parameter in open {
            self.out.push('\n');
            self.text(
                "  ",
                &format!("{} ({})", braced(&parameter.name), parameter.kind),
            );
            let lines = [
                ("    known ", &parameter.available),
                ("    get it: ", &parameter.how),
                ("    for example ", &parameter.example),
                ("    ", &parameter.note),
            ];
            for (first, text) in lines {
                if let Some(text) = text {
                    self.text(first, text);
                }
            }
        }
    }

    fn ambiguities(&mut self, selected: &Selected<'_>) {
        let concerned: BTreeSet<&SmolStr> = selected
            .needs
            .iter()
            .filter_map(|need| need.endpoint.ambiguity.as_ref())
            .collect();
        if concerned.is_empty() {
            return;
        }
        self.heading("where the documents disagree");
        let catalog = self.catalog;
        for ambiguity in &catalog.ambiguities {
            if concerned.contains(&ambiguity.id) {
                self.out.push('\n');
                self.text("  ", &format!("{}: {}", ambiguity.id, ambiguity.about));
                self.text("    ", &ambiguity.text);
                self.text("    decided: ", &ambiguity.resolution);
            }
        }
    }

    fn source_list(&mut self) {
        if self.cited.is_empty() {
            return;
        }
        self.heading("sources");
        self.out.push('\n');
        let lines: Vec<_> = self.cited.iter().map(|source| cite(source)).collect();
        for (text, number) in lines.iter().zip(1..) {
            self.text(&format!("  {:5}", format!("[{number}]")), text);
        }
    }
}

/// `repo path @ commit, date`.
fn cite(source: &Source) -> String {
    let mut text = format!("{} {}", source.repo, source.path);
    if let Some(commit) = source.short_commit() {
        text.push_str(&format!(" @ {commit}"));
    }
    match (source.date(), &source.doc_date) {
        (Some(date), _) => text.push_str(&format!(", {date}")),
        (None, Some(words)) => text.push_str(&format!(", {words}")),
        (None, None) => {}
    }
    text
}

/// When the destination of the chosen form is known.
fn chosen_known<'a>(need: &Need<'a>) -> Option<&'a str> {
    let alternative = need
        .chosen_alternative
        .and_then(|index| need.endpoint.alternatives.get(index));
    match alternative {
        Some(alternative) => alternative.known.as_deref(),
        None => need.endpoint.known.as_deref(),
    }
}

fn described(text: &str, kind: TemplateKind) -> String {
    match kind {
        TemplateKind::Address if text == "*" => "everywhere".to_owned(),
        TemplateKind::Fqdn | TemplateKind::Address => text.to_owned(),
        TemplateKind::ServiceTag => format!("{text} (service tag)"),
        TemplateKind::FqdnTag => format!("{text} (FQDN tag)"),
    }
}

fn services(services: &[Service]) -> String {
    let texts: Vec<_> = services.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

fn braced(name: &str) -> String {
    format!("{{{name}}}")
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
