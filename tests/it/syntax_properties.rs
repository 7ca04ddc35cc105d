//! The language against random texts: policies that are valid by construction, policies with damage, and noise.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use tidegate::base::SourceMap;
use tidegate::diag::Finding;
use tidegate::intent::catalog::Library;
use tidegate::syntax::{Parameters, Parsed, format, lower, parse};

use super::policy::{built_in, lines};

static LIBRARY: LazyLock<(SourceMap, &'static Library)> = LazyLock::new(built_in);

/// A part of a statement.
#[derive(Debug, Clone)]
enum Part {
    /// A word or text that stays on the line.
    Word(String),
    /// A word or text that may begin a line: it introduces a part of a statement, or is a text.
    Free(String),
    /// A comma, an arrow, an equals sign: whatever follows may begin a line.
    Joint(&'static str),
    /// A block.
    Block(Vec<Vec<Part>>),
}

type Statement = Vec<Part>;

fn word(text: impl Into<String>) -> Part {
    Part::Word(text.into())
}

fn free(text: impl Into<String>) -> Part {
    Part::Free(text.into())
}

/// Joins the parts of a statement, whatever they are made from.
macro_rules! parts {
    ($($strategy:expr),* $(,)?) => {
        [$($strategy.boxed()),*].prop_map(|parts: [Statement; _]| parts.concat())
    };
}

fn just(parts: Statement) -> impl Strategy<Value = Statement> {
    Just(parts)
}

/// The words of a text, with blanks between, all on one line.
fn on_line(text: &'static str) -> impl Strategy<Value = Statement> {
    just(text.split(' ').map(word).collect())
}

fn joint(text: &'static str) -> impl Strategy<Value = Statement> {
    just(vec![Part::Joint(text)])
}

fn one(of: impl Strategy<Value = String>) -> impl Strategy<Value = Statement> {
    of.prop_map(|text| vec![word(text)])
}

/// `KEYWORD VALUE`.
fn clause(
    keyword: &'static str,
    value: impl Strategy<Value = Statement>,
) -> impl Strategy<Value = Statement> {
    value.prop_map(move |value| {
        let mut parts = vec![word(keyword)];
        parts.extend(value);
        parts
    })
}

fn list(element: impl Strategy<Value = Statement>) -> impl Strategy<Value = Statement> {
    prop::collection::vec(element, 1..4).prop_map(|elements| {
        let mut parts = Vec::new();
        for element in elements {
            if !parts.is_empty() {
                parts.push(Part::Joint(","));
            }
            parts.extend(element);
        }
        parts
    })
}

fn maybe(parts: impl Strategy<Value = Statement>) -> impl Strategy<Value = Statement> {
    prop::option::of(parts).prop_map(Option::unwrap_or_default)
}

fn block(clauses: impl Strategy<Value = Statement>) -> impl Strategy<Value = Statement> {
    prop::collection::vec(clauses, 0..4).prop_map(|clauses| vec![Part::Block(clauses)])
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        // The hyphen keeps it apart from keywords, which may begin no continued line.
        "[a-z]{1,5}-[a-z0-9_]{1,6}",
        "\\$[a-z][a-z0-9_]{0,4}",
        Just("spark-ä".to_owned()),
    ]
}

fn v4() -> impl Strategy<Value = String> {
    any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}"))
}

fn v6() -> impl Strategy<Value = String> {
    any::<[u16; 3]>().prop_map(|[a, b, c]| format!("fd00:{a:x}:{b:x}::{c:x}"))
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![v4(), v6()]
}

fn prefix() -> impl Strategy<Value = String> {
    prop_oneof![
        (v4(), 0..=32u8).prop_map(|(address, length)| format!("{address}/{length}")),
        (v6(), 0..=128u8).prop_map(|(address, length)| format!("{address}/{length}")),
        (v4(), v4()).prop_map(|(first, last)| format!("{first}-{last}")),
    ]
}

fn domain() -> impl Strategy<Value = String> {
    "(\\*\\.|\\*)?[a-z0-9-]{1,8}\\.(contoso|fabrikam)\\.(com|net)"
}

fn place() -> impl Strategy<Value = String> {
    "[a-z]{1,5}\\.[a-z]{1,5}"
}

