//! Names that lead to private endpoints: which requirements get no firewall rule for them, and what is told when they do
//! not lead there.

use camino::Utf8Path;
use tidegate::azure::Dataplane;
use tidegate::azure::facts::Facts;
use tidegate::base::MemoryFiles;
use tidegate::cli::{Analysis, analyse, prove_template};
use tidegate::compile::{FirewallModel, Mechanism, RuleForm};
use tidegate::diag::{Id, Severity};
use tidegate::emit::{self, Format};
use tidegate::verify::{hold, place};

use super::support::options;

/// A cluster in a spoke; the endpoint of its store is in the hub, where names are resolved.
fn policy(zone: &str, requirement: &str) -> String {
    format!(
        "egress 1
region westeurope
vnet hub 10.0.0.0/16 {{
  dns firewall fw
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet endpoints 10.0.2.0/24
}}
vnet spoke 10.1.0.0/16 {{
  dns firewall fw
  subnet nodes 10.1.1.0/24 {{ route-table to-hub  nsg nodes-nsg }}
}}
peering hub <-> spoke {{ forwarded-traffic on }}
firewall fw in hub {{ private-ip 10.0.0.4  public-ip 203.0.113.10  dns-proxy on  threat-intel deny }}
route-table to-hub {{ route default 0.0.0.0/0 -> firewall fw }}
nsg nodes-nsg {{ }}
private-endpoint store in hub.endpoints {{
  existing
  private-ip 10.0.2.7
  for store.blob.core.windows.net
  zone privatelink.blob.core.windows.net
}}
service store {{ fqdn store.blob.core.windows.net  address 20.60.1.4 }}
private-dns-zone privatelink.blob.core.windows.net {{ {zone}  record store 10.0.2.7 }}
identity apps-id {{ role \"Network Contributor\" on this resource-group }}
pool apps in spoke.nodes {{ outbound userDefinedRouting  identity apps-id }}
require apps -> {requirement} https
"
    )
}

fn analysed(text: &str) -> Analysis {
    let path = "p.egress";
    let files = MemoryFiles([(path.into(), text.to_owned())].into());
    analyse(Utf8Path::new(path), &files, &options(FirewallModel::Policy)).unwrap()
}

/// How the one requirement is met.
fn mechanism(analysis: &Analysis) -> &Mechanism {
    &analysis.deliveries[0].mechanism
}

/// The names of application rules.
fn names(analysis: &Analysis) -> String {
    let arm = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    let arm = emit::render(&arm, Format::Arm);
    let lines = arm.lines().map(str::trim);
    let names = lines.filter(|line| line.ends_with(".net\"") || line.ends_with(".com\""));
    let names = names.filter(|line| !line.contains(':'));
    names.collect::<Vec<_>>().join(" ")
}

fn told(analysis: &Analysis) -> Vec<(Id, &str)> {
    let findings = analysis.findings.iter();
    let told = findings.filter(|finding| finding.severity > Severity::Note);
    told.map(|finding| (finding.id, finding.message.as_str()))
        .collect()
}

fn is_even(analysis: &Analysis) {
    let arm = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    let proof = prove_template(analysis, &emit::render(&arm, Format::Arm)).unwrap();
    assert!(proof.proved.open.is_empty());
    let mut network = analysis.estate.clone();
    let placed = place(&analysis.estate, &mut network);
    let plane = Dataplane::new(&network, Facts::builtin(), None);
    let held = hold(&plane, &analysis.intent, &placed);
    assert!(!held.has_deficit() && held.excess() == 0 && !held.is_open());
}

#[test]
fn a_name_that_leads_to_an_endpoint_gets_no_rule() {
    let analysis = analysed(&policy("link hub", "store.blob.core.windows.net"));
    assert_eq!(told(&analysis), []);
    assert_eq!(*mechanism(&analysis), Mechanism::PrivateEndpoint);
    assert_eq!(names(&analysis), "");
    is_even(&analysis);
}

#[test]
fn the_other_names_of_a_requirement_get_theirs() {
    let analysis = analysed(&policy(
        "link hub",
        "store.blob.core.windows.net, api.contoso.com",
    ));
    assert_eq!(told(&analysis), []);
    assert_eq!(
        *mechanism(&analysis),
        Mechanism::Firewall(vec![RuleForm::Application])
    );
    assert_eq!(names(&analysis), "\"api.contoso.com\"");
    is_even(&analysis);
}

#[test]
fn a_zone_that_nobody_asks_is_told_with_the_network_to_link() {
    let unlinked = policy("link spoke", "store.blob.core.windows.net");
    let analysis = analysed(&unlinked);
    assert_eq!(
        told(&analysis),
        [(
            Id::TG5005,
            "pool `apps` reaches store.blob.core.windows.net at its public address, past private endpoint `store`"
        )]
    );
    let finding = analysis
        .findings
        .iter()
        .find(|it| it.id == Id::TG5005)
        .unwrap();
    assert_eq!(
        finding.help,
        ["write in zone `privatelink.blob.core.windows.net`: link hub"]
    );
    let edit = &finding.fixes[0].edits[0];
    let mut mended = unlinked;
    mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    let analysis = analysed(&mended);
    assert_eq!(told(&analysis), []);
    assert_eq!(*mechanism(&analysis), Mechanism::PrivateEndpoint);
}

#[test]
fn a_service_without_a_zone_that_takes_endpoints_only_is_out_of_reach() {
    let text = policy("link hub", "store.blob.core.windows.net")
        .replace("address 20.60.1.4", "address 20.60.1.4  public-access off")
        .replace("  zone privatelink.blob.core.windows.net\n", "");
    let zone = text
        .lines()
        .find(|line| line.starts_with("private-dns-zone"));
    let text = text.replace(zone.unwrap(), "");
    let analysis = analysed(&text);
    let finding = analysis
        .findings
        .iter()
        .find(|it| it.id == Id::TG5005)
        .unwrap();
    assert!(
        finding
            .message
            .starts_with("pool `apps` does not reach store"),
        "{finding:?}"
    );
    let mut mended = text;
    let mut edits = finding.fixes[0].edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    for edit in edits {
        mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    let analysis = analysed(&mended);
    assert_eq!(told(&analysis), [], "{mended}");
    assert_eq!(*mechanism(&analysis), Mechanism::PrivateEndpoint);
}

#[test]
fn an_endpoint_behind_the_firewall_keeps_the_rule() {
    let text = policy("link hub", "store.blob.core.windows.net")
        .replace(
            "subnet endpoints 10.0.2.0/24",
            "subnet endpoints 10.0.2.0/24 { private-endpoint-policies route-table }",
        )
        .replace(
            "-> firewall fw }\nnsg",
            "-> firewall fw  route endpoints 10.0.2.0/24 -> firewall fw }\nnsg",
        );
    let analysis = analysed(&text);
    assert_eq!(
        *mechanism(&analysis),
        Mechanism::Firewall(vec![RuleForm::Application])
    );
}

#[test]
fn servers_that_nobody_knows_prove_nothing() {
    let text = policy("link hub", "store.blob.core.windows.net").replacen(
        "vnet spoke 10.1.0.0/16 {\n  dns firewall fw",
        "vnet spoke 10.1.0.0/16 {\n  dns 10.0.9.9",
        1,
    );
    let analysis = analysed(&text);
    assert_eq!(
        *mechanism(&analysis),
        Mechanism::Firewall(vec![RuleForm::Application])
    );
}
