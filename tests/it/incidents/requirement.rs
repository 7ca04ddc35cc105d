//! Checks that ask whether a documented requirement is in force: what the catalogs select for the cluster.
//!
//! The question names what it is about by host names, service tags, ports or words of the entry's id.

use std::collections::BTreeSet;

use serde_json::Value;
use smol_str::SmolStr;
use tidegate::intent::catalog::{
    Catalog, Endpoint, Library, Selection, Template, TemplateKind, select,
};
use tidegate::net::{Cloud, Service};

use super::super::policy::built_in;
use super::cluster;
use super::document::text_of;
use super::observed::Observed;

/// Whether what a question is about is required of the cluster of a file.
pub(super) fn judge(root: &Value, id: &str, question: &str) -> Result<Observed, String> {
    let own = root.get("cluster");
    let product = root.get("product").and_then(text_of).unwrap_or_default();
    let kind = cluster::text(own, "kind").unwrap_or(product);
    let required = if kind == "hdinsight" {
        hdinsight(own, question)?
    } else {
        let (_, library) = built_in();
        let catalog = library
            .get(&kind)
            .ok_or_else(|| format!("no catalog `{kind}`"))?;
        !is_isolated(own) && is_required(root, library, catalog, &format!("{id} {question}"))
    };
    Ok(Observed {
        verdict: if required { "required" } else { "not_required" },
        ..Observed::default()
    })
}

/// Whether nodes start from a registry of their own, and need no endpoint outside of their networks for it.
fn is_isolated(own: Option<&Value>) -> bool {
    let bootstrap = own.and_then(|own| own.get("bootstrap"));
    let isolated = matches!(
        cluster::text(own, "outbound_type").as_deref(),
        Some("none" | "block")
    );
    isolated && cluster::text(bootstrap, "artifact_source").as_deref() == Some("Cache")
}

/// HDInsight has no catalog. Its management reaches in from outside unless the cluster calls it.
fn hdinsight(own: Option<&Value>, question: &str) -> Result<bool, String> {
    let lower = question.to_ascii_lowercase();
    if !lower.contains("management") && !lower.contains("inbound") {
        return Err("only the inbound management rule of HDInsight is known".to_owned());
    }
    let connection = cluster::text(own, "resource_provider_connection");
    Ok(connection.as_deref() != Some("Outbound"))
}

fn is_required(root: &Value, library: &Library, catalog: &Catalog, question: &str) -> bool {
    let own = root.get("cluster");
    let cloud = cluster::text(own, "cloud").and_then(|name| Cloud::from_name(&name));
    let region = cluster::text(own, "region");
    let selection = Selection {
        cloud: cloud.unwrap_or_default(),
        region: region.and_then(|region| library.regions().get(&region)),
        features: features(root, catalog),
        ..Selection::default()
    };
    let asked = asked_about(catalog, question);
    let selected = select(catalog, &selection);
    let mut needs = selected.needs.iter();
    needs.any(|need| asked.contains(&need.endpoint.id))
}

/// The endpoints that a question is about. Names and tags say it best, then ports, then words.
fn asked_about(catalog: &Catalog, question: &str) -> BTreeSet<SmolStr> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    let words = question
        .split(|c| !part(c))
        .map(|word| word.trim_matches('.'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let ids = |about: &dyn Fn(&Endpoint, &str) -> bool| {
        let endpoints = catalog.endpoints.iter();
        let meant = endpoints.filter(|endpoint| words.iter().any(|word| about(endpoint, word)));
        meant
            .map(|endpoint| endpoint.id.clone())
            .collect::<BTreeSet<_>>()
    };
    let named = ids(&|endpoint, word| templates(endpoint).any(|template| names(template, word)));
    let ported = ids(&|endpoint, word| word.parse().is_ok_and(|port| has_port(endpoint, port)));
    let both: BTreeSet<SmolStr> = named.intersection(&ported).cloned().collect();
    if !both.is_empty() {
        return both;
    }
    if !named.is_empty() {
        return named;
    }
    if !ported.is_empty() {
        return ported;
    }
    ids(&|endpoint, word| {
        let own = endpoint.id.rsplit('.').next().unwrap_or_default();
        let mut own = own.split(['-', '_']);
        !COMMON.contains(&word) && own.any(|own| own.eq_ignore_ascii_case(word))
    })
}

/// Words of ids that questions have for other reasons.
const COMMON: [&str; 12] = [
    "tcp", "udp", "http", "https", "the", "of", "to", "in", "and", "required", "cluster", "azure",
];

fn templates(endpoint: &Endpoint) -> impl Iterator<Item = &Template> {
    let alternatives = endpoint.alternatives.iter();
    let forms = alternatives.map(|alternative| &alternative.form);
    let forms = std::iter::once(&endpoint.form).chain(forms);
    forms.flat_map(|form| &form.destinations)
}

/// Whether a word names a destination: the name itself, one that its pattern covers, or its tag.
fn names(template: &Template, word: &str) -> bool {
    let text = template.text();
    let first = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
    match template.kind() {
        TemplateKind::ServiceTag | TemplateKind::FqdnTag => first(text) == first(word),
        TemplateKind::Address => text == word && text != "*",
        TemplateKind::Fqdn => covers(text, word),
    }
}

/// Whether a host name fits a pattern, in which a placeholder stands for any label.
fn covers(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.rsplit('.'), name.rsplit('.').peekable());
    let mut labels = 0;
    loop {
        let (wanted, own) = (pattern.next(), name.next());
        match (wanted, own) {
            (None, None) => return labels > 1,
            (Some("*"), Some(_)) => return labels > 1,
            (Some(wanted), Some(own))
                if wanted.contains('{') || wanted.eq_ignore_ascii_case(own) =>
            {
                labels += 1;
            }
            _ => return false,
        }
    }
}