fn service() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["https", "http", "mssql", "icmp", "any", "tcp/*"]).prop_map(str::to_owned),
        ("(tcp|udp)", 1..=32767u16, 0..=32767u16)
            .prop_map(|(transport, first, more)| format!("{transport}/{first}-{}", first + more)),
    ]
}

fn quoted() -> impl Strategy<Value = String> {
    "\"([a-z {},=/é]|->|//|\\\\\"|\\\\\\\\){0,12}\""
}

fn text() -> impl Strategy<Value = Statement> {
    quoted().prop_map(|text| vec![free(text)])
}

fn date() -> impl Strategy<Value = Statement> {
    one("20[0-9]{2}-0[1-9]-[012][1-8]")
}

fn number() -> impl Strategy<Value = Statement> {
    one("[1-9][0-9]{0,3}")
}

fn switch() -> impl Strategy<Value = Statement> {
    one(select(vec!["on", "off"]).prop_map(str::to_owned))
}

fn choice(words: &'static [&'static str]) -> impl Strategy<Value = Statement> {
    select(words).prop_map(|text| vec![word(text)])
}

/// A part that a word introduces which may begin a line.
fn introduced(
    keyword: &'static str,
    value: impl Strategy<Value = Statement>,
) -> impl Strategy<Value = Statement> {
    value.prop_map(move |value| {
        let mut parts = vec![free(keyword)];
        parts.extend(value);
        parts
    })
}

fn target() -> impl Strategy<Value = Statement> {
    prop_oneof![
        one(name()),
        one(prefix()),
        one(address()),
        one(domain()),
        one(place()),
        on_line("tag Sql.WestEurope"),
        on_line("fqdn-tag WindowsUpdate"),
        on_line("web-category Gambling"),
        on_line("ip-group partners"),
        on_line("security-group web"),
    ]
}

fn targets() -> impl Strategy<Value = Statement> {
    list(target())
}

fn services() -> impl Strategy<Value = Statement> {
    list(one(service()))
}

fn names() -> impl Strategy<Value = Statement> {
    list(one(name()))
}

fn addresses() -> impl Strategy<Value = Statement> {
    list(one(address()))
}

fn prefixes() -> impl Strategy<Value = Statement> {
    list(one(prefix()))
}

fn ignore() -> impl Strategy<Value = Statement> {
    parts![
        on_line("ignore TG1001"),
        text(),
        maybe(introduced("until", date()))
    ]
}

fn common() -> impl Strategy<Value = Statement> {
    prop_oneof![
        ignore(),
        parts![
            on_line("existing"),
            maybe(introduced("resource-group", one(name()))),
            maybe(introduced("subscription", one(name()))),
        ],
    ]
}

fn subnet() -> impl Strategy<Value = Statement> {
    let clauses = prop_oneof![
        clause("route-table", one(name())),
        clause("nsg", one(name())),
        clause("nat-gateway", one(name())),
        clause("service-endpoints", names()),
        clause("delegation", one(name())),
        clause(
            "private-endpoint-policies",
            choice(&["disabled", "enabled", "nsg", "route-table"])
        ),
        clause("default-outbound", switch()),
        clause("service-endpoint-policy", names()),
        common(),
    ];
    parts![
        on_line("subnet"),
        one(name()),
        prefixes(),
        maybe(block(clauses))
    ]
}

fn rule() -> impl Strategy<Value = Statement> {
    parts![
        on_line("rule"),
        one(name()),
        introduced("from", targets()),
        introduced("to", targets()),
        services(),
        maybe(text()),
    ]
}

fn application_rule() -> impl Strategy<Value = Statement> {
    parts![
        on_line("rule"),
        one(name()),
        introduced("from", targets()),
        introduced("to", targets()),
        services(),
        maybe(just(vec![free("tls-inspection")])),
        maybe(text()),
    ]
}

fn collection() -> impl Strategy<Value = Statement> {
    let dnat_rule = parts![
        on_line("rule"),
        one(name()),
        introduced("from", targets()),
        introduced("to", target()),
        services(),
        joint("->"),
        one(address()),
        introduced("port", number()),
        maybe(text()),
    ];
    prop_oneof![
        parts![
            on_line("network-rules"),
            one(name()),
            number(),
            choice(&["allow", "deny"]),
            block(rule()),
        ],
        parts![
            on_line("application-rules"),
            one(name()),
            number(),
            choice(&["allow", "deny"]),
            block(application_rule()),
        ],
        parts![
            on_line("dnat-rules"),
            one(name()),
            number(),
            block(dnat_rule)
        ],
    ]
}

