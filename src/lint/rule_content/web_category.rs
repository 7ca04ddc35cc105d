//! TG3027: web categories that see host names only.

use crate::azure::facts::FirewallFeature;
use crate::azure::rule_sets::rule_sets;
use crate::diag::{Finding, Id};
use crate::estate::ApplicationRule;
use crate::lint::Context;
use crate::lint::common::written::Written;
use crate::lint::firewall_tier::fact_tier;
use crate::net::AppProtocol;

rule! {
    /// A rule of a Premium policy has a web category for HTTPS and does not open TLS.
    ///
    /// Premium sorts a request into a category by its whole URL. Of HTTPS it sees the URL only with TLS inspection;
    /// without, it goes by the host name, as Standard does. A page of another category on a shared host is then not
    /// told apart.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   sku Premium
    ///   rule-collection-group own 200 {
    ///     application-rules blocked 200 deny {
    ///       rule games from 10.10.1.0/24 to web-category Gambling https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Write `tls-inspection` behind the services; or leave it, when host names are enough.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/web-categories.md.
    TG3027, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written = Written::of(context);
    for set in rule_sets(context.estate) {
        let tier = fact_tier(set.tier.value);
        if !context.facts.sku_has(tier, FirewallFeature::UrlFiltering) {
            continue;
        }
        let rules = set.application_rules().map(|placed| placed.rule);
        for rule in rules.filter(|rule| written.has(&rule.info) && sees_hosts_only(rule)) {
            findings.extend(by_host(rule));
        }
    }
}

fn sees_hosts_only(rule: &ApplicationRule) -> bool {
    let mut protocols = rule.protocols.iter();
    rule.terminate_tls.is_none() && protocols.any(|(protocol, _)| *protocol == AppProtocol::Https)
}

fn by_host(rule: &ApplicationRule) -> Option<Finding> {
    let category = rule.web_categories.first()?;
    let name = &rule.info.name;
    let message = format!(
        "rule `{name}` sorts HTTPS into web category `{}` by host name only",
        category.value
    );
    let finding = Finding::new(Id::TG3027, message)
        .at(category.span, "needs TLS inspection to see the URL")
        .help("write `tls-inspection` behind the services, when host names are not enough");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn only_https_without_inspection() {
        let tg3027 = |sku: &str, rule: &str| {
            let policy = format!(
                "firewall-policy p {{ sku {sku}  rule-collection-group g 200 {{ application-rules a 200 deny {{
rule r from 10.0.0.0/24 to {rule}
}} }} }}"
            );
            found(Id::TG3027, &policy)
        };
        assert_eq!(
            tg3027("Premium", "web-category Chess http, https"),
            ["2:41 rule `r` sorts HTTPS into web category `Chess` by host name only"]
        );
        assert_eq!(
            tg3027("Premium", "web-category Chess https tls-inspection"),
            [""; 0]
        );
        assert_eq!(tg3027("Premium", "web-category Chess http"), [""; 0]);
        assert_eq!(tg3027("Premium", "contoso.com https"), [""; 0]);
        assert_eq!(tg3027("Standard", "web-category Chess https"), [""; 0]);
    }
}
