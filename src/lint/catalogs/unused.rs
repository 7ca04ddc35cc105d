//! TG0050: what is declared and not used. TG0053: what never applies.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::base::Span;
use crate::diag::{Finding, Id, Severity};
use crate::intent::catalog::{Catalog, SourceRef, Template, When};

use super::destinations;

pub(super) fn check(catalog: &Catalog, findings: &mut Vec<Finding>) {
    let parameters = catalog.parameters.iter().map(|it| (&it.name, it.span));
    let warning = Severity::Warning;
    unused(
        "parameter",
        parameters,
        &parameters_used(catalog),
        warning,
        findings,
    );
    let features = catalog.features.iter().map(|it| (&it.name, it.span));
    unused(
        "feature",
        features,
        &features_used(catalog),
        warning,
        findings,
    );
    let sources = catalog.sources.iter().map(|it| (&it.id, it.span));
    unused("source", sources, &sources_used(catalog), warning, findings);
    let ambiguities = catalog.ambiguities.iter().map(|it| (&it.id, it.span));
    let of_endpoints = catalog.endpoints.iter();
    let of_endpoints = of_endpoints.filter_map(|it| it.ambiguity.as_ref());
    let of_parameters = catalog.parameters.iter();
    let of_parameters = of_parameters.filter_map(|it| it.ambiguity.as_ref());
    let of_ports = catalog.internal_ports.iter();
    let of_ports = of_ports.filter_map(|it| it.ambiguity.as_ref());
    let of_plans = catalog.ip_plans.iter();
    let of_plans = of_plans.filter_map(|it| it.ambiguity.as_ref());
    let used = of_endpoints.chain(of_parameters);
    let used = used.chain(of_ports).chain(of_plans);
    // It may be about what no entry says.
    unused(
        "ambiguity",
        ambiguities,
        &used.collect(),
        Severity::Note,
        findings,
    );
    never(catalog, findings);
}

fn unused<'c>(
    what: &str,
    declared: impl Iterator<Item = (&'c SmolStr, Span)>,
    used: &BTreeSet<&SmolStr>,
    severity: Severity,
    findings: &mut Vec<Finding>,
) {
    for (name, span) in declared.filter(|(name, _)| !used.contains(name)) {
        let finding = Finding::new(Id::TG0050, format!("nothing uses {what} `{name}`"));
        let finding = finding.severity(severity);
        findings.push(
            finding
                .at(span, "declared here")
                .help("remove it, or name it where it belongs"),
        );
    }
}

fn parameters_used(catalog: &Catalog) -> BTreeSet<&SmolStr> {
    let endpoints = catalog.endpoints.iter().flat_map(destinations);
    let rules = catalog.nsg_rules.iter();
    let rules = rules.flat_map(|rule| rule.source.iter().chain(&rule.destination));
    let routes = catalog.routes.iter();
    let routes = routes.flat_map(|route| route.next_hop_address.iter().chain([&route.prefix]));
    let names = catalog.dns.iter().map(|entry| &entry.pattern);
    let all = endpoints.chain(rules).chain(routes).chain(names);
    let roles = catalog.data_roles.iter();
    let roles = roles.filter_map(|role| role.parameter.as_ref());
    all.flat_map(Template::placeholders).chain(roles).collect()
}

fn conditions(catalog: &Catalog) -> impl Iterator<Item = (&When, &str, Span)> {
    let endpoints = catalog
        .endpoints
        .iter()
        .map(|it| (&it.when, it.id.as_str(), it.span));
    let rules = catalog
        .nsg_rules
        .iter()
        .map(|it| (&it.when, it.id.as_str(), it.span));
    let names = catalog
        .dns
        .iter()
        .map(|it| (&it.when, it.pattern.text(), it.pattern.span()));
    let routes = catalog
        .routes
        .iter()
        .map(|it| (&it.when, it.id.as_str(), it.span));
    let roles = catalog
        .data_roles
        .iter()
        .map(|it| (&it.when, it.id.as_str(), it.span));
    let all = endpoints.chain(rules).chain(names);
    all.chain(routes).chain(roles).chain(
        catalog
            .internal_ports
            .iter()
            .map(|it| (&it.when, it.id.as_str(), it.span)),
    )
}

fn features_used(catalog: &Catalog) -> BTreeSet<&SmolStr> {
    let conditions = conditions(catalog).flat_map(|(when, ..)| when.features());
    let needs = catalog
        .endpoints
        .iter()
        .flat_map(|endpoint| &endpoint.needs);
    // What a feature brings with it is a use of the feature, not of what it brings.
    let implying = catalog.feature_implications.iter().map(|it| &it.feature);
    conditions.chain(needs).chain(implying).collect()
}

fn sources_used(catalog: &Catalog) -> BTreeSet<&SmolStr> {
    let lists: [&mut dyn Iterator<Item = &Vec<SourceRef>>; 13] = [
        &mut catalog.parameters.iter().map(|it| &it.sources),
        &mut catalog.data_roles.iter().map(|it| &it.sources),
        &mut catalog.service_ports.iter().map(|it| &it.sources),
        &mut catalog.internal_ports.iter().map(|it| &it.sources),
        &mut catalog.ip_plans.iter().map(|it| &it.sources),
        &mut catalog.endpoints.iter().map(|it| &it.sources),
        &mut catalog.nsg_rules.iter().map(|it| &it.sources),
        &mut catalog.routes.iter().map(|it| &it.sources),
        &mut catalog.dns.iter().map(|it| &it.sources),
        &mut catalog.constraints.iter().map(|it| &it.sources),
        &mut catalog.feature_implications.iter().map(|it| &it.sources),
        &mut catalog.no_extra_endpoints.iter().map(|it| &it.sources),
        &mut catalog.network_isolated.iter().map(|it| &it.sources),
    ];
    let mut used = BTreeSet::new();
    for list in lists {
        used.extend(list.flatten().map(|reference| &reference.source));
    }
    used
}

fn never(catalog: &Catalog, findings: &mut Vec<Finding>) {
    for (when, name, span) in conditions(catalog) {
        let refused = |feature: &&SmolStr| when.none.contains(feature);
        let excluded = when.all.iter().find(refused);
        // One of a list is enough, so all of it has to be refused.
        let any = when
            .any
            .first()
            .filter(|_| when.any.iter().all(|it| refused(&it)));
        let Some(feature) = excluded.or(any) else {
            continue;
        };
        let message =
            format!("`{name}` never applies: its condition needs `{feature}` and excludes it");
        findings.push(Finding::new(Id::TG0053, message).at(span, "for nobody"));
    }
}
