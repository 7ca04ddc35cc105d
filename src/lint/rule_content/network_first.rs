//! TG3009: application rules that are never asked, because a network rule decides first.

use crate::diag::{Finding, Id};
use crate::estate::Action;
use crate::lint::common::cover::{Asked, RuleOrder};
use crate::lint::common::ends::Ends;

use super::dead_rule::{names, told_with_tg3007, verb};

rule! {
    /// An application rule is never asked, because one network rule, or several together, decide all its traffic before.
    ///
    /// Azure Firewall asks all network rules before any application rule, whatever the priorities of groups and
    /// collections, and those of a child policy before the application rules of its parent. A network rule that leads
    /// everywhere on the ports of an application rule leaves nothing for that rule: a deny by name does not stop
    /// anything, and an allow by name narrows nothing. Several rules that together lead everywhere do the same.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group names 200 {
    ///     application-rules blocked 200 deny {
    ///       rule paste from 10.10.1.0/24 to *.pastebin.com https
    ///     }
    ///   }
    ///   rule-collection-group open 60000 {
    ///     network-rules web 60000 allow {
    ///       rule web from 10.10.0.0/16 to any tcp/80, tcp/443
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Take the network rule away and name in application rules what is needed, or lead it to certain addresses.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md.
    TG3009, told_with_tg3007
}

/// Reports an application rule whose sources and ports one network rule takes to every address.
pub(super) fn decided(
    network: &RuleOrder<'_>,
    application: &RuleOrder<'_>,
    rule: &Asked<'_>,
) -> Option<Finding> {
    let sources = application.sources(rule)?;
    let services = application.services(rule)?.as_tcp();
    let covers = network.covers_of(sources, &Ends::everywhere(), &services);
    let first = network.rule(*covers.first()?)?;
    let (name, before, does) = (&rule.info.name, &first.info.name, verb(first.action));
    let message = format!(
        "application rule `{name}` is never asked: network rule `{before}` {does} all its traffic before"
    );
    let help = match (rule.action, first.action) {
        (Action::Deny, Action::Allow) => "what this rule denies gets out",
        (Action::Allow, Action::Deny) => "what this rule allows does not get out",
        (Action::Deny, _) => "this rule is not needed",
        (_, _) => "every name gets out on these ports, not only those of this rule",
    };
    let finding = Finding::new(Id::TG3009, message)
        .at(rule.info.origin, "never asked")
        .related(
            first.info.origin,
            format!("{does} every address on these ports"),
        )
        .help(help)
        .help("network rules are asked before all application rules, whatever the priorities");
    Some(finding)
}

/// An application rule whose packets several network rules decide, whichever addresses its names have.
pub(super) fn decided_together(rule: &Asked<'_>, by: &[&Asked<'_>]) -> Finding {
    let (name, before) = (&rule.info.name, names(by));
    let message = format!(
        "application rule `{name}` is never asked: network rules {before} together decide all its traffic before"
    );
    let finding = Finding::new(Id::TG3009, message).at(rule.info.origin, "never asked");
    let finding = by.iter().take(3).fold(finding, |finding, other| {
        let label = format!(
            "{} a part of its addresses on these ports",
            verb(other.action)
        );
        finding.related(other.info.origin, label)
    });
    finding.help("network rules are asked before all application rules, whatever the priorities")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn tg3009(network: &str, application: &str) -> Vec<String> {
        let policy = format!(
            "firewall-policy p {{ rule-collection-group g 200 {{
application-rules a 200 deny {{ rule app from 10.0.0.0/24 to pastebin.com {application} }}
network-rules b 60000 allow {{ rule net {network} }}
}} }}"
        );
        found(Id::TG3009, &policy)
    }

    #[test]
    fn a_network_rule_to_everywhere_decides() {
        let expected = "2:37 application rule `app` is never asked: network rule `net` allows all its traffic before";
        for network in [
            "from any to any any",
            "from 10.0.0.0/8 to 0.0.0.0/1, 128.0.0.0/1 tcp/1-1024",
            "from 10.0.0.0/25, 10.0.0.128/25 to * tcp/443",
        ] {
            assert_eq!(tg3009(network, "https"), [expected], "{network}");
        }
        for network in [
            "from any to 0.0.0.0/1 any",
            "from 10.0.0.0/25 to any any",
            "from any to any udp/443",
            "from any to any tcp/8443",
            "from any to tag AzureCloud any",
        ] {
            assert_eq!(tg3009(network, "https"), [""; 0], "{network}");
        }
        assert_eq!(tg3009("from any to any tcp/443", "http, https"), [""; 0]);
        let halves = "from any to 0.0.0.0/1 tcp/443 rule far from 10.0.0.0/16 to 128.0.0.0/1 any";
        assert_eq!(
            tg3009(halves, "https"),
            [
                "2:37 application rule `app` is never asked: network rules `net` and `far` together decide all its traffic before"
            ]
        );
        let gap = "from any to 0.0.0.0/1 tcp/443 rule far from any to 128.0.0.0/2 any";
        assert_eq!(tg3009(gap, "https"), [""; 0]);
    }
}
