//! Pools, and what their catalogs ask for.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use crate::base::{Origin, Span, Spanned, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Id, NetworkPlugin, OutboundType, Pool, PoolIdentity, Region};
use crate::intent::catalog::{
    self, Catalog, Direction, Endpoint, Level, Need, NextHop, NoDestination, Reason, Selection,
    derived_features, derived_values, fill, select,
};
use crate::intent::{
    Admission, CatalogChoices, Narrowing, PoolSummary, RequiredRoute, Requirement, RouteTarget,
    Waiting,
};
use crate::net::{Destination, OpenValue};
use crate::syntax::tree::{self, PoolClause, Word};

use super::declare::Declared;
use super::{Lowering, Once};

/// What a pool's block says about its catalog.
#[derive(Default)]
struct CatalogClauses<'t> {
    also: Vec<&'t Word>,
    version: Option<&'t Word>,
    clusters: Vec<&'t Word>,
    features: Vec<&'t Word>,
    include: Vec<&'t Word>,
    values: Vec<(&'t Word, &'t Word)>,
}

/// What entries of a catalog lack to be complete.
#[derive(Debug, Default)]
struct Missing {
    region: WaitingEntries,
    /// By the name of the value.
    values: BTreeMap<SmolStr, WaitingEntries>,
}

impl Missing {
    fn add(&mut self, catalog: &Catalog, endpoint: &Endpoint, names: Vec<SmolStr>) {
        for name in names {
            let parameter = catalog.parameter(&name);
            if parameter.is_some_and(|parameter| parameter.kind.is_of_region()) {
                self.region.add(endpoint);
            } else {
                self.values.entry(name).or_default().add(endpoint);
            }
        }
    }
}

/// The entries that wait for one value, with their places in the catalog.
#[derive(Debug, Default)]
struct WaitingEntries {
    entries: Vec<(SmolStr, Span)>,
}

impl WaitingEntries {
    fn add(&mut self, endpoint: &Endpoint) {
        if self.entries.last().is_none_or(|(id, _)| *id != endpoint.id) {
            self.entries.push((endpoint.id.clone(), endpoint.span));
        }
    }

    /// `x waits`, or `x and 2 more entries wait`.
    fn describe(&self, one: &str, many: &str) -> String {
        let first = self.entries.first().map_or("", |(id, _)| id.as_str());
        match self.entries.len() {
            0 | 1 => format!("`{first}` {one}"),
            2 => format!("`{first}` and 1 more entry {many}"),
            count => format!("`{first}` and {} more entries {many}", count - 1),
        }
    }

    fn finding(&self, id: FindingId, message: String, because: Span) -> Finding {
        let finding = Finding::new(id, message).at(because, "asked for here");
        match self.entries.first() {
            Some((_, entry)) => finding.related(*entry, "this entry"),
            None => finding,
        }
    }
}

