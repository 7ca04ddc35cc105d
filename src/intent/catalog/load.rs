//! From the text of a catalog to a checked [`Catalog`].
//!
//! Loading never fails silently: what is wrong is found, each mistake once, at its place; a catalog with any
//! mistake is not used at all.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::{FileId, SourceMap};
use crate::diag::Finding;
use crate::net::{self, AppProtocol, Service, Transport};

use super::check::{Checker, Names};
use super::model::{
    Alternative, Ambiguity, Basis, Catalog, Constraint, DataRole, DnsEntry, Documented, Endpoint,
    Expansion, Fallback, Feature, FeatureImplication, Form, Level, Lifecycle, NetworkIsolated,
    NoExtraEndpoints, NsgRule, Parameter, ParameterKind, Place, PrivateEndpoint, Product,
    RegionValues, Route, RuleKind, SourceRef, Status, TlsFacts, Version, When, net_services,
    parse_address,
};
use super::schema::{
    RawAlternative, RawAzureFirewall, RawCatalog, RawDataRole, RawDestinations, RawDns,
    RawDocumented, RawEndpoint, RawLifecycle, RawNetworkIsolated, RawNsgRule, RawParameter,
    RawProduct, RawProtocol, RawRoute, RawSourceRef, RawTls, RawWhen, SCHEMA,
};
use super::template::{Template, TemplateKind};
use super::yaml::{self, At};

/// Reads the catalog in a file of the source map.
///
/// # Errors
/// Everything that is wrong with it. A fault of syntax or an unknown key hides what comes after it.
pub fn load(sources: &SourceMap, file: FileId) -> Result<Catalog, Vec<Finding>> {
    let raw: RawCatalog = yaml::read(sources, file, SCHEMA).map_err(|finding| vec![*finding])?;
    let mut loader = Loader {
        check: Checker::new(sources, file),
        parameters: Names::default(),
        features: Names::default(),
        documents: Names::default(),
        ambiguities: Names::default(),
        versions: Names::default(),
        entries: Names::default(),
        groups: Vec::new(),
    };
    let catalog = loader.catalog(raw, file);
    loader.check.finish(catalog)
}

/// What an entry may refer to, gathered before the entries are read.
pub(super) struct Loader<'a> {
    pub(super) check: Checker<'a>,
    parameters: Names,
    features: Names,
    documents: Names,
    ambiguities: Names,
    versions: Names,
    entries: Names,
    groups: Vec<String>,
}

