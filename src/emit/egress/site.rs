//! Networks outside Azure.

use crate::estate::{DnsServers, Id, RangePurpose, Site, Subnet, Vnet};

use super::page::{Block, Clause};
use super::{Writer, prefixes, texts};

impl Writer<'_> {
    pub(super) fn site(&mut self, id: Id<Vnet>, vnet: &Vnet, site: &Site) -> Block {
        let estate = self.estate;
        let name = self.names.vnets.of(id).clone();
        let head = Clause::listing(format!("site {name}"), &prefixes(&vnet.prefixes));
        let mut block = self.resource(head, "site", &vnet.meta, &name);
        if let DnsServers::Custom(servers) = &vnet.dns {
            block.body.list("dns", &texts(servers));
        }
        for (id, subnet) in estate.subnets_of(id).filter(|(id, _)| *id != site.beyond) {
            let inner = self.site_network(id, subnet, site);
            block.body.block(inner);
        }
        // All of its networks have the same routes.
        let mut networks = estate.subnets_of(id).map(|(_, subnet)| subnet);
        let table = networks.find_map(|subnet| subnet.route_table.as_ref()?.id);
        if let Some(table) = table {
            self.routes(&mut block.body, table);
        }
        self.ignores(&mut block.body, vnet.meta.body);
        block
    }

    fn site_network(&mut self, id: Id<Subnet>, subnet: &Subnet, site: &Site) -> Block {
        let name = self.names.subnets.of(id).clone();
        let head = Clause::listing(format!("network {name}"), &prefixes(&subnet.prefixes));
        let mut block = self.resource(head, "network", &subnet.meta, &name);
        for (keyword, purpose) in RangePurpose::KEYWORDS {
            let ranges = site.ranges.iter();
            let ranges: Vec<String> = ranges
                .filter(|it| it.subnet == id && it.purpose == purpose)
                .map(|it| it.range.value.to_string())
                .collect();
            block.body.list(&format!("addresses {keyword}"), &ranges);
        }
        self.ignores(&mut block.body, subnet.meta.body);
        block
    }
}
