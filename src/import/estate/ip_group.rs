//! IP groups.

use crate::estate::{IpGroup, Meta};

use super::Builder;
use super::entity::Entity;
use super::gap::Part;
use super::side::Block;
use super::slot::Slot;

pub(super) fn blank(meta: Meta) -> IpGroup {
    IpGroup {
        meta,
        prefixes: Vec::new(),
        ranges: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_ip_group(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<IpGroup>(index) else {
            return;
        };
        let slot = Slot::IpGroup(id);
        self.is_only_named(slot, entity, &[Part::Members]);
        let expected = "an address, a prefix, or a range of addresses";
        let (blocks, unknown) = self.list(entity.property(&["ipAddresses"]), |builder, item| {
            builder.parsed(item, expected, Block::parse)
        });
        self.gaps(slot, Part::Members, unknown);
        let group = &mut self.estate.ip_groups[id];
        for block in blocks {
            match block.value {
                Block::Prefix(prefix) => group.prefixes.push(block.map(|_| prefix)),
                Block::Range(range) => group.ranges.push(block.map(|_| range)),
            }
        }
    }
}