impl Loader<'_> {
    fn catalog(&mut self, raw: RawCatalog, file: FileId) -> Catalog {
        self.check.schema(&raw.schema, SCHEMA);
        if raw.catalog.value.is_empty() {
            self.check.problem(
                &raw.catalog,
                "a catalog needs a name".to_owned(),
                "empty name",
            );
        }
        for parameter in &raw.parameters {
            self.check
                .declare(&mut self.parameters, &parameter.name, "parameter");
        }
        for feature in &raw.features {
            self.check
                .declare(&mut self.features, &feature.name, "feature");
            for alias in &feature.aliases {
                self.check.declare(&mut self.features, alias, "feature");
            }
        }
        for ambiguity in &raw.ambiguities {
            self.check
                .declare(&mut self.ambiguities, &ambiguity.id, "ambiguity");
        }
        for version in &raw.versions {
            self.check
                .declare(&mut self.versions, &version.id, "version");
        }
        let (documents, ids) = self.check.documents(raw.sources);
        self.documents = ids;
        self.groups = raw.endpoints.iter().map(|raw| raw.group.clone()).collect();

        let endpoints: Vec<_> = raw
            .endpoints
            .into_iter()
            .filter_map(|raw| self.endpoint(raw))
            .collect();
        let nsg_rules = raw
            .nsg_rules
            .into_iter()
            .filter_map(|raw| self.nsg_rule(raw))
            .collect();
        let nsg_none_for = raw
            .nsg_none_for
            .iter()
            .map(|group| self.group(group))
            .collect();
        let routes = raw
            .routes
            .into_iter()
            .filter_map(|raw| self.route(raw))
            .collect();
        let constraints = raw
            .constraints
            .into_iter()
            .map(|raw| Constraint {
                id: self.entry_id(&raw.id),
                span: self.check.span(&raw.id),
                text: raw.text,
                sources: self.sources(raw.sources),
            })
            .collect();

        Catalog {
            span: self.check.span(&raw.catalog),
            name: raw.catalog.value.into(),
            file,
            title: raw.title,
            product: self.product(raw.product),
            versions: raw
                .versions
                .into_iter()
                .map(|raw| Version {
                    span: self.check.span(&raw.id),
                    id: raw.id.value.into(),
                    title: raw.title,
                    doc_date: raw.doc_date,
                })
                .collect(),
            parameters: raw
                .parameters
                .into_iter()
                .filter_map(|raw| self.parameter(raw))
                .collect(),
            features: raw
                .features
                .into_iter()
                .map(|raw| Feature {
                    span: self.check.span(&raw.name),
                    name: raw.name.value.into(),
                    aliases: raw.aliases.into_iter().map(|at| at.value.into()).collect(),
                    note: raw.note,
                    switched_on_by: raw.switched_on_by.into_iter().map(Into::into).collect(),
                    sources: self.sources(raw.sources),
                })
                .collect(),
            feature_implications: raw
                .feature_implications
                .into_iter()
                .map(|raw| FeatureImplication {
                    feature: self.feature(&raw.feature),
                    implies: self.feature_list(&raw.implies),
                    note: raw.note,
                    sources: self.sources(raw.sources),
                })
                .collect(),
            no_extra_endpoints: raw.no_extra_endpoints.map(|raw| NoExtraEndpoints {
                features: raw.features.into_iter().map(SmolStr::from).collect(),
                basis: raw.basis,
                sources: self.sources(raw.sources),
            }),
            sources: documents,
            endpoints,
            nsg_rules,
            nsg_none_for,
            routes,
            data_roles: raw
                .data_roles
                .into_iter()
                .map(|raw| self.data_role(raw))
                .collect(),
            service_ports: raw
                .service_ports
                .into_iter()
                .filter_map(|raw| self.service_port(raw))
                .collect(),
            internal_ports: raw
                .internal_ports
                .into_iter()
                .filter_map(|raw| self.internal_port(raw))
                .collect(),
            ip_plans: raw
                .ip_plans
                .into_iter()
                .map(|raw| self.ip_plan(raw))
                .collect(),
            dns: raw
                .dns
                .into_iter()
                .filter_map(|raw| self.dns(raw))
                .collect(),
            network_isolated: raw.network_isolated.map(|raw| self.network_isolated(raw)),
            constraints,
            ambiguities: raw
                .ambiguities
                .into_iter()
                .map(|raw| Ambiguity {
                    span: self.check.span(&raw.id),
                    id: raw.id.value.into(),
                    about: raw.about,
                    text: raw.text,
                    resolution: raw.resolution,
                })
                .collect(),
        }
    }

    fn product(&mut self, raw: RawProduct) -> Product {
        Product {
            name: raw.name,
            status: raw
                .status
                .and_then(|at| self.check.word(&at))
                .unwrap_or(Status::Current),
            status_note: raw.status_note,
            clouds: self.check.words(&raw.clouds),
            regions_documented: raw
                .regions_documented
                .into_iter()
                .map(SmolStr::from)
                .collect(),
            regions_source: raw.regions_source,
            outbound_types: raw.outbound_types.unwrap_or(true),
            place: raw
                .place
                .and_then(|at| self.check.word(&at))
                .unwrap_or(Place::Azure),
        }
    }

    fn parameter(&mut self, raw: RawParameter) -> Option<Parameter> {
        let kind = self.check.word::<ParameterKind>(&raw.kind);
        let everywhere = joined(&[], &raw.everywhere);
        let by_region: BTreeMap<SmolStr, SmolStr> = raw
            .by_region
            .iter()
            .filter_map(|(region, values)| Some((region.into(), joined(&raw.everywhere, values)?)))
            .collect();
        let otherwise = joined(&raw.everywhere, &raw.otherwise).or(everywhere);
        if let Some(kind) = kind {
            let fault = by_region
                .values()
                .chain(&otherwise)
                .find_map(|value| Some((value, kind.check(value).err()?)));
            if let Some((value, expected)) = fault {
                let message = format!("{expected}, found `{value}`");
                self.check
                    .problem(&raw.name, message, "a value that does not fit its type");
            }
        }
        Some(Parameter {
            span: self.check.span(&raw.name),
            name: raw.name.value.into(),
            kind: kind?,
            example: raw.example,
            available: raw.available,
            how: raw.how,
            note: raw.note,
            values: RegionValues {
                by_region,
                otherwise,
            },
            ambiguity: self.ambiguity(raw.ambiguity.as_ref()),
            sources: self.sources(raw.sources),
        })
    }

    pub(super) fn ambiguity(&mut self, at: Option<&At<String>>) -> Option<SmolStr> {
        at.map(|at| self.check.reference(&self.ambiguities, at, "ambiguity"))
    }

    pub(super) fn version_list(&mut self, list: &[At<String>]) -> Vec<SmolStr> {
        self.check.references(&self.versions, list, "version")
    }

    fn endpoint(&mut self, raw: RawEndpoint) -> Option<Endpoint> {
        let id = self.entry_id(&raw.id);
        let span = self.check.span(&raw.id);
        let clouds = self.check.words(&raw.clouds);
        if raw.clouds.is_empty() {
            self.check.problem(
                &raw.id,
                format!("endpoint `{id}` names no cloud"),
                "applies nowhere",
            );
        }
        let direction = self.check.word(&raw.direction);
        let level = self.check.word(&raw.requirement);
        let when = self.when(&raw.when);
        if level == Some(Level::Conditional) && when.is_always() {
            self.check.problem(
                &raw.requirement,
                format!("endpoint `{id}` is conditional without a condition"),
                "needs a `when`",
            );
        }
        let fallback = raw.azure_firewall.and_then(|raw| self.fallback(raw));
        // Every form of an endpoint that has a fallback may use names that a firewall cannot express.
        let names = match fallback {
            Some(_) => NameCheck::Skip,
            None => NameCheck::Strict,
        };
        let form = self.form(
            &raw.id,
            names,
            &raw.rule,
            &raw.protocols,
            raw.ports.as_deref(),
            &raw.destinations,
        );
        let alternatives = raw
            .alternatives
            .iter()
            .filter_map(|alternative| {
                let form = self.form(
                    &raw.id,
                    names,
                    alternative.rule.as_ref().unwrap_or(&raw.rule),
                    alternative.protocols.as_ref().unwrap_or(&raw.protocols),
                    inherited_ports(alternative, raw.ports.as_deref()),
                    alternative
                        .destinations
                        .as_ref()
                        .unwrap_or(&raw.destinations),
                )?;
                Some(Alternative {
                    form,
                    note: alternative.note.clone(),
                    known: alternative.known.clone(),
                })
            })
            .collect();
        let samples = self.samples(&raw.destinations.fqdns, &raw.samples);
        let needs = self.feature_list(&raw.needs);
        let ambiguity = self.ambiguity(raw.ambiguity.as_ref());
        let versions = self.version_list(&raw.versions);
        let phases = self.check.words(&raw.phase);
        let covers = raw
            .covers
            .iter()
            .flat_map(|covers| &covers.groups)
            .map(|group| self.group(group))
            .collect();
        let expands_to = raw.expands_to.map(|raw| Expansion {
            span: self.check.span(&raw.catalog),
            catalog: raw.catalog.value.into(),
            groups: raw.groups.into_iter().map(SmolStr::from).collect(),
            basis: raw.basis,
        });
        let sources = self.sources(raw.sources);
        if sources.is_empty() {
            self.check.problem(
                &raw.id,
                format!("endpoint `{id}` has no source"),
                "who says so?",
            );
        }
        Some(Endpoint {
            id,
            span,
            group: raw.group.into(),
            clouds,
            versions,
            direction: direction?,
            level: level?,
            when,
            form: form?,
            alternatives,
            purpose: raw.purpose,
            samples,
            known: raw.known,
            needs,
            notes: raw.notes,
            documented: raw.documented.map(documented),
            basis: if raw.inferred {
                Basis::Inferred
            } else {
                Basis::Stated
            },
            ambiguity,
            private_endpoint: raw.private_endpoint.map(|raw| PrivateEndpoint {
                zone: raw.zone.into(),
                also: raw.also.into_iter().map(SmolStr::from).collect(),
            }),
            fallback,
            url_path: raw.url_path,
            tls: raw
                .tls
                .map(|RawTls { alpn, websocket }| TlsFacts { alpn, websocket }),
            lifecycle: raw.lifecycle.map(lifecycle),
            safe_to_block: raw.safe_to_block,
            covers,
            expands_to,
            component: raw.component,
            from_component: raw.from_component,
            phases,
            regions_listed: raw
                .regions_listed
                .into_iter()
                .map(|at| at.value.into())
                .collect(),
            sources,
        })
    }

    /// The parts of a form may stem from different entries; `owner` is the one it belongs to.
    fn form(
        &mut self,
        owner: &At<String>,
        names: NameCheck,
        rule: &At<String>,
        protocols: &[At<RawProtocol>],
        ports: Option<&[At<String>]>,
        destinations: &RawDestinations,
    ) -> Option<Form> {
        let rule = self.check.word(rule)?;
        let services = match rule {
            RuleKind::Application => self.app_services(protocols, ports),
            RuleKind::Network => self.net_services(owner, protocols, ports),
        };
        if protocols.is_empty() {
            self.check.problem(
                owner,
                format!("`{}` allows no protocol", owner.value),
                "`protocols` is empty",
            );
        }
        let lists = [
            (TemplateKind::Fqdn, &destinations.fqdns),
            (TemplateKind::FqdnTag, &destinations.fqdn_tags),
            (TemplateKind::ServiceTag, &destinations.service_tags),
            (TemplateKind::Address, &destinations.addresses),
        ];
        let mut templates = Vec::new();
        for (kind, list) in lists {
            for at in list {
                if !rule.takes(kind) {
                    self.misplaced_destination(rule, kind, at);
                }
                templates.extend(self.destination(kind, names, at));
            }
        }
        if lists.iter().all(|(_, list)| list.is_empty()) {
            self.check.problem(
                owner,
                format!("`{}` has no destination", owner.value),
                "`destinations` is empty",
            );
        }
        Some(Form {
            rule,
            services,
            destinations: templates,
        })
    }

    fn app_services(
        &mut self,
        protocols: &[At<RawProtocol>],
        ports: Option<&[At<String>]>,
    ) -> Vec<Service> {
        if let Some(first) = ports.and_then(<[_]>::first) {
            self.check.problem(
                first,
                "an application rule has no `ports`".to_owned(),
                "belongs to the protocol",
            );
            self.check
                .help_last("write `- { type: Https, port: 443 }` under `protocols`".to_owned());
        }
        let mut services = Vec::new();
        for at in protocols {
            match &at.value {
                RawProtocol::Word(word) => {
                    self.check.problem(
                        at,
                        format!("`{word}` is no protocol of an application rule"),
                        "needs a type and a port",
                    );
                    self.check
                        .help_last("write `- { type: Https, port: 443 }`".to_owned());
                }
                RawProtocol::App(app) => {
                    let protocol = self.check.word::<AppProtocol>(&app.kind);
                    let port = self.check.port(&app.port).map(net::PortRange::bounds);
                    match (protocol, port) {
                        (Some(protocol), Some((first, last))) if first == last => {
                            services.push(Service::App {
                                protocol,
                                port: first,
                            });
                        }
                        (_, Some((first, last))) if first != last => self.check.problem(
                            &app.port,
                            "an application protocol has one port".to_owned(),
                            "a range",
                        ),
                        _ => {}
                    }
                }
            }
        }
        services
    }

    fn net_services(
        &mut self,
        owner: &At<String>,
        protocols: &[At<RawProtocol>],
        ports: Option<&[At<String>]>,
    ) -> Vec<Service> {
        let mut transports = Vec::new();
        for at in protocols {
            match &at.value {
                RawProtocol::Word(word) => {
                    transports.extend(self.check.word::<Transport>(&at.with(word.clone())));
                }
                RawProtocol::App(app) => {
                    let kind = &app.kind.value;
                    self.check.problem(
                        &app.kind,
                        format!("`{kind}` is no protocol of a network rule"),
                        "a network rule sees transports only",
                    );
                    self.check
                        .help_last("write `- TCP` here and the port under `ports`".to_owned());
                }
            }
        }
        let ports = ports.unwrap_or_default();
        if ports.is_empty() && transports.iter().any(|transport| transport.has_ports()) {
            self.check.problem(
                owner,
                format!("`{}` names no port", owner.value),
                "`ports` is empty",
            );
        }
        let ports: Vec<_> = ports.iter().filter_map(|at| self.check.port(at)).collect();
        net_services(&transports, &ports)
    }

    fn misplaced_destination(&mut self, rule: RuleKind, kind: TemplateKind, at: &At<String>) {
        let (what, other) = match kind {
            TemplateKind::Fqdn => ("a domain name", RuleKind::Application),
            TemplateKind::FqdnTag => ("an FQDN tag", RuleKind::Application),
            TemplateKind::ServiceTag => ("a service tag", RuleKind::Network),
            TemplateKind::Address => ("an address", RuleKind::Network),
        };
        let article = match rule {
            RuleKind::Application => "an",
            RuleKind::Network => "a",
        };
        self.check.problem(
            at,
            format!("{article} {rule} rule cannot have {what} as destination"),
            "of the wrong kind",
        );
        self.check.help_last(format!("use `rule: {other}`"));
    }

    fn destination(
        &mut self,
        kind: TemplateKind,
        names: NameCheck,
        at: &At<String>,
    ) -> Option<Template> {
        let template = self.check.template(&self.parameters, kind, at)?;
        if template.sole_placeholder().is_some() {
            return Some(template);
        }
        match (kind, names) {
            (TemplateKind::Fqdn, NameCheck::Strict) => {
                let sample = template.fill(|_| Some("x"));
                if let Err(error) = sample.parse::<net::FqdnPattern>() {
                    let message =
                        format!("`{}` is no name a firewall can match: {error}", at.value);
                    self.check.problem(at, message, "malformed");
                    if error == net::NameError::WildcardNotFirst {
                        self.check.help_last(
                            "give wider names under `azure_firewall: { expressible: false, fallback_fqdns: [...] }`"
                                .to_owned(),
                        );
                    }
                }
            }
            (TemplateKind::Address, _) if template.placeholders().next().is_none() => {
                if let Err(error) = parse_address(&at.value) {
                    let message = format!("`{}` is no destination: {error}", at.value);
                    self.check.problem(at, message, "malformed");
                }
            }
            _ => {}
        }
        Some(template)
    }

    /// Samples of an endpoint's wildcards; each has to be a name that one of them stands for.
    fn samples(&mut self, fqdns: &[At<String>], samples: &[At<String>]) -> Vec<Template> {
        let wildcards = fqdns.iter();
        let wildcards: Vec<net::FqdnPattern> = wildcards
            .filter_map(|at| {
                let span = self.check.span(at);
                let template = Template::parse(TemplateKind::Fqdn, &at.value, span).ok()?;
                template.fill(|_| Some("x")).parse().ok()
            })
            .collect();
        let mut checked = Vec::new();
        for at in samples {
            let sample = self
                .check
                .template(&self.parameters, TemplateKind::Fqdn, at);
            let name = sample.as_ref().map(|it| it.fill(|_| Some("x")));
            let name = name.and_then(|text| text.parse::<net::Fqdn>().ok());
            let stands = name.is_some_and(|name| wildcards.iter().any(|it| it.covers(&name)));
            if !stands {
                let message = format!("`{}` is no name of this entry's wildcards", at.value);
                self.check.problem(at, message, "a sample of what?");
            }
            checked.extend(sample);
        }
        checked
    }

    fn fallback(&mut self, raw: RawAzureFirewall) -> Option<Fallback> {
        if raw.expressible.value {
            return None;
        }
        if raw.fallback_fqdns.is_empty() {
            self.check.problem(
                &raw.expressible,
                "no fallback for what Azure Firewall cannot express".to_owned(),
                "needs `fallback_fqdns`",
            );
        }
        let fqdns = raw
            .fallback_fqdns
            .iter()
            .filter_map(|at| self.destination(TemplateKind::Fqdn, NameCheck::Strict, at))
            .collect();
        Some(Fallback {
            fqdns,
            reason: raw.reason,
        })
    }

    fn nsg_rule(&mut self, raw: RawNsgRule) -> Option<NsgRule> {
        let id = self.entry_id(&raw.id);
        let span = self.check.span(&raw.id);
        let direction = self.check.word(&raw.direction);
        let access = self.check.word(&raw.access);
        let transport = self.check.word::<Transport>(&raw.protocol);
        let ports: Vec<_> = raw
            .ports
            .iter()
            .filter_map(|at| self.check.port(at))
            .collect();
        let source = self.nsg_end(raw.source.as_ref(), raw.source_kind.as_ref());
        let destination = self.nsg_end(raw.destination.as_ref(), raw.destination_kind.as_ref());
        let when = self.when(&raw.when);
        let sources = self.sources(raw.sources);
        Some(NsgRule {
            id,
            span,
            group: raw.group.into(),
            direction: direction?,
            source,
            destination,
            services: net_services(&[transport?], &ports),
            access: access?,
            when,
            note: raw.note,
            sources,
        })
    }

    /// An end of a security rule; of addresses unless its kind says something else.
    fn nsg_end(&mut self, end: Option<&At<String>>, kind: Option<&At<String>>) -> Option<Template> {
        let kind = match kind.map(|kind| (kind, kind.value.as_str())) {
            Some((_, "service_tag")) => TemplateKind::ServiceTag,
            None | Some((_, "address" | "any")) => TemplateKind::Address,
            Some((at, other)) => {
                let message = format!("unknown kind of destination `{other}`");
                self.check.problem(at, message, "not a kind of destination");
                self.check
                    .help_last("expected one of `service_tag`, `address`, `any`".to_owned());
                return None;
            }
        };
        self.destination(kind, NameCheck::Strict, end?)
    }

    fn data_role(&mut self, raw: RawDataRole) -> DataRole {
        DataRole {
            span: self.check.span(&raw.id),
            id: self.entry_id(&raw.id),
            role: raw.role,
            service: raw.service,
            parameter: raw
                .parameter
                .map(|at| self.check.reference(&self.parameters, &at, "parameter")),
            when: self.when(&raw.when),
            purpose: raw.purpose,
            sources: self.sources(raw.sources),
        }
    }

    fn route(&mut self, raw: RawRoute) -> Option<Route> {
        let id = self.entry_id(&raw.id);
        let span = self.check.span(&raw.id);
        let prefix = self.destination(TemplateKind::Address, NameCheck::Strict, &raw.prefix);
        let next_hop = self.check.word(&raw.next_hop_type);
        let next_hop_address = raw
            .next_hop_address
            .and_then(|at| self.destination(TemplateKind::Address, NameCheck::Strict, &at));
        let sources = self.sources(raw.sources);
        Some(Route {
            id,
            span,
            prefix: prefix?,
            next_hop: next_hop?,
            next_hop_address,
            requirement: raw.requirement,
            replies_only: raw.replies_only,
            when: self.when(&raw.when),
            sources,
        })
    }

    fn dns(&mut self, raw: RawDns) -> Option<DnsEntry> {
        let kind = self.check.word(&raw.kind);
        let pattern = self.destination(TemplateKind::Fqdn, NameCheck::Strict, &raw.pattern);
        let clouds = self.check.words(&raw.clouds);
        let when = self.when(&raw.when);
        let sources = self.sources(raw.sources);
        Some(DnsEntry {
            kind: kind?,
            pattern: pattern?,
            clouds,
            when,
            note: raw.note,
            sources,
        })
    }

    fn network_isolated(&mut self, raw: RawNetworkIsolated) -> NetworkIsolated {
        NetworkIsolated {
            outbound_types: raw.outbound_types,
            requires: raw.requires,
            endpoints_needed_for_bootstrap: self.check.references(
                &self.entries,
                &raw.endpoints_needed_for_bootstrap,
                "endpoint",
            ),
            acr_private_endpoint_zone: raw.acr_private_endpoint_zone.map(SmolStr::from),
            unsupported: raw.unsupported,
            unsupported_extensions: raw.unsupported_extensions,
            caution: raw.caution,
            sources: self.sources(raw.sources),
        }
    }

    pub(super) fn when(&mut self, raw: &RawWhen) -> When {
        When {
            all: self.feature_list(&raw.all),
            any: self.feature_list(&raw.any),
            none: self.feature_list(&raw.none),
        }
    }

    fn feature(&mut self, at: &At<String>) -> SmolStr {
        self.check.reference(&self.features, at, "feature")
    }

    fn feature_list(&mut self, list: &[At<String>]) -> Vec<SmolStr> {
        self.check.references(&self.features, list, "feature")
    }

    pub(super) fn sources(&mut self, raw: Vec<RawSourceRef>) -> Vec<SourceRef> {
        self.check.source_refs(&self.documents, raw)
    }

    /// An id that no other endpoint, rule, route or constraint of the file has.
    pub(super) fn entry_id(&mut self, at: &At<String>) -> SmolStr {
        self.check.declare(&mut self.entries, at, "id");
        SmolStr::new(&at.value)
    }

    /// A group that some endpoint is in.
    fn group(&mut self, at: &At<String>) -> SmolStr {
        if !self.groups.contains(&at.value) {
            let groups = self.groups.iter().map(String::as_str);
            let help = crate::base::did_you_mean_help(&at.value, groups);
            self.check.problem(
                at,
                format!("no endpoint is in group `{}`", at.value),
                "no such group in this file",
            );
            if let Some(help) = help {
                self.check.help_last(help);
            }
        }
        SmolStr::new(&at.value)
    }
}

