//! What a firewall does with one flow.

use crate::estate::{
    Access, Action, ApplicationRule, Endpoint, Firewall, Gap, Id, NetworkRule, ThreatIntel, Tier,
};
use crate::net::{AppProtocol, Destination, Fqdn, FqdnPattern, Transport};

use super::super::cause::Cause;
use super::super::dataplane::Dataplane;
use super::super::facts::{FirewallFeature, FirewallTier};
use super::super::flow::{Element, NearMiss, Outcome};
use super::super::gaps;
use super::super::packet::{End, Notes, Packet, note};
use super::super::rule_sets::{RuleSet, of_firewall, proxies_dns};
use super::super::truth::Truth;
use super::denial::{self, Denial};
use super::order::{FirewallOrder, owner_element, rule_element, setting_element};

/// A flow as it reaches a firewall.
#[derive(Debug, Clone, Copy)]
pub(in crate::azure) struct Request<'r> {
    /// The packet.
    pub(in crate::azure) packet: &'r Packet,
    /// The name that the client looked up.
    pub(in crate::azure) name: Option<&'r Fqdn>,
    /// The name that the client tells in the clear.
    pub(in crate::azure) announced: Option<&'r Fqdn>,
    /// The client asks this firewall's DNS proxy, so both know a name by the same addresses.
    pub(in crate::azure) same_dns: bool,
    /// The network whose DNS servers the client uses, for messages.
    pub(in crate::azure) client_dns: Option<&'r Element>,
    /// The name belongs to the API server of a cluster, whose protocol TLS inspection breaks.
    pub(in crate::azure) api_server: bool,
}

/// Which kind of rule let a flow through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::azure) enum PassedBy {
    /// A network rule.
    Network,
    /// An application rule.
    Application,
}

/// What a firewall does with a flow.
#[derive(Debug, Clone)]
pub(in crate::azure) struct Judgement {
    /// What becomes of the flow.
    pub(in crate::azure) outcome: Outcome,
    /// By which kinds of rule it passes, or may: several where it is not known which rule matches first.
    pub(in crate::azure) passed_by: Vec<PassedBy>,
    /// The element that decided.
    pub(in crate::azure) element: Element,
    /// Why, when it does not certainly pass.
    pub(in crate::azure) cause: Cause,
    /// What happened, as a sentence without the element's name.
    pub(in crate::azure) text: String,
    /// Rules that nearly let it through.
    pub(in crate::azure) near: Vec<NearMiss>,
    /// Rules that would have decided otherwise and were not asked.
    pub(in crate::azure) shadowed: Vec<Element>,
    /// What the firewall logs.
    pub(in crate::azure) log: Option<String>,
}

/// A rule that matches, or may.
struct Hit {
    element: Element,
    access: Access,
    passed_by: PassedBy,
    truth: Truth,
    doubt: Option<Cause>,
    inspected: bool,
}

/// By any rule.
const EITHER: [PassedBy; 2] = [PassedBy::Network, PassedBy::Application];

/// The kinds of the rules that let a flow through, or may.
fn kinds_of_allowing(hits: &[Hit]) -> Vec<PassedBy> {
    let allowing = hits.iter().filter(|hit| hit.access == Access::Allow);
    let mut kinds: Vec<PassedBy> = allowing.map(|hit| hit.passed_by).collect();
    // Network rules are asked first, so equal kinds stand together.
    kinds.dedup();
    kinds
}

/// Asks a firewall about a flow.
pub(in crate::azure) fn judge(
    plane: &Dataplane<'_>,
    firewall: Id<Firewall>,
    request: Request<'_>,
    notes: &mut Notes,
) -> Judgement {
    let judge = Judge {
        plane,
        firewall,
        request,
        sets: of_firewall(plane.estate, firewall),
    };
    if plane.estate.firewalls[firewall]
        .policy
        .as_ref()
        .is_some_and(|policy| policy.id.is_none())
    {
        return judge.unknown_policy();
    }
    if let Some(judgement) = judge.threat_intelligence(notes) {
        return match gaps::firewall_settings(plane.estate, firewall) {
            Some(text) => judge.incomplete(judgement, text),
            None => judgement,
        };
    }
    let empty = FirewallOrder::default();
    let order = plane.firewall_order(firewall).unwrap_or(&empty);
    let hits = judge.hits(order, notes);
    let judgement = judge.conclude(order, hits, notes);
    let rules = gaps::firewall_rules(plane.estate, firewall);
    match rules.or_else(|| gaps::firewall_settings(plane.estate, firewall)) {
        Some(text) => judge.incomplete(judgement, text),
        None => judgement,
    }
}

