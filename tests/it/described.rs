//! What a policy only describes: all of it reaches the estate, and none of it a template.

use camino::Utf8Path;
use tidegate::azure::facts::Facts;
use tidegate::base::SourceMap;
use tidegate::compile::FirewallModel;
use tidegate::emit;
use tidegate::estate::{
    ApplianceFilter, DeniedPrincipals, Estate, Home, PeeringState, PoolIdentity, PrivateZone, Scope,
};
use tidegate::intent::Intent;
use tidegate::syntax::{Parameters, lower, parse};

use super::policy::{built_in, lines};
use super::support::compiled;

const FIXTURE: &str = "fixtures/conformance/what-is-described.egress";

fn described() -> Estate {
    compiled(Utf8Path::new(FIXTURE), FirewallModel::Policy)
        .unwrap()
        .estate
}

/// The meaning of a policy without mistakes.
fn lowered(policy: &str) -> (Estate, Intent) {
    let (mut sources, library) = built_in();
    let file = sources.add("described.egress", policy.to_owned());
    let read = parse(&sources, file);
    assert_eq!(lines(&sources, &read.findings), "");
    let lowered = lower(&[read], library, &Parameters::new());
    assert_eq!(lines(&sources, &lowered.findings), "");
    (lowered.estate, lowered.intent)
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

#[test]
fn nothing_of_it_is_deployed() {
    let analysis = compiled(Utf8Path::new(FIXTURE), FirewallModel::Policy).unwrap();
    let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    let deployed: Vec<&str> = template
        .resources
        .iter()
        .flat_map(|resource| &resource.target.name)
        .map(String::as_str)
        .collect();
    let described = [
        "resolver",
        "logs",
        "registry",
        "squid",
        "managed by the platform",
        "no public addresses",
        "aks-nodes-1",
    ];
    for name in described {
        assert!(!deployed.contains(&name), "{name}: {deployed:?}");
    }
    let said = &template.not_deployed;
    assert!(
        !said.iter().any(|it| it.contains("squid")),
        "what is there already is not missed: {said:?}"
    );
}

/// What a deployed subnet has and no template can give it is said.
#[test]
fn what_a_template_cannot_give_is_said() {
    let (estate, _) = lowered(
        "egress 1\nregion westeurope\nvnet hub 10.0.0.0/16 {\n  subnet nodes 10.0.1.0/24 { service-endpoints \
         Microsoft.Storage  service-endpoint-policy logs }\n}\nservice logs { fqdn logs.blob.core.windows.net  \
         kind storage  existing }\n",
    );
    let template = emit::template(&estate, Facts::builtin(), &SourceMap::default());
    assert_eq!(
        template.not_deployed,
        ["service endpoint policy of subnet `hub/nodes`"]
    );
}

#[test]
fn networks_say_what_azure_shows() {
    let estate = described();
    let peerings: Vec<_> = estate
        .peerings
        .iter()
        .map(|(_, it)| (it.to.name.as_str(), it.state, it.access))
        .collect();
    assert_eq!(
        peerings,
        [
            ("hub", PeeringState::Connected, false),
            ("spoke", PeeringState::Connected, false),
            ("old", PeeringState::Disconnected, true),
        ]
    );
    let nodes = estate.subnets.iter().map(|(_, it)| it);
    let policies: Vec<_> = nodes.filter_map(|it| it.endpoint_policy.as_ref()).collect();
    let [policy] = policies.as_slice() else {
        panic!("one policy: {policies:?}");
    };
    assert_eq!(policy.allowed[0].name, "logs");
    let (_, web) = estate.security_groups.iter().next().unwrap();
    let members = web.members.as_ref().unwrap();
    assert_eq!(
        texts(members.iter().map(|it| it.value)),
        ["10.0.1.10", "10.0.1.11"]
    );
    let (_, edge) = estate.load_balancers.iter().next().unwrap();
    assert_eq!(texts(edge.ports.iter().map(|it| it.value)), ["80", "443"]);
    let (_, nva) = estate.appliances.iter().next().unwrap();
    assert!(nva.snat && nva.public_ip.is_some());
    let ApplianceFilter::Only(allowed) = &nva.filter else {
        panic!("{:?}", nva.filter);
    };
    assert_eq!(
        texts(allowed.iter().flat_map(|it| &it.destinations)),
        ["*.partner.com", "192.0.2.0/28", "10.0.0.0/8"]
    );
}

#[test]
fn names_lead_to_servers_and_services() {
    let estate = described();
    let (_, zone) = estate.dns_zones.iter().next().unwrap();
    let aliases = zone.records.iter().filter_map(|it| it.cname.as_ref());
    assert_eq!(
        texts(aliases.map(|it| &it.value)),
        ["files.corp.contoso.com"]
    );
    let (_, server) = estate.dns_servers.iter().next().unwrap();
    assert_eq!(server.address.value.to_string(), "10.0.4.4");
    assert!(server.vnet.is_none() && server.meta.home.is_existing());
    assert_eq!(server.forwarders.as_ref().unwrap().len(), 1);
    assert_eq!(
        server.conditional[0].domain.as_str(),
        "onpremises.contoso.com"
    );
    let mut services = estate.services.iter().map(|(_, it)| it);
    let logs = services.next().unwrap();
    assert_eq!(logs.kind.as_ref().unwrap().value, "storage");
    assert_eq!(logs.region.as_ref().unwrap().value, "northeurope");
    assert_eq!(
        logs.cname.as_ref().unwrap().value.as_str(),
        "contosologs.privatelink.blob.core.windows.net"
    );
    assert_eq!(texts(&logs.tags), ["Storage.NorthEurope"]);
    assert!(logs.public_access_off.is_some());
    let acl = logs.acl.as_ref().unwrap();
    assert!(acl.default_deny);
    assert_eq!((acl.prefixes.len(), acl.subnets.len()), (1, 1));
    let home = Home::Existing {
        resource_group: Some("data-rg".into()),
        subscription: None,
    };
    assert_eq!(logs.meta.home, home);
    let registry = services.next().unwrap().acl.as_ref().unwrap();
    assert!(registry.default_deny && registry.prefixes.is_empty());
    let (_, endpoint) = estate.private_endpoints.iter().next().unwrap();
    assert_eq!(endpoint.target.as_ref().unwrap().name, "logs");
}

#[test]
fn denials_have_scopes_and_principals() {
    let estate = described();
    let (_, deny) = estate.deny_assignments.iter().next().unwrap();
    assert_eq!(
        deny.scope.value,
        Scope::ResourceGroup(Some("network-rg".into()))
    );
    let DeniedPrincipals::Listed(listed) = &deny.principals else {
        panic!("{:?}", deny.principals);
    };
    assert_eq!(listed[0].name, "apps-id");
    assert!(deny.scope_only && deny.excluded.is_empty());
    assert_eq!(deny.actions[0].value, "Microsoft.Network/*");
    assert_eq!(deny.not_actions[0].value, "Microsoft.Network/*/read");
    let (_, policy) = estate.policy_assignments.iter().next().unwrap();
    assert_eq!(policy.effect.value, "Audit");
    assert_eq!(policy.scope.value, Scope::Subscription(None));
    let (_, identity) = estate.identities.iter().next().unwrap();
    assert_eq!(identity.groups[0].value, "Platform Team");
}

#[test]
fn clusters_say_how_they_are_connected() {
    let estate = described();
    let (_, apps) = estate.pools.iter().next().unwrap();
    assert!(matches!(apps.identity, Some(PoolIdentity::UserAssigned(_))));
    let server = &apps.api_server;
    let ranges = &server.authorized_ranges.as_ref().unwrap().prefixes;
    assert_eq!(ranges[0].value.to_string(), "198.51.100.7/32");
    let nodes = &apps.nodes;
    assert_eq!(nodes.nodes[0].pods.unwrap().to_string(), "10.244.0.0/24");
    assert!(nodes.interface_nsg.is_some() && nodes.dual_stack.is_none());
    let proxy = apps.http_proxy.as_ref().unwrap();
    assert_eq!(proxy.http, proxy.https);
    let endpoint = &proxy.https.as_ref().unwrap().value;
    assert_eq!((endpoint.host.as_str(), endpoint.port), ("10.0.3.9", 3128));
    assert_eq!(
        texts(proxy.no_proxy.iter().map(|it| &it.value)),
        ["10.0.0.0/8", ".svc", "contoso.com"]
    );
    let bootstrap = apps.bootstrap.as_ref().unwrap();
    assert_eq!(bootstrap.registry.as_ref().unwrap().name, "registry");
}

#[test]
fn the_rest_of_a_cluster_is_read_too() {
    let (estate, _) = lowered(
        "vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24  subnet p 10.0.2.0/24  subnet a 10.0.3.0/28 }
private-dns-zone privatelink.westeurope.azmk8s.io { link v }
pool a in v.s {
  outbound none
  private-cluster
  api-server { private-dns-zone privatelink.westeurope.azmk8s.io  public-name off  subnet v.a }
  pod-subnet v.p
  bootstrap-registry managed
  management inbound
}
pool b in v.s {
  outbound loadBalancer
  node-public-ips  load-balancer-profile  basic-load-balancer  dual-stack
  max-nodes 50  max-surge 5  max-pods 110
  outbound-rule off
  api-server { public-name on }
  private-cluster
}",
    );
    let mut pools = estate.pools.iter().map(|(_, it)| it);
    let a = pools.next().unwrap();
    let zone = &a.api_server.private_zone.as_ref().unwrap().value;
    assert!(matches!(zone, PrivateZone::Own(zone) if zone.id.is_some()));
    assert!(a.api_server.public_name.is_some_and(|name| !name.value));
    assert_eq!(a.api_server.subnet.as_ref().unwrap().name, "v.a");
    assert_eq!(a.nodes.pod_subnet.as_ref().unwrap().name, "v.p");
    assert!(a.bootstrap.as_ref().unwrap().registry.is_none());
    assert!(a.management_inbound.is_some_and(|inbound| inbound.value));
    let b = &pools.next().unwrap().nodes;
    assert!(b.public_ips.is_some() && b.load_balancer_profile.is_some());
    assert!(b.basic_load_balancer.is_some() && b.dual_stack.is_some());
    assert!(b.outbound_rule.is_some_and(|rule| !rule.value));
    let counts = [b.max_nodes, b.max_surge, b.max_pods].map(|count| count.unwrap().value);
    assert_eq!(counts, [50, 5, 110]);
}

#[test]
fn a_known_api_server_leaves_nothing_to_wait_for() {
    let policy = |more: &str| {
        format!(
            "region westeurope
vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 }}
pool p in v.s {{ kind aks  outbound loadBalancer  features pods_call_api_server_ip  {more} }}"
        )
    };
    let waits = |(_, intent): (Estate, Intent)| {
        let mut waiting = intent.waiting.into_iter();
        waiting.any(|it| it.parameter.contains("api_server_ip"))
    };
    assert!(waits(lowered(&policy(""))));
    let known = lowered(&policy("api-server { public-ip 20.50.1.9 }"));
    let mut destinations = known.1.requirements.iter().flat_map(|it| &it.destinations);
    assert!(destinations.any(|it| it.value.to_string() == "20.50.1.9"));
    assert!(!waits(known));
}
