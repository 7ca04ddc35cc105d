//! What is emitted is sound, and Azure's own definitions agree.
//!
//! The policies of `policies/` and of `fixtures/conformance/` are compiled with both firewall models. Every template
//! is held against rules that need no data from outside; and, when `TIDEGATE_SHARED` names the folder with Azure's
//! definitions, against those.

mod addresses;
mod azure;
mod expression;
mod graph;
mod shape;
mod template;

use camino::Utf8PathBuf;
use serde_json::Value;
use tidegate::azure::facts::Facts;
use tidegate::compile::FirewallModel;
use tidegate::diag::{Id, Severity};
use tidegate::emit;

use self::template::Template;
use super::support::{compiled, files};

/// A rule for templates: what it complains about.
type Check = fn(&Template) -> Vec<String>;

const CHECKS: [Check; 8] = [
    shape::names_fit_their_types,
    shape::names_are_unique,
    shape::expressions_are_well_formed,
    addresses::addresses_parse,
    graph::references_lead_somewhere,
    graph::there_is_no_circle,
    graph::what_is_used_is_deployed_before,
    graph::rule_collection_groups_are_chained,
];

fn policies() -> Vec<Utf8PathBuf> {
    let mut policies = files("policies", ".egress");
    // What is broken on purpose is explained, and never deployed.
    policies.retain(|path| !path.starts_with("policies/broken"));
    policies.extend(files("fixtures/conformance", ".egress"));
    policies
}

/// The template of every policy in both firewall models; a firewall that has a policy takes no classic rules.
fn templates() -> Result<Vec<Template>, String> {
    let mut templates = Vec::new();
    for path in policies() {
        for model in [FirewallModel::Policy, FirewallModel::Classic] {
            let analysis = compiled(&path, model)?;
            let errors = analysis
                .findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error);
            let mut errors = errors.peekable();
            if errors.peek().is_some() {
                let name = format!("{path} ({model:?})");
                if model == FirewallModel::Policy || errors.any(|error| error.id != Id::TG2003) {
                    return Err(format!("{name}: {:?}", analysis.findings));
                }
                continue;
            }
            let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
            let text = emit::render(&template, emit::Format::Arm);
            let name = format!("{path} ({model:?})");
            templates.push(Template::new(name, &text, &analysis.estate)?);
        }
    }
    Ok(templates)
}

/// The template with one of every kind of resource.
fn hub_and_spoke() -> Result<Template, String> {
    let found = templates()?.into_iter().find(|template| {
        template.name.contains("hub-and-spoke") && template.name.contains("Policy")
    });
    found.ok_or_else(|| "the fixture hub-and-spoke is missing".to_owned())
}

fn complaints(template: &Template) -> Vec<String> {
    CHECKS.iter().flat_map(|check| check(template)).collect()
}

#[test]
fn every_template_is_sound() {
    let templates = templates().unwrap();
    assert!(templates.len() > policies().len(), "both models are tried");
    for template in &templates {
        let complaints = complaints(template);
        assert!(
            complaints.is_empty(),
            "{}:\n{}",
            template.name,
            complaints.join("\n")
        );
    }
}

/// A way to spoil a template in one place.
struct Defect {
    /// What a complaint must contain.
    says: &'static str,
    /// The resource or rule: the first with this type or name.
    at: &'static str,
    /// The place in it.
    pointer: &'static str,
    /// What is written there, in JSON; nothing takes away what is there.
    value: &'static str,
}

const fn defect(
    says: &'static str,
    at: &'static str,
    pointer: &'static str,
    value: &'static str,
) -> Defect {
    Defect {
        says,
        at,
        pointer,
        value,
    }
}

