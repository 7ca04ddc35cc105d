//! What must hold in every network, as `tidegate.yaml` says it: what nothing else may be reached, and the way there.

use super::cli::Folder;

/// Nodes behind a firewall, with a subnet beside them that they reach directly, and two appliances that share a load.
const HUB: &str = "\
egress 1

vnet hub 10.0.0.0/16 {
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet nodes 10.0.1.0/24 { route-table to-fw }
  subnet data 10.0.2.0/24
  subnet dmz 10.0.3.0/24
}

firewall fw-hub in hub {
  private-ip 10.0.0.4
  public-ip 20.50.1.7
  policy rules
}

firewall-policy rules {
  rule-collection-group own 200 {
    network-rules net 200 allow {
      rule images from 10.0.1.0/24 to 203.0.113.0/24 tcp/443
    }
  }
}

appliance nva-a in hub.dmz { private-ip 10.0.3.4  public-ip 20.50.1.8  snat on  allow any }
appliance nva-b in hub.dmz { private-ip 10.0.3.5  public-ip 20.50.1.9  snat on  allow any }

load-balancer front { private-ip 10.0.3.9  backend hub.dmz }

route-table to-fw {
  route default 0.0.0.0/0 -> firewall fw-hub
  route one 192.0.2.0/24 -> appliance nva-a
  route shared 198.51.100.0/24 -> 10.0.3.4, 10.0.3.5
  route balanced 198.18.0.0/15 -> 10.0.3.9
}
";

/// A network that has no firewall.
const SPOKE: &str = "\
egress 1

vnet spoke 10.9.0.0/16 {
  subnet jobs 10.9.1.0/24 { nat-gateway out }
}

public-ip out-ip 20.50.2.7
nat-gateway out { public-ip out-ip }
";

fn folder(assertions: &str) -> Folder {
    let folder = Folder::new();
    folder.write("net/hub.egress", HUB);
    folder.write("net/spoke.egress", SPOKE);
    // Of everything else these networks are not complete.
    let others = "TG0*: off, TG1*: off, TG2*: off, TG3*: off, TG4*: off, TG8*: off, TG9*: off";
    let text = format!("rules: {{ {others} }}\nassertions:\n{assertions}");
    folder.write("tidegate.yaml", text);
    folder
}

/// What is said of an assertion of the subnet `nodes`.
fn said(assertion: &str) -> String {
    let folder = folder(&format!("  - from: [nodes]\n    {assertion}\n"));
    let ran = folder.run("lint net --format concise");
    assert!(
        !ran.out.contains("hub.egress") || ran.out.contains("TG7011"),
        "{}",
        ran.out
    );
    ran.out + &ran.err
}

