//! Virtual WANs and their hubs, and the firewalls inside of hubs.

use crate::base::{Origin, Spanned, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Firewall, Id, Ref, VirtualHub, VirtualWan};
use crate::syntax::tree::{self, Word};

use super::declare::Declared;
use super::network::outside;
use super::{Lowering, Once};

impl<'a> Lowering<'a> {
    pub(super) fn declare_virtual_wan(
        &mut self,
        block: &'a tree::Block<tree::VirtualWanClause>,
    ) -> Option<Declared<'a>> {
        let meta = self.meta(&block.name, block.body.span);
        let name = Spanned::new(meta.name.clone(), block.name.span);
        let table = &mut self.estate.wans;
        match self
            .names
            .wans
            .declare(&name, || table.push(VirtualWan { meta }))
        {
            Ok(id) => Some(Declared::VirtualWan(id, block)),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }

    pub(super) fn declare_virtual_hub(
        &mut self,
        hub: &'a tree::VirtualHub,
    ) -> Option<Declared<'a>> {
        let meta = self.meta(&hub.name, hub.body.span);
        let prefix = self.prefix(&hub.prefix);
        let name = Spanned::new(meta.name.clone(), hub.name.span);
        let table = &mut self.estate.hubs;
        let declared = self.names.hubs.declare(&name, || {
            table.push(VirtualHub {
                meta,
                wan: None,
                prefix,
                connections: Vec::new(),
                without_default: Vec::new(),
                firewall: None,
                internet_routing: false,
                private_routing: false,
                intent: None,
            })
        });
        match declared {
            Ok(id) => Some(Declared::VirtualHub(id, hub)),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }

