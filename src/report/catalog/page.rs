//! The page of a catalog: its entries, what they wait for, and who says so.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::base::{SourceMap, Span};
use crate::intent::catalog::{
    Basis, Catalog, Endpoint, FilledForm, Form, Need, Parameter, Phase, Selected, Selection,
    Source, SourceRef, Status, Template, TemplateKind, knows_of,
};
use crate::net::Service;

use super::super::wrap::paragraph;
use super::beside::Beside;
use super::{endpoints, left_out};

/// A page in the making.
pub(super) struct Page<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) sources: &'a SourceMap,
    pub(super) selection: &'a Selection<'a>,
    pub(super) width: usize,
    pub(super) out: String,
    /// The documents cited; their place in this list, from 1, is their number.
    pub(super) cited: Vec<&'a Source>,
}

impl Page<'_> {
    pub(super) fn text(&mut self, first: &str, text: &str) {
        paragraph(&mut self.out, first, text, self.width);
    }

    pub(super) fn heading(&mut self, title: &str) {
        self.out.push('\n');
        self.out.push_str(title);
        self.out.push('\n');
        self.out
            .extend(std::iter::repeat_n('-', title.chars().count()));
        self.out.push('\n');
    }

    pub(super) fn head(&mut self, selected: &Selected<'_>) {
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
        let version = self.selection.version.as_ref();
        let version = version.map_or(catalog.newest_version(), |id| catalog.version(id));
        if let Some(version) = version {
            let mut text = format!("{}: {}", version.id, version.title);
            if self.selection.version.is_none() {
                let others: Vec<_> = catalog.versions.iter().map(|it| it.id.as_str()).collect();
                let others = others.split_last().map_or(&[][..], |(_, others)| others);
                text.push_str(&format!("; before it {}", others.join(", ")));
            }
            self.text("version   ", &text);
        }
        let features: Vec<_> = selected.features.iter().map(SmolStr::as_str).collect();
        let features = match features.as_slice() {
            [] => "none given".to_owned(),
            features => features.join(", "),
        };
        self.text("features  ", &features);
        let needed = match knows_of(self.catalog, self.selection) {
            true => endpoints(selected.needs.len()),
            false => format!(
                "not known: the documents behind this catalog name no endpoint for {}",
                self.selection.cloud
            ),
        };
        self.text("needed    ", &needed);
        for line in left_out(selected) {
            self.text("left out  ", &line);
        }
    }

    pub(super) fn entries(&mut self, selected: &Selected<'_>) {
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
            let zones: Vec<&str> = std::iter::once(&private.zone)
                .chain(&private.also)
                .map(SmolStr::as_str)
                .collect();
            let text = match zones.as_slice() {
                [zone] => format!("a private endpoint, zone {zone}"),
                zones => format!("a private endpoint, zones {}", zones.join(", ")),
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
        self.where_and_when(endpoint);
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
    pub(super) fn with_region(&self, template: &Template) -> String {
        template.fill(|name| {
            let parameter = self.catalog.parameter(name)?;
            let region = self.selection.region?;
            region
                .value_of(parameter.kind)
                .or_else(|| parameter.values.get(&region.name))
        })
    }

    /// The part of the product, the machines, and the phase that it belongs to.
    fn where_and_when(&mut self, endpoint: &Endpoint) {
        let mut parts = Vec::new();
        if let Some(component) = &endpoint.component {
            parts.push(component.clone());
        }
        if !endpoint.from_component.is_empty() {
            parts.push(format!("from {}", endpoint.from_component.join(", ")));
        }
        match endpoint.phases.as_slice() {
            [Phase::Deployment] => parts.push("during deployment only".to_owned()),
            [Phase::PostDeployment] => parts.push("after deployment only".to_owned()),
            _ => {}
        }
        if !endpoint.regions_listed.is_empty() {
            let regions = endpoint.regions_listed.join(", ");
            parts.push(format!("in the lists of {regions} only"));
        }
        if !parts.is_empty() {
            self.text("    ", &parts.join("; "));
        }
        if let Some(documented) = &endpoint.documented
            && let Some(when) = &documented.when
        {
            self.text("    documented: ", when);
        }
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
        let references = self.cited_as(&endpoint.sources);
        self.text("    from ", &references);
        self.text(
            "    ",
            &format!("{} at {}", endpoint.id, self.place(endpoint.span)),
        );
    }

    /// `[1] Section, [2]`
    pub(super) fn cited_as(&self, sources: &[SourceRef]) -> String {
        let references: Vec<_> = sources
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
        references.join(", ")
    }

    fn place(&self, span: Span) -> String {
        match self.sources.get(span.file) {
            Some(file) => format!("{}:{}", file.path(), file.line_column(span.start).line),
            None => String::new(),
        }
    }

    pub(super) fn known_later(&mut self, selected: &Selected<'_>) {
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

    pub(super) fn ambiguities(&mut self, selected: &Selected<'_>, beside: &Beside<'_>) {
        let of_needs = selected.needs.iter();
        let of_needs = of_needs.filter_map(|need| need.endpoint.ambiguity.as_ref());
        let concerned: BTreeSet<&SmolStr> = of_needs.chain(beside.ambiguities()).collect();
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

    pub(super) fn source_list(&mut self) {
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

pub(super) fn described(text: &str, kind: TemplateKind) -> String {
    match kind {
        TemplateKind::Address if text == "*" => "everywhere".to_owned(),
        TemplateKind::Fqdn | TemplateKind::Address => text.to_owned(),
        TemplateKind::ServiceTag => format!("{text} (service tag)"),
        TemplateKind::FqdnTag => format!("{text} (FQDN tag)"),
    }
}

pub(super) fn services(services: &[Service]) -> String {
    let texts: Vec<_> = services.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

pub(super) fn braced(name: &str) -> String {
    format!("{{{name}}}")
}