impl Lowering<'_> {
    pub(super) fn define_pools(&mut self, declared: &[Declared<'_>]) {
        for item in declared {
            if let Declared::Pool(id, pool) = item {
                self.define_pool(*id, pool);
            }
        }
    }

    fn define_pool(&mut self, id: Id<Pool>, pool: &tree::Pool) {
        let subnets = pool
            .places
            .iter()
            .filter_map(|place| self.subnet(place))
            .collect();
        self.estate.pools[id].subnets = subnets;
        let mut once = Once::default();
        let mut catalog_clauses = CatalogClauses::default();
        for clause in &pool.body.clauses {
            self.pool_clause(id, pool, clause, &mut once, &mut catalog_clauses);
        }
        let said = once.0.iter().any(|(keyword, _)| *keyword == "outbound");
        if !self.has_outbound_type(id) {
            self.leave_as_network(id, said);
        } else if !said && !self.unread.lies_in(pool.body.span) {
            let finding = Finding::new(
                FindingId::TG0010,
                format!("pool `{}` does not say how it leaves", pool.name.value),
            )
            .at(pool.name.span, "no `outbound` clause")
            .help("write for example: outbound userDefinedRouting");
            self.report(finding);
        }
        self.check_via(id);
        self.bind_api_server(id, &pool.name);
        if !self.unread.lies_in(pool.body.span) {
            self.check_cluster(id);
        }
        self.apply_catalog(id, pool, &catalog_clauses);
    }

    /// A firewall to leave through, where no route to it is made.
    fn check_via(&mut self, id: Id<Pool>) {
        let pool = &self.estate.pools[id];
        let outbound = &pool.outbound;
        let Some(via) = pool.via.as_ref().filter(|_| !outbound.value.is_by_routes()) else {
            return;
        };
        let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
        if subnets.any(|subnet| self.estate.subnets[subnet].route_table.is_none()) {
            let name = outbound.value.name();
            let finding = Finding::new(
                FindingId::TG0023,
                format!(
                    "with outbound type `{name}` pool `{}` gets no route to firewall `{}`",
                    pool.meta.name, via.name
                ),
            )
            .at(via.origin, "nothing leads there")
            .related(outbound.span, "has a way out of its own")
            .help("write `outbound userDefinedRouting`, or leave `via` out");
            self.report(finding);
        }
    }

    /// Whether clusters of this kind have an outbound type; a kind that is not known is taken to.
    fn has_outbound_type(&self, id: Id<Pool>) -> bool {
        let kind = self.estate.pools[id].kind.as_ref();
        let catalog = kind.and_then(|kind| self.catalogs.get(&kind.value));
        catalog.is_none_or(|catalog| catalog.product.outbound_types)
    }

    /// A pool whose service knows no outbound type leaves as its network does.
    fn leave_as_network(&mut self, id: Id<Pool>, said: bool) {
        let element = &mut self.estate.pools[id];
        let span = element.outbound.span;
        element.outbound = Spanned::new(OutboundType::OfSubnet, span);
        if said {
            let kind = element.kind.as_ref().map_or("", |kind| kind.value.as_str());
            let finding = Finding::new(
                FindingId::TG0023,
                format!("clusters of catalog `{kind}` have no outbound type"),
            )
            .at(span, "cannot be said of them")
            .help("leave it out: they leave as their network does, by its routes");
            self.report(finding);
        }
    }

    fn pool_clause<'t>(
        &mut self,
        id: Id<Pool>,
        pool: &tree::Pool,
        clause: &'t PoolClause,
        once: &mut Once,
        catalog_clauses: &mut CatalogClauses<'t>,
    ) {
        match clause {
            PoolClause::Kind(word) => {
                if self.first_time(once, "kind", word.span)
                    && let Some(kind) = self.word(word, "a catalog")
                {
                    self.check_catalog(&kind);
                    self.estate.pools[id].kind = Some(kind);
                }
            }
            PoolClause::Also(words) => catalog_clauses.also.extend(words),
            PoolClause::Version(word) => {
                if self.first_time(once, "version", word.span) {
                    catalog_clauses.version = Some(word);
                }
            }
            PoolClause::Outbound(word) => {
                if self.first_time(once, "outbound", word.span) {
                    let types = OutboundType::ALL.map(|outbound| (outbound.name(), outbound));
                    if let Some(outbound) = self.choice(word, "an outbound type", &types) {
                        self.estate.pools[id].outbound = outbound;
                    }
                }
            }
            PoolClause::Via(word) => {
                if self.first_time(once, "via", word.span) {
                    self.estate.pools[id].via = self.reference(word, |names| &names.firewalls);
                }
            }
            PoolClause::NetworkPlugin(word) => {
                if self.first_time(once, "network-plugin", word.span) {
                    let plugin = self.choice(word, "a network plugin", &NetworkPlugin::KEYWORDS);
                    self.estate.pools[id].network_plugin = plugin;
                }
            }
            PoolClause::PodCidr(words) => {
                let prefixes = self.prefixes(words);
                self.estate.pools[id].pod_prefixes.extend(prefixes);
            }
            PoolClause::PrivateCluster(word) => {
                if self.first_time(once, "private-cluster", word.span) {
                    self.estate.pools[id].private_cluster = Some(word.span.into());
                }
            }
            PoolClause::PrivateIngress(word) => {
                if self.first_time(once, "private-ingress", word.span) {
                    self.estate.pools[id].private_ingress = Some(word.span.into());
                }
            }
            PoolClause::Identity(word) => {
                if self.first_time(once, "identity", word.span) {
                    self.estate.pools[id].identity = if word.value == "system-assigned" {
                        Some(PoolIdentity::SystemAssigned(word.span.into()))
                    } else {
                        self.reference(word, |names| &names.identities)
                            .map(PoolIdentity::UserAssigned)
                    };
                }
            }
            PoolClause::WorkloadIdentity(word) => {
                if self.first_time(once, "workload-identity", word.span) {
                    let identity = self.reference(word, |names| &names.identities);
                    self.estate.pools[id].workload_identity = identity;
                }
            }
            PoolClause::Clusters(words) => catalog_clauses.clusters.extend(words),
            PoolClause::Features(words) => catalog_clauses.features.extend(words),
            PoolClause::Include(words) => catalog_clauses.include.extend(words),
            PoolClause::Set { name, value } => catalog_clauses.values.push((name, value)),
            PoolClause::Cluster(clause) => self.cluster_clause(id, clause, once),
            PoolClause::Ignore(ignore) => {
                // Rules that several requirements share have their place at the pool's name.
                let name = pool.name.span;
                self.ignore(ignore, pool.body.span.map_or(name, |body| name.to(body)));
            }
        }
    }

    fn apply_catalog(&mut self, id: Id<Pool>, pool: &tree::Pool, clauses: &CatalogClauses<'_>) {
        let Some(kind) = self.estate.pools[id].kind.clone() else {
            self.report_orphan(pool, clauses);
            return;
        };
        let mut words = vec![kind];
        for also in &clauses.also {
            if let Some(also) = self.word(also, "a catalog") {
                self.check_catalog(&also);
                words.push(also);
            }
        }
        let library = self.catalogs;
        let known = words
            .iter()
            .filter_map(|word| Some((library.get(&word.value)?, word.span)));
        let catalogs: Vec<(&Catalog, Span)> = known.collect();
        for (catalog, span) in &catalogs {
            self.check_retired(catalog, *span);
        }
        let features = self.features(id, &catalogs, clauses);
        let values = self.values(&catalogs, clauses);
        let include = self.levels(clauses);
        let version = self.version(&catalogs, clauses);
        let region = match &self.estate.region {
            Region::Named(name) => library.regions().get(name),
            Region::OfResourceGroup | Region::Parameter(_) => None,
        };
        let also = words.iter().skip(1).map(|word| word.value.clone());
        let choices = CatalogChoices {
            also: also.collect(),
            version: version.clone(),
            clusters: written(&clauses.clusters),
            features: written(&clauses.features),
            include: include.clone(),
            values: values.clone(),
        };
        let derived = derived_values(&self.estate, &self.estate.pools[id]);
        let selection = Selection {
            cloud: self.estate.cloud,
            region,
            version,
            features,
            values: derived.into_iter().chain(values).collect(),
            include,
        };
        for (catalog, because) in catalogs {
            self.take_catalog(id, pool, catalog, &selection, because, &choices);
        }
    }

    /// A clause about a catalog in a pool without one.
    fn report_orphan(&mut self, pool: &tree::Pool, clauses: &CatalogClauses<'_>) {
        if self.unread.lies_in(pool.body.span) {
            return;
        }
        let words = clauses.also.iter().chain(&clauses.version);
        let words = words.chain(&clauses.clusters).chain(&clauses.features);
        let words = words.chain(&clauses.include).copied();
        let mut words = words.chain(clauses.values.iter().map(|(name, _)| *name));
        if let Some(word) = words.next() {
            let finding = Finding::new(
                FindingId::TG0010,
                "this clause needs the catalog it is about",
            )
            .at(word.span, "of which catalog?")
            .help("add for example: kind hdinsight-on-aks");
            self.report(finding);
        }
    }

    /// Takes over what a pool needs from one of its catalogs.
    fn take_catalog(
        &mut self,
        id: Id<Pool>,
        pool: &tree::Pool,
        catalog: &Catalog,
        selection: &Selection<'_>,
        because: Span,
        choices: &CatalogChoices,
    ) {
        let of_catalog = |name: &&SmolStr| catalog.feature(name).is_some();
        let features = selection.features.iter().filter(of_catalog);
        let version = selection.version.clone();
        let selection = Selection {
            features: features.cloned().collect(),
            version: version.filter(|version| catalog.version(version).is_some()),
            ..selection.clone()
        };
        let selected = select(catalog, &selection);
        if selected.needs.is_empty() {
            self.report_nothing(catalog, &selection, because);
        }
        for choice in selected.contradictions(catalog) {
            self.report(choice.at(because, "asked for here"));
        }
        let mut missing = Missing::default();
        for need in &selected.needs {
            let origin = Origin::Catalog {
                because,
                entry: need.endpoint.span,
            };
            self.take_need(id, catalog, need, origin, pool.name.span, &mut missing);
        }
        self.take_samples(catalog, &selected.needs, &selection, because);
        self.report_missing(id, catalog, because, missing);
        self.take_admissions(id, catalog, &selected.features, &selection, because);
        self.take_routes(id, catalog, &selected.features, &selection, because);

        let mut not_asked: BTreeMap<Level, usize> = BTreeMap::new();
        for left_out in &selected.left_out {
            if let Reason::Level(level) = left_out.reason {
                *not_asked.entry(level).or_default() += 1;
            }
        }
        self.intent.pools.push(PoolSummary {
            pool: id,
            catalog: catalog.name.clone(),
            taken: selected.needs.len(),
            not_asked: not_asked.into_iter().collect(),
            decided: selected
                .ambiguities(catalog)
                .map(|(ambiguity, _)| (ambiguity.id.clone(), ambiguity.about.clone()))
                .collect(),
            choices: choices.clone(),
        });
    }

    /// A catalog that asks for nothing at all: probably the wrong cloud or version.
    fn report_nothing(&mut self, catalog: &Catalog, selection: &Selection<'_>, because: Span) {
        let cloud = selection.cloud;
        if catalog::knows_of(catalog, selection) {
            return;
        }
        let version = selection.version.as_ref();
        let version = version.or(catalog.newest_version().map(|version| &version.id));
        let of_version = version.map(|version| format!(" in version {version}"));
        let message = format!(
            "catalog `{}` lists nothing for {cloud}{}",
            catalog.name,
            of_version.unwrap_or_default()
        );
        let finding = Finding::new(FindingId::TG0023, message)
            .at(because, "asked for here")
            .related(catalog.span, "the catalog");
        self.report(finding);
    }

    fn check_retired(&mut self, catalog: &Catalog, because: Span) {
        if catalog.product.status != catalog::Status::Retired {
            return;
        }
        let note = catalog.product.status_note.clone();
        let finding = Finding::new(
            FindingId::TG7004,
            format!("{} is retired", catalog.product.name),
        )
        .at(because, "new pools of this kind cannot be made")
        .related(catalog.span, "the catalog says so")
        .maybe_help(note)
        .help("silence it for pools that still run: ignore TG7004 \"why\"");
        self.report(finding);
    }

    /// The features named in the block, and those that follow from the estate.
    fn features(
        &mut self,
        id: Id<Pool>,
        catalogs: &[(&Catalog, Span)],
        clauses: &CatalogClauses<'_>,
    ) -> BTreeSet<SmolStr> {
        let mut features = BTreeSet::new();
        let all = catalogs.iter().flat_map(|(catalog, _)| &catalog.features);
        let clusters: Vec<&str> = all
            .filter_map(|feature| feature.name.strip_prefix("cluster_"))
            .collect();
        let Some((product, _)) = catalogs.first() else {
            return features;
        };
        for word in &clauses.clusters {
            if clusters.contains(&word.value.as_str()) {
                features.insert(format_smolstr!("cluster_{}", word.value));
                continue;
            }
            let finding = Finding::new(
                FindingId::TG0016,
                format!(
                    "catalog `{}` has no cluster type `{}`",
                    product.name, word.value
                ),
            )
            .at(word.span, "not known")
            .maybe_help(did_you_mean_help(&word.value, clusters.iter().copied()));
            self.report(finding);
        }
        let known = |name: &str| catalogs.iter().any(|(it, _)| it.feature(name).is_some());
        for word in &clauses.features {
            let mut found = catalogs.iter().map(|(it, _)| it.find_feature(&word.value));
            match found.find_map(Result::ok) {
                Some(feature) => {
                    features.insert(feature.name.clone());
                }
                None => {
                    if let Err(finding) = product.find_feature(&word.value) {
                        self.report(finding.at(word.span, "not known"));
                    }
                }
            }
        }
        let derived = derived_features(&self.estate, &self.estate.pools[id]);
        let derived = derived.into_iter().filter(|name| known(name));
        features.extend(derived.map(SmolStr::new_static));
        features
    }

    fn values(
        &mut self,
        catalogs: &[(&Catalog, Span)],
        clauses: &CatalogClauses<'_>,
    ) -> BTreeMap<SmolStr, SmolStr> {
        let mut values = BTreeMap::new();
        let parameters = || catalogs.iter().flat_map(|(catalog, _)| &catalog.parameters);
        let Some((product, _)) = catalogs.first() else {
            return values;
        };
        for (name, value) in &clauses.values {
            let Some(parameter) = parameters().find(|parameter| parameter.name == name.value)
            else {
                let known: Vec<&str> = parameters()
                    .filter(|parameter| !parameter.kind.is_of_region())
                    .map(|parameter| parameter.name.as_str())
                    .collect();
                let finding = Finding::new(
                    FindingId::TG0014,
                    format!("catalog `{}` has no value `{}`", product.name, name.value),
                )
                .at(name.span, "not known")
                .maybe_help(did_you_mean_help(&name.value, known.iter().copied()))
                .help(format!("it has: {}", known.join(", ")));
                self.report(finding);
                continue;
            };
            if parameter.kind.is_of_region() {
                let finding = Finding::new(
                    FindingId::TG0023,
                    format!("`{}` follows from the region", name.value),
                )
                .at(name.span, "cannot be set");
                self.report(finding);
                continue;
            }
            let Some(text) = self.text(value, "a value of the catalog") else {
                continue;
            };
            match parameter.kind.check(&text) {
                Ok(()) => {
                    values.insert(name.value.clone(), text);
                }
                Err(expected) => {
                    let finding =
                        Finding::new(FindingId::TG0004, format!("{expected}, found `{text}`"))
                            .at(value.span, "does not fit")
                            .related(parameter.span, "what the catalog says of it");
                    self.report(finding);
                }
            }
        }
        values
    }

    /// The version that the block names, when one of the catalogs has it.
    fn version(
        &mut self,
        catalogs: &[(&Catalog, Span)],
        clauses: &CatalogClauses<'_>,
    ) -> Option<SmolStr> {
        let word = self.word(clauses.version?, "a version")?;
        let mut with_versions = catalogs.iter().map(|(it, _)| it);
        let product = with_versions.find(|it| !it.versions.is_empty());
        match product
            .or(catalogs.first().map(|(it, _)| it))?
            .find_version(&word.value)
        {
            Ok(version) => Some(version.id.clone()),
            Err(finding) => {
                self.report(finding.at(word.span, "not known"));
                None
            }
        }
    }

    fn levels(&mut self, clauses: &CatalogClauses<'_>) -> BTreeSet<Level> {
        let levels = [
            Level::Recommended,
            Level::Optional,
            Level::Observed,
            Level::Retired,
        ]
        .map(|level| (level.keyword(), level));
        clauses
            .include
            .iter()
            .filter_map(|word| self.choice(word, "a level of a catalog", &levels))
            .map(|level| level.value)
            .collect()
    }

    fn take_need(
        &mut self,
        pool: Id<Pool>,
        catalog: &Catalog,
        need: &Need<'_>,
        origin: Origin,
        because: Span,
        missing: &mut Missing,
    ) {
        let endpoint = need.endpoint;
        let form = need.fallback.as_ref().unwrap_or(&need.form);
        let mut destinations = Vec::new();
        for filled in &form.destinations {
            match filled.destination() {
                Ok(Destination::Open(open)) => {
                    let destination = self.open_destination(pool, catalog, need, open, origin);
                    destinations.push(Spanned::new(destination, because));
                }
                Ok(destination) => destinations.push(Spanned::new(destination, because)),
                Err(NoDestination::Missing(names)) => {
                    missing.add(catalog, endpoint, names);
                }
                Err(error) => {
                    let finding = Finding::new(
                        FindingId::TG3001,
                        format!(
                            "`{}` of `{}` cannot be expressed: {error}",
                            filled.text, endpoint.id
                        ),
                    )
                    .at(origin, "asked for here")
                    .related(endpoint.span, "this entry");
                    self.report(finding);
                }
            }
        }
        if destinations.is_empty() {
            return;
        }
        let narrowing = narrowing_value(catalog, need).map(|value| Narrowing {
            pool,
            value,
            entry: endpoint.id.clone(),
        });
        self.intent.narrowings.extend(narrowing);
        self.intent.requirements.push(Requirement {
            pool,
            name: endpoint.id.clone(),
            purpose: endpoint.group.clone(),
            destinations,
            services: form
                .services
                .iter()
                .map(|service| Spanned::new(*service, because))
                .collect(),
            reason: endpoint.purpose.clone(),
            owner: None,
            ticket: None,
            expires: None,
            level: Some(endpoint.level),
            origin,
        });
    }

    /// A value that exists only later becomes a parameter of the template that may stay empty.
    fn open_destination(
        &mut self,
        pool: Id<Pool>,
        catalog: &Catalog,
        need: &Need<'_>,
        open: OpenValue,
        origin: Origin,
    ) -> Destination {
        let declared = catalog.parameter(&open.parameter);
        let pool_name = self.estate.pools[pool].meta.name.replace(['-', '.'], "_");
        let name = format_smolstr!("{pool_name}_{}", open.parameter);
        let available = declared
            .and_then(|parameter| parameter.available.clone())
            .or(need.endpoint.known.clone());
        let how = declared.and_then(|parameter| parameter.how.clone());
        let mut description = format!(
            "`{}` of pool {}",
            open.parameter, self.estate.pools[pool].meta.name
        );
        if let Some(available) = &available {
            description.push_str(&format!(", known {available}"));
        }
        if let Some(how) = &how {
            description.push_str(&format!(" ({how})"));
        }
        description.push_str(". Leave empty until then.");
        self.leave_open(name.clone(), description, origin);
        self.intent.waiting.push(Waiting {
            pool,
            entry: need.endpoint.id.clone(),
            value: open.parameter,
            available,
            how,
            parameter: name.clone(),
            origin,
        });
        Destination::Open(OpenValue {
            parameter: name,
            kind: open.kind,
        })
    }

    /// A text with a gap in it cannot be completed by the deployment: the policy has to say the value.
    fn report_missing(
        &mut self,
        pool: Id<Pool>,
        catalog: &Catalog,
        because: Span,
        missing: Missing,
    ) {
        // Where no region is known because of a mistake, the mistake has been reported.
        let explained = self.region_is_unknown || !self.unread.is_empty();
        if !missing.region.entries.is_empty() && !explained {
            let wait = missing
                .region
                .describe("needs the region", "need the region");
            let finding = missing
                .region
                .finding(FindingId::TG0015, wait, because)
                .help("write for example: region westeurope");
            self.report(finding);
        }
        let pool = self.estate.pools[pool].meta.name.clone();
        for (name, waiting) in missing.values {
            let how = catalog
                .parameter(&name)
                .and_then(|parameter| parameter.how.clone());
            let wait = waiting.describe(
                &format!("waits for the value `{name}`"),
                &format!("wait for the value `{name}`"),
            );
            let finding = waiting
                .finding(FindingId::TG7003, wait, because)
                .help(format!("write in pool `{pool}`: set {name} = VALUE"))
                .maybe_help(how);
            self.report(finding);
        }
    }

    /// Inbound rules of the catalog whose every value is known.
    fn take_admissions(
        &mut self,
        pool: Id<Pool>,
        catalog: &Catalog,
        features: &BTreeSet<SmolStr>,
        selection: &Selection<'_>,
        because: Span,
    ) {
        let inbound = catalog
            .nsg_rules
            .iter()
            .filter(|rule| rule.direction == Direction::Inbound && rule.when.holds(features));
        for rule in inbound {
            let sources = match &rule.source {
                Some(source) => fill(catalog, selection, source),
                None => Some(vec![Destination::Anywhere]),
            };
            let destinations = match &rule.destination {
                Some(destination) => fill(catalog, selection, destination),
                None => Some(self.addresses_of(pool)),
            };
            if let (Some(sources), Some(destinations)) = (sources, destinations) {
                let reason = rule
                    .note
                    .clone()
                    .unwrap_or_else(|| format!("Clients to the {} of the pool", rule.group));
                for (name, sources) in alone(&rule.id, sources) {
                    self.intent.admissions.push(Admission {
                        pool,
                        name,
                        sources,
                        destinations: destinations.clone(),
                        services: rule.services.clone(),
                        reason: reason.clone(),
                        origin: Origin::Catalog {
                            because,
                            entry: rule.span,
                        },
                    });
                }
            }
        }
    }

    /// The prefixes of the subnets of a pool.
    fn addresses_of(&self, pool: Id<Pool>) -> Vec<Destination> {
        let subnets = self.estate.pools[pool].subnets.iter();
        let subnets = subnets.filter_map(|subnet| subnet.id);
        subnets
            .flat_map(|subnet| &self.estate.subnets[subnet].prefixes)
            .map(|prefix| Destination::Prefix(prefix.value))
            .collect()
    }

    /// Routes of the catalog that depend on values, every one of which is known.
    fn take_routes(
        &mut self,
        pool: Id<Pool>,
        catalog: &Catalog,
        features: &BTreeSet<SmolStr>,
        selection: &Selection<'_>,
        because: Span,
    ) {
        for route in &catalog.routes {
            if route.prefix.placeholders().next().is_none() || !route.when.holds(features) {
                continue;
            }
            let target = match route.next_hop {
                NextHop::VirtualAppliance => RouteTarget::Firewall,
                NextHop::Internet => RouteTarget::Internet,
                NextHop::VirtualNetworkGateway | NextHop::VnetLocal | NextHop::None => continue,
            };
            let prefixes = fill(catalog, selection, &route.prefix).unwrap_or_default();
            let many = prefixes.len() > 1;
            for (index, destination) in prefixes.into_iter().enumerate() {
                let Destination::Prefix(prefix) = destination else {
                    continue;
                };
                let name = match many {
                    true => format_smolstr!("{}-{}", route.id, index + 1),
                    false => route.id.clone(),
                };
                self.intent.routes.push(RequiredRoute {
                    pool,
                    name,
                    prefix,
                    target,
                    replies_only: route.replies_only,
                    origin: Origin::Catalog {
                        because,
                        entry: route.span,
                    },
                });
            }
        }
    }
}

