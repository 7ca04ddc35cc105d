//! TG3003, TG3004 and TG0016 in catalogs: service tags, FQDN tags and regions that are not known.

use crate::azure::facts::{Facts, ServiceTagFact};
use crate::base::{Span, did_you_mean};
use crate::diag::{Finding, Id, Severity};
use crate::intent::catalog::{Catalog, Library, ParameterKind, Template, TemplateKind};
use crate::net::Cloud;

use super::destinations;

pub(super) fn check(
    catalog: &Catalog,
    library: &Library,
    facts: &Facts,
    findings: &mut Vec<Finding>,
) {
    let names = Names {
        catalog,
        library,
        facts,
    };
    for endpoint in &catalog.endpoints {
        for template in destinations(endpoint) {
            findings.extend(names.problem(template, &endpoint.clouds));
        }
    }
    for rule in &catalog.nsg_rules {
        for template in rule.source.iter().chain(&rule.destination) {
            findings.extend(names.problem(template, &catalog.product.clouds));
        }
    }
    for region in &catalog.product.regions_documented {
        let problem = library.regions().find(region).err();
        let problem = problem.map(|finding| {
            let finding = finding.severity(Severity::Warning);
            finding.at(
                catalog.span,
                "among the `regions_documented` of this catalog",
            )
        });
        findings.extend(problem);
    }
}

/// Where names are looked up.
struct Names<'a> {
    catalog: &'a Catalog,
    library: &'a Library,
    facts: &'a Facts,
}

impl Names<'_> {
    fn problem(&self, template: &Template, clouds: &[Cloud]) -> Option<Finding> {
        match template.kind() {
            TemplateKind::FqdnTag => self.fqdn_tag(template),
            TemplateKind::ServiceTag => self.service_tag(template, clouds),
            TemplateKind::Fqdn | TemplateKind::Address => None,
        }
    }

    fn fqdn_tag(&self, template: &Template) -> Option<Finding> {
        if template.placeholders().next().is_some() {
            return None;
        }
        let problem = self.library.fqdn_tags().check(template.text()).err()?;
        let finding = problem.at(template.span(), "not known");
        let is_service_tag = self.facts.service_tag(template.text()).is_some();
        Some(match is_service_tag {
            true => {
                finding.help("it is a service tag: it belongs to `service_tags` of a network rule")
            }
            false => finding,
        })
    }

    fn service_tag(&self, template: &Template, clouds: &[Cloud]) -> Option<Finding> {
        if template.sole_placeholder().is_some() {
            return None;
        }
        let span = template.span();
        // A placeholder stands for a region, and nothing else of a name changes.
        let text = template.text();
        let placeholder = template.placeholders().next();
        let base = match (placeholder, text.split_once(".{")) {
            (Some(_), Some((base, _))) => base,
            (Some(_), None) => return None,
            (None, _) => text,
        };
        let Some(known) = self.facts.service_tag(base) else {
            return Some(self.unknown(base, placeholder.is_some(), text, span));
        };
        let fact = known.fact;
        let is_form = placeholder.is_some() || known.region.is_some();
        if let Some(cloud) = clouds.iter().find(|cloud| !fact.exists_in(**cloud)) {
            let message = format!("{cloud} has no service tag `{}`", fact.name);
            return Some(Finding::new(Id::TG3003, message).at(span, "of another cloud"));
        }
        if let Some(cloud) = clouds
            .iter()
            .find(|cloud| is_form && !fact.is_regional_in(**cloud))
        {
            let message = format!(
                "service tag `{}` has no regional forms in {cloud}",
                fact.name
            );
            return Some(Finding::new(Id::TG3003, message).at(span, "not known"));
        }
        match (placeholder, known.region) {
            (Some(name), _) => self.wrong_suffix(fact, name, span),
            (None, Some(region)) => self.unknown_region(fact, region, clouds, span),
            (None, None) => None,
        }
    }

    fn unknown(&self, base: &str, is_form: bool, text: &str, span: Span) -> Finding {
        let (name, region) = match base.rsplit_once('.') {
            Some((name, region)) => (name, Some(region)),
            None => (base, None),
        };
        let finding = Finding::new(Id::TG3003, format!("there is no service tag `{base}`"));
        let close = |name| did_you_mean(name, self.facts.service_tag_names());
        let better = match (
            close(base),
            region.and_then(|region| Some((close(name)?, region))),
        ) {
            (Some(base), _) if is_form => text
                .split_once(".{")
                .map(|(_, rest)| format!("{base}.{{{rest}")),
            (Some(base), _) => Some(base.to_owned()),
            (None, Some((name, region))) => Some(format!("{name}.{region}")),
            (None, None) => None,
        };
        let help = better.map(|better| format!("did you mean `{better}`?"));
        finding.at(span, "not known").maybe_help(help)
    }

    /// `AzureCloud` spells regions in a way of its own.
    fn wrong_suffix(
        &self,
        fact: &ServiceTagFact,
        placeholder: &str,
        span: Span,
    ) -> Option<Finding> {
        let parameter = self.catalog.parameter(placeholder)?;
        let needed = match fact.name.as_str() {
            "AzureCloud" => ParameterKind::AzureCloudSuffix,
            _ => ParameterKind::ServiceTagSuffix,
        };
        if parameter.kind == needed || !parameter.kind.is_of_region() {
            return None;
        }
        let message = format!(
            "service tag `{}` takes a parameter of type `{needed}`, and `{placeholder}` is of type `{}`",
            fact.name, parameter.kind
        );
        let finding = Finding::new(Id::TG3003, message).severity(Severity::Warning);
        let finding = finding.at(span, "spells some regions in another way");
        Some(finding.related(parameter.span, "declared here"))
    }

    /// The list of regions may be older than the region, so this is no error.
    fn unknown_region(
        &self,
        fact: &ServiceTagFact,
        region: &str,
        clouds: &[Cloud],
        span: Span,
    ) -> Option<Finding> {
        let regions = self.library.regions();
        let is_one = |cloud: &Cloud| {
            let suffixes = regions.tag_suffixes(&fact.name, Some(*cloud));
            suffixes
                .iter()
                .any(|suffix| suffix.eq_ignore_ascii_case(region))
        };
        let cloud = clouds.iter().find(|cloud| !is_one(cloud))?;
        let message = format!(
            "service tag `{}` is not known for a region `{region}` of {cloud}",
            fact.name
        );
        let close = did_you_mean(region, regions.tag_suffixes(&fact.name, Some(*cloud)));
        let help = close.map(|close| format!("did you mean `{}.{close}`?", fact.name));
        let finding = Finding::new(Id::TG3003, message)
            .severity(Severity::Warning)
            .assumed();
        Some(finding.at(span, "no region of the list").maybe_help(help))
    }
}