fn policy_setting() -> impl Strategy<Value = Statement> {
    prop_oneof![
        clause("idps", choice(&["off", "alert", "deny"])),
        clause("sql-redirect", switch()),
    ]
}

fn setting() -> impl Strategy<Value = Statement> {
    prop_oneof![
        clause("sku", choice(&["Basic", "Standard", "Premium"])),
        clause("dns-proxy", switch()),
        clause("dns-servers", addresses()),
        clause("threat-intel", choice(&["off", "alert", "deny"])),
        clause(
            "threat-intel-allow",
            list(prop_oneof![one(domain()), one(prefix())])
        ),
        clause("names-need-proxy", switch()),
        clause("snat-private-ranges", prefixes()),
    ]
}

fn network_statement() -> impl Strategy<Value = Statement> {
    let vnet = prop_oneof![
        on_line("dns azure"),
        clause("dns", addresses()),
        clause("dns", clause("firewall", one(name()))),
        subnet(),
        common(),
    ];
    let peering = prop_oneof![
        clause("forwarded-traffic", switch()),
        clause("gateway-transit", switch()),
        clause("remote-gateways", switch()),
        clause("access", switch()),
        clause("state", choice(&["connected", "initiated", "disconnected"])),
        common(),
    ];
    let next_hop = prop_oneof![
        clause("firewall", one(name())),
        clause("appliance", one(name())),
        addresses(),
        choice(&["gateway", "internet", "vnet-local", "none"]),
    ];
    let route_table = prop_oneof![
        parts![
            on_line("route"),
            one(name()),
            target(),
            joint("->"),
            next_hop
        ],
        clause("gateway-propagation", switch()),
        common(),
    ];
    let nsg = prop_oneof![
        parts![
            on_line("rule"),
            one(name()),
            number(),
            choice(&["inbound", "outbound"]),
            choice(&["allow", "deny"]),
            introduced("from", targets()),
            introduced("to", targets()),
            services(),
            maybe(introduced("source-ports", list(number()))),
            maybe(text()),
        ],
        common(),
    ];
    let load_balancer = prop_oneof![
        clause("public-ip", names()),
        clause("private-ip", addresses()),
        clause("backend", list(one(place()))),
        clause("outbound-rule", switch()),
        clause("ports", list(number())),
        common(),
    ];
    let appliance = prop_oneof![
        clause("private-ip", addresses()),
        clause("ip-forwarding", switch()),
        clause("public-ip", prop_oneof![one(name()), one(address())]),
        clause("snat", switch()),
        on_line("allow any"),
        clause("allow", targets()),
        common()
    ];
    prop_oneof![
        parts![on_line("vnet"), one(name()), prefixes(), maybe(block(vnet))],
        parts![
            on_line("peering"),
            one(name()),
            prop_oneof![joint("->"), joint("<->")],
            one(name()),
            maybe(block(peering)),
        ],
        parts![
            on_line("route-table"),
            one(name()),
            maybe(block(route_table))
        ],
        parts![on_line("nsg"), one(name()), maybe(block(nsg))],
        parts![
            on_line("security-group"),
            one(name()),
            maybe(block(prop_oneof![clause("members", addresses()), common()]))
        ],
        parts![
            on_line("ip-group"),
            one(name()),
            joint("="),
            prefixes(),
            maybe(block(common()))
        ],
        parts![
            on_line("public-ip"),
            one(name()),
            maybe(one(address())),
            maybe(block(prop_oneof![
                clause("zones", list(number())),
                common()
            ])),
        ],
        parts![
            on_line("nat-gateway"),
            one(name()),
            maybe(block(prop_oneof![
                clause("public-ip", names()),
                clause("idle-timeout", number()),
                common()
            ])),
        ],
        parts![
            on_line("load-balancer"),
            one(name()),
            maybe(block(load_balancer))
        ],
        parts![
            on_line("gateway"),
            one(name()),
            introduced("in", one(name())),
            maybe(block(prop_oneof![
                clause("type", choice(&["vpn", "expressroute"])),
                clause("learned", prefixes()),
                common()
            ])),
        ],
        parts![
            on_line("appliance"),
            one(name()),
            introduced("in", one(place())),
            maybe(block(appliance)),
        ],
    ]
}

