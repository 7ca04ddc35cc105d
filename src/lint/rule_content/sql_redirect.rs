//! TG3019: Azure SQL without the ports it redirects to.

use crate::azure::facts::SqlPorts;
use crate::azure::rule_sets::{RuleSet, with_those_above};
use crate::diag::{Finding, Id, Safety};
use crate::estate::{Action, NetworkRule};
use crate::lint::common::cover::LastOrder;
use crate::lint::common::ends::{Ends, Services};
use crate::lint::common::written::{Allowing, allowing_network_rules, is_all_known};
use crate::lint::{Context, change};

rule! {
    /// A network rule lets clients begin with Azure SQL and not go on.
    ///
    /// Clients inside Azure talk to the gateway on port 1433, are told the machine that holds their database, and go
    /// on to it on a port from 11000 to 11999. A rule for port 1433 alone lets them begin, and then the connection
    /// breaks. This is the default for clients in Azure; a server can be set to `Proxy`, which the network does not
    /// show, so the finding rests on an assumption.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule databases from 10.10.1.0/24 to tag Sql.WestEurope tcp/1433
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Add `tcp/11000-11999` to the rule. Or set the server to `Proxy` and name it in an application rule with
    /// `mssql`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/firewall-known-issues.md and sql-fqdn-filtering.md.
    TG3019, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut last = LastOrder::default();
    for sql in &context.facts.rule_content().sql {
        let first = Services::of_list(&[sql.first]);
        let redirect = Services::of_list(&[sql.redirect]);
        let begins = |it: &Allowing<'_, NetworkRule>| {
            it.services.covers(&first)
                && !it.services.covers(&redirect)
                && sql_tags(&it.destinations, sql).is_some()
        };
        for it in allowing_network_rules(context, begins) {
            if !redirects_by_application_rules(context, &it.set)
                && !goes_on(context, &mut last, &it, sql, &redirect)
            {
                findings.push(cannot_go_on(&it, sql));
            }
        }
    }
}

/// The tags of databases among some destinations.
fn sql_tags(ends: &Ends, sql: &SqlPorts) -> Option<Ends> {
    let of_sql = |tag: &&smol_str::SmolStr| {
        tag.split('.')
            .next()
            .is_some_and(|base| base.eq_ignore_ascii_case(&sql.tag))
    };
    let tags: Vec<_> = ends.tags.iter().filter(of_sql).cloned().collect();
    (!tags.is_empty()).then(|| Ends {
        tags,
        ..Ends::default()
    })
}

fn redirects_by_application_rules(context: &Context<'_>, set: &RuleSet<'_>) -> bool {
    let sets = with_those_above(context.estate, set);
    sets.iter().any(|set| {
        set.settings
            .sql_redirect
            .is_some_and(|redirect| redirect.value)
    })
}

/// Whether another rule lets the same sources on to the ports of redirection.
fn goes_on<'a>(
    context: &Context<'a>,
    last: &mut LastOrder<'a>,
    it: &Allowing<'a, NetworkRule>,
    sql: &SqlPorts,
    redirect: &Services,
) -> bool {
    let Some(databases) = sql_tags(&it.destinations, sql) else {
        return true;
    };
    let sources = Ends::of_addresses(context.estate, &it.rule.sources);
    if sources.unknown || !is_all_known(context.estate, &it.set) {
        return true;
    }
    let order = last.of(context.estate, context.facts, &it.set);
    let covers = order.covers_of(&sources, &databases, redirect);
    let mut rules = covers.iter().filter_map(|at| order.rule(*at));
    rules.any(|rule| rule.action == Action::Allow)
}

fn cannot_go_on(it: &Allowing<'_, NetworkRule>, sql: &SqlPorts) -> Finding {
    let name = &it.rule.info.name;
    let finding = Finding::new(
        Id::TG3019,
        format!(
            "network rule `{name}` lets clients begin with Azure SQL on {}, and no rule lets them on to {}",
            sql.first, sql.redirect
        ),
    )
    .at(it.rule.info.origin, "redirected connections break")
    .help(format!("add {} to the rule", sql.redirect))
    .help("it is fine when the servers have the connection policy `Proxy`");
    let ports = sql.redirect.transport_ports().1;
    finding.assumed().propose(
        "let clients go on",
        Safety::Unsafe,
        change::more(it.rule.info.origin, change::PORTS, ports),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn clients_go_on_by_any_rule() {
        let tg3019 = |setting: &str, rule: &str, other: &str| {
            let policy = format!(
                "firewall-policy p {{ {setting}
rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {rule}
rule other {other}
}} }} }}"
            );
            found(Id::TG3019, &policy)
        };
        let none = "from 10.0.0.0/25 to tag Sql.WestEurope tcp/11000-11999";
        let begin = "tag Sql.WestEurope tcp/1433";
        assert_eq!(
            tg3019("", begin, none),
            [
                "3:6 network rule `r` lets clients begin with Azure SQL on tcp/1433, and no rule lets them on to tcp/11000-11999"
            ]
        );
        for fine in [
            "tag Sql.WestEurope tcp/1433, tcp/11000-11999",
            "tag Sql any",
            "tag Sql tcp/443",
            "192.168.0.9 tcp/1433",
        ] {
            assert_eq!(tg3019("", fine, none), [""; 0], "{fine}");
        }
        for other in [
            "from 10.0.0.0/16 to tag Sql.WestEurope tcp/11000-11999",
            "from any to tag Sql tcp/1-65535",
            "from any to any any",
        ] {
            assert_eq!(tg3019("", begin, other), [""; 0], "{other}");
        }
        assert_eq!(tg3019("sql-redirect on", begin, none), [""; 0]);
    }
}
