//! What is not known of who sends and who is asked, where the whole outcome rests on it.

use crate::estate::{Id, PoolSetting, Subnet};
use crate::net::Transport;

use super::super::flow::{Element, Site};
use super::super::gaps;
use super::super::next_hop::vnet_of;
use super::Walk;

/// An element, and what is not known of it.
type Reason = (Element, String);

impl Walk<'_> {
    /// The proxy and pods of the sender's pool, the peers of its network, and the hubs that may tell it routes.
    pub(super) fn unknown_of_sender(
        &self,
        subnet: Id<Subnet>,
        private: bool,
        reasons: &mut Vec<Reason>,
    ) {
        let estate = self.plane.estate;
        let home = estate.subnets[subnet].vnet;
        let held = self.flow.to.address.or(self.resolved);
        let held = held.is_some_and(|address| self.subnet_holding(address).is_some());
        if let Some((id, _)) = self.pool_in(subnet) {
            let web = self.flow.transport == Transport::Tcp && matches!(self.flow.port, 80 | 443);
            let settings = [
                (PoolSetting::HttpProxy, web),
                (PoolSetting::Pods, private && !held),
            ];
            for (setting, matters) in settings {
                let text = gaps::pool(estate, id, setting).filter(|_| matters);
                reasons.extend(text.map(|text| (self.pool_element(id), text)));
            }
        }
        let mut devices = self.devices.iter();
        let abroad =
            devices.any(|device| vnet_of(estate, device.holder).is_some_and(|there| there != home));
        if let Some(text) = gaps::peers(estate, home).filter(|_| abroad) {
            reasons.push((self.subnet_element(subnet), text));
        }
        // What somebody wrote into a route table beats what a hub tells.
        let routed = self
            .matched
            .iter()
            .any(|it| matches!(it.site, Site::Route(..)));
        for (id, hub) in estate.hubs.iter().filter(|_| !routed) {
            let element = Element {
                name: format!("virtual hub `{}`", hub.meta.name),
                origin: hub.meta.origin,
                site: Site::Other,
            };
            let text = gaps::hub(estate, id, home);
            reasons.extend(text.map(|text| (element, text)));
        }
    }

    /// The API server that the flow is for: where it is and whom it lets in.
    pub(super) fn unknown_of_api_server(&self, reasons: &mut Vec<Reason>) {
        let estate = self.plane.estate;
        for (id, pool) in estate.pools.iter() {
            let server = &pool.api_server;
            let named = server.fqdn.as_ref().is_some_and(|fqdn| {
                Some(&fqdn.value) == self.name.as_ref()
                    || Some(&fqdn.value) == self.announced.as_ref()
            });
            let address = self.flow.to.address;
            let addressed = server.public_ip.is_some_and(|ip| Some(ip.value) == address);
            if !named && !addressed {
                continue;
            }
            let settings = [
                PoolSetting::PrivateCluster,
                PoolSetting::ApiServerName,
                PoolSetting::AuthorizedRanges,
            ];
            let texts = settings
                .into_iter()
                .filter_map(|it| gaps::pool(estate, id, it));
            reasons.extend(texts.map(|text| (self.pool_element(id), text)));
        }
    }

    fn pool_element(&self, id: Id<crate::estate::Pool>) -> Element {
        let meta = &self.plane.estate.pools[id].meta;
        Element {
            name: format!("pool `{}`", meta.name),
            origin: meta.origin,
            site: Site::Pool(id),
        }
    }
}
