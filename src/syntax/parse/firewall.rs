//! Firewalls, policies, rule collections.

use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::preceded;

use crate::syntax::tree::{
    Block, Collection, Firewall, FirewallClause, FirewallPolicyClause, FirewallSetting,
    NatCollection, NatRule, PolicySetting, Rule, RuleCollection, RuleCollectionGroup, Word,
};

use super::block::{Form, Forms, body, optional_body, usages_of};
use super::input::{Failure, Step, Tokens, arrow, keyword, one_of, text, value, values};
use super::intent::{target, targets};
use super::network::{SWITCH, clause_span, placed_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&FIREWALL)
        .chain(usages_of(&FIREWALL_POLICY))
        .chain(usages_of(&GROUP))
        .chain(usages_of(&NETWORK_COLLECTION))
        .chain(usages_of(&APPLICATION_COLLECTION))
        .chain(usages_of(&NAT_COLLECTION))
        .collect()
}

pub(super) fn firewall(input: Tokens<'_>) -> Step<'_, Firewall> {
    placed_block(
        "the name of a firewall",
        "the name of a vnet or virtual hub",
        &FIREWALL,
        input,
    )
}

pub(super) fn firewall_policy(input: Tokens<'_>) -> Step<'_, Block<FirewallPolicyClause>> {
    (
        value("the name of a firewall policy"),
        optional_body(&FIREWALL_POLICY),
    )
        .map(|(name, body)| Block { name, body })
        .parse(input)
}

type Parse<T> = for<'a> fn(Word, Tokens<'a>) -> Step<'a, T>;

const SKU: Parse<FirewallSetting> = |_, input| {
    value("Basic, Standard or Premium")
        .map(FirewallSetting::Sku)
        .parse(input)
};
const DNS_PROXY: Parse<FirewallSetting> =
    |_, input| one_of(SWITCH).map(FirewallSetting::DnsProxy).parse(input);
const DNS_SERVERS: Parse<FirewallSetting> = |_, input| {
    values("the address of a DNS server")
        .map(FirewallSetting::DnsServers)
        .parse(input)
};
const THREAT_INTEL: Parse<FirewallSetting> = |_, input| {
    one_of(&["off", "alert", "deny"])
        .map(FirewallSetting::ThreatIntel)
        .parse(input)
};
const THREAT_INTEL_ALLOW: Parse<FirewallSetting> = |_, input| {
    values("a domain name, or an address")
        .map(FirewallSetting::ThreatIntelAllow)
        .parse(input)
};
const NAMES_NEED_PROXY: Parse<FirewallSetting> = |_, input| {
    one_of(SWITCH)
        .map(FirewallSetting::NamesNeedProxy)
        .parse(input)
};
const SNAT_PRIVATE_RANGES: Parse<FirewallSetting> = |_, input| {
    values("a prefix")
        .map(FirewallSetting::SnatPrivateRanges)
        .parse(input)
};

/// The settings that both firewalls and policies have, as forms of either block.
macro_rules! with_settings {
    ($wrap:path; $($own:expr),* $(,)?) => {
        &[
            Form {
                keyword: "sku",
                usage: "sku Basic | Standard | Premium",
                parse: |head, input| SKU(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            Form {
                keyword: "dns-proxy",
                usage: "dns-proxy on | off",
                parse: |head, input| DNS_PROXY(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            Form {
                keyword: "dns-servers",
                usage: "dns-servers ADDRESS, …",
                parse: |head, input| DNS_SERVERS(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            Form {
                keyword: "threat-intel",
                usage: "threat-intel off | alert | deny",
                parse: |head, input| THREAT_INTEL(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            Form {
                keyword: "threat-intel-allow",
                usage: "threat-intel-allow NAME-OR-ADDRESS, …",
                parse: |head, input| THREAT_INTEL_ALLOW(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            Form {
                keyword: "names-need-proxy",
                usage: "names-need-proxy on | off",
                parse: |head, input| NAMES_NEED_PROXY(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            Form {
                keyword: "snat-private-ranges",
                usage: "snat-private-ranges PREFIX, …",
                parse: |head, input| SNAT_PRIVATE_RANGES(head, input).map(|(rest, setting)| (rest, $wrap(setting))),
            },
            $($own),*
        ]
    };
}

const NETWORK_RULES: &str = "network-rules NAME PRIORITY allow|deny { … }";
const APPLICATION_RULES: &str = "application-rules NAME PRIORITY allow|deny { … }";
const DNAT_RULES: &str = "dnat-rules NAME PRIORITY { … }";

static FIREWALL: Forms<FirewallClause> = Forms {
    block: "a firewall",
    common: Some(FirewallClause::Common),
    own: with_settings![FirewallClause::Setting;
        Form {
            keyword: "private-ip",
            usage: "private-ip ADDRESS",
            parse: |_, input| value("an address").map(FirewallClause::PrivateIp).parse(input),
        },
        Form {
            keyword: "public-ip",
            usage: "public-ip NAME-OR-ADDRESS, …",
            parse: |_, input| values("the name of a public IP, or an address").map(FirewallClause::PublicIp).parse(input),
        },
        Form {
            keyword: "managed-public-ips",
            usage: "managed-public-ips NUMBER",
            parse: |_, input| value("a number of addresses").map(FirewallClause::ManagedPublicIps).parse(input),
        },
        Form {
            keyword: "management-ip",
            usage: "management-ip NAME-OR-ADDRESS",
            parse: |_, input| value("the name of a public IP, or an address").map(FirewallClause::ManagementIp).parse(input),
        },
        Form {
            keyword: "policy",
            usage: "policy NAME",
            parse: |_, input| value("the name of a firewall policy").map(FirewallClause::Policy).parse(input),
        },
        Form {
            keyword: "zones",
            usage: "zones N, …",
            parse: |_, input| values("the number of a zone").map(FirewallClause::Zones).parse(input),
        },
        Form {
            keyword: "network-rules",
            usage: NETWORK_RULES,
            parse: |_, input| collection(&NETWORK_COLLECTION).map(|c| FirewallClause::Collection(RuleCollection::Network(c))).parse(input),
        },
        Form {
            keyword: "application-rules",
            usage: APPLICATION_RULES,
            parse: |_, input| collection(&APPLICATION_COLLECTION).map(|c| FirewallClause::Collection(RuleCollection::Application(c))).parse(input),
        },
        Form {
            keyword: "dnat-rules",
            usage: DNAT_RULES,
            parse: |_, input| nat_collection.map(|c| FirewallClause::Collection(RuleCollection::Dnat(c))).parse(input),
        },
    ],
};

static FIREWALL_POLICY: Forms<FirewallPolicyClause> = Forms {
    block: "a firewall policy",
    common: Some(FirewallPolicyClause::Common),
    own: with_settings![FirewallPolicyClause::Setting;
        Form {
            keyword: "parent",
            usage: "parent NAME",
            parse: |_, input| value("the name of a firewall policy").map(FirewallPolicyClause::Parent).parse(input),
        },
        Form {
            keyword: "idps",
            usage: "idps off | alert | deny",
            parse: |_, input| {
                one_of(&["off", "alert", "deny"])
                    .map(|word| FirewallPolicyClause::PolicySetting(PolicySetting::Idps(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "sql-redirect",
            usage: "sql-redirect on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(|word| FirewallPolicyClause::PolicySetting(PolicySetting::SqlRedirect(word)))
                    .parse(input)
            },
        },
        Form {
            keyword: "rule-collection-group",
            usage: "rule-collection-group NAME PRIORITY { … }",
            parse: |_, input| {
                (value("the name of a rule collection group"), value("a priority from 100 to 65000"), body(&GROUP))
                    .map(|(name, priority, body)| {
                        FirewallPolicyClause::Group(RuleCollectionGroup { name, priority, body })
                    })
                    .parse(input)
            },
        },
    ],
};

static GROUP: Forms<RuleCollection> = Forms {
    block: "a rule collection group",
    common: None,
    own: &[
        Form {
            keyword: "network-rules",
            usage: NETWORK_RULES,
            parse: |_, input| {
                collection(&NETWORK_COLLECTION)
                    .map(RuleCollection::Network)
                    .parse(input)
            },
        },
        Form {
            keyword: "application-rules",
            usage: APPLICATION_RULES,
            parse: |_, input| {
                collection(&APPLICATION_COLLECTION)
                    .map(RuleCollection::Application)
                    .parse(input)
            },
        },
        Form {
            keyword: "dnat-rules",
            usage: DNAT_RULES,
            parse: |_, input| nat_collection.map(RuleCollection::Dnat).parse(input),
        },
    ],
};

fn collection<'a>(
    rules: &'static Forms<Rule>,
) -> impl Parser<Tokens<'a>, Output = Collection, Error = Failure> {
    (
        value("the name of a rule collection"),
        value("a priority from 100 to 65000"),
        one_of(&["allow", "deny"]),
        body(rules),
    )
        .map(|(name, priority, action, body)| Collection {
            name,
            priority,
            action,
            body,
        })
}

static NETWORK_COLLECTION: Forms<Rule> = Forms {
    block: "a rule collection",
    common: None,
    own: &[Form {
        keyword: "rule",
        usage: "rule NAME from TARGET, … to TARGET, … SERVICE, … [\"description\"]",
        parse: rule,
    }],
};

static APPLICATION_COLLECTION: Forms<Rule> = Forms {
    block: "a rule collection",
    common: None,
    own: &[Form {
        keyword: "rule",
        usage: "rule NAME from TARGET, … to TARGET, … SERVICE, … [tls-inspection] [\"description\"]",
        parse: rule,
    }],
};

/// A network or application rule; what only one of them can have is told apart later, with a better message.
fn rule(head: Word, input: Tokens<'_>) -> Step<'_, Rule> {
    let (rest, (name, from, to, services, tls_inspection, description)) = (
        value("the name of a rule"),
        preceded(keyword("from"), cut(targets)),
        preceded(keyword("to"), cut(targets)),
        values("a service such as https or tcp/9092"),
        opt(keyword("tls-inspection")),
        opt(text("a description in quotes")),
    )
        .parse(input)?;
    let rule = Rule {
        span: clause_span(&head, rest),
        name,
        from,
        to,
        services,
        tls_inspection,
        description,
    };
    Ok((rest, rule))
}

fn nat_collection(input: Tokens<'_>) -> Step<'_, NatCollection> {
    (
        value("the name of a rule collection"),
        value("a priority from 100 to 65000"),
        body(&NAT_COLLECTION),
    )
        .map(|(name, priority, body)| NatCollection {
            name,
            priority,
            body,
        })
        .parse(input)
}

static NAT_COLLECTION: Forms<NatRule> = Forms {
    block: "a DNAT rule collection",
    common: None,
    own: &[Form {
        keyword: "rule",
        usage: "rule NAME from TARGET, … to ADDRESS SERVICE, … -> ADDRESS port PORT [\"description\"]",
        parse: |head, input| {
            let (rest, (name, from, to, services, translated, port, description)) = (
                value("the name of a rule"),
                preceded(keyword("from"), cut(targets)),
                preceded(keyword("to"), cut(target)),
                values("a service such as tcp/443"),
                preceded(arrow(), cut(value("the address or name to translate to"))),
                preceded(keyword("port"), cut(value("a port"))),
                opt(text("a description in quotes")),
            )
                .parse(input)?;
            let rule = NatRule {
                span: clause_span(&head, rest),
                name,
                from,
                to,
                services,
                translated,
                port,
                description,
            };
            Ok((rest, rule))
        },
    }],
};
