//! From estate and intent to a policy's text: what is there, as somebody would have written it.
//!
//! Everything that the language can say is written, in the order in which people read it and in the layout of the
//! formatter. What the language cannot say, and what the estate itself does not know, becomes a comment at its place
//! and an entry of [`Written::left_out`]; no value is ever made up. Where the language needs a value that nobody
//! knows, the text has a parameter without one, so that reading it reports what to fill in.
//!
//! The text always parses. Reading it gives the same estate, as far as nothing was left out.

mod denial;
mod dns;
mod firewall;
mod identity;
mod intent;
mod names;
mod network;
mod page;
mod pool;
mod routing;
mod security;
mod service;
mod site;
mod target;

use std::collections::BTreeSet;

use smol_str::{SmolStr, format_smolstr};

use crate::base::{Origin, Span, Spanned};
use crate::estate::{Estate, Firewall, FirewallPolicy, Home, Id, Meta, Nsg, Ref, Region, Subnet};
use crate::intent::Intent;
use crate::net::Cloud;

use self::names::{Handles, Names};
use self::page::{Block, Body, is_word, slug};

/// A policy, and what it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The policy's text, in standard layout.
    pub text: String,
    /// What it could not say, in the order of the text. Each is a comment in it, too, but for what belongs nowhere.
    pub left_out: Vec<LeftOut>,
}

/// Something that a policy does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is, in words.
    pub what: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// The policy for an estate and for what is wanted of it.
///
/// Of the intent, requirements and assertions that somebody wrote are taken over, with what pools chose of their
/// catalogs and what is ignored. What follows from catalogs is not written: reading the policy brings it back.
#[must_use]
pub fn policy_text(estate: &Estate, intent: &Intent) -> Written {
    let mut writer = Writer::of(estate, intent);
    let sections = [
        writer.networks(),
        writer.routing(),
        writer.security(),
        writer.firewalls(),
        writer.dns(),
        writer.services(),
        writer.identities(),
        writer.pools(),
        writer.wishes(),
    ];
    let tail = writer.without_a_place();
    // The head comes last, because only now it is known which parameters are used.
    let mut paragraphs = vec![writer.head().paragraph()];
    paragraphs.extend(sections.iter().flat_map(Body::paragraphs));
    paragraphs.extend(tail.paragraphs());
    Written {
        text: paragraphs.join("\n"),
        left_out: writer.left_out,
    }
}

/// Resources that have rules.
#[derive(Debug, Clone, Default)]
pub struct RuleOwners {
    /// Security groups.
    pub nsgs: Vec<Id<Nsg>>,
    /// Firewall policies.
    pub firewall_policies: Vec<Id<FirewallPolicy>>,
    /// Firewalls with rules of their own.
    pub firewalls: Vec<Id<Firewall>>,
}

/// The blocks of some resources alone, as they stand in the policy of the whole estate.
#[must_use]
pub fn rules_text(estate: &Estate, of: &RuleOwners) -> Written {
    let intent = Intent::default();
    let mut writer = Writer::of(estate, &intent);
    let mut body = Body::default();
    for id in &of.nsgs {
        body.block(writer.nsg(*id, &estate.nsgs[*id]));
    }
    for id in &of.firewalls {
        body.block(writer.firewall(*id, &estate.firewalls[*id]));
    }
    for id in &of.firewall_policies {
        body.block(writer.firewall_policy(*id, &estate.firewall_policies[*id]));
    }
    Written {
        text: body.paragraphs().join("\n"),
        left_out: writer.left_out,
    }
}

struct Writer<'a> {
    estate: &'a Estate,
    intent: &'a Intent,
    names: Names,
    /// The parameters that the text uses.
    parameters: BTreeSet<SmolStr>,
    /// The places in the intent of the `ignore`s that are written.
    ignores_written: BTreeSet<usize>,
    /// The conditions that are noted, by the resources that depend on them.
    conditions_noted: Vec<Span>,
    left_out: Vec<LeftOut>,
}

impl<'a> Writer<'a> {
    fn of(estate: &'a Estate, intent: &'a Intent) -> Self {
        Self {
            estate,
            intent,
            names: Names::of(estate),
            parameters: BTreeSet::new(),
            ignores_written: BTreeSet::new(),
            conditions_noted: Vec::new(),
            left_out: Vec::new(),
        }
    }
}

