//! Which endpoints of a catalog a pool needs, and in which form.
//!
//! A pure function of the catalog and the selection. Every endpoint of the catalog is in the answer once: as a need,
//! or as left out with the reason.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::net::{
    Cloud, Destination, FqdnTag, NameError, OpenKind, OpenValue, PrefixError, Service, ServiceTag,
};

use super::model::{
    Catalog, Direction, Endpoint, Form, Level, Parameter, ParameterKind, RuleKind, parse_address,
};
use super::regions::Region;
use super::template::{Template, TemplateKind};

/// What a pool is and has.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// The cloud it is in.
    pub cloud: Cloud,
    /// The region it is in; without one, names with a region in them stay open.
    pub region: Option<&'a Region>,
    /// What it has; features that these imply are added.
    pub features: BTreeSet<SmolStr>,
    /// Values of placeholders that the user set.
    pub values: BTreeMap<SmolStr, SmolStr>,
    /// Levels wanted beyond what is required and what is conditional and holds.
    pub include: BTreeSet<Level>,
}

/// What was selected from a catalog.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// What must be reachable, in the order of the catalog.
    pub needs: Vec<Need<'a>>,
    /// Every other endpoint, in the order of the catalog.
    pub left_out: Vec<LeftOut<'a>>,
    /// The features, those implied among them.
    pub features: BTreeSet<SmolStr>,
}

/// An endpoint that is needed.
#[derive(Debug, Clone)]
pub struct Need<'a> {
    /// The entry.
    pub endpoint: &'a Endpoint,
    /// What to allow, placeholders filled as far as values are known.
    pub form: FilledForm<'a>,
    /// The same in names that Azure Firewall can express, when `form` has others.
    pub fallback: Option<FilledForm<'a>>,
    /// Which of the endpoint's alternatives `form` is; `None` for the form it gives first.
    pub chosen_alternative: Option<usize>,
    /// The placeholders of `form` that have no value yet, each once.
    pub missing: Vec<&'a Parameter>,
}

/// An endpoint that is not needed.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut<'a> {
    /// The entry.
    pub endpoint: &'a Endpoint,
    /// Why not.
    pub reason: Reason,
}

/// Why an endpoint is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It exists in other clouds only.
    WrongCloud,
    /// Others open the connection.
    Inbound,
    /// Nobody asked for endpoints of this level.
    Level(Level),
    /// Its condition does not hold.
    WhenNotMet,
}

/// A form with values in the place of placeholders.
#[derive(Debug, Clone)]
pub struct FilledForm<'a> {
    /// The kind of rule.
    pub rule: RuleKind,
    /// What runs over it.
    pub services: &'a [Service],
    /// Where it goes.
    pub destinations: Vec<FilledDestination<'a>>,
}

/// One destination of a filled form.
#[derive(Debug, Clone)]
pub struct FilledDestination<'a> {
    /// What was filled.
    pub template: &'a Template,
    /// The text; placeholders without a value are still in braces.
    pub text: String,
    /// The placeholders without a value.
    pub open: Vec<SmolStr>,
}

/// Why a filled text is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDestination {
    /// A part of the text is not known yet.
    #[error("no value for {}", list(.0))]
    Missing(Vec<SmolStr>),
    /// It is no name or pattern that Azure Firewall can match.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is no prefix.
    #[error(transparent)]
    Prefix(#[from] PrefixError),
}

fn list(names: &[SmolStr]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl FilledDestination<'_> {
    /// The destination as a domain value.
    ///
    /// A text that is one open placeholder and nothing else becomes [`Destination::Open`].
    ///
    /// # Errors
    /// When a part of the text is open, or a value does not fit.
    pub fn destination(&self) -> Result<Destination, NoDestination> {
        if !self.open.is_empty() {
            let kind = match self.template.kind() {
                TemplateKind::Fqdn => Some(OpenKind::Name),
                TemplateKind::Address => Some(OpenKind::Address),
                TemplateKind::FqdnTag | TemplateKind::ServiceTag => None,
            };
            return match (self.template.sole_placeholder(), kind) {
                (Some(parameter), Some(kind)) => Ok(Destination::Open(OpenValue {
                    parameter: parameter.clone(),
                    kind,
                })),
                _ => Err(NoDestination::Missing(self.open.clone())),
            };
        }
        Ok(match self.template.kind() {
            TemplateKind::Fqdn => Destination::Fqdn(self.text.parse()?),
            TemplateKind::FqdnTag => Destination::FqdnTag(FqdnTag::new(self.text.as_str())),
            TemplateKind::ServiceTag => {
                Destination::ServiceTag(ServiceTag::new(self.text.as_str()))
            }
            TemplateKind::Address => match parse_address(&self.text)? {
                Some(prefix) => Destination::Prefix(prefix),
                None => Destination::Anywhere,
            },
        })
    }
}

/// Selects what a pool needs from a catalog.
#[must_use]
pub fn select<'a>(catalog: &'a Catalog, selection: &Selection<'_>) -> Selected<'a> {
    let features = with_implied(catalog, &selection.features);
    let values = Values { catalog, selection };
    let mut needs = Vec::new();
    let mut left_out = Vec::new();
    for endpoint in &catalog.endpoints {
        match reason_to_leave_out(endpoint, selection, &features) {
            Some(reason) => left_out.push(LeftOut { endpoint, reason }),
            None => needs.push(values.need(endpoint)),
        }
    }
    Selected {
        needs,
        left_out,
        features,
    }
}

