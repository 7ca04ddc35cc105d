//! TG3015: wildcards that match more, or less, than they look.

use crate::azure::rule_sets::rule_sets;
use crate::diag::{Finding, Id, Safety};
use crate::estate::{Action, ApplicationRule, Endpoint, RuleInfo};
use crate::lint::common::cover::RuleOrder;
use crate::lint::common::ends::{Ends, Services};
use crate::lint::common::written::{Written, allowing_application_rules};
use crate::lint::{Context, change, edit};
use crate::net::{Destination, Fqdn, FqdnPattern};

rule! {
    /// A wildcard matches more than it looks, or less.
    ///
    /// - `*contoso.com` takes every name that ends so: `contoso.com` and `www.contoso.com`, but also `evilcontoso.com`,
    ///   which anybody can register. The same holds for the name of a resource in a domain of a service, such as
    ///   `*contoso.blob.core.windows.net`.
    /// - `*.contoso.com` does not take `contoso.com` itself. Where a rule denies the names below a domain, and the
    ///   domain itself still gets out by a rule behind it, the deny most likely means both.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     application-rules web 200 allow {
    ///       rule own from 10.10.1.0/24 to *contoso.com https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Write both: `contoso.com, *.contoso.com`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml.
    TG3015, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let fits = |rule: &ApplicationRule| patterns(rule).any(|it| registrable(context, it).is_some());
    for it in allowing_application_rules(context, fits) {
        for pattern in patterns(it.rule) {
            let domain = registrable(context, pattern);
            findings.extend(domain.map(|domain| takes_strangers(it.rule, pattern, domain)));
        }
    }
    let written = Written::of(context);
    for set in rule_sets(context.estate) {
        let denying = set
            .application_rules()
            .filter(|it| it.collection.action == Action::Deny && written.has(&it.rule.info));
        let trapped: Vec<(&ApplicationRule, &Fqdn)> = denying
            .flat_map(|it| apexes(it.rule).map(move |apex| (it.rule, apex)))
            .collect();
        if trapped.is_empty() {
            continue;
        }
        let order = RuleOrder::application(context.estate, context.facts, &set);
        for (rule, apex) in trapped {
            let sources = Ends::of_addresses(context.estate, &rule.sources);
            let services = Services::of_application(rule);
            let name = Ends::of_name(apex.clone());
            let covers = order.covers_of(&sources, &name, &services);
            // The first rule that takes all of it decides.
            let first = covers.first().and_then(|at| order.rule(*at));
            if let Some(allow) = first.filter(|it| it.action == Action::Allow) {
                findings.push(apex_gets_out(rule, apex, allow.info));
            }
        }
    }
}

fn patterns(rule: &ApplicationRule) -> impl Iterator<Item = &FqdnPattern> {
    rule.destinations.iter().filter_map(|end| match end {
        Endpoint::Plain(Destination::Fqdn(pattern)) => Some(pattern),
        _ => None,
    })
}

/// The domain behind the asterisk, when strangers can get a name that ends in it.
fn registrable<'p>(context: &Context<'_>, pattern: &'p FqdnPattern) -> Option<&'p str> {
    let FqdnPattern::Suffix(text) = pattern else {
        return None;
    };
    let (label, parent) = text.split_once('.')?;
    let shared = &context.facts.rule_content().shared_domains;
    let open = !parent.contains('.') || shared.iter().any(|it| it.name.as_str() == parent);
    // A part that begins with an underscore is meant as the end of a name.
    let whole = !label.starts_with('_');
    // All of a shared domain is reported as too broad.
    let all_of_it = shared.iter().any(|it| it.name.as_str() == text.as_str());
    (open && whole && !all_of_it).then_some(text.as_str())
}

/// The domains whose names a rule denies, without naming the domains themselves.
fn apexes(rule: &ApplicationRule) -> impl Iterator<Item = &Fqdn> {
    patterns(rule).filter_map(move |pattern| match pattern {
        FqdnPattern::Below(apex) => {
            let named = patterns(rule).any(|other| other.covers(apex));
            (!named).then_some(apex)
        }
        _ => None,
    })
}

