//! Numbers of protocols.

use crate::net::AppProtocol;

/// IANA, Assigned Internet Protocol Numbers.
pub(super) const ICMP: u128 = 1;
pub(super) const TCP: u128 = 6;
pub(super) const UDP: u128 = 17;
pub(super) const ESP: u128 = 50;
pub(super) const AH: u128 = 51;
/// The last number that a packet can carry.
pub(super) const LAST: u128 = 255;

/// What a firewall reads inside TCP, as numbers behind those of packets.
pub(super) fn application(protocol: AppProtocol) -> u128 {
    match protocol {
        AppProtocol::Http => LAST + 1,
        AppProtocol::Https => LAST + 2,
        AppProtocol::Mssql => LAST + 3,
    }
}