#[test]
fn the_way_that_an_assertion_asks_for_is_followed() {
    let shown: Vec<String> = [
        // Through the firewall, by its name in any spelling.
        "reaches: [203.0.113.7]\n    over: [tcp/443]\n    via: FW-Hub",
        "reaches: [203.0.113.7]\n    over: [tcp/443]\n    via: firewall fw-hub",
        // Stopped at the firewall.
        "reaches: [203.0.113.7]\n    over: [tcp/80]\n    via: fw-hub",
        // Past it: inside the network, and by a route of its own.
        "reaches: [10.0.2.4]\n    over: [tcp/1433]\n    via: fw-hub\n    because: orders are inspected",
        "reaches: [192.0.2.7]\n    over: [tcp/443]\n    via: fw-hub\n    severity: warning",
        "reaches: [192.0.2.7]\n    over: [tcp/443]\n    via: appliance nva-a",
        "reaches: [192.0.2.7]\n    over: [tcp/443]\n    via: appliance nva-b",
        // One of two that share the load: neither is certain.
        "reaches: [198.51.100.7]\n    over: [tcp/443]\n    via: appliance nva-a",
        "reaches: [198.51.100.7]\n    over: [tcp/443]\n    via: appliance nva-b",
        "reaches: [198.51.100.7]\n    over: [tcp/443]\n    via: fw-hub",
        // What stands behind a load balancer is not known.
        "reaches: [198.18.0.7]\n    over: [tcp/443]\n    via: appliance nva-a",
        // About all flows, of which none is followed.
        "only-reaches: [203.0.113.0/24]\n    over: [tcp/443]",
    ]
    .into_iter()
    .map(|assertion| format!("{assertion}\n=> {}", said(assertion)))
    .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

/// Who may reach a name may reach the address that it leads to, whether the name is written or is one of a wildcard.
#[test]
fn what_names_lead_to_comes_with_them() {
    let past = |line: &&str| !line.contains("-> appliance") && !line.contains("-> 10.0.3.");
    let routed: Vec<&str> = HUB.lines().filter(past).collect();
    let text = routed
        .join("\n")
        .replace("203.0.113.0/24", "203.0.113.7/32");
    let service = "service images { fqdn images.contoso.com  address 203.0.113.7 }";
    for (names, is_kept) in [
        ("images.contoso.com", true),
        ("\"*.contoso.com\"", true),
        ("\"*.fabrikam.com\"", false),
    ] {
        let folder = folder(&format!(
            "  - from: [nodes]\n    only-reaches: [{names}]\n    over: [any]\n"
        ));
        folder.write("net/hub.egress", format!("{text}\n{service}\n"));
        let ran = folder.run("lint net --format concise");
        assert_eq!(
            !ran.out.contains("TG7011"),
            is_kept,
            "{names}: {} {}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn a_way_over_what_no_network_has_is_told_at_its_place() {
    let shown: Vec<String> = [
        "fw-hbu",
        "somewhere-else",
        "nva-a",
        "appliance nva-c",
        "appliance fw-hub",
    ]
    .into_iter()
    .map(|via| {
        let assertion = format!("reaches: [203.0.113.7]\n    over: [tcp/443]\n    via: {via}");
        format!("{via}\n=> {}", said(&assertion))
    })
    .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn what_another_network_has_is_not_known_here() {
    let folder = folder(
        "  - from: [jobs]\n    reaches: [203.0.113.7]\n    over: [tcp/443]\n    via: fw-hub\n",
    );
    let ran = folder.run("lint net --color never").ends_with(0);
    insta::assert_snapshot!(ran.err);
}

#[test]
fn mistakes_about_ways_have_their_place() {
    for (assertion, message) in [
        (
            "reaches: [any]\n    only-reaches: [any]\n    over: [any]",
            "3:11: an assertion has one of `reaches`, `never-reaches` and `only-reaches`",
        ),
        (
            "never-reaches: [any]\n    over: [any]\n    via: fw-hub",
            "6:10: `via` belongs to `reaches`",
        ),
        (
            "only-reaches: [any]\n    over: [any]\n    via: fw-hub",
            "6:10: `via` belongs to `reaches`",
        ),
        (
            "reaches: [any]\n    over: [any]\n    via: gateway vpn",
            "6:10: `gateway vpn`: expected the name of a firewall, or `appliance NAME`",
        ),
        (
            "reaches: [any]\n    over: [any]\n    via: \"\"",
            "6:10: ``: expected the name of a firewall",
        ),
        (
            "reaches: [any]\n    over: [any]\n    via: [fw-hub]",
            "6:10: ",
        ),
        ("only-reach: [any]\n    over: [any]", "4:5: "),
    ] {
        let folder = folder(&format!("  - from: [nodes]\n    {assertion}\n"));
        let ran = folder.run("lint net").ends_with(2);
        let wanted = format!("tidegate.yaml:{message}");
        assert!(ran.err.contains(&wanted), "{wanted}\n{}", ran.err);
    }
}

/// A network as `az` shows it, with a firewall that lets HTTPS through and a route table that leads to it.
fn hub(group: &str, start: &str, routed: &str) -> String {
    let group = format!("/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network");
    let vnet = format!("{group}/virtualNetworks/hub");
    let table = format!("{group}/routeTables/to-fw");
    let subnet = |name: &str, prefix: &str| {
        let id = format!("{vnet}/subnets/{name}");
        let routes = format!(r#", "routeTable": {{ "id": "{table}" }}"#);
        let routes = if name == routed { &routes } else { "" };
        format!(
            r#"{{ "id": "{id}", "name": "{name}", "addressPrefix": "{start}.{prefix}"{routes} }}"#
        )
    };
    let subnets = [
        subnet("AzureFirewallSubnet", "0.0/26"),
        subnet("nodes", "1.0/24"),
        subnet("data", "2.0/24"),
    ];
    let subnets = subnets.join(",\n    ");
    format!(
        r#"{{
  "id": "{vnet}", "name": "hub", "type": "Microsoft.Network/virtualNetworks", "location": "westeurope",
  "addressSpace": {{ "addressPrefixes": ["{start}.0.0/16"] }},
  "subnets": [
    {subnets}
  ]
}},
{{
  "id": "{table}", "name": "to-fw", "type": "Microsoft.Network/routeTables", "location": "westeurope",
  "routes": [
    {{
      "id": "{table}/routes/data", "name": "data", "addressPrefix": "{start}.2.0/24",
      "nextHopType": "VirtualAppliance", "nextHopIpAddress": "{start}.0.4"
    }}
  ]
}},
{{
  "id": "{group}/azureFirewalls/fw", "name": "fw", "type": "Microsoft.Network/azureFirewalls",
  "location": "westeurope", "sku": {{ "name": "AZFW_VNet", "tier": "Standard" }},
  "ipConfigurations": [
    {{
      "name": "ip", "privateIPAddress": "{start}.0.4",
      "subnet": {{ "id": "{vnet}/subnets/AzureFirewallSubnet" }}
    }}
  ],
  "networkRuleCollections": [
    {{
      "name": "web", "priority": 200, "action": {{ "type": "Allow" }},
      "rules": [
        {{
          "name": "https", "protocols": ["TCP"], "sourceAddresses": ["*"], "destinationAddresses": ["*"],
          "destinationPorts": ["443"]
        }}
      ]
    }}
  ]
}}"#
    )
}

#[test]
fn of_several_firewalls_that_are_called_so_any_will_do() {
    // In the one network a route leads to the firewall, in the other nothing does.
    let parts = [hub("west", "10.1", "nodes"), hub("north", "10.2", "none")];
    let asserted = |to: &str| {
        let folder = Folder::new();
        folder.write("net/all.json", format!("[{}]", parts.join(",\n")));
        folder.write(
            "tidegate.yaml",
            format!(
                "rules: {{ TG0*: off, TG1*: off, TG2*: off, TG3*: off, TG8*: off, TG9*: off }}\nassertions:\n  \
                 - from: [nodes]\n    reaches: [{to}]\n    over: [tcp/443]\n    via: fw\n"
            ),
        );
        let ran = folder.run("lint net --format concise");
        format!("{to}\n{}{}", ran.out, ran.err)
    };
    insta::assert_snapshot!(["10.1.2.4", "10.2.2.4"].map(asserted).join("\n"));
}
