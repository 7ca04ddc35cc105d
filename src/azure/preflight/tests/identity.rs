//! Kinds of identities and what they may do.

use super::*;
use crate::base::Origin;
use crate::estate::{PoolIdentity, RouteTable, Scope};

const READ: &str = "Microsoft.Network/routeTables/read";
const WRITE: &str = "Microsoft.Network/routeTables/write";

/// A kubenet pool behind an appliance whose identity has Network Contributor on the network.
fn kubenet() -> (Case, Id<crate::estate::Identity>, Id<RouteTable>) {
    let mut c = routed();
    c.b.kubenet(c.pool);
    let identity = c.b.user_assigned(c.pool);
    let scope = Scope::Vnet(c.b.to(c.vnet));
    c.b.assign(identity, "Network Contributor", scope);
    let table = c.b.estate.route_tables.ids().next().unwrap();
    (c, identity, table)
}

fn missing(c: &Case) -> Vec<String> {
    c.run().refusals.remove(0).missing_actions
}

#[test]
fn kubenet_writes_the_table() {
    let (mut c, identity, table) = kubenet();
    let expected = "CustomRouteTableMissingPermission: identity `id`";
    c.refused(Cause::MissingPermission, expected);
    assert_eq!(missing(&c), [READ, WRITE]);
    let text = c.run().refusals.remove(0).text;
    assert!(text.ends_with("but stops at vnet `named`"), "{text}");
    let scope = Scope::RouteTable(c.b.to(table));
    c.b.assign(identity, "Reader", scope.clone());
    c.refused(Cause::MissingPermission, expected);
    assert_eq!(missing(&c), [WRITE]);
    c.b.assign(identity, "Network Contributor", scope);
    c.accepted();
}

#[test]
fn azure_cni_leaves_the_table_alone() {
    let (mut c, _, _) = kubenet();
    c.b.estate.pools[c.pool].network_plugin =
        Some(c.b.put(crate::estate::NetworkPlugin::AzureOverlay));
    c.accepted();
    c.b.estate.pools[c.pool].network_plugin = None;
    c.accepted();
}

#[test]
fn a_deny_assignment_on_the_table_is_the_element() {
    let (mut c, identity, table) = kubenet();
    let scope = Scope::RouteTable(c.b.to(table));
    c.b.assign(identity, "Owner", scope.clone());
    c.accepted();
    let denial = c.b.deny(scope, &[WRITE]);
    c.refused(
        Cause::MissingPermission,
        "CustomRouteTableMissingPermission: deny assignment `stack`",
    );
    assert_eq!(missing(&c), [WRITE]);
    c.b.estate.deny_assignments[denial].excluded = vec![c.b.to(identity)];
    c.accepted();
}

#[test]
fn nodes_join_the_subnet() {
    let mut c = case(OutboundType::LoadBalancer);
    let identity = c.b.user_assigned(c.pool);
    c.refused(
        Cause::MissingPermission,
        "LinkedAuthorizationFailed: identity `id`",
    );
    assert_eq!(
        missing(&c),
        [
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.Network/virtualNetworks/subnets/read"
        ]
    );
    let message = c.run().refusals.remove(0).message.unwrap();
    assert!(
        message.contains("subnets/join/action' on the linked scope(s) 'subnet `v/s`'"),
        "{message}"
    );
    let scope = Scope::Subnet(c.b.to(c.subnet));
    c.b.assign(identity, "Network Contributor", scope);
    c.accepted();
    let server = c.b.subnet(c.vnet, "api", "10.1.9.0/28");
    c.b.estate.pools[c.pool].api_server.subnet = Some(c.b.to(server));
    c.refused(
        Cause::MissingPermission,
        "LinkedAuthorizationFailed: identity `id`",
    );
}