fn has_port(endpoint: &Endpoint, port: u16) -> bool {
    let mut services = endpoint.form.services.iter();
    port != 443
        && services.any(|service| {
            let (_, ports) = Service::transport_ports(*service);
            let (first, last) = ports.bounds();
            first == port && last == port
        })
}

/// The features of the catalog that a cluster has, as far as its file says.
fn features(root: &Value, catalog: &Catalog) -> BTreeSet<SmolStr> {
    let Some(Value::Object(own)) = root.get("cluster") else {
        return BTreeSet::new();
    };
    let mut said: Vec<String> = Vec::new();
    for (key, value) in own {
        match value {
            Value::Bool(true) => said.push(key.clone()),
            Value::Array(list) => {
                let words = list
                    .iter()
                    .filter_map(|item| item.get("name").or(Some(item)));
                said.extend(words.filter_map(text_of));
            }
            Value::Object(map) if matches!(key.as_str(), "addons" | "add_ons" | "features") => {
                let on = map
                    .iter()
                    .filter(|(_, value)| **value != Value::Bool(false));
                said.extend(on.map(|(key, _)| key.clone()));
            }
            Value::String(text) => said.push(format!("{key}={text}")),
            _ => {}
        }
    }
    if custom_dns(root) {
        said.push("custom_dns".to_owned());
    }
    let mut features = BTreeSet::new();
    for word in said {
        let plain = word.to_ascii_lowercase().replace(['-', ' '], "_");
        let also = ALIASES.iter().filter(|(alias, _)| *alias == plain);
        let meant = also.flat_map(|(_, features)| *features).copied();
        for feature in meant.chain([plain.as_str()]) {
            if catalog.feature(feature).is_some() {
                features.insert(SmolStr::from(feature));
            }
        }
    }
    features
}

/// Whether the network of the cluster has DNS servers of its own.
fn custom_dns(root: &Value) -> bool {
    let subnet = cluster::text(root.get("cluster"), "subnet");
    let vnets = root.pointer("/topology/vnets").and_then(Value::as_array);
    let mut vnets = vnets.into_iter().flatten();
    vnets.any(|vnet| {
        let subnets = vnet.get("subnets").and_then(Value::as_array);
        let mut subnets = subnets.into_iter().flatten();
        vnet.get("dns_servers").is_some_and(Value::is_array)
            && subnets.any(|own| own.get("name").and_then(text_of) == subnet)
    })
}

/// What files call features of the catalogs.
const ALIASES: [(&str, &[&str]); 28] = [
    ("private", &["private_cluster", "private_aks"]),
    ("windows", &["windows_nodes"]),
    ("gpu", &["gpu_nodes"]),
    ("monitoring", &["container_insights", "log_analytics"]),
    ("omsagent", &["container_insights", "log_analytics"]),
    ("azure_monitor", &["container_insights", "log_analytics"]),
    ("container_insights", &["log_analytics"]),
    ("log_analytics", &["container_insights"]),
    ("prometheus", &["managed_prometheus"]),
    ("azure_monitor_metrics", &["managed_prometheus"]),
    ("microsoft_defender", &["defender"]),
    ("policy", &["azure_policy"]),
    ("azurepolicy", &["azure_policy"]),
    ("key_vault", &["key_vault_csi"]),
    ("keyvault", &["key_vault_csi"]),
    ("azure_keyvault_secrets_provider", &["key_vault_csi"]),
    ("gitops", &["flux"]),
    ("backup", &["azure_backup"]),
    ("flink", &["cluster_flink"]),
    ("spark", &["cluster_spark"]),
    ("trino", &["cluster_trino"]),
    ("hive", &["hive_metastore"]),
    ("kafka", &["hdinsight_kafka"]),
    ("hbase", &["hdinsight_hbase"]),
    (
        "outbound_type=userdefinedrouting",
        &["outbound_user_defined_routing"],
    ),
    ("outbound_type=loadbalancer", &["outbound_load_balancer"]),
    ("outbound_type=none", &["network_isolated"]),
    ("outbound_type=block", &["network_isolated"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(cluster: &str, question: &str) -> &'static str {
        let text = format!("product: aks\ncluster: {cluster}\n");
        let root = super::super::document::read(&text).unwrap();
        judge(&root, "", question).unwrap().verdict
    }

    #[test]
    fn questions_are_answered_by_the_catalog() {
        for (cluster, question, expected) in [
            (
                "{konnectivity: false}",
                "are 1194/9000 required?",
                "required",
            ),
            (
                "{konnectivity: true}",
                "are 1194/9000 required?",
                "not_required",
            ),
            ("{private: true}", "is the tunnel required?", "not_required"),
            (
                "{konnectivity: false}",
                "is the tunnel required?",
                "required",
            ),
            (
                "{}",
                "are the AzureMonitor addresses a required endpoint?",
                "not_required",
            ),
            (
                "{addons: [monitoring]}",
                "are the AzureMonitor addresses required?",
                "required",
            ),
            ("{}", "must mcr.microsoft.com be reachable?", "required"),
            (
                "{}",
                "is ntp.ubuntu.com on port 123 needed?",
                "not_required",
            ),
            (
                "{kind: hdinsight}",
                "the inbound management rule?",
                "required",
            ),
            (
                "{kind: hdinsight, resource_provider_connection: Outbound}",
                "the inbound management rule?",
                "not_required",
            ),
        ] {
            assert_eq!(verdict(cluster, question), expected, "{cluster} {question}");
        }
    }
}
