//! The estate of an incident file.

use serde_json::Value;
use tidegate::base::SourceMap;
use tidegate::estate::{Estate, Id, Pool, Region};
use tidegate::net::Cloud;

use super::build::{Builder, Groups};
use super::document::{Fields, Problems};
use super::{access, around, cluster, firewall, names, network};

/// An incident's estate, and what it was made of.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) estate: Estate,
    /// The made-up file in which every element stands on the line that holds its path.
    pub(super) sources: SourceMap,
    pub(super) groups: Groups,
    pub(super) pool: Option<Id<Pool>>,
    /// Keys and values that were not understood.
    pub(super) problems: Vec<String>,
}

/// Builds the estate of a file.
pub(super) fn build(root: &Value) -> Built {
    let problems = Problems::default();
    let mut builder = Builder::default();
    let pool = whole(&mut builder, root, &problems);
    let (estate, sources, groups) = builder.finish();
    Built {
        estate,
        sources,
        groups,
        pool,
        problems: problems.into_list(),
    }
}

fn whole(builder: &mut Builder, root: &Value, problems: &Problems) -> Option<Id<Pool>> {
    let root = Fields::of(root, "", problems)?;
    root.skip(&[
        "id",
        "title",
        "class",
        "source",
        "confidence",
        "reported",
        "invented",
    ]);
    // Read by those who run the checks.
    root.skip(&["checks", "after_fix"]);
    let product = root.text("product").unwrap_or_default();
    let own = root.get("cluster");
    if let Some(name) = cluster::text(own, "cloud") {
        match Cloud::from_name(&name) {
            Some(cloud) => builder.estate.cloud = cloud,
            None => root.problem("cluster.cloud", format_args!("unknown: `{name}`")),
        }
    }
    if let Some(region) = cluster::text(own, "region") {
        builder.estate.region = Region::Named(region.into());
    }
    builder.groups.own = cluster::text(own, "resource_group").map(Into::into);
    let Some(topology) = root.get("topology") else {
        root.problem("topology", "missing");
        return None;
    };
    let topology = Fields::of(topology, "", problems)?;
    access::places(builder, &topology);
    network::build(builder, &topology);
    firewall::build(builder, &topology);
    around::build(builder, &topology);
    names::build(builder, &topology);
    access::build(builder, &root, &topology);
    let own = root.map("cluster")?;
    Some(cluster::build(builder, &own, &product))
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    const EVERYTHING: &str = r#"
id: everything
product: aks
topology:
  notes: nothing
  subscriptions: [{name: sub, management_group: mg}]
  resource_groups: [{name: rg-net, subscription: sub}]
  public_ips: [{name: pip, ip: 203.0.113.9}]
  asgs: [{name: asg, members: [10.0.0.4]}]
  ip_groups: [{name: group, addresses: [10.0.0.0/24, 10.0.1.4-10.0.1.9]}]
  nsgs:
    - name: nsg
      resource_group: rg-net
      rules:
        - {name: a, priority: 100, direction: Inbound, access: Allow, protocol: TCP, src: [10.0.0.0/8, Internet], dst: "*", dst_ports: [443, 8000-8010]}
        - {name: b, priority: 110, direction: Outbound, access: Deny, protocol: "*", src_asgs: [asg], dst_asgs: [asg], dst_ports: ["*"]}
  nat_gateways: [{name: ng, public_ips: [203.0.113.1, pip], public_ip_prefixes: [203.0.113.16/31]}]
  route_tables:
    - name: rt
      resource_group: rg-net
      propagate_gateway_routes: false
      routes:
        - {name: a, prefix: "::/0", next_hop_type: VirtualAppliance, next_hop_ip: "fd00::4"}
        - {name: b, prefix: AzureMonitor.WestEurope, next_hop_type: VirtualApplianceEcmp, next_hop_ips: [10.0.2.4, 10.0.2.5]}
        - {name: c, prefix: 10.9.0.0/16, next_hop_type: None}
        - {name: d, prefix: 10.8.0.0/16, next_hop_type: VnetLocal}
  vnets:
    - name: vnet
      resource_group: rg-net
      cidrs: [10.0.0.0/16, "fd00::/48"]
      dns_servers: [10.0.1.4]
      subnets:
        - {name: aks, cidr: 10.0.0.0/24, cidr_v6: "fd00::/64", route_table: rt, nsg: nsg, nat_gateway: ng, default_outbound_access: false, service_endpoints: [Microsoft.Storage], private_endpoint_network_policies: Enabled, service_endpoint_policy: {allowed: [store]}}
        - {name: pods, cidr: 10.0.3.0/24, route_table: null, nsg: null}
        - {name: AzureFirewallSubnet, cidr: 10.0.1.0/26}
    - {name: other, cidrs: [10.1.0.0/16], dns_servers: azure, subnets: []}
  peerings: [{from: vnet, to: other, state: Initiated, allow_forwarded_traffic: true, use_remote_gateways: true, allow_gateway_transit: false}]
  firewall_policies:
    - {name: parent, tier: Premium, threat_intel: Off, groups: []}
    - name: child
      parent: parent
      threat_intel: Alert
      threat_intel_allowlist: {fqdns: [a.example.com], ips: [192.0.2.1]}
      snat: {private_ranges: [10.0.0.0/8]}
      dns: {proxy: true, servers: [10.0.4.4], require_proxy_for_network_rules: false}
      groups:
        - name: g
          priority: 100
          collections:
            - {name: n, type: network, priority: 100, action: Allow, rules: [{name: r, source_ip_groups: [group], protocols: [TCP, UDP], destinations: [AzureCloud.westeurope, 192.0.2.0/24], fqdns: [ntp.ubuntu.com], ports: [123, 9000-9010]}]}
            - {name: a, type: application, priority: 200, action: Deny, rules: [{name: r, sources: ["*"], protocols: ["https:443", "mssql:1433"], fqdns: ["*.example.com"], fqdn_tags: [AzureKubernetesService], terminate_tls: true}]}
            - {name: d, type: nat, priority: 300, action: DNAT, rules: [{name: r, sources: ["*"], protocols: [TCP], destinations: [203.0.113.2], ports: [80], translated_address: 10.0.0.9, translated_port: 8080}]}
  firewalls: [{name: fw, sku: Standard, vnet: vnet, subnet: AzureFirewallSubnet, private_ip: 10.0.1.4, public_ips: [203.0.113.2], policy: child}]
  load_balancers:
    - {name: lb, type: public, frontend: 203.0.113.3, backend_subnet: aks, rules: [{port: 80}], outbound_rules: [{protocol: All}]}
    - {name: ilb, type: internal, frontend: 10.0.0.200, backend_subnet: aks, rules: [], outbound_rules: []}
  gateways: [{name: gw, vnet: vnet, subnet: aks, type: Vpn, learned: [10.200.0.0/16]}]
  nvas:
    - {name: nva, vnet: vnet, subnet: pods, private_ip: 10.0.2.4, public_ip: 203.0.113.4, ip_forwarding: true, snat: true, allow: any}
    - {name: nva2, vnet: vnet, subnet: pods, private_ip: 10.0.2.5, ip_forwarding: true, snat: false, allow: [mcr.microsoft.com, 192.0.2.0/24]}
  proxies: [{name: proxy, vnet: vnet, subnet: pods, ip: 10.0.3.4, port: 3128, allow: [mcr.microsoft.com]}]
  vwan_hubs: [{name: hub, connections: [other], firewall: {name: hubfw, private_ip: 10.5.0.4, public_ips: [203.0.113.5], policy: allow-any}, routing_intent: {internet: true, private: false}}]
  private_dns_zones:
    - {name: 1111.privatelink.westeurope.azmk8s.io, resource_group: rg-net, links: [vnet, {vnet: other, registration: true}], resolution_policy: NxDomainRedirect, records: [{name: a, type: A, ip: 10.0.0.5}, {name: b, type: CNAME, cname: a.example.com}]}
  private_endpoints: [{name: pe, subnet: aks, ip: 10.0.0.5, target: store}]
  dns_servers_vm: [{ip: 10.0.4.4, vnet: vnet, forwarders: [168.63.129.16], conditional: [{domain: corp.example.com, servers: [10.200.0.4]}]}]
  services: [{name: store, fqdn: store.blob.core.windows.net, kind: storage, ip: 192.0.2.9, service_tag: Storage.WestEurope, region: westeurope, cname: store.privatelink.blob.core.windows.net, public_access: disabled, network_acl: {default: Deny, ips: [192.0.2.7], subnets: [aks]}}]
  policy_assignments: [{name: no-pip, scope: mg, effect: Deny, resource_types: [Microsoft.Network/publicIPAddresses]}]
cluster:
  name: c
  kind: aks
  cloud: AzureCloud
  region: westeurope
  resource_group: rg-net
  subnet: aks
  pod_subnet: pods
  outbound_type: userDefinedRouting
  network_plugin: kubenet
  pod_cidr: 10.244.0.0/16
  service_cidr: 10.41.0.0/16
  private: true
  private_dns_zone: system
  konnectivity: true
  tunnel: tunnelfront
  load_balancer_outbound_rule: false
  resource_provider_connection: Outbound
  authorized_ip_ranges: [203.0.113.2/32]
  api_server: {fqdn: c.hcp.westeurope.azmk8s.io, public_ip: 192.0.2.99}
  identity: {type: UserAssigned, name: id}
  nodes: [{name: n1, ip: 10.0.0.4, pod_cidr: 10.244.0.0/24}]
  http_proxy: {http: "http://10.0.3.4:3128", https: "http://10.0.3.4:3128/", no_proxy: [10.0.0.0/8]}
  bootstrap: {artifact_source: Cache, registry: store}
  ip_families: [IPv4, IPv6]
  workloads: [flink]
  deployed_with: cli
  nic_nsg: {managed_by: aks, rules: []}
identities: [{name: id, groups: [team]}]
role_definitions: [{name: Custom, actions: ["*"], not_actions: []}]
role_assignments: [{principal: id, role: Custom, scope: rg-net}, {principal: team, role: Reader, scope: sub}]
deny_assignments: [{name: stop, scope: rt, principals: everyone, exclude_principals: [team], actions: ["*/write"], not_actions: [], do_not_apply_to_child_scopes: true}]
checks: []
after_fix: []
"#;

    #[test]
    fn every_documented_key_is_understood() {
        let built = build(&document::read(EVERYTHING).unwrap());
        assert_eq!(built.problems, [""; 0]);
        assert!(built.pool.is_some());
        let (_, route) = built.estate.route_tables.iter().next().unwrap();
        let text = |span| built.sources.text(span);
        assert_eq!(
            text(route.routes[0].next_hop.span),
            "route_tables[rt].routes[a].next_hop_type | route_tables[rt].routes[a].next_hop_ip | \
             route_tables[rt].routes[a].next_hop_ips"
        );
        let (_, pool) = built.estate.pools.iter().next().unwrap();
        assert_eq!(text(pool.meta.origin.span().unwrap()), "cluster");
        let ranges = pool.api_server.authorized_ranges.as_ref().unwrap();
        assert_eq!(
            text(ranges.prefixes[0].span),
            "cluster.authorized_ip_ranges[203.0.113.2/32]"
        );
    }

    #[test]
    fn whatever_is_not_understood_is_told() {
        let text = "
topology:
  vnets: [{name: v, cidrs: [10.0.0.0/8], colour: red, subnets: [{name: s, cidr: nowhere, nsg: absent}]}]
  towers: []
cluster: {subnet: s, outbound_type: magic}
";
        assert_eq!(
            build(&document::read(text).unwrap()).problems,
            [
                "vnets[v].subnets[s].cidr: `nowhere` is no prefix",
                "vnets[v].subnets[s].nsg: nothing here is called `absent`",
                "unknown key vnets[v].colour",
                "cluster.outbound_type: unknown: `magic`",
                "unknown key towers",
            ]
        );
    }
}