impl Writer<'_> {
    /// Version, cloud, region, parameters, and what the whole file ignores.
    fn head(&mut self) -> Body {
        let mut body = Body::default();
        body.clause("egress 1");
        if self.estate.cloud != Cloud::default() {
            body.clause(format!("cloud {}", self.estate.cloud));
        }
        match &self.estate.region {
            Region::OfResourceGroup => {}
            Region::Named(name) if is_word(name) => body.clause(format!("region {name}")),
            Region::Named(name) => {
                self.not_known(&mut body, Origin::Platform, format!("region `{name}`"));
            }
            Region::Parameter(name) => match self.parameter(name) {
                Some(word) => body.clause(format!("region {word}")),
                None => self.not_known(&mut body, Origin::Platform, "the region".to_owned()),
            },
        }
        for catalog in self.catalogs_in_use() {
            body.clause(format!("use {catalog}"));
        }
        for name in &self.parameters {
            body.clause(format!("param {name}"));
        }
        self.file_ignores(&mut body);
        body
    }

    /// The catalogs of pools, in alphabetical order.
    fn catalogs_in_use(&self) -> BTreeSet<SmolStr> {
        let kinds = self.estate.pools.iter();
        let kinds = kinds.filter_map(|(_, pool)| pool.kind.as_ref());
        let words = kinds.filter(|kind| is_word(&kind.value));
        words.map(|kind| kind.value.clone()).collect()
    }

    /// What the language has no statement for.
    fn without_a_place(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for subscription in &estate.subscriptions {
            let name = &subscription.name;
            let what = format!("the management group of subscription `{name}`");
            self.not_said(&mut body, Origin::Platform, what);
        }
        self.ignores_without_a_place();
        body
    }

    /// Notes something that nobody knows.
    fn not_known(&mut self, body: &mut Body, origin: Origin, what: String) {
        body.comment(&format!("not known: {what}"));
        self.left_out.push(LeftOut { what, origin });
    }

    /// Notes something that the language cannot say.
    fn not_said(&mut self, body: &mut Body, origin: Origin, what: String) {
        body.comment(&format!("cannot be said here: {what}"));
        self.left_out.push(LeftOut { what, origin });
    }

    /// The block of a resource: says above it when its name is another one in Azure.
    fn resource(&mut self, head: page::Clause, kind: &str, meta: &Meta, handle: &str) -> Block {
        let mut block = Block::new(head);
        self.condition(&mut block.above, meta.origin);
        if handle != meta.name {
            let group = match &meta.home {
                Home::Existing {
                    resource_group: Some(group),
                    ..
                } => format!(" in resource group `{group}`"),
                _ => String::new(),
            };
            let name = &meta.name;
            block
                .above
                .comment(&format!("in Azure this is {kind} `{name}`{group}"));
            self.left_out.push(LeftOut {
                what: format!("the name of {kind} `{name}`{group}, which is `{handle}` here"),
                origin: meta.origin,
            });
        }
        block
    }

    /// Notes the condition on which an element is deployed, once for all that depends on it.
    fn condition(&mut self, body: &mut Body, origin: Origin) {
        let Some(condition) = self.estate.gaps.condition_of(origin) else {
            return;
        };
        if self.conditions_noted.contains(&condition.resource) {
            return;
        }
        self.conditions_noted.push(condition.resource);
        let what = format!("that what follows is deployed only if {}", condition.text);
        self.not_said(body, origin, what);
    }

    /// `existing` and `ignore`.
    fn common(&mut self, body: &mut Body, meta: &Meta) {
        if let Home::Existing {
            resource_group,
            subscription,
        } = &meta.home
        {
            let mut clause = "existing".to_owned();
            let parts = [
                ("resource-group", resource_group),
                ("subscription", subscription),
            ];
            for (keyword, name) in parts {
                match name {
                    Some(name) if is_word(name) => clause.push_str(&format!(" {keyword} {name}")),
                    Some(name) => {
                        let what = format!("its {keyword} `{name}`");
                        self.not_said(body, meta.origin, what);
                    }
                    None => {}
                }
            }
            body.clause(clause);
        }
        self.ignores(body, meta.body);
    }

    /// The same for what exists in any case, so that only its place has to be said.
    fn described(&mut self, body: &mut Body, meta: &Meta) {
        if meta.home.is_elsewhere() {
            self.common(body, meta);
        } else {
            self.ignores(body, meta.body);
        }
    }

    /// A clause of a keyword and a name, when it is known whose name that is.
    fn reference<T>(
        &mut self,
        body: &mut Body,
        keyword: &str,
        reference: Option<&Ref<T>>,
        handles: fn(&Names) -> &Handles<T>,
    ) {
        let Some(reference) = reference else { return };
        match reference.id {
            Some(id) => body.clause(format!("{keyword} {}", handles(&self.names).of(id))),
            None => {
                self.not_known(
                    body,
                    reference.origin,
                    format!("{keyword} `{}`", reference.name),
                );
            }
        }
    }

    /// The names of those that are known; of the others, a comment says that they are not.
    fn references<T>(
        &mut self,
        body: &mut Body,
        kind: &str,
        references: &[Ref<T>],
        handles: fn(&Names) -> &Handles<T>,
    ) -> Vec<String> {
        let mut known = Vec::new();
        for reference in references {
            match reference.id {
                Some(id) => known.push(handles(&self.names).of(id).to_string()),
                None => self.not_known(
                    body,
                    reference.origin,
                    format!("{kind} `{}`", reference.name),
                ),
            }
        }
        known
    }

    fn subnet_path(&self, id: Id<Subnet>) -> String {
        self.names.subnet_path(self.estate, id)
    }

    /// `vnet.subnet` for each that is known.
    fn subnet_paths(&mut self, body: &mut Body, subnets: &[Ref<Subnet>]) -> Vec<String> {
        let mut known = Vec::new();
        for subnet in subnets {
            match subnet.id {
                Some(id) => known.push(self.subnet_path(id)),
                None => {
                    self.not_known(body, subnet.origin, format!("subnet `{}`", subnet.name));
                }
            }
        }
        known
    }

    /// A clause of a keyword and a subnet.
    fn subnet_clause(&mut self, body: &mut Body, keyword: &str, subnet: Option<&Ref<Subnet>>) {
        let subnets = subnet.map_or(&[][..], std::slice::from_ref);
        for path in self.subnet_paths(body, subnets) {
            body.clause(format!("{keyword} {path}"));
        }
    }

    /// Those of some texts that the language reads as a word; of the others, a comment says that it does not.
    fn words(
        &mut self,
        body: &mut Body,
        what: &str,
        origin: Origin,
        texts: impl Iterator<Item = impl AsRef<str>>,
    ) -> Vec<String> {
        let mut words = Vec::new();
        for text in texts {
            let text = text.as_ref();
            if is_word(text) {
                words.push(text.to_owned());
            } else {
                self.not_said(body, origin, format!("{what} `{text}`"));
            }
        }
        words
    }

    /// A word that stands for a value which nobody knows: a parameter without one, of a name that says what is missing.
    fn open(&mut self, of: &str, what: &str) -> String {
        let base = slug(&format!("{of} {what}")).replace('-', "_");
        let base = if base.starts_with(|c: char| c.is_ascii_alphabetic()) {
            SmolStr::from(base)
        } else {
            format_smolstr!("of_{base}")
        };
        let declared = &self.estate.open_parameters;
        let free = |name: &SmolStr| {
            !self.parameters.contains(name) && !declared.iter().any(|it| it.name == *name)
        };
        let numbered = (2u32..).map(|number| format_smolstr!("{base}_{number}"));
        let mut all = std::iter::once(base.clone()).chain(numbered);
        let name = all.find(free).unwrap_or(base);
        self.parameters.insert(name.clone());
        format!("${name}")
    }

    /// The word for a value that the deployment tells by this parameter, when the language takes its name.
    fn parameter(&mut self, name: &SmolStr) -> Option<String> {
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        fits.then(|| {
            self.parameters.insert(name.clone());
            format!("${name}")
        })
    }

    fn ignores(&mut self, body: &mut Body, scope: Option<Span>) {
        let Some(scope) = scope else { return };
        for (index, ignore) in self.intent.ignores.iter().enumerate() {
            // That of a pool begins at its name.
            let of_block = ignore.scope.contains(scope) && ignore.scope.end == scope.end;
            if of_block && self.ignores_written.insert(index) {
                body.clause(intent::ignore(ignore));
            }
        }
    }
}

/// The values of some places, as text.
fn texts<T: ToString>(values: &[Spanned<T>]) -> Vec<String> {
    values.iter().map(|value| value.value.to_string()).collect()
}

/// Prefixes as the language writes them: one address stands for itself.
fn prefixes(values: &[Spanned<ipnet::IpNet>]) -> Vec<String> {
    let values = values.iter();
    values.map(|prefix| prefix_text(prefix.value)).collect()
}

fn prefix_text(prefix: ipnet::IpNet) -> String {
    crate::net::Destination::Prefix(prefix.trunc()).to_string()
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