#[test]
fn what_is_not_stated_is_taken_to_suffice() {
    let (mut c, identity, table) = kubenet();
    c.pool().identity = None;
    c.accepted();
    assert!(c.assumes("no identity is stated"));
    c.b.estate.pools[c.pool].identity = Some(PoolIdentity::UserAssigned(c.b.to_nothing("other")));
    c.accepted();
    assert!(c.assumes("roles of identity `other`"));
    c.b.estate.pools[c.pool].identity = Some(PoolIdentity::UserAssigned(c.b.to(identity)));
    let scope = Scope::RouteTable(c.b.to(table));
    c.b.assign(identity, "house role", scope);
    c.accepted();
    assert!(c.assumes("role `house role`"));
}

#[test]
fn kubenet_with_a_table_takes_no_system_assigned_identity() {
    let mut c = routed();
    c.pool().identity = Some(PoolIdentity::SystemAssigned(Origin::Platform));
    c.accepted();
    assert!(c.assumes("gives its system-assigned identity"));
    c.b.kubenet(c.pool);
    c.refused(
        Cause::UnsupportedIdentity,
        "CustomRouteTableWithUnsupportedMSIType: identity of pool `p`",
    );
    assert!(c.assumes("az command line"));
    c.b.estate.subnets[c.subnet].route_table = None;
    c.pool().outbound.value = OutboundType::LoadBalancer;
    c.accepted();
}

#[test]
fn an_api_server_subnet_takes_no_system_assigned_identity() {
    let mut c = case(OutboundType::LoadBalancer);
    c.pool().identity = Some(PoolIdentity::SystemAssigned(Origin::Platform));
    c.accepted();
    let server = c.b.subnet(c.vnet, "api", "10.1.9.0/28");
    c.b.estate.pools[c.pool].api_server.subnet = Some(c.b.to(server));
    c.refused(
        Cause::UnsupportedIdentity,
        "OnlySupportedOnUserAssignedMSICluster: identity of pool `p`",
    );
}

#[test]
fn hdinsight_on_aks_asks_for_network_table_and_group() {
    let (mut c, identity, table) = kubenet();
    c.b.estate.pools[c.pool].network_plugin = None;
    c.b.estate.pools[c.pool].kind = Some(c.b.put("hdinsight-on-aks".into()));
    let nsg = c.b.nsg(c.subnet);
    assert_eq!(
        c.refusals(),
        [
            "CustomRouteTableMissingPermission: identity `id`",
            "LinkedAuthorizationFailed: identity `id`"
        ]
    );
    let scope = Scope::RouteTable(c.b.to(table));
    c.b.assign(identity, "Network Contributor", scope);
    let scope = Scope::Nsg(c.b.to(nsg));
    c.b.assign(identity, "Network Contributor", scope);
    c.accepted();
}

#[test]
fn a_role_at_the_subscription_covers_the_table_until_its_group_forbids_it() {
    let mut c = routed();
    c.b.kubenet(c.pool);
    let identity = c.b.user_assigned(c.pool);
    let table = c.b.estate.route_tables.ids().next().unwrap();
    c.pool().meta.home = Builder::home("rg-aks", "sub-app");
    c.b.estate.vnets[c.vnet].meta.home = Builder::home("rg-net", "sub-net");
    c.b.estate.route_tables[table].meta.home = Builder::home("rg-hub", "sub-net");
    for name in ["sub-app", "sub-net"] {
        c.b.estate.subscriptions.push(crate::estate::Subscription {
            name: name.into(),
            management_group: Some("mg-corp".into()),
        });
    }
    let subscription = Scope::Subscription(Some("sub-net".into()));
    c.b.assign(identity, "Network Contributor", subscription);
    c.accepted();
    let group = Scope::ResourceGroup(Some("rg-hub".into()));
    c.b.deny(
        group,
        &[WRITE, "Microsoft.Network/routeTables/routes/write"],
    );
    c.refused(
        Cause::MissingPermission,
        "CustomRouteTableMissingPermission: deny assignment `stack`",
    );
    assert_eq!(missing(&c), [WRITE]);
    let scope = Scope::RouteTable(c.b.to(table));
    c.b.assign(identity, "Owner", scope);
    assert_eq!(c.refusals().len(), 1, "no role outweighs it");
}
