//! The rules: what is wrong, or will be, with an estate and what is wanted of it.
//!
//! One file per subject: the documentation, the id and the check of its rule, or of two that go together. A rule reads the estate, the intent and Azure's facts,
//! and nothing else; what it cannot know it stays silent about. Only what is provably wrong or refused by Azure is an
//! error.

mod suppress;

pub use suppress::apply as silence;

use rayon::prelude::*;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::base::Date;
use crate::diag::{Finding, Id};
use crate::dns::KnownNames;
use crate::estate::Estate;
use crate::intent::Intent;
use crate::intent::catalog::{Library, Regions};

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What is there, with what compiling added.
    pub estate: &'a Estate,
    /// What is wanted.
    pub intent: &'a Intent,
    /// What is known about Azure.
    pub facts: &'a Facts,
    /// The estate ready to be asked for routes.
    pub plane: &'a Dataplane<'a>,
    /// Azure's regions.
    pub regions: &'a Regions,
    /// The catalogs, where they were read; those built in else.
    pub catalogs: Option<&'a Library>,
    /// What names led to, where somebody has asked for them.
    pub names: Option<&'a KnownNames>,
    /// The day on which expiry is judged.
    pub today: Date,
}

impl<'a> Context<'a> {
    /// The catalogs. Those built in are read when a rule first asks for them, because that takes longer than judging a
    /// template.
    fn library(&self) -> &'a Library {
        match self.catalogs {
            Some(catalogs) => catalogs,
            None => Library::shared(),
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: Id,
    /// Its documentation in Markdown: what it checks, why, an example, Azure's own error where there is one, sources.
    pub doc: &'static str,
    check: fn(&Context<'_>, &mut Vec<Finding>),
}

impl Rule {
    /// The documentation, its lines beginning at their first column.
    #[must_use]
    pub fn markdown(&self) -> String {
        let lines = self.doc.lines();
        let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.flat_map(|line| [line, "\n"]).collect()
    }
}

/// Declares a rule from its documentation, its id and its check; the constant is named after the id.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $id:ident, $check:ident) => {
        $(#[doc = $doc])*
        pub(in crate::lint) const $id: crate::lint::Rule = crate::lint::Rule {
            id: crate::diag::Id::$id,
            doc: concat!($($doc, "\n",)*),
            check: $check,
        };
    };
}

mod catalogs;
mod change;
mod common;
mod default_route;
mod dns;
mod dns_proxy;
pub(crate) mod edit;
mod expiry;
mod firewall;
mod firewall_rule;
mod firewall_subnet;
mod firewall_tier;
mod fqdn_tags;
mod hygiene;
mod identity;
mod limits;
mod names_in_nsg;
mod network_permissions;
mod next_hop;
mod nsg;
mod overlap;
mod routing;
mod rule_content;
mod security_rule;
mod shown;
mod subnet;
mod subnet_space;
mod tag;
#[cfg(test)]
mod testing;
mod unused;
mod workload;

pub use catalogs::{CATALOG_IDS, lint_catalog};
pub use fqdn_tags::fqdn_tag_contents;
pub use shown::differences;

/// All rules, by id.
pub const RULES: &[Rule] = &[
    default_route::TG1001,
    overlap::TG1002,
    next_hop::TG1003,
    subnet_space::TG1004,
    routing::learned_default::TG1005,
    routing::split_default::TG1006,
    routing::unreachable_next_hop::TG1007,
    routing::routing_loop::TG1008,
    routing::ip_forwarding::TG1009,
    routing::gateway_propagation::TG1010,
    routing::gateway_subnet::TG1011,
    routing::firewall_subnet_routes::TG1012,
    routing::past_firewall::TG1013,
    routing::service_endpoint::TG1014,
    routing::peering_bypass::TG1015,
    routing::dnat_return::TG1016,
    routing::dropped_destination::TG1017,
    routing::competing_tags::TG1018,
    routing::uneven_subnets::TG1020,
    routing::hdinsight_management::TG1021,
    routing::one_sided_firewall::TG1022,
    subnet::gateway_nsg::TG1031,
    subnet::capacity::TG1032,
    subnet::default_outbound::TG1033,
    subnet::idle_nat_gateway::TG1034,
    subnet::peering_gateways::TG1035,
    subnet::one_sided_peering::TG1036,
    routing::routing_intent::TG1037,
    firewall_subnet::TG2001,
    firewall_tier::TG2002,
    firewall::ignored_rules::TG2004,
    firewall::threat_intelligence::TG2005,
    firewall::intrusion_detection::TG2006,
    firewall::zones::TG2007,
    firewall::snat_ranges::TG2008,
    firewall::inheritance::TG2009,
    dns_proxy::TG3002,
    tag::TG3003,
    tag::TG3004,
    tag::TG3005,
    firewall_rule::TG3006,
    rule_content::dead_rule::TG3007,
    rule_content::dead_rule::TG3008,
    rule_content::network_first::TG3009,
    rule_content::redundant::TG3010,
    rule_content::correlation::TG3011,
    rule_content::wide_open::TG3012,
    rule_content::broad_tag::TG3013,
    rule_content::broad_name::TG3014,
    rule_content::wildcard_trap::TG3015,
    rule_content::moving_name::TG3016,
    rule_content::sql_redirect::TG3019,
    rule_content::wrong_transport::TG3020,
    rule_content::icmp::TG3022,
    rule_content::ip_group::TG3023,
    rule_content::unexplained_deny::TG3024,
    rule_content::wide_source::TG3026,
    rule_content::web_category::TG3027,
    rule_content::wide_ports::TG3028,
    rule_content::legacy_service::TG3029,
    rule_content::private_name::TG3031,
    rule_content::tag_needs::TG3032,
    workload::fqdn_tag_alone::TG3033,
    rule_content::short_lived_name::TG3034,
    names_in_nsg::TG4001,
    security_rule::TG4002,
    nsg::missing::TG4003,
    nsg::required_flow::TG4004,
    nsg::widened_allow::TG4005,
    nsg::hollow_deny::TG4006,
    nsg::default_allow::TG4007,
    nsg::platform::TG4008,
    nsg::inside_cluster::TG4009,
    nsg::management_ports::TG4010,
    nsg::shadowed::TG4011,
    dns::unused_proxy::TG5001,
    dns::dead_end::TG5002,
    dns::unlinked_zone::TG5003,
    dns::single_server::TG5004,
    dns::public_detour::TG5005,
    dns::resolved_publicly::TG5006,
    dns::depends_on_server::TG5007,
    network_permissions::TG6001,
    network_permissions::TG6002,
    identity::system_assigned::TG6003,
    identity::broad_role::TG6004,
    identity::join_actions::TG6005,
    identity::data_role::TG6010,
    expiry::TG7001,
    expiry::TG7002,
    workload::required_endpoint::TG7005,
    workload::outbound_type::TG7006,
    workload::authorized_ranges::TG7007,
    workload::refused::TG7008,
    workload::retired_endpoint::TG7009,
    workload::owner::TG7010,
    workload::assertion::TG7011,
    workload::address_plan::TG7031,
    unused::TG8001,
    hygiene::said_twice::TG8002,
    hygiene::needless::TG8010,
    hygiene::crossing::TG8011,
    hygiene::behind_group::TG8012,
    hygiene::idle_route::TG8013,
    limits::TG9001,
    limits::TG9002,
    workload::snat_ports::TG9003,
];

/// Runs every rule, on top of findings made before, and applies what the policy ignores.
///
/// The result is in the order of the places it speaks of.
#[must_use]
pub fn lint(context: &Context<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    // Rules know nothing of each other. Few are worth the change to another core one by one.
    let found = RULES.par_iter().with_min_len(8).map(|rule| {
        let mut found = Vec::new();
        (rule.check)(context, &mut found);
        found
    });
    findings.extend(found.collect::<Vec<_>>().into_iter().flatten());
    findings.extend(differences(context.plane));
    suppress::apply(&context.intent.ignores, context.today, &mut findings);
    crate::diag::sort(&mut findings);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_the_order_of_their_ids() {
        let ids: Vec<Id> = RULES.iter().map(|rule| rule.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    }

    #[test]
    fn every_rule_says_what_it_is_for() {
        for rule in RULES {
            let markdown = rule.markdown();
            assert!(markdown.starts_with(char::is_uppercase), "{}", rule.id);
        }
    }

    #[test]
    fn a_sound_network_has_no_findings() {
        let policy = r#"
egress 1
region westeurope
use hdinsight-on-aks

vnet analytics 10.10.0.0/16 {
  dns firewall fw
  subnet pool 10.10.1.0/24 { route-table to-fw  nsg pool-nsg }
  subnet AzureFirewallSubnet 10.10.0.0/26
}
gateway vpn in analytics { learned 192.168.0.0/16 }
firewall fw in analytics {
  sku Standard
  private-ip 10.10.0.4
  public-ip 20.50.1.7
  dns-proxy on
}
route-table to-fw {
  route default 0.0.0.0/0 -> firewall fw
  route onprem 192.168.0.0/16 -> gateway
}
nsg pool-nsg { }
identity pool-msi {
  role "Network Contributor" on vnet analytics
  role "Network Contributor" on route-table to-fw
  role "Network Contributor" on nsg pool-nsg
}
pool spark in analytics.pool {
  kind hdinsight-on-aks
  clusters spark, trino
  outbound userDefinedRouting
  private-ingress
  identity pool-msi
}
require spark -> contoso.dfs.core.windows.net  https
require spark -> 192.168.40.0/24               tcp/9092-9094  "Kafka on premises"
require spark -> tag Sql.WestEurope            tcp/1433, tcp/11000-11999
assert spark never reaches 0.0.0.0/0 tcp/22
"#;
        let (_, findings) = testing::run(policy);
        assert!(findings.is_empty(), "{findings:#?}");
    }

    #[test]
    fn each_rule_finds_nothing_in_an_empty_policy() {
        let (_, findings) = testing::run("egress 1");
        assert!(findings.is_empty(), "{findings:?}");
    }
}