fn other_statement() -> impl Strategy<Value = Statement> {
    let firewall = prop_oneof![
        clause("private-ip", one(address())),
        clause("public-ip", names()),
        clause("management-ip", one(name())),
        clause("policy", one(name())),
        clause("zones", list(number())),
        setting(),
        collection(),
        common(),
    ];
    let policy = prop_oneof![
        clause("parent", one(name())),
        setting(),
        policy_setting(),
        parts![
            on_line("rule-collection-group"),
            one(name()),
            number(),
            block(collection())
        ],
        common(),
    ];
    let zone = prop_oneof![
        parts![
            on_line("link"),
            one(name()),
            maybe(just(vec![free("registration")])),
            maybe(just(vec![free("nxdomain-redirect")])),
        ],
        parts![on_line("record"), one(name()), addresses()],
        parts![on_line("alias"), one(name()), joint("->"), one(domain())],
        common(),
    ];
    let endpoint = prop_oneof![
        clause("private-ip", addresses()),
        clause("for", list(one(domain()))),
        clause("zone", one(domain())),
        clause("target", one(name())),
        common(),
    ];
    let identity = prop_oneof![
        clause("principal-id", one(name())),
        clause("member-of", list(value())),
        parts![
            on_line("role"),
            text_on_line(),
            introduced("on", scope()),
            maybe(on_line("existing"))
        ],
        common(),
    ];
    let role = prop_oneof![clause("actions", names()), clause("not-actions", names())];
    prop_oneof![
        parts![
            on_line("firewall"),
            one(name()),
            introduced("in", one(name())),
            maybe(block(firewall))
        ],
        parts![
            on_line("firewall-policy"),
            one(name()),
            maybe(block(policy))
        ],
        parts![
            on_line("private-dns-zone"),
            one(domain()),
            maybe(block(zone))
        ],
        parts![
            on_line("private-endpoint"),
            one(name()),
            introduced("in", one(place())),
            maybe(block(endpoint))
        ],
        parts![on_line("identity"), one(name()), maybe(block(identity))],
        parts![on_line("role"), text_on_line(), block(role)],
    ]
}

fn scope() -> impl Strategy<Value = Statement> {
    prop_oneof![
        on_line("this resource-group"),
        on_line("this subscription"),
        parts![
            choice(&[
                "vnet",
                "subnet",
                "nsg",
                "public-ip",
                "service",
                "management-group"
            ]),
            one(name())
        ],
    ]
}

fn described_statement() -> impl Strategy<Value = Statement> {
    let dns_server = prop_oneof![
        clause("address", one(address())),
        clause("forwarders", addresses()),
        parts![on_line("forward"), one(domain()), joint("->"), addresses()],
        common(),
    ];
    let admitted = prop_oneof![one(prefix()), clause("subnet", one(place()))];
    let service = prop_oneof![
        clause("fqdn", one(domain())),
        clause("kind", choice(&["storage", "acr"])),
        clause("region", choice(&["westeurope", "$location"])),
        clause("alias", one(domain())),
        clause("address", addresses()),
        clause("tag", names()),
        clause("public-access", switch()),
        on_line("admit none"),
        clause("admit", list(admitted)),
        common(),
    ];
    let proxy = prop_oneof![
        clause("address", one(address())),
        clause("port", number()),
        on_line("allow any"),
        clause("allow", list(one(domain()))),
        common(),
    ];
    let deny_assignment = prop_oneof![
        clause("actions", names()),
        clause("not-actions", names()),
        clause("principals", names()),
        clause("except", names()),
        on_line("scope-only"),
        ignore(),
    ];
    let azure_policy = prop_oneof![
        clause("effect", choice(&["deny", "audit", "Modify"])),
        clause("resource-types", names()),
        ignore(),
    ];
    prop_oneof![
        parts![
            on_line("dns-server"),
            one(name()),
            maybe(introduced("in", one(name()))),
            maybe(block(dns_server)),
        ],
        parts![on_line("service"), one(name()), maybe(block(service))],
        parts![
            on_line("proxy"),
            one(name()),
            maybe(introduced("in", one(place()))),
            maybe(block(proxy)),
        ],
        parts![
            on_line("deny-assignment"),
            value(),
            introduced("on", scope()),
            maybe(block(deny_assignment)),
        ],
        parts![
            on_line("azure-policy"),
            value(),
            introduced("on", scope()),
            maybe(block(azure_policy)),
        ],
    ]
}

