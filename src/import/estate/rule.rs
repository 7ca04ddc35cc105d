//! Rules and rule collections of firewalls, of policies and classic ones.

use crate::base::Span;
use crate::estate::{
    Action, ApplicationRule, Endpoint, NatRule, NetworkRule, RuleCollection, RuleInfo, Rules,
    Translated,
};
use crate::import::Value;
use crate::net::{AppProtocol, Destination, Fqdn, FqdnTag, Transport};

use super::Builder;
use super::entity::body;
use super::gap::not_known;
use super::read::Read;
use super::security::description;
use super::side::{Tags, single};
use crate::estate::Unknown;

/// The kind of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Network rule.
    Network,
    /// Application rule.
    Application,
    /// DNAT rule.
    Nat,
}

const TRANSPORTS: [(&str, Transport); 4] = [
    ("TCP", Transport::Tcp),
    ("UDP", Transport::Udp),
    ("ICMP", Transport::Icmp),
    ("Any", Transport::Any),
];

const APP_PROTOCOLS: [(&str, AppProtocol); 3] = [
    ("Http", AppProtocol::Http),
    ("Https", AppProtocol::Https),
    ("Mssql", AppProtocol::Mssql),
];

const SOURCES: [&str; 2] = ["sourceAddress", "sourceAddresses"];

/// A property that has only a plural form.
const fn plural(name: &str) -> [&str; 2] {
    ["", name]
}

/// The name of an element of a list and its place; the element itself where it has none.
pub(super) fn named(item: &Value) -> (smol_str::SmolStr, Span) {
    match item
        .get("name")
        .and_then(|name| Some((name.text()?, name.span)))
    {
        Some((name, span)) => (name.to_string().into(), span),
        None => (smol_str::SmolStr::default(), item.span),
    }
}

impl<'e> Builder<'e> {
    /// A collection, and what is not known of its rules. A collection whose order or action is not known is not
    /// known whole. Of several kinds in one, which Azure's types allow, each kind becomes a collection of its own.
    pub(super) fn collection(
        &mut self,
        item: &'e Value,
        kind: Option<Kind>,
    ) -> (Vec<RuleCollection>, Vec<Unknown>) {
        let (name, place) = named(item);
        let frame = self.collection_frame(item, kind);
        let (list, rule_kind) = match body(item).get("ruleConditions") {
            Some(conditions) => (Some(conditions), None),
            None => (body(item).get("rules"), kind),
        };
        let (rules, mut unknown) = self.rules(list, rule_kind, item);
        let (priority, action) = match frame {
            Ok(frame) => frame,
            Err(why) => {
                unknown.push(why);
                return (Vec::new(), unknown);
            }
        };
        let collections = rules.into_iter().map(|rules| RuleCollection {
            name: name.clone(),
            origin: place.into(),
            priority,
            action,
            rules,
        });
        (collections.collect(), unknown)
    }

    fn collection_frame(
        &mut self,
        item: &'e Value,
        kind: Option<Kind>,
    ) -> Result<(crate::base::Spanned<u32>, Action), Unknown> {
        let absent = |what: &str| not_known(format!("no {what} is stated"), item.span);
        let priority = match body(item).get("priority") {
            Some(value) => self.number(value, "a priority from 100 to 65000"),
            None => Err(absent("priority")),
        };
        let actions = [
            ("Allow", Action::Allow),
            ("Deny", Action::Deny),
            ("DNAT", Action::Dnat),
        ];
        let action = match body(item).at(&["action", "type"]) {
            Some(value) => self.choice(value, &actions).map(|action| action.value),
            None if kind == Some(Kind::Nat) => Ok(Action::Dnat),
            None => match body(item).get("action") {
                Some(value) => self.choice(value, &actions).map(|action| action.value),
                None => Err(absent("action")),
            },
        };
        Ok((priority?, action?))
    }

