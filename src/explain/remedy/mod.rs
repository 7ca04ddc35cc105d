//! Changes that remove what stands in the way of a flow: to the estate in thought, and to the policy as edits.

mod dns;
mod egress;
mod firewall;
mod nsg;
mod refusal;
mod route;
mod service;

pub use refusal::{is_settled, refusal_remedies};

use std::fmt;
use std::sync::Arc;

use crate::azure::{Blocker, Cause, Dataplane, Flow, Sender, Site, Trace, Verdict};
use crate::base::{FileId, Span};
use crate::diag::Edit;
use crate::estate::{DnsServers, Estate, Id, Pool, Subnet};
use crate::net::Destination;

/// A change to an estate.
type Change = Arc<dyn Fn(&mut Estate) + Send + Sync>;

/// A change that removes what stands in the way.
#[derive(Clone)]
pub struct Remedy {
    /// What it does, as a sentence in the imperative.
    pub title: String,
    /// The same as edits of the policy; empty when the policy cannot say it in one place.
    pub edits: Vec<Edit>,
    /// What becomes of the flow with this change alone.
    pub alone: Option<Verdict>,
    /// What becomes of the flow when these edits, and those of the remedies before it, are made and the policy is
    /// read again; `None` without edits.
    pub rewritten: Option<Verdict>,
    /// It lets more through than the flow that was asked about.
    pub wide: bool,
    change: Change,
}

impl fmt::Debug for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remedy")
            .field("title", &self.title)
            .field("edits", &self.edits)
            .field("alone", &self.alone)
            .finish_non_exhaustive()
    }
}

impl Remedy {
    fn new(title: impl Into<String>, change: impl Fn(&mut Estate) + Send + Sync + 'static) -> Self {
        Self {
            title: title.into(),
            edits: Vec::new(),
            alone: None,
            rewritten: None,
            wide: false,
            change: Arc::new(change),
        }
    }

    fn edit(mut self, edit: Option<Edit>) -> Self {
        self.edits.extend(edit);
        self
    }

    fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Makes the change.
    pub fn apply(&self, estate: &mut Estate) {
        (self.change)(estate);
    }

    /// Takes out what is offered twice, and puts the smallest change first.
    pub(super) fn sort(offered: &mut Vec<Self>) {
        let mut titles = std::collections::BTreeSet::new();
        offered.retain(|remedy| titles.insert(remedy.title.clone()));
        offered.sort_by_key(Self::size);
    }

    /// How big a change it is: narrow before wide, with edits before without, what adds before what takes
    /// away, few characters before many.
    #[must_use]
    pub fn size(&self) -> (bool, bool, bool, usize) {
        let characters: usize = self
            .edits
            .iter()
            .map(|edit| edit.text.len() + (edit.span.end - edit.span.start) as usize)
            .sum();
        let takes_away = self.edits.iter().any(|edit| edit.text.is_empty());
        (self.wide, self.edits.is_empty(), takes_away, characters)
    }
}

/// What a remedy is made for.
pub(super) struct Case<'c> {
    plane: &'c Dataplane<'c>,
    flow: &'c Flow,
    trace: &'c Trace,
    blocker: &'c Blocker,
}

impl<'c> Case<'c> {
    fn estate(&self) -> &'c Estate {
        self.plane.estate
    }

    fn subnet(&self) -> Option<Id<Subnet>> {
        match self.flow.from {
            Sender::Inside { subnet, .. } => Some(subnet),
            Sender::Outside { .. } => None,
        }
    }

    fn pool(&self) -> Option<Id<Pool>> {
        super::explanation::sender_pool(self.estate(), self.flow)
    }

    /// The address that the flow goes to, where it is known.
    fn address(&self) -> Option<std::net::IpAddr> {
        self.flow.to.address.or(self.trace.resolved)
    }

    /// Whom a rule has to name as the sender: its whole subnet, since machines come and go.
    fn sender_prefix(&self) -> Destination {
        let address = self.flow.from.address();
        let own = self.subnet().and_then(|subnet| {
            let mut prefixes = self.estate().subnets[subnet].prefixes.iter();
            prefixes.find(|prefix| prefix.value.contains(&address))
        });
        Destination::Prefix(own.map_or_else(|| address.into(), |prefix| prefix.value))
    }

    /// The DNS server that the sender asks first.
    fn dns_server(&self) -> Option<std::net::IpAddr> {
        let estate = self.estate();
        match &estate.vnets[estate.subnets[self.subnet()?].vnet].dns {
            DnsServers::Azure => {
                let platform = self.plane.facts.platform_addresses().first()?;
                Some(platform.prefix.addr())
            }
            DnsServers::Firewall(firewall) => {
                Some(estate.firewalls[firewall.id?].private_ip?.value)
            }
            DnsServers::Custom(servers) => servers.first().map(|server| server.value),
            DnsServers::Unknown(_) => None,
        }
    }

    /// A place for what is added: that of what stands in the way.
    fn span(&self) -> Span {
        let nowhere = Span {
            file: FileId::default(),
            start: 0,
            end: 0,
        };
        self.blocker.element.origin.span().unwrap_or(nowhere)
    }

    /// The target as the policy language writes it.
    fn target_words(&self) -> Option<String> {
        let name = self.flow.announced_name().or(self.flow.to.name.as_ref());
        match name {
            Some(name) => Some(name.to_string()),
            None => self.address().map(|address| address.to_string()),
        }
    }
}

/// The changes that may remove what stands in the way. Whether one does is for the caller to try.
#[must_use]
pub fn remedies(
    plane: &Dataplane<'_>,
    flow: &Flow,
    trace: &Trace,
    blocker: &Blocker,
) -> Vec<Remedy> {
    let case = Case {
        plane,
        flow,
        trace,
        blocker,
    };
    match blocker.cause {
        Cause::NsgOutboundDeny
        | Cause::NsgIntraClusterDeny
        | Cause::NsgServiceTagExpansion
        | Cause::ManagementPath => nsg::remedies(&case),
        Cause::EndpointNotAllowed
        | Cause::NetworkRuleMissing
        | Cause::RuleFieldMismatch
        | Cause::L7Unmatchable
        | Cause::OrderOrPrecedence => firewall::remedies(&case),
        Cause::FqdnNetworkRuleProxy
        | Cause::PrivateZoneUnresolvable
        | Cause::PrivateLinkDependency
        | Cause::DnsPathOrServers => dns::remedies(&case),
        Cause::NoRouteTable
        | Cause::NoDefaultRoute
        | Cause::DefaultNextHopType
        | Cause::NextHopUnreachable
        | Cause::OverrideOrBypass
        | Cause::AsymmetricReturn => route::remedies(&case),
        Cause::NoSnat => egress::remedies(&case),
        Cause::AuthorizedRangesExcludeEgress | Cause::ServiceAccessControl | Cause::Proxy => {
            service::remedies(&case)
        }
        // These are about the cluster and who may do what, not about a flow.
        Cause::PodRoutesOrTableDrift
        | Cause::OutboundTypeConflict
        | Cause::IsolatedBootstrap
        | Cause::MissingPermission
        | Cause::UnsupportedIdentity
        | Cause::DnsZonePermission
        | Cause::PolicyDeny => Vec::new(),
    }
}

/// Whether a site is a security rule or a security group.
fn is_nsg(site: &Site) -> bool {
    matches!(
        site,
        Site::Nsg(_) | Site::SecurityRule(..) | Site::DefaultRule(..)
    )
}
