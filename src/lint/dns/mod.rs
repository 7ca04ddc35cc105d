//! Rules about name resolution.

pub(super) mod clients;
pub(super) mod dead_end;
pub(super) mod depends_on_server;
pub(super) mod public_detour;
pub(super) mod resolved_publicly;
pub(super) mod single_server;
pub(super) mod unlinked_zone;
pub(super) mod unused_proxy;