    /// The rules of a list, one set for each kind in it.
    fn rules(
        &mut self,
        list: Option<&'e Value>,
        kind: Option<Kind>,
        collection: &'e Value,
    ) -> (Vec<Rules>, Vec<Unknown>) {
        let (mut network, mut application, mut nat) = (Vec::new(), Vec::new(), Vec::new());
        let mut unknown = list
            .map(|list| self.unknown_elements(list))
            .unwrap_or_default();
        for item in list.and_then(Value::items).unwrap_or_default() {
            if item.unknown().is_some() || item.is_null() {
                continue;
            }
            let problem = match self.rule_kind(item, kind, collection) {
                Ok(Kind::Network) => self.network_rule(item).map(|rule| network.push(rule)),
                Ok(Kind::Application) => self
                    .application_rule(item)
                    .map(|rule| application.push(rule)),
                Ok(Kind::Nat) => self.nat_rule(item, collection).map(|rule| nat.push(rule)),
                Err(why) => Err(why),
            };
            unknown.extend(problem.err());
        }
        let mut sets = Vec::new();
        if !network.is_empty() {
            sets.push(Rules::Network(network));
        }
        if !application.is_empty() {
            sets.push(Rules::Application(application));
        }
        if !nat.is_empty() {
            sets.push(Rules::Nat(nat));
        }
        if sets.is_empty() {
            sets.push(match kind {
                Some(Kind::Application) => Rules::Application(Vec::new()),
                Some(Kind::Nat) => Rules::Nat(Vec::new()),
                Some(Kind::Network) | None => Rules::Network(Vec::new()),
            });
        }
        (sets, unknown)
    }

    fn rule_kind(
        &mut self,
        item: &'e Value,
        kind: Option<Kind>,
        collection: &'e Value,
    ) -> Result<Kind, Unknown> {
        if let Some(kind) = kind {
            return Ok(kind);
        }
        let kinds = [
            ("NetworkRule", Kind::Network),
            ("ApplicationRule", Kind::Application),
            ("NatRule", Kind::Nat),
            ("NetworkRuleCondition", Kind::Network),
            ("ApplicationRuleCondition", Kind::Application),
            ("NatRuleCondition", Kind::Nat),
        ];
        let stated = item
            .get("ruleType")
            .or_else(|| item.get("ruleConditionType"));
        let kind = match stated {
            Some(stated) => self.choice(stated, &kinds).map(|kind| kind.value)?,
            None => {
                return Err(not_known("a rule whose type is not stated", item.span));
            }
        };
        // In policies of 2019 a rule that translates has network conditions.
        let translates = collection.get("translatedAddress").is_some();
        Ok(if translates { Kind::Nat } else { kind })
    }

    fn info(&mut self, item: &'e Value) -> RuleInfo {
        let (name, place) = named(item);
        RuleInfo {
            name,
            origin: place.into(),
            description: description(body(item).get("description")),
            written: None,
        }
    }

    fn sources(&mut self, item: &'e Value) -> Result<Vec<Endpoint>, Unknown> {
        let addresses = Self::values(item, SOURCES);
        let addresses = self.addresses(&addresses, Tags::Refused);
        let groups = Self::values(item, plural("sourceIpGroups"));
        let groups = self.ip_groups(&groups);
        let mut sources = addresses?;
        sources.extend(groups);
        if sources.is_empty() {
            return Err(not_known("no source is stated", named(item).1));
        }
        Ok(sources)
    }

    fn transports(&mut self, item: &'e Value) -> Result<Vec<Transport>, Unknown> {
        let mut values = Self::values(item, plural("ipProtocols"));
        if values.is_empty() {
            values = Self::values(item, plural("protocols"));
        }
        let read: Vec<Read<Transport>> = values
            .iter()
            .map(|value| self.choice(value, &TRANSPORTS))
            .collect();
        read.into_iter()
            .map(|read| read.map(|transport| transport.value))
            .collect()
    }

    fn network_rule(&mut self, item: &'e Value) -> Result<NetworkRule, Unknown> {
        let info = self.info(item);
        let sources = self.sources(item);
        let addresses = Self::values(item, plural("destinationAddresses"));
        let addresses = self.addresses(&addresses, Tags::Taken);
        let groups = Self::values(item, plural("destinationIpGroups"));
        let groups = self.ip_groups(&groups);
        let names = Self::values(item, plural("destinationFqdns"));
        let names = self.names(&names);
        let transports = self.transports(item);
        let ports = Self::values(item, plural("destinationPorts"));
        let ports = self.ports(&ports);
        let mut destinations = addresses?;
        destinations.extend(groups);
        destinations.extend(names?);
        let place = named(item).1;
        let (transports, ports) = (transports?, ports?);
        for (empty, what) in [
            (destinations.is_empty(), "destination"),
            (transports.is_empty(), "protocol"),
            (ports.is_empty(), "port"),
        ] {
            if empty {
                return Err(not_known(format!("no {what} is stated"), place));
            }
        }
        Ok(NetworkRule {
            info,
            sources: sources?,
            destinations,
            transports,
            ports,
        })
    }

