//! Which endpoints of a catalog a pool needs, and in which form.
//!
//! A pure function of the catalog and the selection. Every endpoint of the catalog is in the answer once: as a need,
//! or as left out with the reason.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::diag::{Finding, Id as FindingId};
use crate::net::{
    Cloud, Destination, FqdnTag, NameError, OpenKind, OpenValue, PrefixError, Service, ServiceTag,
};

use super::model::{
    Ambiguity, Catalog, Direction, Endpoint, Form, Level, Parameter, ParameterKind, RuleKind,
    parse_address,
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
    /// Its version, where the catalog tells versions apart; the newest unless given.
    pub version: Option<SmolStr>,
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
    /// Other versions of the product have it.
    OtherVersion,
    /// The lists of other regions have it.
    OtherRegion,
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

impl Selected<'_> {
    /// Where the documents behind what is needed contradict each other, each with an entry that depends on it.
    pub fn ambiguities<'c>(
        &self,
        catalog: &'c Catalog,
    ) -> impl Iterator<Item = (&'c Ambiguity, Vec<&Endpoint>)> {
        let depending = |ambiguity: &Ambiguity| -> Vec<&Endpoint> {
            let needs = self.needs.iter().map(|need| need.endpoint);
            needs
                .filter(|entry| entry.ambiguity.as_ref() == Some(&ambiguity.id))
                .collect()
        };
        let all = catalog.ambiguities.iter();
        all.map(move |ambiguity| (ambiguity, depending(ambiguity)))
            .filter(|(_, entries)| !entries.is_empty())
    }

    /// The same as findings without a place.
    #[must_use]
    pub fn contradictions(&self, catalog: &Catalog) -> Vec<Finding> {
        let finding = |(ambiguity, entries): (&Ambiguity, Vec<&Endpoint>)| {
            let first = entries.first().map_or("", |entry| entry.id.as_str());
            let others = match entries.len() {
                0 | 1 => String::new(),
                2 => " and 1 more entry".to_owned(),
                count => format!(" and {} more entries", count - 1),
            };
            let about = &ambiguity.about;
            let message = format!("the documents behind `{first}`{others} disagree about {about}");
            Finding::new(FindingId::TG7030, message)
                .help(format!("{}: {}", ambiguity.id, ambiguity.text))
                .help(format!("decided: {}", ambiguity.resolution))
                .help("accept it: ignore TG7030 \"why\"")
        };
        self.ambiguities(catalog).map(finding).collect()
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
        let reason = reason_to_leave_out(catalog, endpoint, selection, &features)
            .or_else(|| without_egress(catalog, endpoint, &features));
        match reason {
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
    catalog: &Catalog,
    endpoint: &Endpoint,
    selection: &Selection<'_>,
    features: &BTreeSet<SmolStr>,
) -> Option<Reason> {
    let level = endpoint.level;
    let wanted =
        matches!(level, Level::Required | Level::Conditional) || selection.include.contains(&level);
    if !endpoint.clouds.contains(&selection.cloud) {
        Some(Reason::WrongCloud)
    } else if !is_of_version(catalog, selection, &endpoint.versions) {
        Some(Reason::OtherVersion)
    } else if endpoint.direction == Direction::Inbound {
        Some(Reason::Inbound)
    } else if !wanted {
        Some(Reason::Level(level))
    } else if !endpoint.when.holds(features) {
        Some(Reason::WhenNotMet)
    } else if !of_region(endpoint, selection) {
        Some(Reason::OtherRegion)
    } else {
        None
    }
}

/// Whether something that belongs to these versions belongs to the selected one; without versions, to every one.
#[must_use]
pub fn is_of_version(catalog: &Catalog, selection: &Selection<'_>, versions: &[SmolStr]) -> bool {
    let newest = catalog.newest_version().map(|version| &version.id);
    let selected = selection.version.as_ref().or(newest);
    versions.is_empty() || selected.is_some_and(|selected| versions.contains(selected))
}

/// Whether a catalog has any entry for a cloud and version. Without one it does not know what is needed there.
#[must_use]
pub fn knows_of(catalog: &Catalog, selection: &Selection<'_>) -> bool {
    catalog.endpoints.iter().any(|endpoint| {
        endpoint.clouds.contains(&selection.cloud)
            && is_of_version(catalog, selection, &endpoint.versions)
    })
}

fn of_region(endpoint: &Endpoint, selection: &Selection<'_>) -> bool {
    let listed = &endpoint.regions_listed;
    listed.is_empty()
        || selection
            .region
            .is_none_or(|region| listed.contains(&region.name))
}

/// The destinations that a text stands for, one for each item of a list; `None` while a value is missing or does not
/// fit.
#[must_use]
pub fn fill(
    catalog: &Catalog,
    selection: &Selection<'_>,
    template: &Template,
) -> Option<Vec<Destination>> {
    let values = Values { catalog, selection };
    let filled = values.fill_destination(template);
    let destination = |filled: &FilledDestination<'_>| match filled.destination() {
        Ok(Destination::Open(_)) | Err(_) => None,
        Ok(destination) => Some(destination),
    };
    filled.iter().map(destination).collect()
}