fn cluster() -> impl Strategy<Value = Statement> {
    let api_server = prop_oneof![
        clause("fqdn", one(domain())),
        clause("public-ip", one(address())),
        clause("authorized-ranges", prefixes()),
        clause("private-dns-zone", choice(&["system", "none"])),
        clause("private-dns-zone", one(domain())),
        clause("public-name", switch()),
        clause("subnet", one(place())),
    ];
    let no_proxy = list(prop_oneof![one(domain()), one(prefix()), on_line(".svc")]);
    prop_oneof![
        clause("api-server", block(api_server)),
        clause("pod-subnet", one(place())),
        clause("service-cidr", one(prefix())),
        clause("dns-service-ip", one(address())),
        parts![
            on_line("node"),
            one(name()),
            one(address()),
            maybe(introduced("pods", one(prefix()))),
        ],
        clause("node-nsg", one(name())),
        choice(&[
            "node-public-ips",
            "load-balancer-profile",
            "basic-load-balancer",
            "dual-stack"
        ]),
        clause("outbound-rule", switch()),
        clause("max-nodes", number()),
        clause("max-surge", number()),
        clause("max-pods", number()),
        parts![
            on_line("http-proxy"),
            one(name()),
            maybe(block(clause("no-proxy", no_proxy))),
        ],
        clause(
            "bootstrap-registry",
            prop_oneof![on_line("managed"), one(name())]
        ),
        clause("management", choice(&["inbound", "outbound"])),
    ]
}

fn text_on_line() -> impl Strategy<Value = Statement> {
    one(quoted())
}

fn value() -> impl Strategy<Value = Statement> {
    prop_oneof![one(name()), text_on_line()]
}

fn intent_statement() -> impl Strategy<Value = Statement> {
    let pool = prop_oneof![
        clause("kind", choice(&["aks", "hdinsight-on-aks"])),
        clause("clusters", list(choice(&["spark", "trino"]))),
        clause("features", names()),
        clause("include", list(choice(&["recommended", "optional"]))),
        clause("outbound", choice(&["userDefinedRouting", "loadBalancer"])),
        clause("via", one(name())),
        clause("network-plugin", choice(&["azure", "kubenet"])),
        clause("pod-cidr", prefixes()),
        choice(&["private-aks", "private-cluster", "private-ingress"]),
        clause("identity", one(name())),
        parts![on_line("set"), one(name()), joint("="), value()],
        cluster(),
        ignore(),
    ];
    prop_oneof![
        on_line("egress 1"),
        clause("cloud", choice(&["AzureCloud", "AzureChinaCloud"])),
        clause("region", choice(&["westeurope", "$location"])),
        clause("use", choice(&["aks", "hdinsight-on-aks"])),
        clause("use", text_on_line()),
        clause("param", one("[a-z]{1,4}")),
        parts![on_line("param"), one("[a-z]{1,4}"), joint("="), value()],
        parts![
            on_line("pool"),
            one(name()),
            introduced("in", list(one(place()))),
            maybe(block(pool))
        ],
        parts![on_line("group"), one(name()), joint("="), targets()],
        parts![
            on_line("require"),
            one(name()),
            joint("->"),
            targets(),
            services(),
            maybe(text()),
            maybe(introduced("owner", value())),
            maybe(introduced("ticket", value())),
            maybe(introduced("expires", date())),
        ],
        parts![
            on_line("assert"),
            one(name()),
            maybe(prop_oneof![
                just(vec![free("never")]),
                just(vec![free("only")])
            ]),
            introduced("reaches", targets()),
            maybe(services()),
            maybe(introduced(
                "via",
                clause("firewall", one(name()))
                    .boxed()
                    .prop_union(clause("appliance", one(name())).boxed())
            )),
        ],
        ignore(),
    ]
}

fn policy() -> impl Strategy<Value = Vec<Statement>> {
    let statement = prop_oneof![
        network_statement(),
        other_statement(),
        described_statement(),
        intent_statement()
    ];
    prop::collection::vec(statement, 0..8)
}

/// Writes a policy with white space and comments chosen by `random`, one byte for each choice.
struct Writer<'a> {
    out: String,
    random: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    /// The last thing written asks for more, so that the next may begin a line.
    open: bool,
}

