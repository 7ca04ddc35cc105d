//! The zone of a private API server.

use super::*;
use crate::base::Origin;
use crate::estate::{PoolIdentity, PrivateDnsZone, PrivateZone, Region, Scope};

fn private(domain: &str) -> (Case, Id<PrivateDnsZone>) {
    let mut c = case(OutboundType::LoadBalancer);
    c.b.estate.region = Region::Named("westeurope".into());
    let zone = c.b.zone(domain, &[]);
    let setting = c.b.put(PrivateZone::Own(c.b.to(zone)));
    c.pool().private_cluster = Some(Origin::Platform);
    c.pool().api_server.private_zone = Some(setting);
    (c, zone)
}

const GOOD: &str = "privatelink.westeurope.azmk8s.io";

#[test]
fn only_certain_names_will_do() {
    for (domain, accepted) in [
        (GOOD, true),
        ("team-a.privatelink.westeurope.azmk8s.io", true),
        ("privatelink.northeurope.azmk8s.io", false),
        ("private.westeurope.azmk8s.io", false),
        ("a.b.privatelink.westeurope.azmk8s.io", false),
        (
            "a-subzone-of-far-too-many-characters.privatelink.westeurope.azmk8s.io",
            false,
        ),
        ("westeurope.azmk8s.io", false),
        ("contoso.com", false),
    ] {
        let (c, _) = private(domain);
        if accepted {
            c.accepted();
        } else {
            c.refused(
                Cause::PrivateZoneUnresolvable,
                &format!("InvalidPrivateDNSZoneResourceID: private DNS zone `{domain}`"),
            );
        }
    }
    let (mut c, _) = private("private.westeurope.azmk8s.io");
    let server = c.b.subnet(c.vnet, "api", "10.1.9.0/28");
    c.b.estate.pools[c.pool].api_server.subnet = Some(c.b.to(server));
    c.accepted();
    let (mut c, _) = private("privatelink.northeurope.azmk8s.io");
    c.b.estate.region = Region::OfResourceGroup;
    c.accepted();
    assert!(c.assumes("the region in the name"));
    let (mut c, _) = private("contoso.com");
    c.b.estate.cloud = crate::net::Cloud::China;
    c.accepted();
    assert!(c.assumes("`contoso.com` is a name that the provider takes"));
    c.pool().private_cluster = None;
    assert!(!c.assumes("`contoso.com`"));
}

#[test]
fn the_identity_writes_the_zone() {
    let (mut c, zone) = private(GOOD);
    let identity = c.b.user_assigned(c.pool);
    let scope = Scope::Vnet(c.b.to(c.vnet));
    c.b.assign(identity, "Network Contributor", scope);
    c.refused(
        Cause::DnsZonePermission,
        "CustomPrivateDNSZoneMissingPermissionError: identity `id`",
    );
    let refusal = c.run().refusals.remove(0);
    assert_eq!(
        refusal.missing_actions,
        [
            "Microsoft.Network/privateDnsZones/read",
            "Microsoft.Network/privateDnsZones/write"
        ]
    );
    assert!(
        refusal
            .message
            .unwrap()
            .ends_with("not allowed for action Microsoft.Network/privateDnsZones/read")
    );
    let scope = Scope::DnsZone(c.b.to(zone));
    c.b.assign(identity, "Private DNS Zone Contributor", scope);
    c.accepted();
    assert_eq!(c.warnings(), [""; 0]);
}

#[test]
fn linking_the_zone_takes_a_right_on_the_network() {
    let (mut c, _) = private(GOOD);
    let setting = c.b.put(PrivateZone::System);
    c.pool().api_server.private_zone = Some(setting);
    let identity = c.b.user_assigned(c.pool);
    let scope = Scope::Subnet(c.b.to(c.subnet));
    c.b.assign(identity, "Network Contributor", scope);
    c.accepted();
    assert_eq!(c.warnings(), ["rbac.missing_permission: identity `id`"]);
    assert!(c.assumes("roleAssignments/write"));
    let scope = Scope::Vnet(c.b.to(c.vnet));
    c.b.assign(identity, "Owner", scope);
    assert_eq!(c.warnings(), [""; 0]);
    assert!(!c.assumes("roleAssignments/write"));
}

#[test]
fn a_system_assigned_identity_comes_too_late_for_a_zone() {
    let (mut c, _) = private(GOOD);
    c.pool().identity = Some(PoolIdentity::SystemAssigned(Origin::Platform));
    c.refused(
        Cause::UnsupportedIdentity,
        "SystemAssignedIdentityNotSupportedForCustomPrivateDNSZone: identity of pool `p`",
    );
    let setting = c.b.put(PrivateZone::System);
    c.pool().api_server.private_zone = Some(setting);
    c.accepted();
}

#[test]
fn the_zone_exists() {
    let (mut c, _) = private(GOOD);
    let setting = c.b.put(PrivateZone::Own(c.b.to_nothing("gone")));
    c.pool().api_server.private_zone = Some(setting);
    c.refused(
        Cause::PrivateZoneUnresolvable,
        "PrivateDNSZoneResourceNotFoundError: private DNS zone of pool `p`",
    );
}

#[test]
fn without_a_zone_the_public_name_is_needed() {
    let (mut c, _) = private(GOOD);
    let setting = c.b.put(PrivateZone::None);
    c.pool().api_server.private_zone = Some(setting);
    c.accepted();
    let off = c.b.put(false);
    c.pool().api_server.public_name = Some(off);
    c.refused(
        Cause::PrivateZoneUnresolvable,
        "NonePrivateDNSZonePublicFQDNDisabledError: private DNS zone setting of pool `p`",
    );
}

#[test]
fn a_network_sees_one_zone_of_a_name() {
    let (mut c, zone) = private(GOOD);
    let hub = c.b.vnet("hub", "10.2.0.0/16");
    c.b.zone(GOOD, &[hub]);
    c.b.zone("azmk8s.io", &[c.vnet]);
    c.accepted();
    assert!(c.assumes("`azmk8s.io`"));
    let other = c.b.zone(GOOD, &[c.vnet]);
    c.refused(
        Cause::PrivateZoneUnresolvable,
        &format!("CreateOrUpdateVirtualNetworkLinkFailed: private DNS zone `{GOOD}`"),
    );
    let link = c.b.estate.dns_zones[other].links[0].origin;
    assert_eq!(c.run().refusals[0].element.origin, link);
    assert_ne!(other, zone);
}
