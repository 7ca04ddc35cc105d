//! TG3014: application rules that let out to names of everybody.

use crate::azure::facts::NamedDomain;
use crate::diag::{Finding, Id};
use crate::estate::{ApplicationRule, Endpoint};
use crate::lint::Context;
use crate::lint::common::ends::pattern_covers;
use crate::lint::common::written::allowing_application_rules;
use crate::net::{Destination, FqdnPattern};

rule! {
    /// An application rule lets out to every name, to a top-level domain, or to a domain in which every customer of a
    /// service has names.
    ///
    /// Whoever wants data out makes a storage account of his own: its name ends in `blob.core.windows.net` as yours
    /// does. The same holds for web sites, registries, databases and every other service that names resources in one
    /// domain.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     application-rules web 200 allow {
    ///       rule data from 10.10.1.0/24 to *.blob.core.windows.net https
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Name your own resources, `contoso.blob.core.windows.net`, or reach them by private endpoint.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/private-link/private-endpoint-dns.md and
    /// articles/firewall/firewall-faq.yml.
    TG3014, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let shared = &context.facts.rule_content().shared_domains;
    let fits = |rule: &ApplicationRule| patterns(rule).any(|it| breadth(&it, shared).is_some());
    for it in allowing_application_rules(context, fits) {
        let broad = patterns(it.rule).find_map(|pattern| {
            let breadth = breadth(&pattern, shared)?;
            Some((pattern, breadth))
        });
        findings.extend(broad.map(|(pattern, breadth)| too_broad(it.rule, &pattern, breadth)));
    }
}

fn patterns(rule: &ApplicationRule) -> impl Iterator<Item = FqdnPattern> {
    rule.destinations.iter().filter_map(|end| match end {
        Endpoint::Plain(Destination::Anywhere) => Some(FqdnPattern::Any),
        Endpoint::Plain(Destination::Fqdn(pattern)) => Some(pattern.clone()),
        _ => None,
    })
}

/// What a pattern lets out to that is more than anybody means.
enum Breadth<'f> {
    Everything,
    TopLevel,
    Shared(&'f NamedDomain),
}

fn breadth<'f>(pattern: &FqdnPattern, shared: &'f [NamedDomain]) -> Option<Breadth<'f>> {
    let parent = match pattern {
        FqdnPattern::Any => return Some(Breadth::Everything),
        FqdnPattern::Exact(_) => return None,
        FqdnPattern::Below(name) => name.as_str(),
        FqdnPattern::Suffix(text) => text.as_str(),
    };
    if !parent.contains('.') {
        return Some(Breadth::TopLevel);
    }
    let all_of = |domain: &&NamedDomain| {
        let whole = FqdnPattern::Below(domain.name.clone());
        let region = parent.strip_suffix(domain.name.as_str());
        let region = region.and_then(|before| before.strip_suffix('.'));
        let of_region = region.is_some_and(|region| !region.contains('.'));
        pattern_covers(pattern, &whole)
            || (domain.regional && of_region && matches!(pattern, FqdnPattern::Below(_)))
    };
    shared.iter().find(all_of).map(Breadth::Shared)
}

fn too_broad(rule: &ApplicationRule, pattern: &FqdnPattern, breadth: Breadth<'_>) -> Finding {
    let what = match breadth {
        Breadth::Everything => "every name".to_owned(),
        Breadth::TopLevel => format!("`{pattern}`, a whole top-level domain"),
        Breadth::Shared(domain) if pattern.to_string().ends_with(domain.name.as_str()) => {
            format!("`{pattern}`, where every customer has names")
        }
        Breadth::Shared(domain) => {
            format!(
                "`{pattern}`, which holds `{}`, where every customer has names",
                domain.name
            )
        }
    };
    let name = &rule.info.name;
    Finding::new(
        Id::TG3014,
        format!("application rule `{name}` lets out to {what}"),
    )
    .at(rule.info.origin, "names of strangers too")
    .help("name your own resources")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn tg3014(deny: &str, allow: &str) -> Vec<String> {
        let policy = format!(
            "firewall-policy p {{ rule-collection-group g 200 {{
application-rules a 200 deny {{ rule first from any to {deny} https }}
application-rules b 300 allow {{ rule r from 10.0.0.0/24 to {allow} https }}
}} }}"
        );
        found(Id::TG3014, &policy)
    }

    #[test]
    fn shared_domains_and_what_holds_them() {
        for broad in [
            "*",
            "*.com",
            "*com",
            "*.blob.core.windows.net",
            "*blob.core.windows.net",
            "*.core.windows.net",
            "*.windows.net",
            "*.azurewebsites.net, contoso.com",
            "*.westeurope.cloudapp.azure.com",
            "*.cloudapp.azure.com",
        ] {
            assert_eq!(tg3014("evil.example", broad).len(), 1, "{broad}");
        }
        for fine in [
            "contoso.blob.core.windows.net",
            "*contoso.blob.core.windows.net",
            "*.contoso.com",
            "*.data.mcr.microsoft.com",
            "*.web.westeurope.cloudapp.azure.com",
            "fqdn-tag WindowsUpdate",
        ] {
            assert_eq!(tg3014("evil.example", fine), [""; 0], "{fine}");
        }
        assert_eq!(tg3014("*", "*.blob.core.windows.net"), [""; 0]);
        assert_eq!(
            tg3014("evil.example", "*.windows.net"),
            [
                "3:38 application rule `r` lets out to `*.windows.net`, which holds `blob.core.windows.net`, where every customer has names"
            ]
        );
    }
}