impl Writer<'_> {
    fn choose(&mut self) -> u8 {
        self.random.next().copied().unwrap_or(0)
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u8) -> bool {
        self.choose().is_multiple_of(times)
    }

    fn push_one(&mut self, of: &[&str]) {
        let index = usize::from(self.choose()) % of.len();
        self.out.push_str(of.get(index).unwrap_or(&""));
    }

    fn blanks(&mut self) {
        self.push_one(&[" ", "  ", "\t", " \t "]);
    }

    fn comment(&mut self) {
        self.push_one(&["//", "// why", "// \"é\" { -> }", "//// , =\t"]);
    }

    fn line_end(&mut self) {
        if self.once_in(4) {
            self.blanks();
            self.comment();
        }
        self.push_one(&["\n", "\n", "\n", "\r\n"]);
        for _ in 0..self.choose() % 4 {
            if self.once_in(2) {
                self.blanks();
                self.comment();
            }
            self.out.push('\n');
        }
        if self.once_in(2) {
            self.blanks();
        }
    }

    fn between(&mut self, free: bool) {
        if (free || self.open) && self.once_in(3) {
            self.line_end();
        } else {
            self.blanks();
        }
    }

    fn statement(&mut self, statement: &[Part]) {
        for (index, part) in statement.iter().enumerate() {
            match part {
                Part::Word(text) | Part::Free(text) => {
                    if index > 0 {
                        self.between(matches!(part, Part::Free(_)));
                    }
                    self.out.push_str(text);
                    self.open = false;
                }
                Part::Joint(text) => {
                    if self.once_in(2) {
                        self.between(false);
                    }
                    self.out.push_str(text);
                    self.open = true;
                }
                Part::Block(clauses) => {
                    if self.once_in(2) {
                        self.blanks();
                    }
                    self.out.push('{');
                    self.open = false;
                    let on_one_line = self.once_in(2);
                    for clause in clauses {
                        if on_one_line {
                            self.blanks();
                        } else {
                            self.line_end();
                        }
                        self.statement(clause);
                    }
                    if on_one_line {
                        self.blanks();
                    } else {
                        self.line_end();
                    }
                    self.out.push('}');
                }
            }
        }
    }
}

fn written(policy: &[Statement], random: &[u8]) -> String {
    let mut writer = Writer {
        out: String::new(),
        random: random.iter().cycle(),
        open: false,
    };
    for statement in policy {
        writer.statement(statement);
        writer.line_end();
    }
    writer.out
}

/// The text of a valid policy.
fn policy_text() -> impl Strategy<Value = String> {
    (policy(), prop::collection::vec(any::<u8>(), 1..200))
        .prop_map(|(policy, random)| written(&policy, &random))
}

/// Words and punctuation of the language in any order.
fn token_soup() -> impl Strategy<Value = String> {
    let keywords = tidegate::syntax::usages()
        .into_iter()
        .filter_map(|(_, usage)| usage.split(' ').next())
        .collect::<Vec<_>>();
    let token = prop_oneof![
        4 => select(keywords).prop_map(str::to_owned),
        2 => name(),
        1 => prefix(),
        1 => domain(),
        1 => service(),
        1 => quoted(),
        2 => select(vec!["{", "}", ",", "=", "->", "<->", "in", "on", "from", "to", "\"", "//", "aks", "$", "*"])
            .prop_map(str::to_owned),
    ];
    let space = select(vec![" ", "\n", "\n  ", ""]);
    prop::collection::vec((token, space), 0..80).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(token, space)| [token, space.to_owned()])
            .collect()
    })
}

/// What happens to a token.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Delete,
    Double,
    Move,
}

fn damaged_policy() -> impl Strategy<Value = String> {
    let damage = select(vec![Damage::Delete, Damage::Double, Damage::Move]);
    let damages = prop::collection::vec((any::<prop::sample::Index>(), damage), 1..4);
    (policy_text(), damages).prop_map(|(text, damages)| {
        let (sources, read) = read(&text);
        let mut tokens: Vec<&str> = read.tokens(&sources).collect();
        for (index, damage) in damages {
            if tokens.is_empty() {
                break;
            }
            let index = index.index(tokens.len());
            let token = tokens.remove(index);
            match damage {
                Damage::Delete => {}
                Damage::Double => tokens.splice(index..index, [token, token]).for_each(drop),
                Damage::Move => tokens.insert((index + 2).min(tokens.len()), token),
            }
        }
        tokens.concat()
    })
}

