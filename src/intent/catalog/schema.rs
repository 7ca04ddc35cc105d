//! The schema `egress-catalog/1` as it is written. Every key is listed; any other is an error.
//!
//! These structs hold nothing but text and places; `check.rs` gives it meaning.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::on_premises::{RawInternalPort, RawIpPlan, RawServicePort};
use super::yaml::At;

pub(super) const SCHEMA: &str = "egress-catalog/1";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalog {
    pub(super) schema: At<String>,
    pub(super) catalog: At<String>,
    pub(super) title: String,
    pub(super) product: RawProduct,
    #[serde(default)]
    pub(super) versions: Vec<RawVersion>,
    #[serde(default)]
    pub(super) parameters: Vec<RawParameter>,
    #[serde(default)]
    pub(super) features: Vec<RawFeature>,
    #[serde(default)]
    pub(super) feature_implications: Vec<RawImplication>,
    pub(super) no_extra_endpoints: Option<RawNoExtraEndpoints>,
    pub(super) sources: Vec<RawSource>,
    pub(super) endpoints: Vec<RawEndpoint>,
    #[serde(default)]
    pub(super) nsg_rules: Vec<RawNsgRule>,
    #[serde(default)]
    pub(super) nsg_none_for: Vec<At<String>>,
    #[serde(default)]
    pub(super) routes: Vec<RawRoute>,
    #[serde(default)]
    pub(super) data_roles: Vec<RawDataRole>,
    #[serde(default)]
    pub(super) service_ports: Vec<RawServicePort>,
    #[serde(default)]
    pub(super) internal_ports: Vec<RawInternalPort>,
    #[serde(default)]
    pub(super) ip_plans: Vec<RawIpPlan>,
    #[serde(default)]
    pub(super) dns: Vec<RawDns>,
    pub(super) network_isolated: Option<RawNetworkIsolated>,
    #[serde(default)]
    pub(super) constraints: Vec<RawConstraint>,
    #[serde(default)]
    pub(super) ambiguities: Vec<RawAmbiguity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProduct {
    pub(super) name: String,
    pub(super) status: Option<At<String>>,
    pub(super) status_note: Option<String>,
    pub(super) clouds: Vec<At<String>>,
    #[serde(default)]
    pub(super) regions_documented: Vec<String>,
    pub(super) regions_source: Option<String>,
    pub(super) outbound_types: Option<bool>,
    pub(super) place: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVersion {
    pub(super) id: At<String>,
    pub(super) title: String,
    pub(super) doc_date: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawParameter {
    pub(super) name: At<String>,
    #[serde(rename = "type")]
    pub(super) kind: At<String>,
    pub(super) example: Option<String>,
    pub(super) available: Option<String>,
    pub(super) how: Option<String>,
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) everywhere: Vec<String>,
    #[serde(default)]
    pub(super) otherwise: Vec<String>,
    #[serde(default)]
    pub(super) by_region: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) sources: Vec<RawSourceRef>,
    pub(super) ambiguity: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeature {
    pub(super) name: At<String>,
    #[serde(default)]
    pub(super) aliases: Vec<At<String>>,
    pub(super) note: String,
    #[serde(default)]
    pub(super) switched_on_by: Vec<String>,
    #[serde(default)]
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawImplication {
    #[serde(rename = "if")]
    pub(super) feature: At<String>,
    #[serde(rename = "then")]
    pub(super) implies: Vec<At<String>>,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNoExtraEndpoints {
    pub(super) features: Vec<String>,
    pub(super) basis: String,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub(super) id: At<String>,
    pub(super) repo: String,
    pub(super) path: String,
    pub(super) commit: String,
    pub(super) doc_date: Option<String>,
    pub(super) commit_date: Option<String>,
    pub(super) last_change: Option<String>,
    pub(super) licence: Option<String>,
    pub(super) note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSourceRef {
    #[serde(rename = "ref")]
    pub(super) source: At<String>,
    pub(super) section: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWhen {
    #[serde(default)]
    pub(super) all: Vec<At<String>>,
    #[serde(default)]
    pub(super) any: Vec<At<String>>,
    #[serde(default)]
    pub(super) none: Vec<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEndpoint {
    pub(super) id: At<String>,
    pub(super) group: String,
    pub(super) clouds: Vec<At<String>>,
    #[serde(default)]
    pub(super) versions: Vec<At<String>>,
    pub(super) direction: At<String>,
    pub(super) rule: At<String>,
    pub(super) protocols: Vec<At<RawProtocol>>,
    pub(super) ports: Option<Vec<At<String>>>,
    pub(super) destinations: RawDestinations,
    pub(super) requirement: At<String>,
    #[serde(default)]
    pub(super) when: RawWhen,
    #[serde(default)]
    pub(super) alternatives: Vec<RawAlternative>,
    pub(super) purpose: String,
    #[serde(default)]
    pub(super) samples: Vec<At<String>>,
    pub(super) known: Option<String>,
    #[serde(default)]
    pub(super) needs: Vec<At<String>>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    pub(super) documented: Option<RawDocumented>,
    #[serde(default)]
    pub(super) inferred: bool,
    pub(super) ambiguity: Option<At<String>>,
    pub(super) private_endpoint: Option<RawPrivateEndpoint>,
    pub(super) azure_firewall: Option<RawAzureFirewall>,
    pub(super) url_path: Option<String>,
    pub(super) tls: Option<RawTls>,
    pub(super) lifecycle: Option<RawLifecycle>,
    pub(super) safe_to_block: Option<bool>,
    pub(super) covers: Option<RawCovers>,
    pub(super) expands_to: Option<RawExpansion>,
    pub(super) component: Option<String>,
    #[serde(default)]
    pub(super) from_component: Vec<String>,
    #[serde(default)]
    pub(super) phase: Vec<At<String>>,
    #[serde(default)]
    pub(super) regions_listed: Vec<At<String>>,
    pub(super) sources: Vec<RawSourceRef>,
}

/// `TCP` in a network rule, `{ type: Https, port: 443 }` in an application rule.
#[derive(Debug)]
pub(super) enum RawProtocol {
    Word(String),
    App(RawAppProtocol),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAppProtocol {
    #[serde(rename = "type")]
    pub(super) kind: At<String>,
    pub(super) port: At<String>,
}

impl<'de> Deserialize<'de> for RawProtocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawProtocol;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a protocol such as `TCP`, or one with `type` and `port`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawProtocol, E> {
                Ok(RawProtocol::Word(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawProtocol, A::Error> {
                RawAppProtocol::deserialize(MapAccessDeserializer::new(map)).map(RawProtocol::App)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDestinations {
    #[serde(default)]
    pub(super) fqdns: Vec<At<String>>,
    #[serde(default)]
    pub(super) fqdn_tags: Vec<At<String>>,
    #[serde(default)]
    pub(super) service_tags: Vec<At<String>>,
    #[serde(default)]
    pub(super) addresses: Vec<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlternative {
    pub(super) rule: Option<At<String>>,
    pub(super) protocols: Option<Vec<At<RawProtocol>>>,
    pub(super) ports: Option<Vec<At<String>>>,
    pub(super) destinations: Option<RawDestinations>,
    pub(super) note: Option<String>,
    pub(super) known: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDocumented {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) destination: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) port: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) when: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrivateEndpoint {
    pub(super) zone: String,
    #[serde(default)]
    pub(super) also: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAzureFirewall {
    pub(super) expressible: At<bool>,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) fallback_fqdns: Vec<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    pub(super) alpn: Option<String>,
    pub(super) websocket: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLifecycle {
    pub(super) added_to_doc: Option<String>,
    pub(super) replaced_by: Option<String>,
    pub(super) retired: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCovers {
    pub(super) groups: Vec<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpansion {
    pub(super) catalog: At<String>,
    pub(super) groups: Vec<String>,
    pub(super) basis: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNsgRule {
    pub(super) id: At<String>,
    pub(super) group: String,
    pub(super) direction: At<String>,
    pub(super) source: Option<At<String>>,
    pub(super) source_kind: Option<At<String>>,
    pub(super) destination: Option<At<String>>,
    pub(super) destination_kind: Option<At<String>>,
    pub(super) protocol: At<String>,
    #[serde(default)]
    pub(super) ports: Vec<At<String>>,
    pub(super) access: At<String>,
    #[serde(default)]
    pub(super) when: RawWhen,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDataRole {
    pub(super) id: At<String>,
    pub(super) role: String,
    pub(super) service: String,
    pub(super) parameter: Option<At<String>>,
    #[serde(default)]
    pub(super) when: RawWhen,
    pub(super) purpose: String,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoute {
    pub(super) id: At<String>,
    pub(super) prefix: At<String>,
    pub(super) next_hop_type: At<String>,
    pub(super) next_hop_address: Option<At<String>>,
    pub(super) requirement: String,
    #[serde(default)]
    pub(super) replies_only: bool,
    #[serde(default)]
    pub(super) when: RawWhen,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDns {
    pub(super) kind: At<String>,
    pub(super) pattern: At<String>,
    #[serde(default)]
    pub(super) clouds: Vec<At<String>>,
    #[serde(default)]
    pub(super) when: RawWhen,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNetworkIsolated {
    pub(super) outbound_types: Vec<String>,
    pub(super) requires: Vec<String>,
    pub(super) endpoints_needed_for_bootstrap: Vec<At<String>>,
    pub(super) acr_private_endpoint_zone: Option<String>,
    #[serde(default)]
    pub(super) unsupported: Vec<String>,
    #[serde(default)]
    pub(super) unsupported_extensions: Vec<String>,
    pub(super) caution: Option<String>,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConstraint {
    pub(super) id: At<String>,
    pub(super) text: String,
    pub(super) sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAmbiguity {
    pub(super) id: At<String>,
    pub(super) about: String,
    pub(super) text: String,
    pub(super) resolution: String,
}