impl Defect {
    fn spoil(&self, template: &mut Value) {
        let target = pointer_to(template, self.at).expect("what is spoilt is there");
        let (parent, key) = self.pointer.rsplit_once('/').expect("a place");
        let parent = template.pointer_mut(&(target + parent)).expect("a place");
        if self.value.is_empty() {
            let fields = parent.as_object_mut().expect("an object");
            fields
                .shift_remove(key)
                .expect("what is taken away is there");
            return;
        }
        let value = serde_json::from_str(self.value).expect("JSON");
        match parent {
            Value::Array(items) => items[key.parse::<usize>().expect("a number")] = value,
            _ => parent[key] = value,
        }
    }

    #[track_caller]
    fn is_among(&self, complaints: &[String]) {
        let found = complaints
            .iter()
            .any(|complaint| complaint.contains(self.says));
        assert!(
            found,
            "{} {} = {}: expected `{}`, found {complaints:#?}",
            self.at, self.pointer, self.value, self.says
        );
    }
}

/// The way to the first object with this type or name.
fn pointer_to(value: &Value, wanted: &str) -> Option<String> {
    let is_it = ["type", "ruleType", "name"]
        .iter()
        .any(|key| value.get(key).is_some_and(|found| found == wanted));
    if is_it {
        return Some(String::new());
    }
    let inside = |(key, value): (String, &Value)| {
        pointer_to(value, wanted).map(|rest| format!("/{key}{rest}"))
    };
    match value {
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| inside((index.to_string(), item)))
        }
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.find_map(|(key, value)| inside((key.clone(), value)))
        }
        _ => None,
    }
}

const ROUTE_TABLE: &str = "Microsoft.Network/routeTables";
const NSG: &str = "Microsoft.Network/networkSecurityGroups";
const VNET: &str = "Microsoft.Network/virtualNetworks";
const IP_GROUP: &str = "Microsoft.Network/ipGroups";
const FIREWALL: &str = "Microsoft.Network/azureFirewalls";
const POLICY: &str = "Microsoft.Network/firewallPolicies";
const ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