fn read(text: &str) -> (SourceMap, Parsed) {
    let mut sources = SourceMap::default();
    let file = sources.add("random.egress", text.to_owned());
    let read = parse(&sources, file);
    (sources, read)
}

fn comments(sources: &SourceMap, read: &Parsed) -> Vec<String> {
    read.tokens(sources)
        .filter(|token| token.starts_with("//"))
        .map(|comment| comment.trim_end().to_owned())
        .collect()
}

/// Parses any text at all: nothing of it is lost, and every finding points into it.
fn parse_anything(text: &str) -> Result<(), TestCaseError> {
    let (sources, read) = read(text);
    let joined: String = read.tokens(&sources).collect();
    prop_assert_eq!(&joined, text);
    places_are_sound(&sources, &read.findings)?;
    if read.findings.is_empty() {
        prop_assert!(format(&sources, &read).is_ok());
    }
    Ok(())
}

fn places_are_sound(sources: &SourceMap, findings: &[Finding]) -> Result<(), TestCaseError> {
    for finding in findings {
        prop_assert!(!finding.message.is_empty());
        for span in finding.places() {
            let file = sources.get(span.file).map_or("", |file| file.text());
            let range = span.start as usize..span.end as usize;
            prop_assert!(file.get(range).is_some(), "{finding:?} points nowhere");
        }
    }
    Ok(())
}

/// Gives a text its meaning, if it has one.
fn lower_anything(text: &str) -> Result<(), TestCaseError> {
    let (mut sources, library) = LIBRARY.clone();
    let file = sources.add("random.egress", text.to_owned());
    let read = parse(&sources, file);
    let lowered = lower(&[read], library, &Parameters::new());
    places_are_sound(&sources, &lowered.findings)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn valid_policies_parse_without_findings(text in policy_text()) {
        let (sources, read) = read(&text);
        prop_assert_eq!(lines(&sources, &read.findings), "");
    }

    #[test]
    fn formatting_keeps_the_meaning_and_every_comment(text in policy_text()) {
        let (sources, before) = read(&text);
        let formatted = format(&sources, &before).unwrap();
        let (formatted_sources, after) = read(&formatted);
        prop_assert_eq!(&after.items, &before.items);
        prop_assert_eq!(comments(&formatted_sources, &after), comments(&sources, &before));
        prop_assert_eq!(format(&formatted_sources, &after).unwrap(), formatted);
    }

    #[test]
    fn noise_made_of_tokens_is_read_to_its_end(text in token_soup()) {
        parse_anything(&text)?;
    }

    #[test]
    fn noise_made_of_bytes_is_read_to_its_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        parse_anything(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn damaged_policies_are_read_to_their_end(text in damaged_policy()) {
        parse_anything(&text)?;
        lower_anything(&text)?;
    }

    #[test]
    fn noise_has_a_meaning_or_findings(text in token_soup()) {
        lower_anything(&text)?;
    }

    #[test]
    fn valid_policies_have_a_meaning_or_findings(text in policy_text()) {
        lower_anything(&text)?;
    }
}

/// Groups that hold each other twice, forty deep, stand for one name; a chain of groups is as deep as it likes.
#[test]
fn groups_of_groups_cost_what_their_text_costs() {
    let mut text = String::from(
        "vnet v 10.0.0.0/16 { subnet s 10.0.0.0/24 }\npool p in v.s { outbound none }\n",
    );
    for depth in 0..40 {
        text.push_str(&format!(
            "group twice-{depth} = twice-{0}, twice-{0}\n",
            depth + 1
        ));
    }
    text.push_str("group twice-40 = mcr.microsoft.com\n");
    for depth in 0..20_000 {
        text.push_str(&format!("group chain-{depth} = chain-{}\n", depth + 1));
    }
    text.push_str("group chain-20000 = mcr.microsoft.com\nrequire p -> twice-0, chain-0 https\n");
    let (mut sources, library) = LIBRARY.clone();
    let file = sources.add("groups.egress", text);
    let read = parse(&sources, file);
    let lowered = lower(&[read], library, &Parameters::new());
    assert_eq!(lines(&sources, &lowered.findings), "");
    let [requirement] = lowered.intent.requirements.as_slice() else {
        panic!("one requirement");
    };
    assert_eq!(requirement.destinations.len(), 2);
}