/// What everybody needs who gets out is not needed by a product in its mode without any egress, but for what it starts
/// from. What a feature asks for stays: it is to be reached some other way, such as a private endpoint.
fn without_egress(
    catalog: &Catalog,
    endpoint: &Endpoint,
    features: &BTreeSet<SmolStr>,
) -> Option<Reason> {
    let isolated = catalog.network_isolated.as_ref()?;
    let needed = isolated
        .endpoints_needed_for_bootstrap
        .contains(&endpoint.id);
    let of_feature = !endpoint.when.all.is_empty() || !endpoint.when.any.is_empty();
    let left_out = features.contains("network_isolated") && !needed && !of_feature;
    left_out.then_some(Reason::WhenNotMet)
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
        let parameter = self.catalog.parameter(name)?;
        region
            .value_of(parameter.kind)
            .or_else(|| parameter.values.get(&region.name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::intent::catalog::Library;

    fn library() -> Library {
        Library::builtin(&mut SourceMap::default()).0
    }

    fn selection<'a>(library: &'a Library, region: &str, features: &[&str]) -> Selection<'a> {
        let region = library.regions().get(region).unwrap();
        Selection {
            cloud: region.cloud,
            region: Some(region),
            features: features.iter().map(|&name| name.into()).collect(),
            ..Selection::default()
        }
    }

    fn ids<'a>(selected: &Selected<'a>) -> Vec<&'a str> {
        let ids = selected.needs.iter().map(|need| need.endpoint.id.as_str());
        ids.collect()
    }

    fn need<'s, 'a>(selected: &'s Selected<'a>, id: &str) -> &'s Need<'a> {
        let mut needs = selected.needs.iter();
        needs.find(|need| need.endpoint.id == id).unwrap()
    }

    fn destinations(need: &Need<'_>) -> Vec<String> {
        need.form
            .destinations
            .iter()
            .map(|filled| match filled.destination() {
                Ok(destination) => destination.to_string(),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn a_spark_and_trino_pool_needs_these() {
        let library = library();
        let catalog = library.get("hdinsight-on-aks").unwrap();
        let selection = selection(
            &library,
            "westeurope",
            &[
                "cluster_spark",
                "cluster_trino",
                "hive_metastore",
                "log_analytics",
                "outbound_user_defined_routing",
            ],
        );
        let selected = select(catalog, &selection);
        assert_eq!(
            ids(&selected),
            [
                "hdiaks.common.tunnel-udp-1194",
                "hdiaks.common.tunnel-tcp-9000",
                "hdiaks.common.aks-fqdn-tag",
                "hdiaks.common.azure-monitor",
                "hdiaks.common.rp-acr",
                "hdiaks.common.blob",
                "hdiaks.common.graph",
                "hdiaks.common.servicebus",
                "hdiaks.common.table",
                "hdiaks.common.gcs",
                "hdiaks.common.api-server",
                "hdiaks.trino.dfs",
                "hdiaks.trino.sql-1433",
                "hdiaks.trino.sql-redirect",
                "hdiaks.spark.dfs",
                "hdiaks.spark.smb",
                "hdiaks.spark.sql-1433",
                "hdiaks.spark.sql-redirect",
            ]
        );
        assert_eq!(
            selected
                .left_out
                .iter()
                .map(|left| (left.endpoint.id.as_str(), left.reason))
                .collect::<Vec<_>>(),
            [
                ("hdiaks.flink.dfs", Reason::WhenNotMet),
                ("hdiaks.integration.kafka-broker", Reason::WhenNotMet),
                ("hdiaks.integration.zookeeper", Reason::WhenNotMet),
                ("hdiaks.integration.hbase", Reason::WhenNotMet),
            ]
        );
        let shown = |id| destinations(need(&selected, id));
        assert_eq!(
            shown("hdiaks.common.tunnel-udp-1194"),
            ["tag AzureCloud.westeurope"]
        );
        assert_eq!(shown("hdiaks.spark.sql-redirect"), ["tag Sql.WestEurope"]);
        assert_eq!(shown("hdiaks.trino.dfs"), ["*.dfs.core.windows.net"]);
        let api_server = need(&selected, "hdiaks.common.api-server");
        assert_eq!(destinations(api_server), ["$api_server_fqdn"]);
        assert_eq!(api_server.missing[0].name, "api_server_fqdn");
        let open: Vec<_> = selected
            .needs
            .iter()
            .filter(|need| !need.missing.is_empty())
            .collect();
        assert_eq!(open.len(), 1, "only the API server is known later");
    }

    #[test]
    fn values_that_were_set_choose_the_narrower_form() {
        let library = library();
        let catalog = library.get("hdinsight-on-aks").unwrap();
        let mut selection = selection(&library, "westeurope", &["cluster_spark", "hive_metastore"]);
        selection.values = [
            ("storage_account", "contoso"),
            ("api_server_ip", "20.1.2.3"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        let selected = select(catalog, &selection);
        let shown = |id| {
            let need = need(&selected, id);
            (destinations(need), need.chosen_alternative)
        };
        let one = |text: &str| vec![text.to_owned()];
        assert_eq!(
            shown("hdiaks.spark.dfs"),
            (one("contoso.dfs.core.windows.net"), Some(0))
        );
        assert_eq!(
            shown("hdiaks.common.tunnel-udp-1194"),
            (one("20.1.2.3"), Some(0))
        );
        assert_eq!(
            shown("hdiaks.common.api-server"),
            (one("20.1.2.3"), Some(0))
        );
        // An alternative that only the region fills was not asked for.
        assert_eq!(
            shown("hdiaks.spark.sql-1433"),
            (one("*.database.windows.net"), None)
        );
    }

    #[test]
    fn nothing_is_opened_to_everywhere_unasked() {
        let library = library();
        let catalog = library.get("aks").unwrap();
        let selected = select(catalog, &Selection::default());
        let tunnel = need(&selected, "aks.public.tunnel-udp-1194");
        assert_eq!(tunnel.chosen_alternative, None);
        assert_eq!(destinations(tunnel), ["no value for `region_azurecloud`"]);
        assert_eq!(tunnel.missing[0].name, "region_azurecloud");
    }

    #[test]
    fn a_list_becomes_one_destination_an_item() {
        let library = library();
        let catalog = library.get("aks").unwrap();
        let mut selection = selection(&library, "westeurope", &["custom_dns"]);
        selection
            .values
            .insert("custom_dns_ip".into(), "10.0.0.4, 10.0.0.5".into());
        let selected = select(catalog, &selection);
        assert_eq!(
            destinations(need(&selected, "aks.public.custom-dns")),
            ["10.0.0.4", "10.0.0.5"]
        );
        selection
            .values
            .insert("region_cidrs".into(), "10.1.0.0/16,10.2.0.0/16".into());
        let tunnel = "aks.public.tunnel-udp-1194";
        assert_eq!(
            destinations(need(&select(catalog, &selection), tunnel)),
            ["10.1.0.0/16", "10.2.0.0/16"]
        );
        selection
            .values
            .insert("api_server_ip".into(), "20.1.2.3".into());
        assert_eq!(
            destinations(need(&select(catalog, &selection), tunnel)),
            ["20.1.2.3"],
            "one address is narrower than a list"
        );
    }

    #[test]
    fn sovereign_clouds_have_their_own_names() {
        let library = library();
        let catalog = library.get("aks").unwrap();
        let cases: [(&str, &[&str]); 2] = [
            (
                "chinanorth3",
                &[
                    "tag AzureCloud.chinanorth3",
                    "tag AzureCloud.chinanorth3",
                    "tag AzureCloud.chinanorth3",
                    "ntp.ubuntu.com",
                    "*.hcp.chinanorth3.cx.prod.service.azk8s.cn",
                    "*.tun.chinanorth3.cx.prod.service.azk8s.cn",
                    "mcr.microsoft.com",
                    "*.data.mcr.microsoft.com",
                    "management.chinacloudapi.cn",
                    "login.chinacloudapi.cn",
                    "packages.microsoft.com",
                    "*.azk8s.cn",
                    "mcr.azure.cn",
                    "*.data.mcr.azure.cn",
                ],
            ),
            (
                "usgovvirginia",
                &[
                    "tag AzureCloud.usgovvirginia",
                    "tag AzureCloud.usgovvirginia",
                    "ntp.ubuntu.com",
                    "*.hcp.usgovvirginia.cx.aks.containerservice.azure.us",
                    "mcr.microsoft.com",
                    "*.data.mcr.microsoft.com",
                    "management.usgovcloudapi.net",
                    "login.microsoftonline.us",
                    "packages.microsoft.com",
                    "acs-mirror.azureedge.net",
                    "packages.aks.azure.com",
                ],
            ),
        ];
        for (region, expected) in cases {
            let selection = selection(&library, region, &[]);
            let selected = select(catalog, &selection);
            let all: Vec<_> = selected.needs.iter().flat_map(destinations).collect();
            assert_eq!(all, expected, "{region}");
        }
    }

    #[test]
    fn levels_are_left_out_unless_included() {
        let library = library();
        let catalog = library.get("aks").unwrap();
        let mut selection = selection(&library, "eastus", &["flux"]);
        let count = |selected: &Selected<'_>, reason| {
            let left_out = selected.left_out.iter();
            left_out.filter(|left| left.reason == reason).count()
        };
        let selected = select(catalog, &selection);
        assert_eq!(count(&selected, Reason::Level(Level::Recommended)), 3);
        assert_eq!(count(&selected, Reason::Level(Level::Observed)), 4);
        assert!(selected.features.contains("cluster_extensions"), "implied");
        assert!(ids(&selected).contains(&"aks.ext.public.dp"));
        assert_eq!(
            selected.needs.len() + selected.left_out.len(),
            catalog.endpoints.len()
        );

        selection.include = [Level::Observed].into();
        let selected = select(catalog, &selection);
        assert_eq!(count(&selected, Reason::Level(Level::Observed)), 0);
        let disk = need(&selected, "aks.observed.md-disk");
        assert_eq!(
            destinations(disk),
            ["an asterisk may only be the first character of a name"]
        );
        let fallback = disk.fallback.as_ref().unwrap();
        assert_eq!(
            fallback.destinations[0].destination().unwrap().to_string(),
            "*.blob.storage.azure.net"
        );
    }
}