pub(super) struct Judge<'j> {
    pub(super) plane: &'j Dataplane<'j>,
    pub(super) firewall: Id<Firewall>,
    pub(super) request: Request<'j>,
    sets: Vec<RuleSet<'j>>,
}

impl Judge<'_> {
    fn unknown_policy(&self) -> Judgement {
        Judgement {
            outcome: Outcome::Unclear,
            passed_by: EITHER.to_vec(),
            element: owner_element(self.plane.estate, self.firewall),
            cause: Cause::EndpointNotAllowed,
            text: "the policy is not known, and with it every rule".to_owned(),
            near: Vec::new(),
            shadowed: Vec::new(),
            log: None,
        }
    }

    /// What the known rules say, where others are not known.
    fn incomplete(&self, known: Judgement, unknown: String) -> Judgement {
        let known_words = match known.outcome {
            Outcome::Passes => "the known rules let it through",
            Outcome::Blocks => "the known rules do not let it through",
            Outcome::Unclear => "nor do the known rules tell",
        };
        Judgement {
            outcome: Outcome::Unclear,
            passed_by: EITHER.to_vec(),
            element: owner_element(self.plane.estate, self.firewall),
            text: format!("{unknown}; {known_words}"),
            ..known
        }
    }

    /// Threat intelligence comes first. A policy's mode is at least that of the policies above it, and allow lists
    /// add up (articles/firewall-manager/policy-overview.md).
    fn threat_intelligence(&self, notes: &mut Notes) -> Option<Judgement> {
        let denying = self.sets.iter().find_map(|set| {
            let mode = set.settings.threat_intel?;
            (mode.value == ThreatIntel::Deny).then_some((set, mode))
        });
        let (set, mode) = denying?;
        let tier = self.plane.estate.firewalls[self.firewall].tier.value;
        if !self
            .plane
            .facts
            .sku_has(fact_tier(tier), FirewallFeature::ThreatIntelligenceDeny)
        {
            return None;
        }
        let name = self.request.announced.or(self.request.name);
        let allowed = self.sets.iter().any(|set| {
            let mut allowed = set.settings.threat_intel_allowed.iter();
            allowed.any(|entry| match (&entry.value, name) {
                (Destination::Fqdn(pattern), Some(name)) => pattern.covers(name),
                (Destination::Prefix(prefix), _) => {
                    self.request.packet.destination.is_in(*prefix) == Truth::Yes
                }
                (Destination::Range(range), _) => {
                    self.request.packet.destination.is_between(*range) == Truth::Yes
                }
                _ => false,
            })
        });
        let hostile = name.is_some_and(|name| self.plane.facts.is_known_hostile(name.as_str()));
        if allowed {
            return None;
        }
        if !hostile {
            note(
                notes,
                "the destination is not on Microsoft's threat intelligence feed, which is not published",
            );
            return None;
        }
        let element = setting_element(
            self.plane.estate,
            set.owner,
            "threat intelligence mode Deny",
            mode.span,
        );
        let empty = FirewallOrder::default();
        let order = self.plane.firewall_order(self.firewall).unwrap_or(&empty);
        let shadowed = self
            .hits(order, notes)
            .into_iter()
            .filter(|hit| hit.access == Access::Allow && hit.truth == Truth::Yes)
            .map(|hit| hit.element)
            .collect();
        Some(Judgement {
            outcome: Outcome::Blocks,
            passed_by: Vec::new(),
            element,
            cause: Cause::OrderOrPrecedence,
            text: format!(
                "threat intelligence lists {} and decides before every rule",
                name.map_or_else(String::new, |name| format!("`{name}`"))
            ),
            near: Vec::new(),
            shadowed,
            log: Some(
                "ThreatIntel: the destination is on the threat intelligence feed. Action: Deny"
                    .to_owned(),
            ),
        })
    }

    /// The rules that match or may, in order, up to the first that certainly does.
    fn hits(&self, order: &FirewallOrder<'_>, notes: &mut Notes) -> Vec<Hit> {
        let mut hits = Vec::new();
        // What was assumed about rules that do not match matters only when none does.
        let mut rejected = Notes::new();
        let packet = self.request.packet;
        let port = packet.transport.has_ports().then_some(packet.port);
        for placed in order.network_for(port) {
            let mut own = Notes::new();
            let (truth, doubt) = self.network_match(placed.rule, &mut own);
            if truth == Truth::No {
                rejected.append(&mut own);
                continue;
            }
            notes.append(&mut own);
            hits.push(Hit {
                element: rule_element(self.plane.estate, &placed.rule.info, placed.place),
                access: access(placed.action),
                passed_by: PassedBy::Network,
                truth,
                doubt,
                inspected: false,
            });
            if truth == Truth::Yes {
                return hits;
            }
        }
        if self.request.packet.transport != Transport::Tcp {
            notes.append(&mut rejected);
            return hits;
        }
        let named = self
            .request
            .announced
            .map(|name| order.application_for(name));
        for placed in named.unwrap_or_default() {
            let mut own = Notes::new();
            let truth = self.application_match(placed.rule, &mut own);
            if truth == Truth::No {
                rejected.append(&mut own);
                continue;
            }
            notes.append(&mut own);
            hits.push(Hit {
                element: rule_element(self.plane.estate, &placed.rule.info, placed.place),
                access: access(placed.action),
                passed_by: PassedBy::Application,
                truth,
                doubt: (truth == Truth::Maybe).then_some(Cause::EndpointNotAllowed),
                inspected: placed.rule.terminate_tls.is_some(),
            });
            if truth == Truth::Yes {
                return hits;
            }
        }
        notes.append(&mut rejected);
        hits
    }

    fn conclude(&self, order: &FirewallOrder<'_>, hits: Vec<Hit>, notes: &mut Notes) -> Judgement {
        let certain = hits.last().filter(|hit| hit.truth == Truth::Yes);
        let final_access = certain.map_or(Access::Deny, |hit| hit.access);
        let doubtful = hits
            .iter()
            .find(|hit| hit.truth == Truth::Maybe && hit.access != final_access);
        if let Some(doubtful) = doubtful {
            let by_name = doubtful.doubt == Some(Cause::FqdnNetworkRuleProxy);
            let element = match (by_name, self.request.client_dns) {
                (true, Some(dns)) => dns.clone(),
                _ => doubtful.element.clone(),
            };
            let text = if by_name {
                format!(
                    "{} allows a name, but firewall and client resolve it independently; the flow \
                     passes only while both hold the same address",
                    doubtful.element.name
                )
            } else {
                "may decide here, which the estate alone does not tell".to_owned()
            };
            return Judgement {
                outcome: Outcome::Unclear,
                passed_by: kinds_of_allowing(&hits),
                element,
                cause: doubtful.doubt.unwrap_or(Cause::NetworkRuleMissing),
                text,
                near: Vec::new(),
                shadowed: Vec::new(),
                log: None,
            };
        }
        let Some(hit) = certain else {
            return match hits.into_iter().next() {
                // A rule that may deny, before the deny at the end.
                Some(hit) if hit.access == Access::Deny => self.denied_by(order, &hit),
                _ => self.by_default(order, notes),
            };
        };
        match hit.access {
            Access::Deny => self.denied_by(order, hit),
            Access::Allow => self.allowed_by(order, hit, kinds_of_allowing(&hits)),
        }
    }

    fn allowed_by(
        &self,
        order: &FirewallOrder<'_>,
        hit: &Hit,
        passed_by: Vec<PassedBy>,
    ) -> Judgement {
        let shadowed = self.opposed(order, Access::Deny, hit);
        let mut judgement = Judgement {
            outcome: Outcome::Passes,
            passed_by,
            element: hit.element.clone(),
            cause: Cause::OrderOrPrecedence,
            text: format!("allows {}", self.request_words()),
            near: Vec::new(),
            shadowed,
            log: None,
        };
        if hit.inspected && self.flow_protocol() == AppProtocol::Https {
            judgement.cause = Cause::L7Unmatchable;
            if self.request.api_server {
                judgement.outcome = Outcome::Blocks;
                judgement.text = "allows the name but opens TLS, which breaks the API server's \
                    protocol negotiation (ALPN) and client certificates"
                    .to_owned();
            } else {
                judgement.outcome = Outcome::Unclear;
                judgement.text = "allows the name but opens TLS; whether the client trusts the \
                    firewall's certificate authority is not known"
                    .to_owned();
            }
        }
        judgement
    }

    fn denied_by(&self, order: &FirewallOrder<'_>, hit: &Hit) -> Judgement {
        Judgement {
            outcome: Outcome::Blocks,
            passed_by: Vec::new(),
            element: hit.element.clone(),
            cause: Cause::OrderOrPrecedence,
            text: format!("denies {}", self.request_words()),
            near: Vec::new(),
            shadowed: self.opposed(order, Access::Allow, hit),
            log: Some(format!(
                "{}. Action: Deny",
                denial::log_request(&self.request)
            )),
        }
    }

    fn by_default(&self, order: &FirewallOrder<'_>, notes: &mut Notes) -> Judgement {
        let Denial {
            cause,
            element,
            text,
            near,
            log,
        } = denial::explain(self, order);
        if self.request.announced.is_some() && self.request.packet.transport == Transport::Tcp {
            note(
                notes,
                "the firewall's built-in infrastructure rules, whose names are not published, do not allow the name",
            );
        }
        Judgement {
            outcome: Outcome::Blocks,
            passed_by: Vec::new(),
            element,
            cause,
            text,
            near,
            shadowed: Vec::new(),
            log: Some(log),
        }
    }

    /// Rules with the other action that match certainly and come after the one that decided.
    fn opposed(&self, order: &FirewallOrder<'_>, wanted: Access, decided: &Hit) -> Vec<Element> {
        const MOST: usize = 3;
        let mut scratch = Notes::new();
        let network = order.network.iter().filter(|placed| {
            decided.passed_by == PassedBy::Network && access(placed.action) == wanted
        });
        let mut found: Vec<Element> = Vec::new();
        for placed in network {
            if found.len() < MOST && self.network_match(placed.rule, &mut scratch).0 == Truth::Yes {
                found.push(rule_element(
                    self.plane.estate,
                    &placed.rule.info,
                    placed.place,
                ));
            }
        }
        if self.request.packet.transport != Transport::Tcp {
            return found;
        }
        let application = order.application.iter();
        for placed in application.filter(|placed| access(placed.action) == wanted) {
            if found.len() < MOST && self.application_match(placed.rule, &mut scratch) == Truth::Yes
            {
                found.push(rule_element(
                    self.plane.estate,
                    &placed.rule.info,
                    placed.place,
                ));
            }
        }
        found
    }

    pub(super) fn request_words(&self) -> String {
        let packet = self.request.packet;
        let to = match self.request.announced.or(self.request.name) {
            Some(name) => format!("{name} ({})", packet.service_words()),
            None => format!(
                "{} ({})",
                packet.destination.words(),
                packet.service_words()
            ),
        };
        format!("{} -> {to}", packet.source.words())
    }

    fn network_match(&self, rule: &NetworkRule, notes: &mut Notes) -> (Truth, Option<Cause>) {
        if !self.network_service(rule) {
            return (Truth::No, None);
        }
        let source = self.source(&rule.sources, notes);
        if source == Truth::No {
            return (Truth::No, None);
        }
        let (destination, doubt) = self.network_destination(rule, notes);
        (source & destination, doubt)
    }

    pub(super) fn network_service(&self, rule: &NetworkRule) -> bool {
        self.transport_in(&rule.transports) && self.request.packet.port_in(&rule.ports)
    }

    pub(super) fn transport_in(&self, transports: &[Transport]) -> bool {
        let transport = self.request.packet.transport;
        transports
            .iter()
            .any(|allowed| *allowed == Transport::Any || *allowed == transport)
    }

    pub(super) fn source(&self, sources: &[Endpoint], notes: &mut Notes) -> Truth {
        let end = &self.request.packet.source;
        Truth::any(
            sources
                .iter()
                .map(|endpoint| self.holds(endpoint, end, notes)),
        )
    }

    /// Whether a network rule holds the destination, and what is in doubt if it may.
    pub(super) fn network_destination(
        &self,
        rule: &NetworkRule,
        notes: &mut Notes,
    ) -> (Truth, Option<Cause>) {
        let end = &self.request.packet.destination;
        let mut best = (Truth::No, None);
        for endpoint in &rule.destinations {
            let this = match endpoint {
                Endpoint::Plain(Destination::Fqdn(pattern)) => self.resolved(pattern),
                other => (
                    self.holds(other, end, notes),
                    Some(Cause::NetworkRuleMissing),
                ),
            };
            if this.0 > best.0 {
                best = this;
            }
        }
        best
    }

    /// Whether a name in a network rule stands for the destination. The firewall compares addresses, so what matters
    /// is whether it resolves the name as the client does (articles/firewall/dns-details.md).
    fn resolved(&self, pattern: &FqdnPattern) -> (Truth, Option<Cause>) {
        let FqdnPattern::Exact(name) = pattern else {
            return (Truth::No, None);
        };
        let tier = self.plane.estate.firewalls[self.firewall].tier.value;
        let feature = FirewallFeature::NamesInNetworkRules;
        if !self.plane.facts.sku_has(fact_tier(tier), feature) {
            return (Truth::No, None);
        }
        let doubt = Some(Cause::FqdnNetworkRuleProxy);
        if self.request.name == Some(name) {
            let proxied = self
                .sets
                .first()
                .is_some_and(|set| proxies_dns(self.plane.estate, set));
            let alike = proxied && self.request.same_dns;
            return (if alike { Truth::Yes } else { Truth::Maybe }, doubt);
        }
        let known = self.plane.known_addresses(name);
        match self.request.packet.destination.address {
            Some(address) if known.contains(&address) => (Truth::Yes, None),
            Some(_) if !known.is_empty() => (Truth::No, None),
            // Another name that leads to the same address would match too; nobody can tell beforehand.
            Some(_) if self.request.name.is_none() => (Truth::Maybe, doubt),
            _ => (Truth::No, None),
        }
    }

    fn holds(&self, endpoint: &Endpoint, end: &End, notes: &mut Notes) -> Truth {
        match endpoint {
            Endpoint::Plain(Destination::Anywhere) => Truth::Yes,
            Endpoint::Plain(Destination::Prefix(prefix)) => end.is_in(*prefix),
            Endpoint::Plain(Destination::Range(range)) => end.is_between(*range),
            Endpoint::Plain(Destination::ServiceTag(tag)) => {
                let (truth, reason) = self.plane.tag_holds(tag, end);
                if let Some(reason) = reason {
                    note(notes, reason);
                }
                if truth == Truth::Maybe {
                    let place = end.words();
                    note(
                        notes,
                        format!("whether service tag {tag} holds {place} is not known"),
                    );
                }
                truth
            }
            Endpoint::Plain(Destination::Open(open)) if gaps::is_part(self.plane.estate) => {
                note(notes, format!("{} is not known", open.parameter));
                Truth::Maybe
            }
            // A rule that waits for a value is deployed once it has one.
            Endpoint::Plain(Destination::Open(open)) => {
                let parameter = &open.parameter;
                note(
                    notes,
                    format!("rules that wait for parameter `{parameter}` are not deployed yet"),
                );
                Truth::No
            }
            Endpoint::Plain(Destination::Fqdn(_) | Destination::FqdnTag(_))
            | Endpoint::SecurityGroup(_) => Truth::No,
            Endpoint::IpGroup(group) => match group.id {
                Some(id) => {
                    let group = &self.plane.estate.ip_groups[id];
                    let prefixes = group.prefixes.iter().map(|prefix| end.is_in(prefix.value));
                    let ranges = group.ranges.iter().map(|range| end.is_between(range.value));
                    let known = Truth::any(prefixes.chain(ranges));
                    match self.plane.estate.gaps.at(Gap::Members(id)).first() {
                        Some(unknown) if known == Truth::No => {
                            let name = &group.meta.name;
                            note(
                                notes,
                                format!(
                                    "IP group `{name}` holds {} too, which is not known",
                                    unknown.text
                                ),
                            );
                            Truth::Maybe
                        }
                        _ => known,
                    }
                }
                None => {
                    note(notes, format!("IP group `{}` is not known", group.name));
                    Truth::Maybe
                }
            },
        }
    }

    /// What the flow speaks, by its port.
    pub(super) fn flow_protocol(&self) -> AppProtocol {
        let port = self.request.packet.port;
        let mut known = AppProtocol::ALL.into_iter();
        known
            .find(|protocol| protocol.default_port() == port)
            .unwrap_or(AppProtocol::Https)
    }

    /// Whether an application rule takes flows of this protocol and port. On a port that belongs to no protocol the
    /// flow is what the rule expects it to be.
    pub(super) fn application_service(&self, rule: &ApplicationRule) -> bool {
        let port = self.request.packet.port;
        let usual = AppProtocol::ALL.into_iter();
        let spoken: Vec<AppProtocol> = usual.filter(|p| p.default_port() == port).collect();
        rule.protocols
            .iter()
            .any(|(protocol, at)| *at == port && (spoken.is_empty() || spoken.contains(protocol)))
    }

    /// The names that the destination is known by: the one that was looked up, an API server's, a service's.
    pub(super) fn known_names(&self) -> Vec<&Fqdn> {
        let estate = self.plane.estate;
        let to = self.request.packet.destination.address;
        let pools = estate.pools.iter().filter_map(|(_, pool)| {
            let public = pool.api_server.public_ip?.value;
            (Some(public) == to).then_some(&pool.api_server.fqdn.as_ref()?.value)
        });
        let services = estate.services.iter().filter_map(|(_, service)| {
            let mut own = service.addresses.iter();
            own.any(|own| Some(own.value) == to)
                .then_some(&service.fqdn.value)
        });
        self.request
            .name
            .into_iter()
            .chain(pools)
            .chain(services)
            .collect()
    }

    fn application_match(&self, rule: &ApplicationRule, notes: &mut Notes) -> Truth {
        let Some(name) = self.request.announced else {
            return Truth::No;
        };
        if !self.application_service(rule) {
            return Truth::No;
        }
        let named = self.application_name(rule, name, notes);
        if named == Truth::No {
            return Truth::No;
        }
        named & self.source(&rule.sources, notes)
    }

    pub(super) fn application_name(
        &self,
        rule: &ApplicationRule,
        name: &Fqdn,
        notes: &mut Notes,
    ) -> Truth {
        let mut best = Truth::No;
        for endpoint in &rule.destinations {
            let truth = match endpoint {
                Endpoint::Plain(Destination::Anywhere) => Truth::Yes,
                Endpoint::Plain(Destination::Fqdn(pattern)) => pattern.covers(name).into(),
                Endpoint::Plain(Destination::FqdnTag(tag)) => {
                    let (truth, basis) = self.plane.fqdn_tags.holds(tag, name);
                    note(notes, basis);
                    truth
                }
                other => self.holds(other, &self.request.packet.destination, notes),
            };
            best = best | truth;
            if best == Truth::Yes {
                return best;
            }
        }
        if !rule.web_categories.is_empty() {
            note(
                notes,
                format!("which web category {name} is in only Azure knows"),
            );
            best = best | Truth::Maybe;
        }
        best
    }
}

fn access(action: Action) -> Access {
    match action {
        Action::Allow | Action::Dnat => Access::Allow,
        Action::Deny => Access::Deny,
    }
}

pub(in crate::azure) fn fact_tier(tier: Tier) -> FirewallTier {
    match tier {
        Tier::Basic => FirewallTier::Basic,
        Tier::Standard => FirewallTier::Standard,
        Tier::Premium => FirewallTier::Premium,
    }
}