    fn application_rule(&mut self, item: &'e Value) -> Result<ApplicationRule, Unknown> {
        let info = self.info(item);
        let sources = self.sources(item);
        let names = Self::values(item, plural("targetFqdns"));
        let names = self.names(&names);
        let tags: Vec<Read<FqdnTag>> = Self::values(item, plural("fqdnTags"))
            .into_iter()
            .map(|tag| self.parsed(tag, "an FQDN tag", |text| Some(FqdnTag::new(text))))
            .collect();
        let protocols = self.protocols(item);
        let (web_categories, unknown) = self
            .list(body(item).get("webCategories"), |builder, it| {
                builder.text(it, "a web category")
            });
        let mut destinations = names?;
        for tag in tags {
            destinations.push(Destination::FqdnTag(tag?.value).into());
        }
        if let Some(why) = unknown.into_iter().next() {
            return Err(why);
        }
        // Paths behind a name are not part of the model, so a rule that names some is not known whole.
        let urls = Self::values(item, plural("targetUrls"));
        if let Some(url) = urls.first() {
            return Err(not_known("a rule for URLs", url.span));
        }
        if destinations.is_empty() && web_categories.is_empty() {
            return Err(not_known("no destination is stated", named(item).1));
        }
        let terminate_tls = match body(item).get("terminateTLS") {
            Some(value) => self.switch(value)?.value.then(|| value.span.into()),
            None => None,
        };
        Ok(ApplicationRule {
            info,
            sources: sources?,
            destinations,
            protocols: protocols?,
            terminate_tls,
            web_categories,
        })
    }

    /// Protocols with ports. A rule for FQDN tags alone may leave them out: tags bring their own.
    fn protocols(&mut self, item: &'e Value) -> Result<Vec<(AppProtocol, u16)>, Unknown> {
        let mut protocols = Vec::new();
        for value in Self::values(item, plural("protocols")) {
            let kind = value.get("protocolType").unwrap_or(value);
            let protocol = self.choice(kind, &APP_PROTOCOLS)?.value;
            let port = match value.get("port") {
                Some(port) => self.port(port)?.value,
                None => protocol.default_port(),
            };
            protocols.push((protocol, port));
        }
        Ok(protocols)
    }

    fn nat_rule(&mut self, item: &'e Value, collection: &'e Value) -> Result<NatRule, Unknown> {
        let info = self.info(item);
        let sources = self.sources(item);
        let addresses = Self::values(item, plural("destinationAddresses"));
        let destinations = self.addresses(&addresses, Tags::Refused);
        let transports = self.transports(item);
        let place = named(item).1;
        let absent = |what: &str| not_known(format!("no {what} is stated"), place);
        let port = match Self::values(item, plural("destinationPorts")).as_slice() {
            [] => Err(absent("port")),
            // A range, or several, is more than the estate holds.
            [value] if is_range(value) => Err(not_known("a range of ports", value.span)),
            [value] => self.port(value),
            [_, second, ..] => Err(not_known("several ports", second.span)),
        };
        let stated = |name: &str| body(item).get(name).or_else(|| collection.get(name));
        let translated = match (stated("translatedAddress"), stated("translatedFqdn")) {
            (Some(address), _) if address.known_text().is_none_or(|it| !it.is_empty()) => self
                .parsed(address, "an address", single)
                .map(|address| Translated::Address(address.value)),
            (_, Some(name)) => self
                .parsed(name, "a domain name", |text| text.parse::<Fqdn>().ok())
                .map(|name| Translated::Fqdn(name.value)),
            (_, None) => Err(absent("translated address")),
        };
        let translated_port = match stated("translatedPort") {
            Some(value) => self.port(value),
            None => Err(absent("translated port")),
        };
        Ok(NatRule {
            info,
            sources: sources?,
            destinations: destinations?,
            transports: transports?,
            port: port?.value,
            translated: translated?,
            translated_port: translated_port?.value,
        })
    }
}

fn is_range(value: &Value) -> bool {
    let text = value.known_text();
    text.is_some_and(|text| text == "*" || text.contains('-'))
}