#[rustfmt::skip]
const UNSOUND: &[Defect] = &[
    defect("the name has 2 segments, its type 1", ROUTE_TABLE, "/name", r#""to-fw/x""#),
    defect("an empty name", ROUTE_TABLE, "/name", r#""""#),
    defect("`` is no API version", NSG, "/apiVersion", r#""""#),
    defect("'apps-sources' is there twice", IP_GROUP, "/name", r#""apps-sources""#),
    defect("`SPOKE` is there twice", ROUTE_TABLE, "/properties/routes", r#"[{"name": "spoke"}, {"name": "SPOKE"}]"#),
    defect("expected `)`", VNET, "/dependsOn/0", r#""[resourceId('A.B/c', 'd']""#),
    defect("a text without its end", ASSIGNMENT, "/scope", r#""[resourceId('A.B/c', 'd)]""#),
    defect("there is no function `resourceID`", ASSIGNMENT, "/scope", r#""[resourceID('A.B/c', 'd')]""#),
    defect("no parameter `nowhere`", VNET, "/location", r#""[parameters('nowhere')]""#),
    defect("`10.0.0.0/33`", VNET, "/properties/addressSpace/addressPrefixes/0", r#""10.0.0.0/33""#),
    defect("`AzureMoniter`", NSG, "/properties/securityRules/0/properties/sourceAddressPrefix", r#""AzureMoniter""#),
    defect("`10.0.0.9-10.0.0.4`", IP_GROUP, "/properties/ipAddresses/0", r#""10.0.0.9-10.0.0.4""#),
    defect("`0-70000`", NSG, "/properties/securityRules/0/properties/destinationPortRange", r#""0-70000""#),
    defect("`otherAddresses` is not in the table", IP_GROUP, "/properties/otherAddresses", r#"["10.0.0.4"]"#),
    defect("'elsewhere' is not there", VNET, "/dependsOn", r#"["[resourceId('Microsoft.Network/routeTables', 'elsewhere')]"]"#),
    defect("not a name for each level", VNET, "/dependsOn", r#"["[resourceId('Microsoft.Network/routeTables', 'a', 'b')]"]"#),
    defect("wait for each other", ROUTE_TABLE, "/dependsOn", r#"["[resourceId('Microsoft.Network/virtualNetworks', 'spoke')]"]"#),
    defect("does not wait for 'microsoft.network/firewallpolicies'", FIREWALL, "/dependsOn", "[]"),
    defect("does not wait for 'microsoft.network/firewallpolicies'", POLICY, "/condition", r#""[empty(parameters('licence_host'))]""#),
    defect("at the same time", "fw-policy/pool-apps", "/dependsOn", r#"["[resourceId('Microsoft.Network/firewallPolicies', 'fw-policy')]"]"#),
];

#[test]
fn unsound_templates_are_noticed() {
    let good = hub_and_spoke().unwrap();
    for defect in UNSOUND {
        let mut bad = good.clone();
        defect.spoil(&mut bad.json);
        defect.is_among(&complaints(&bad));
    }
}

#[test]
fn azure_definitions_agree() {
    let Some(definitions) = azure::Definitions::from_environment().unwrap() else {
        println!("skipped: {} is not set", azure::VARIABLE);
        return;
    };
    let mut not_covered = std::collections::BTreeSet::new();
    for template in templates().unwrap() {
        let verdict = definitions.validate(&template.json);
        not_covered.extend(verdict.not_covered);
        assert!(
            verdict.complaints.is_empty(),
            "{}:\n{}",
            template.name,
            verdict.complaints.join("\n")
        );
    }
    println!("not covered by Azure's definitions: {not_covered:?}");
}

/// What only Azure's definitions know to be wrong.
#[rustfmt::skip]
const REFUSED: &[Defect] = &[
    defect("disableBgpRoutePropagations", ROUTE_TABLE, "/properties/disableBgpRoutePropagations", "true"),
    defect("VirtualAppliances", ROUTE_TABLE, "/properties/routes/0/properties/nextHopType", r#""VirtualAppliances""#),
    defect("nextHopType", ROUTE_TABLE, "/properties/routes/0/properties/nextHopType", ""),
    defect("/securityRules/0/properties/priority", NSG, "/properties/securityRules/0/properties/priority", r#""100""#),
    defect("sourcePort", NSG, "/properties/securityRules/0/properties/sourcePort", r#""*""#),
    defect("locations", NSG, "/locations", r#""westeurope""#),
    defect("/properties/ipAddresses", IP_GROUP, "/properties/ipAddresses", r#""10.0.0.4""#),
    defect("Block", POLICY, "/properties/threatIntelMode", r#""Block""#),
    defect("Gold", FIREWALL, "/properties/sku/tier", r#""Gold""#),
    defect("SCTP", "NetworkRule", "/ipProtocols", r#"["SCTP"]"#),
    defect("destinationPort", "NetworkRule", "/destinationPort", r#""443""#),
    defect("AppRule", "ApplicationRule", "/ruleType", r#""AppRule""#),
    defect("Ftp", "ApplicationRule", "/protocols/0/protocolType", r#""Ftp""#),
    // Beside the one value that is accepted although Azure's list leaves it out.
    defect("targetNames", "databases", "/targetNames", r#"["contoso.database.windows.net"]"#),
    defect("Mssql", FIREWALL, "/properties/threatIntelMode", r#""Mssql""#),
    defect("addressSpaces", VNET, "/properties/addressSpaces", "{}"),
    defect("principalId", ASSIGNMENT, "/properties/principalId", ""),
];

#[test]
fn azure_definitions_refuse_planted_defects() {
    let Some(definitions) = azure::Definitions::from_environment().unwrap() else {
        println!("skipped: {} is not set", azure::VARIABLE);
        return;
    };
    let good = hub_and_spoke().unwrap();
    for defect in REFUSED {
        let mut bad = good.json.clone();
        defect.spoil(&mut bad);
        defect.is_among(&definitions.validate(&bad).complaints);
    }
}