    pub(super) fn define_virtual_wan(
        &mut self,
        id: Id<VirtualWan>,
        block: &tree::Block<tree::VirtualWanClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            let tree::VirtualWanClause::Common(common) = clause;
            if let Some(home) = self.common(common, &mut once, block.body.span) {
                self.estate.wans[id].meta.home = home;
            }
        }
    }

    pub(super) fn define_virtual_hub(&mut self, id: Id<VirtualHub>, hub: &tree::VirtualHub) {
        let mut once = Once::default();
        for clause in &hub.body.clauses {
            match clause {
                tree::VirtualHubClause::Wan(word) => {
                    if self.first_time(&mut once, "wan", word.span) {
                        self.estate.hubs[id].wan = self.reference(word, |names| &names.wans);
                    }
                }
                tree::VirtualHubClause::Connect {
                    vnets,
                    without_default,
                } => self.connect(id, vnets, without_default.is_some()),
                tree::VirtualHubClause::InternetRouting(word) => {
                    if self.first_time(&mut once, "internet-routing", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.hubs[id].internet_routing = switch.value;
                        self.intent(id, &switch);
                    }
                }
                tree::VirtualHubClause::PrivateRouting(word) => {
                    if self.first_time(&mut once, "private-routing", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        self.estate.hubs[id].private_routing = switch.value;
                        self.intent(id, &switch);
                    }
                }
                tree::VirtualHubClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, hub.body.span) {
                        self.estate.hubs[id].meta.home = home;
                    }
                }
            }
        }
        // One that is there may have its routes from anywhere.
        let hub = &mut self.estate.hubs[id];
        if hub.meta.home.is_existing() {
            hub.intent = None;
        }
    }

    /// What goes through the firewall of a hub is compiled to a routing intent.
    fn intent(&mut self, id: Id<VirtualHub>, switch: &Spanned<bool>) {
        if switch.value {
            let stated = &mut self.estate.hubs[id].intent;
            stated.get_or_insert(Origin::Written(switch.span));
        }
    }

    /// A network is connected to one hub (azure-docs, virtual-wan/virtual-wan-faq.md), and once.
    fn connect(&mut self, id: Id<VirtualHub>, vnets: &[Word], without_default: bool) {
        for vnet in self.references(vnets, |names| &names.vnets) {
            let connected = self.estate.hubs.iter().find_map(|(_, hub)| {
                let mut known = hub.connections.iter();
                let same = known.find(|it| it.id.is_some() && it.id == vnet.id)?;
                Some((hub.meta.name.clone(), same.origin))
            });
            if let Some((hub, first)) = connected {
                let finding = Finding::new(
                    FindingId::TG0007,
                    format!("vnet `{}` is connected to hub `{hub}` already", vnet.name),
                )
                .at(vnet.origin, "connected again here")
                .related(first, "connected first here")
                .help("a network is connected to one hub; hubs of one WAN reach each other's networks");
                self.report(finding);
                continue;
            }
            if without_default {
                self.estate.hubs[id].without_default.push(vnet.clone());
            }
            self.estate.hubs[id].connections.push(vnet);
        }
    }

    /// The network or hub that a firewall is in. A network comes first; where both have the name, it is not said which
    /// is meant.
    pub(super) fn place_firewall(&mut self, id: Id<Firewall>, block: &tree::Firewall) {
        let Some(place) = self.word(&block.place, "a name") else {
            return;
        };
        let Some(hub) = self.names.hubs.get(&place.value) else {
            let (vnet, finding) = self.names.vnets.resolve(&place);
            let hubs = did_you_mean_help(&place.value, self.names.hubs.written());
            self.report_unknown(
                &place.value,
                finding.map(|finding| finding.maybe_help(hubs)),
            );
            self.estate.firewalls[id].vnet = vnet;
            return;
        };
        if let Some(vnet) = self.names.vnets.get(&place.value) {
            let finding = Finding::new(
                FindingId::TG0007,
                format!(
                    "both a vnet and a virtual hub have the name `{}`",
                    place.value
                ),
            )
            .at(place.span, "either could be meant")
            .related(self.estate.vnets[vnet].meta.origin, "the vnet")
            .related(self.estate.hubs[hub].meta.origin, "the virtual hub")
            .help("give one of them another name");
            self.report(finding);
            // It is in one of them, so that no hub lacks it.
            let name = self.estate.firewalls[id].meta.name.clone();
            self.estate.hubs[hub].firewall = Some(Ref::known(id, name, place.span));
            return;
        }
        let firewall = Ref::known(id, self.estate.firewalls[id].meta.name.clone(), place.span);
        if let Some(first) = &self.estate.hubs[hub].firewall {
            let finding = Finding::new(
                FindingId::TG0007,
                format!("virtual hub `{}` has a firewall already", place.value),
            )
            .at(place.span, "a second one")
            .related(first.origin, "the first one");
            self.report(finding);
            return;
        }
        self.estate.hubs[hub].firewall = Some(firewall);
        self.firewall_fits_hub(id, hub, block);
    }

    /// What a firewall in a network has and one in a hub has not: classic rules, a management interface, an address of
    /// one's choice (azure-docs, firewall-manager/vhubs-and-vnets.md).
    fn firewall_fits_hub(&mut self, id: Id<Firewall>, hub: Id<VirtualHub>, block: &tree::Firewall) {
        let place = block.place.span;
        let name = self.estate.hubs[hub].meta.name.clone();
        for clause in &block.body.clauses {
            let (span, what, help) = match clause {
                tree::FirewallClause::Collection(collection) => (
                    collection.name().span,
                    "takes no classic rules",
                    "put the collections into a rule-collection-group of its firewall-policy",
                ),
                tree::FirewallClause::ManagementIp(word) => (
                    word.span,
                    "has no management interface of its own",
                    "leave the clause out",
                ),
                _ => continue,
            };
            let finding = Finding::new(
                FindingId::TG0023,
                format!("a firewall in a virtual hub {what}"),
            )
            .at(span, "not in a hub")
            .related(place, format!("`{name}` is a virtual hub"))
            .help(help);
            self.report(finding);
        }
        if let (Some(address), Some(prefix)) = (
            self.estate.firewalls[id].private_ip,
            self.estate.hubs[hub].prefix,
        ) {
            let finding = outside(address, "virtual hub", &name, &[prefix]);
            self.findings.extend(finding);
        }
    }

    /// `managed-public-ips` outside of a hub, and hubs that route through a firewall they do not have.
    pub(super) fn report_hubs(&mut self) {
        let estate = &self.estate;
        let mut findings = Vec::new();
        for (id, firewall) in estate.firewalls.iter() {
            let Some(count) = firewall.managed_public_ips else {
                continue;
            };
            if let Some(vnet) = firewall.vnet.id.filter(|_| estate.hub_of(id).is_none()) {
                let message = "Azure keeps the public addresses of firewalls in virtual hubs only";
                findings.push(
                    Finding::new(FindingId::TG0023, message)
                        .at(count.span, "not in a network")
                        .related(
                            firewall.vnet.origin,
                            format!("`{}` is a vnet", estate.vnets[vnet].meta.name),
                        )
                        .help("name public IPs instead: public-ip NAME"),
                );
            }
        }
        for (_, hub) in estate
            .hubs
            .iter()
            .filter(|(_, hub)| !hub.meta.home.is_existing())
        {
            findings.extend(incomplete(hub));
        }
        self.findings.extend(findings);
    }
}

/// What a hub lacks that is to be deployed.
fn incomplete(hub: &VirtualHub) -> Vec<Finding> {
    let meta = &hub.meta;
    let mut findings = Vec::new();
    if hub.wan.is_none() {
        findings.push(
            Finding::new(
                FindingId::TG0010,
                format!("virtual hub `{}` says of no virtual WAN that it is part of it", meta.name),
            )
            .at(meta.origin, "needs a `wan` clause")
            .help("write `wan NAME` in it, and declare the WAN: virtual-wan NAME { }, or virtual-wan NAME { existing } when it is there"),
        );
    }
    if hub.firewall.is_none() && (hub.internet_routing || hub.private_routing) {
        findings.push(
            Finding::new(
                FindingId::TG0010,
                format!("virtual hub `{}` routes through a firewall that it does not have", meta.name),
            )
            .at(meta.origin, "no firewall is in this hub")
            .help(format!("declare one: firewall NAME in {} {{ }}; Azure takes routing intent of a hub with a firewall only", meta.name)),
        );
    }
    findings
}