/// Sources as security rules take them: each service tag in a rule of its own, everything else together.
fn alone(id: &SmolStr, sources: Vec<Destination>) -> Vec<(SmolStr, Vec<Destination>)> {
    let is_tag = |it: &Destination| matches!(it, Destination::ServiceTag(_));
    let (tags, others): (Vec<_>, Vec<_>) = sources.into_iter().partition(is_tag);
    let several = tags.len() + usize::from(!others.is_empty()) > 1;
    let mut rules: Vec<(SmolStr, Vec<Destination>)> = tags
        .into_iter()
        .map(|tag| {
            let name = match &tag {
                Destination::ServiceTag(tag) if several => {
                    format_smolstr!("{id}-{}", tag.as_str().to_ascii_lowercase())
                }
                _ => id.clone(),
            };
            (name, vec![tag])
        })
        .collect();
    if !others.is_empty() {
        rules.push((id.clone(), others));
    }
    rules
}

fn written(words: &[&Word]) -> Vec<SmolStr> {
    words.iter().map(|word| word.value.clone()).collect()
}

/// A value that would choose a narrower form of an entry: the first that another form of it needs.
fn narrowing_value(catalog: &Catalog, need: &Need<'_>) -> Option<SmolStr> {
    if need.chosen_alternative.is_some() || !need.missing.is_empty() {
        return None;
    }
    let of_pool = |name: &&SmolStr| {
        catalog
            .parameter(name)
            .is_some_and(|parameter| !parameter.kind.is_of_region())
    };
    let mut alternatives = need.endpoint.alternatives.iter();
    alternatives.find_map(|alternative| alternative.form.placeholders().find(of_pool).cloned())
}
