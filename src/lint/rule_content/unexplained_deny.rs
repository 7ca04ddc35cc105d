//! TG3024: denies without a reason.

use crate::azure::rule_sets::{RuleSet, rule_sets};
use crate::diag::{Finding, Id};
use crate::estate::{Action, Endpoint, RuleInfo, Rules};
use crate::lint::Context;
use crate::lint::common::ends::Ends;
use crate::lint::common::written::Written;
use crate::net::{Destination, FqdnPattern};

rule! {
    /// A rule denies something and does not say why.
    ///
    /// Whoever finds that something does not get out reads the log, finds the rule, and has to decide whether it may
    /// go. A rule that denies everything needs no reason: it is the end of a list.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     application-rules blocked 200 deny {
    ///       rule paste from 10.10.1.0/24 to pastebin.com, *.pastebin.com https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Give it a description: `"nothing leaves by paste sites"`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md.
    TG3024, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written = Written::of(context);
    for set in rule_sets(context.estate) {
        for info in denying(context, &set) {
            if written.has(info) && info.description.trim().is_empty() {
                let message = format!("rule `{}` denies and does not say why", info.name);
                let finding = Finding::new(Id::TG3024, message)
                    .at(info.origin, "no description")
                    .help("say in its description who wanted it, and why");
                findings.push(finding);
            }
        }
    }
}

/// The rules that deny, but for those that deny everything.
fn denying<'a>(context: &Context<'a>, set: &RuleSet<'a>) -> Vec<&'a RuleInfo> {
    let every_name = |ends: &[Endpoint]| {
        ends.iter().any(|end| {
            matches!(
                end,
                Endpoint::Plain(Destination::Anywhere | Destination::Fqdn(FqdnPattern::Any))
            )
        })
    };
    let mut found = Vec::new();
    let denying = set.collections().filter(|it| it.action == Action::Deny);
    for collection in denying {
        match &collection.rules {
            Rules::Network(rules) => found.extend(rules.iter().filter_map(|rule| {
                let ends = Ends::of_addresses(context.estate, &rule.destinations);
                (!ends.is_everything()).then_some(&rule.info)
            })),
            Rules::Application(rules) => {
                let some = rules.iter().filter(|rule| !every_name(&rule.destinations));
                found.extend(some.map(|rule| &rule.info));
            }
            Rules::Nat(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn denies_of_everything_explain_themselves() {
        let policy = "firewall-policy p { rule-collection-group g 200 {
network-rules a 200 deny {
rule one from any to 10.0.0.9 tcp/25
rule two from any to 10.0.0.9 tcp/25 \"mail goes by the relay\"
rule rest from 10.0.0.0/8 to 0.0.0.0/1, 128.0.0.0/1 any
}
application-rules b 200 deny {
rule three from any to *.contoso.com https
rule rest from any to * https
}
application-rules c 300 allow { rule four from any to a.example.com https }
} }";
        assert_eq!(
            found(Id::TG3024, policy),
            [
                "3:6 rule `one` denies and does not say why",
                "8:6 rule `three` denies and does not say why",
            ]
        );
    }
}