/// Whether names must be such as a firewall can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameCheck {
    Strict,
    Skip,
}

/// The ports of an alternative: its own, or those of its endpoint unless it is of a kind that has none.
fn inherited_ports<'r>(
    alternative: &'r RawAlternative,
    ports: Option<&'r [At<String>]>,
) -> Option<&'r [At<String>]> {
    let is_application = alternative
        .rule
        .as_ref()
        .is_some_and(|rule| rule.value == RuleKind::Application.keyword());
    match &alternative.ports {
        Some(own) => Some(own),
        None if is_application => None,
        None => ports,
    }
}

fn documented(raw: RawDocumented) -> Documented {
    Documented {
        kind: raw.kind,
        destination: raw.destination,
        protocol: raw.protocol,
        port: raw.port,
        rule: raw.rule,
        when: raw.when,
    }
}

/// The values of a parameter in a region, those of every region among them.
fn joined(everywhere: &[String], values: &[String]) -> Option<SmolStr> {
    let all: Vec<&str> = everywhere
        .iter()
        .chain(values)
        .map(String::as_str)
        .collect();
    (!values.is_empty()).then(|| all.join(",").into())
}

fn lifecycle(raw: RawLifecycle) -> Lifecycle {
    Lifecycle {
        added_to_doc: raw.added_to_doc,
        replaced_by: raw.replaced_by,
        retired: raw.retired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\
schema: egress-catalog/1
catalog: example
title: An example
product:
  name: Example
  status: current
  clouds: [AzureCloud]
parameters:
  - name: region
    type: arm-region-name
  - name: api_server_ip
    type: ipv4
features:
  - name: spark
    note: has Spark
feature_implications:
  - if: spark
    then: [spark]
    sources:
      - ref: doc
sources:
  - id: doc
    repo: contoso/docs
    path: egress.md
    commit: unknown
endpoints:
  - id: example.web
    group: web
    clouds: [AzureCloud]
    direction: outbound
    rule: application
    protocols:
      - type: Https
        port: 443
    destinations:
      fqdns: ['*.{region}.example.com']
    requirement: conditional
    when:
      all: [spark]
    purpose: Täglich etwas.
    ambiguity: ex-1
    sources:
      - ref: doc
        section: Web
  - id: example.tunnel
    group: net
    clouds: [AzureCloud]
    direction: outbound
    rule: network
    protocols: [TCP, UDP]
    ports: ['9000', 1194-1195]
    destinations:
      addresses: ['{api_server_ip}']
    requirement: required
    alternatives:
      - destinations:
          addresses: ['*']
        note: wider
    purpose: Tunnel.
    sources:
      - ref: doc
routes:
  - id: example.route
    prefix: 0.0.0.0/0
    next_hop_type: VirtualAppliance
    requirement: always
    sources:
      - ref: doc
ambiguities:
  - id: ex-1
    about: a
    text: b
    resolution: c
";

    /// The findings for the text after one replacement, a line each: place, message, help.
    fn findings(from: &str, to: &str) -> String {
        assert_eq!(SOUND.matches(from).count(), 1, "`{from}` must occur once");
        report(&SOUND.replace(from, to))
    }

    fn report(text: &str) -> String {
        let mut sources = SourceMap::default();
        let file = sources.add("c.yaml", text.to_owned());
        let Err(findings) = load(&sources, file) else {
            return "no findings".to_owned();
        };
        let mut lines = Vec::new();
        for finding in findings {
            let place = finding.primary.unwrap();
            let written = sources.text(place.span);
            lines.push(format!(
                "{} <{}> {}",
                sources.describe(place.span),
                written.lines().next().unwrap_or(""),
                finding.message
            ));
            for label in finding.related {
                lines.push(format!(
                    "  {}: {}",
                    sources.describe(label.span),
                    label.text
                ));
            }
            lines.extend(finding.help.iter().map(|help| format!("  {help}")));
        }
        lines.join("\n")
    }

    #[test]
    fn a_sound_catalog_loads() {
        let mut sources = SourceMap::default();
        let file = sources.add("c.yaml", SOUND.to_owned());
        let catalog = load(&sources, file).unwrap();
        let tunnel = catalog.endpoint("example.tunnel").unwrap();
        assert_eq!(sources.describe(tunnel.span), "c.yaml:45:9");
        assert_eq!(sources.text(tunnel.span), "example.tunnel");
        let services = |form: &Form| {
            let texts: Vec<_> = form.services.iter().map(ToString::to_string).collect();
            texts.join(" ")
        };
        let all = "tcp/9000 tcp/1194-1195 udp/9000 udp/1194-1195";
        assert_eq!(services(&tunnel.form), all);
        let [alternative] = tunnel.alternatives.as_slice() else {
            panic!("one alternative")
        };
        assert_eq!(services(&alternative.form), all);
        assert_eq!(alternative.form.destinations[0].text(), "*");
    }

    #[test]
    fn every_mistake_is_found_at_its_place() {
        let cases = [
            (
                "    group: web",
                "    gruop: web",
                "c.yaml:28:5 <gruop> unknown key `gruop`\n  did you mean `group`?\n  the keys here are `id`, `group`, `clouds`, `versions`, `direction`, `rule`, `protocols`, `ports`, `destinations`, `requirement`, `when`, `alternatives`, `purpose`, `samples`, `known`, `needs`, `notes`, `documented`, `inferred`, `ambiguity`, `private_endpoint`, `azure_firewall`, `url_path`, `tls`, `lifecycle`, `safe_to_block`, `covers`, `expands_to`, `component`, `from_component`, `phase`, `regions_listed`, `sources`",
            ),
            (
                "  - id: doc",
                "  id: doc",
                "c.yaml:22:3 <> expected a list, one `- ` an item",
            ),
            (
                "title: An example",
                "title: [a",
                "c.yaml:3:8 <[> expected a text",
            ),
            (
                "title: An example",
                "title: 'a",
                "c.yaml:36:16 <> YAML that does not read: invalid trailing content after single-quoted scalar",
            ),
            (
                "title: An example",
                "title: a\n\tb",
                "c.yaml:3:8 <> YAML that does not read: while scanning a plain scalar, found a tab",
            ),
            (
                "  name: Example",
                "  - name: Example",
                "c.yaml:5:3 <> expected keys with values",
            ),
            (
                "    purpose: Tunnel.\n",
                "",
                "c.yaml:59:5 <sources> key `purpose` is missing",
            ),
            (
                "      - ref: doc\nroutes",
                "      - ref: 4\nroutes",
                "c.yaml:61:14 <4> source `4` is not declared",
            ),
            (
                "    clouds: [AzureCloud]\n    direction: outbound\n    rule: network",
                "    clouds: [AzureChina]\n    direction: outward\n    rule: network",
                "c.yaml:47:14 <AzureChina> unknown cloud `AzureChina`\n  expected one of `AzureCloud`, `AzureChinaCloud`, `AzureUSGovernment`\nc.yaml:48:16 <outward> unknown direction `outward`\n  expected one of `outbound`, `inbound`",
            ),
            (
                "      fqdns: ['*.{region}.example.com']",
                "      service_tags: [Sql]",
                "c.yaml:36:22 <Sql> an application rule cannot have a service tag as destination\n  use `rule: network`",
            ),
            (
                "catalog: example\n",
                "",
                "c.yaml:68:1 <ambiguities> key `catalog` is missing",
            ),
            (
                "title: An example",
                "title: a\ntitle: b",
                "c.yaml:4:1 <title> key `title` is given twice",
            ),
            (
                "egress-catalog/1",
                "egress-catalog/2",
                "c.yaml:1:9 <egress-catalog/2> unknown schema `egress-catalog/2`: expected `egress-catalog/1`",
            ),
            (
                "requirement: required",
                "requirement: requierd",
                "c.yaml:54:18 <requierd> unknown requirement `requierd`\n  did you mean `required`?",
            ),
            (
                "rule: network",
                "rule: firewall",
                "c.yaml:49:11 <firewall> unknown rule kind `firewall`\n  expected one of `application`, `network`",
            ),
            (
                "type: Https",
                "type: HTTPS",
                "c.yaml:33:15 <HTTPS> unknown protocol of an application rule `HTTPS`\n  did you mean `Https`?",
            ),
            (
                "protocols: [TCP, UDP]",
                "protocols: [TCP, Https]",
                "c.yaml:50:22 <Https> unknown protocol of a network rule `Https`\n  expected one of `TCP`, `UDP`, `ICMP`, `Any`",
            ),
            (
                "protocols: [TCP, UDP]",
                "protocols: [{type: Https, port: 443}]",
                "c.yaml:50:24 <Https> `Https` is no protocol of a network rule\n  write `- TCP` here and the port under `ports`",
            ),
            (
                "port: 443",
                "port: 4430000",
                "c.yaml:34:15 <4430000> `4430000` is no port\n  expected a port from 1 to 65535, a range such as 9092-9094, or *",
            ),
            (
                "port: 443",
                "prot: 443",
                "c.yaml:34:9 <prot> unknown key `prot`\n  did you mean `port`?\n  the keys here are `type`, `port`",
            ),
            (
                "'9000', 1194-1195",
                "'9000', 1195-1194",
                "c.yaml:51:21 <1195-1194> `1195-1194` is no port\n  expected a port from 1 to 65535, a range such as 9092-9094, or *",
            ),
            (
                "    ports: ['9000', 1194-1195]\n",
                "",
                "c.yaml:45:9 <example.tunnel> `example.tunnel` names no port",
            ),
            (
                "{region}.example",
                "{regoin}.example",
                "c.yaml:36:18 <{regoin}> parameter `regoin` is not declared\n  c.yaml:9:11: declared here\n  did you mean `region`?",
            ),
            (
                "{region}.example",
                "{region.example",
                "c.yaml:36:15 <'*.{region.example.com'> `*.{region.example.com` does not read: `{` without its `}`",
            ),
            (
                "*.{region}",
                "www.*.{region}",
                "c.yaml:36:15 <'www.*.{region}.example.com'> `www.*.{region}.example.com` is no name a firewall can match: an asterisk may only be the first character of a name\n  give wider names under `azure_firewall: { expressible: false, fallback_fqdns: [...] }`",
            ),
            (
                "addresses: ['*']",
                "addresses: [10.0.0.1/8]",
                "c.yaml:57:23 <10.0.0.1/8> `10.0.0.1/8` is no destination: host bits are set: the network is 10.0.0.0/8",
            ),
            (
                "addresses: ['*']",
                "fqdn_tags: [AzureBackup]",
                "c.yaml:57:23 <AzureBackup> a network rule cannot have an FQDN tag as destination\n  use `rule: application`",
            ),
            (
                "      all: [spark]",
                "      all: [sparc]",
                "c.yaml:39:13 <sparc> feature `sparc` is not declared\n  c.yaml:14:11: declared here\n  did you mean `spark`?",
            ),
            (
                "    when:\n      all: [spark]\n",
                "",
                "c.yaml:37:18 <conditional> endpoint `example.web` is conditional without a condition",
            ),
            (
                "    ambiguity: ex-1",
                "    ambiguity: ex-2",
                "c.yaml:41:16 <ex-2> ambiguity `ex-2` is not declared\n  c.yaml:70:9: declared here\n  did you mean `ex-1`?",
            ),
            (
                "      - ref: doc\n        section",
                "      - ref: docs\n        section",
                "c.yaml:43:14 <docs> source `docs` is not declared\n  c.yaml:22:9: declared here\n  did you mean `doc`?",
            ),
            (
                "id: example.tunnel",
                "id: example.web",
                "c.yaml:45:9 <example.web> id `example.web` is declared twice\n  c.yaml:27:9: the first time",
            ),
            (
                "id: example.route",
                "id: example.web",
                "c.yaml:63:9 <example.web> id `example.web` is declared twice\n  c.yaml:27:9: the first time",
            ),
            (
                "type: ipv4",
                "type: ip",
                "c.yaml:12:11 <ip> unknown parameter type `ip`\n  expected one of `arm-region-name`, `azurecloud-region-suffix`, `service-tag-region-suffix`, `arc-short-region`, `service-tag-list`, `fqdn`, `fqdn-list`, `ipv4`, `ipv4-list`, `cidr`, `cidr-list`, `guid`, `storage-account-name`, `sql-server-name`, `key-vault-name`, `registry-name`, `cluster-name`, `name`",
            ),
            (
                "VirtualAppliance",
                "Appliance",
                "c.yaml:65:20 <Appliance> unknown next hop type `Appliance`\n  expected one of `VirtualAppliance`, `Internet`, `VirtualNetworkGateway`, `VnetLocal`, `None`",
            ),
            (
                "prefix: 0.0.0.0/0",
                "prefix: '{firewall}/32'",
                "c.yaml:64:14 <{firewall}> parameter `firewall` is not declared",
            ),
            (
                "    then: [spark]",
                "    then: [flink]",
                "c.yaml:18:12 <flink> feature `flink` is not declared",
            ),
        ];
        for (from, to, expected) in cases {
            assert_eq!(findings(from, to), expected, "`{from}` -> `{to}`");
        }
    }

    #[test]
    fn no_text_makes_the_loader_panic() {
        let cut = (0..SOUND.len())
            .step_by(7)
            .filter_map(|end| SOUND.get(..end).map(str::to_owned));
        let lines: Vec<_> = SOUND.lines().collect();
        let without_a_line = (0..lines.len()).map(|skipped| {
            let kept = lines.iter().zip(0..).filter(|(_, at)| *at != skipped);
            kept.map(|(line, _)| format!("{line}\n")).collect()
        });
        let odd = ["", "\u{feff}a: b", "- 1", "&a [*a]", "\0", "é: [", "a: !x"].map(str::to_owned);
        for text in cut.chain(without_a_line).chain(odd) {
            let mut sources = SourceMap::default();
            let file = sources.add("c.yaml", text.clone());
            for finding in load(&sources, file).err().into_iter().flatten() {
                let span = finding.primary.unwrap().span;
                assert!(span.end as usize <= text.len(), "{text}");
            }
        }
    }
}