/// The features and all that they imply, however far.
fn with_implied(catalog: &Catalog, features: &BTreeSet<SmolStr>) -> BTreeSet<SmolStr> {
    let mut all = features.clone();
    loop {
        let before = all.len();
        for implication in &catalog.feature_implications {
            if all.contains(&implication.feature) {
                all.extend(implication.implies.iter().cloned());
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

fn reason_to_leave_out(
    endpoint: &Endpoint,
    selection: &Selection<'_>,
    features: &BTreeSet<SmolStr>,
) -> Option<Reason> {
    let level = endpoint.level;
    let wanted =
        matches!(level, Level::Required | Level::Conditional) || selection.include.contains(&level);
    if !endpoint.clouds.contains(&selection.cloud) {
        Some(Reason::WrongCloud)
    } else if endpoint.direction == Direction::Inbound {
        Some(Reason::Inbound)
    } else if !wanted {
        Some(Reason::Level(level))
    } else if !endpoint.when.holds(features) {
        Some(Reason::WhenNotMet)
    } else {
        None
    }
}

/// The values of a catalog's placeholders under a selection.
struct Values<'a, 's> {
    catalog: &'a Catalog,
    selection: &'s Selection<'s>,
}

impl<'a> Values<'a, '_> {
    /// What the user set, or else what the region gives.
    fn get(&self, name: &str) -> Option<&str> {
        if let Some(value) = self.selection.values.get(name) {
            return Some(value);
        }
        let region = self.selection.region?;
        let value = match self.kind(name)? {
            ParameterKind::Region => Some(&region.name),
            ParameterKind::AzureCloudSuffix => region.azurecloud_suffix.as_ref(),
            ParameterKind::ServiceTagSuffix => region.service_tag_suffix.as_ref(),
            _ => None,
        };
        value.map(SmolStr::as_str)
    }

    fn kind(&self, name: &str) -> Option<ParameterKind> {
        self.catalog.parameter(name).map(|parameter| parameter.kind)
    }

    fn is_of_region(&self, name: &str) -> bool {
        self.kind(name).is_some_and(ParameterKind::is_of_region)
    }

    fn need(&self, endpoint: &'a Endpoint) -> Need<'a> {
        let chosen_alternative = self.choose(endpoint);
        let form = chosen_alternative
            .and_then(|index| endpoint.alternatives.get(index))
            .map_or(&endpoint.form, |alternative| &alternative.form);
        let mut missing: Vec<&Parameter> = Vec::new();
        for name in form.placeholders() {
            let known = missing.iter().any(|parameter| parameter.name == *name);
            if self.get(name).is_none() && !known {
                missing.extend(self.catalog.parameter(name));
            }
        }
        Need {
            endpoint,
            form: self.fill(form, &form.destinations),
            fallback: endpoint
                .fallback
                .as_ref()
                .map(|fallback| self.fill(form, &fallback.fqdns)),
            chosen_alternative,
            missing,
        }
    }

    /// Which alternative to take instead of the first form.
    ///
    /// One whose own values the user took the trouble to set is narrower and goes first; of several, one that
    /// needs no list of prefixes. Otherwise the first form stands, unless it waits for a value and an alternative
    /// does not. A form that opens everything is never taken unasked.
    fn choose(&self, endpoint: &Endpoint) -> Option<usize> {
        let candidates = || endpoint.alternatives.iter().enumerate();
        let takes_list = |form: &Form| {
            form.placeholders()
                .any(|name| self.kind(name).is_some_and(ParameterKind::is_list))
        };
        let narrower = candidates()
            .filter(|(_, alternative)| self.is_asked_for(&alternative.form))
            .min_by_key(|(_, alternative)| takes_list(&alternative.form));
        if let Some((index, _)) = narrower {
            return Some(index);
        }
        if self.is_complete(&endpoint.form) {
            return None;
        }
        candidates()
            .find(|(_, alternative)| {
                self.is_complete(&alternative.form) && !opens_everything(&alternative.form)
            })
            .map(|(index, _)| index)
    }

    /// Whether the user set every value of the form that no region gives, and there is one.
    fn is_asked_for(&self, form: &Form) -> bool {
        let mut own = form
            .placeholders()
            .filter(|name| !self.is_of_region(name))
            .peekable();
        own.peek().is_some()
            && own.all(|name| self.selection.values.contains_key(name))
            && self.is_complete(form)
    }

    fn is_complete(&self, form: &Form) -> bool {
        form.placeholders().all(|name| self.get(name).is_some())
    }

    fn fill(&self, form: &'a Form, templates: &'a [Template]) -> FilledForm<'a> {
        FilledForm {
            rule: form.rule,
            services: &form.services,
            destinations: templates
                .iter()
                .flat_map(|template| self.fill_destination(template))
                .collect(),
        }
    }

    /// One destination, or one for each item of a list.
    fn fill_destination(&self, template: &'a Template) -> Vec<FilledDestination<'a>> {
        let items = template
            .sole_placeholder()
            .filter(|name| self.kind(name).is_some_and(ParameterKind::is_list))
            .and_then(|name| self.get(name));
        let filled = |text: String, open| FilledDestination {
            template,
            text,
            open,
        };
        if let Some(items) = items {
            return items
                .split(',')
                .map(|item| filled(item.trim().to_owned(), Vec::new()))
                .collect();
        }
        let open = template
            .placeholders()
            .filter(|name| self.get(name).is_none())
            .cloned()
            .collect();
        vec![filled(template.fill(|name| self.get(name)), open)]
    }
}

fn opens_everything(form: &Form) -> bool {
    form.destinations
        .iter()
        .any(|template| template.text() == "*")
}
