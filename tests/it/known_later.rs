//! What exists only once a cluster does: its API server.

use super::cli::Folder;

const POLICY: &str = "\
egress 1

region westeurope

vnet hub 10.10.0.0/16 {
  dns firewall fw
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 { route-table to-fw  nsg nodes-nsg }
  subnet tools 10.10.2.0/24 { route-table to-fw  nsg nodes-nsg }
}

firewall fw in hub {
  private-ip 10.10.0.4
  dns-proxy on
}

route-table to-fw {
  route default 0.0.0.0/0 -> firewall fw
}

nsg nodes-nsg { }

identity apps-id {
  role \"Network Contributor\" on this resource-group
}

pool apps in hub.nodes {
  kind aks
  outbound userDefinedRouting
  identity apps-id
}

pool agents in hub.tools {
  outbound userDefinedRouting
  identity apps-id
}

require agents -> api-server apps tcp/443 \"deployments\"
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write(
        "p.egress",
        POLICY.replace("region westeurope\n", "region westeurope\nuse aks\n"),
    );
    folder
}

#[test]
fn a_requirement_to_it_waits_for_its_name() {
    let folder = folder();
    let summary = folder.run("compile p.egress --out build").ends_with(0).out;
    assert!(
        summary
            .contains("waiting       api-server apps until parameter apps_api_server_fqdn has a"),
        "{summary}"
    );
    let template = folder.read("build/main.json");
    assert!(
        template.contains("\"apps_api_server_fqdn\": {"),
        "{template}"
    );
}

#[test]
fn what_is_bound_is_written() {
    for (value, form) in [
        ("apps-1.hcp.westeurope.azmk8s.io", "by name"),
        ("20.50.60.70", "by address"),
    ] {
        let folder = folder();
        let run = folder.run(&format!(
            "compile p.egress --bind apps.api_server={value} --out build"
        ));
        let summary = run.ends_with(0).out;
        assert!(!summary.contains("waiting"), "{summary}");
        let template = folder.read("build/main.json");
        assert!(!template.contains("api_server_fqdn"), "{template}");
        assert!(template.contains(&format!("\"{value}")), "{template}");
        let by_name = template.contains("\"destinationFqdns\": [");
        assert_eq!(by_name, form == "by name", "{template}");
    }
}

#[test]
fn what_cannot_be_bound_is_told() {
    let folder = folder();
    for (bound, says) in [
        ("shop.api_server=20.50.60.70", "there is no pool `shop`"),
        (
            "api_server=20.50.60.70",
            "the policy has 2 pools: say which, --bind POOL.api_server=20.50.60.70",
        ),
        ("apps.api_server=20.50.60.7.0", "`20.50.60.7.0`"),
        ("apps.api_server=a_b!", "`a_b!`"),
    ] {
        let run = folder.run(&format!("compile p.egress --bind {bound} --out build"));
        let told = run.ends_with(1).err;
        assert!(told.contains("the API server cannot be bound"), "{told}");
        assert!(told.contains(says), "{told}");
        assert!(!folder.path("build").exists(), "{bound}");
    }
}