fn takes_strangers(rule: &ApplicationRule, pattern: &FqdnPattern, domain: &str) -> Finding {
    let name = &rule.info.name;
    let both = format!("{domain}, *.{domain}");
    let finding = Finding::new(
        Id::TG3015,
        format!("application rule `{name}` lets out to `evil{domain}` too, by `{pattern}`"),
    )
    .at(rule.info.origin, "takes every name that ends so")
    .help(format!("write both: {both}"));
    // The place is that of the last destination, whatever word brought it in.
    let last = rule.destinations.last();
    let is_last = matches!(last, Some(Endpoint::Plain(Destination::Fqdn(it))) if it == pattern);
    let text = rule.info.written.filter(|text| {
        let span = text.destination;
        let length = usize::try_from(span.end.saturating_sub(span.start)).unwrap_or(0);
        is_last && (rule.destinations.len() == 1 || length == pattern.to_string().len())
    });
    match text {
        Some(text) => {
            let edit = edit::replace(text.destination, both);
            finding.fix(
                "name the domain and what is below it",
                Safety::Unsafe,
                vec![edit],
            )
        }
        None => finding,
    }
}

fn apex_gets_out(rule: &ApplicationRule, apex: &Fqdn, allow: &RuleInfo) -> Finding {
    let name = &rule.info.name;
    let finding = Finding::new(
        Id::TG3015,
        format!("application rule `{name}` denies `*.{apex}`, and `{apex}` itself gets out"),
    )
    .at(rule.info.origin, "not for the domain itself")
    .related(allow.origin, format!("allows `{apex}`"))
    .help(format!("name both: {apex}, *.{apex}"))
    .propose(
        "deny the domain itself too",
        Safety::Unsafe,
        change::more(rule.info.origin, change::NAMES, apex),
    );
    match rule.info.written {
        Some(text) => {
            let edit = edit::append(text.destination, apex);
            finding.fix("deny the domain itself too", Safety::Unsafe, vec![edit])
        }
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    fn policy(deny: &str, allow: &str) -> String {
        format!(
            "firewall-policy p {{ rule-collection-group g 200 {{
application-rules a 200 deny {{ rule no from any to {deny} https }}
application-rules b 300 allow {{ rule yes from 10.0.0.0/24 to {allow} https }}
}} }}"
        )
    }

    #[test]
    fn an_asterisk_without_a_dot_takes_strangers() {
        let tg3015 = |allow: &str| found(Id::TG3015, &policy("evil.example", allow));
        let expected =
            "3:38 application rule `yes` lets out to `evilcontoso.com` too, by `*contoso.com`";
        assert_eq!(tg3015("*contoso.com"), [expected]);
        assert_eq!(tg3015("a.b, *contoso.com, c.d"), [expected]);
        assert_eq!(tg3015("*contoso.blob.core.windows.net").len(), 1);
        for fine in [
            "*.contoso.com, contoso.com",
            "*api.contoso.com",
            "*_dsn.contoso.com",
            "*blob.core.windows.net",
            "*com",
        ] {
            assert_eq!(tg3015(fine), [""; 0], "{fine}");
        }
        let fixed = fixed(Id::TG3015, &policy("evil.example", "a.b, *contoso.com"));
        assert!(
            fixed.contains("to a.b, contoso.com, *.contoso.com https"),
            "{fixed}"
        );
        assert_eq!(found(Id::TG3015, &fixed), [""; 0]);
    }

    #[test]
    fn a_denied_domain_gets_out_by_itself() {
        let tg3015 = |deny: &str, allow: &str| {
            let text = policy(deny, allow).replace("from any", "from 10.0.0.0/25");
            found(Id::TG3015, &text)
        };
        assert_eq!(
            tg3015("*.pastebin.com", "*"),
            [
                "2:37 application rule `no` denies `*.pastebin.com`, and `pastebin.com` itself gets out"
            ]
        );
        for (deny, allow) in [
            ("*.pastebin.com, pastebin.com", "*"),
            ("*.pastebin.com, *pastebin.com", "*"),
            ("*.pastebin.com", "*.contoso.com"),
            ("*.pastebin.com", "www.pastebin.com"),
        ] {
            assert_eq!(tg3015(deny, allow), [""; 0], "{deny} {allow}");
        }
        let text = policy("*.pastebin.com", "*").replace("from any", "from 10.0.0.9");
        assert_eq!(found(Id::TG3015, &fixed(Id::TG3015, &text)), [""; 0]);
    }
}
