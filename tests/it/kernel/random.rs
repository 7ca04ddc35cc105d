//! Numbers that look random and come again with the same seed.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(super) fn word(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// A number from `least` to `most`, both included.
    pub(super) fn between(&mut self, least: u32, most: u32) -> u32 {
        let span = u64::from(most - least) + 1;
        least + (u64::from(self.word()) % span) as u32
    }

    pub(super) fn port(&mut self, least: u16, most: u16) -> u16 {
        self.between(u32::from(least), u32::from(most)) as u16
    }

    /// True in so many cases of a hundred.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.between(1, 100) <= percent
    }

    pub(super) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.between(0, items.len() as u32 - 1) as usize].clone()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.between(0, last as u32) as usize);
        }
    }

    /// An address of a prefix; one time in three its first or its last.
    pub(super) fn address_in(&mut self, prefix: Ipv4Net) -> Ipv4Addr {
        match self.between(0, 5) {
            0 => prefix.network(),
            1 => prefix.broadcast(),
            _ => self.inner_address(prefix),
        }
    }

    /// Any address of a prefix.
    pub(super) fn inner_address(&mut self, prefix: Ipv4Net) -> Ipv4Addr {
        let host = self.word() & u32::from(prefix.hostmask());
        Ipv4Addr::from(u32::from(prefix.network()) | host)
    }

    /// A prefix of a length between these that holds an address.
    pub(super) fn prefix_around(&mut self, address: Ipv4Addr, least: u8, most: u8) -> Ipv4Net {
        let length = self.between(u32::from(least), u32::from(most)) as u8;
        Ipv4Net::new_assert(address, length).trunc()
    }

    /// A prefix of this length inside another.
    pub(super) fn prefix_in(&mut self, outer: Ipv4Net, length: u8) -> Ipv4Net {
        let address = self.inner_address(outer);
        Ipv4Net::new_assert(address, length.max(outer.prefix_len())).trunc()
    }
}
