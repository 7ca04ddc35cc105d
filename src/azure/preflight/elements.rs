//! The elements that refusals are about.

use crate::base::Origin;
use crate::estate::{Id, Pool, PoolIdentity, PrivateDnsZone, RouteTable, Subnet};

use super::super::flow::{Element, Site};
use super::inspection::Inspection;

impl Inspection<'_> {
    /// A subnet.
    pub(super) fn subnet(&self, id: Id<Subnet>) -> Element {
        Element {
            name: format!("subnet `{}`", self.estate.subnet_path(id)),
            origin: self.estate.subnets[id].meta.origin,
            site: Site::Subnet(id),
        }
    }

    /// Something of a subnet that is written at a place of its own.
    pub(super) fn of_subnet(&self, id: Id<Subnet>, what: &str, origin: Origin) -> Element {
        Element {
            name: format!("{what} of subnet `{}`", self.estate.subnet_path(id)),
            origin,
            site: Site::Subnet(id),
        }
    }

    /// A route table.
    pub(super) fn table(&self, id: Id<RouteTable>) -> Element {
        let meta = &self.estate.route_tables[id].meta;
        Element {
            name: format!("route table `{}`", meta.name),
            origin: meta.origin,
            site: Site::RouteTable(id),
        }
    }

    /// A private DNS zone.
    pub(super) fn zone(&self, id: Id<PrivateDnsZone>) -> Element {
        let meta = &self.estate.dns_zones[id].meta;
        Element {
            name: format!("private DNS zone `{}`", meta.name),
            origin: meta.origin,
            site: Site::DnsZone(id),
        }
    }

    /// The outbound type.
    pub(super) fn outbound_type(&self) -> Element {
        let name = self.outbound().name();
        self.of_pool(
            &format!("outbound type `{name}`"),
            self.pool.outbound.span.into(),
        )
    }

    /// A setting of the pool.
    pub(super) fn of_pool(&self, what: &str, origin: Origin) -> Element {
        Element {
            name: format!("{what} of {}", pool_name(self.pool)),
            origin,
            site: Site::Pool(self.id),
        }
    }

    /// Another pool.
    pub(super) fn other_pool(&self, id: Id<Pool>) -> Element {
        let pool = &self.estate.pools[id];
        Element {
            name: pool_name(pool),
            origin: pool.meta.origin,
            site: Site::Pool(id),
        }
    }

    /// The identity of the pool, as the pool names it.
    pub(super) fn identity(&self) -> Element {
        let origin = match &self.pool.identity {
            Some(PoolIdentity::SystemAssigned(origin)) => *origin,
            Some(PoolIdentity::UserAssigned(identity)) => identity.origin,
            None => self.pool.meta.origin,
        };
        self.of_pool("identity", origin)
    }
}

fn pool_name(pool: &Pool) -> String {
    format!("pool `{}`", pool.meta.name)
}
