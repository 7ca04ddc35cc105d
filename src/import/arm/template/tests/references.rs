//! `reference()` and what tells where a template is deployed.

use super::{Case, properties};
use crate::import::arm::template::Deployment;

/// The value of an expression beside a firewall, an address and a network.
fn value(expression: &str) -> String {
    let template = format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
"variables": {{"fw": "[resourceId('Microsoft.Network/azureFirewalls', 'fw')]"}},
"resources": [
{{"type": "Other/firewalls", "name": "x"}},
{{"type": "Other/nets", "name": "net", "location": "westeurope", "properties": {{"space": ["[concat('10.0.', 0, '.0/16')]"], "copy": [{{"name": "subs", "count": 2, "input": {{"n": "[copyIndex('subs')]"}}}}]}}}},
{{"type": "A.B/c", "name": "n", "properties": {{"p": "[{expression}]"}}}}]}}"#
    );
    let out = Case::default().expand(&template);
    out.strip_prefix("a.b/c n\n  {\"p\": ")
        .and_then(|out| out.strip_suffix("}\n"))
        .unwrap_or(&out)
        .to_owned()
}

#[test]
fn what_is_stated_is_known_and_the_rest_is_a_symbol() {
    let table = [
        (
            "reference(variables('fw'), '2020-01-01').ipConfigurations[0].properties.privateIPAddress",
            "${reference(resourceId('Microsoft.Network/azureFirewalls', 'fw')).ipConfigurations[0].properties.privateIPAddress}",
        ),
        (
            "reference(resourceId('other', 'Other/nets', 'net')).space",
            "${reference(concat('/subscriptions/', subscription().subscriptionId, '/resourceGroups/other/providers/Other/nets/net')).space}",
        ),
        ("reference('net').space[0]", "\"10.0.0.0/16\""),
        // Azure adds an id to every one of them.
        (
            "first(reference('net').subs).id",
            "${first(reference(resourceId('Other/nets', 'net')).subs).id}",
        ),
        ("reference(resourceId('Other/nets', 'net')).Subs[1].n", "1"),
        (
            "reference('net', '2020-01-01', 'Full').location",
            "\"westeurope\"",
        ),
        (
            "reference('net', '2020-01-01', 'Full').properties.space[0]",
            "\"10.0.0.0/16\"",
        ),
        (
            "reference('net', '2020-01-01', 'Full').identity.principalId",
            "${reference(resourceId('Other/nets', 'net'), 'Full').identity.principalId}",
        ),
        (
            "reference('net').guid",
            "${reference(resourceId('Other/nets', 'net')).guid}",
        ),
        (
            "listKeys('net', '2020-01-01').keys[0].value",
            "${listKeys('net', '2020-01-01').keys[0].value}",
        ),
        (
            "pickZones('Other', 'nets', 'westeurope')",
            "${pickZones('Other', 'nets', 'westeurope')}",
        ),
        ("resourceGroup().Location", "${resourceGroup().Location}"),
        (
            "resourceGroup().id",
            "\"/subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}\"",
        ),
        ("subscription().tenantId", "${tenant().tenantId}"),
        ("deployment().name", "${deployment().name}"),
    ];
    for (expression, expected) in table {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn a_reference_says_what_it_reads() {
    use crate::base::{MemoryFiles, SourceMap};
    use crate::import::arm::template::{ExpandOptions, expand};
    use crate::import::{Data, json};
    let mut sources = SourceMap::default();
    let text = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "resources": [{"type": "A.B/c", "name": "n", "properties":
        {"p": "[reference(resourceId('A.B/d', 'x'), '1', 'Full').properties.a[0].b]"}}]}"#;
    let id = sources.add("main.json", text.to_owned());
    let document = json::parse(id, &text.into()).unwrap();
    let options = ExpandOptions {
        parameter_files: &[],
        reader: &MemoryFiles::default(),
        wanted: |_| true,
        deployment: &Deployment::default(),
    };
    let expanded = expand(&mut sources, &document, &options);
    let value = expanded.resources[0].property(&["p"]).unwrap();
    let Data::Unknown(symbol) = &value.data else {
        panic!("known")
    };
    let reference = symbol.reference.as_ref().unwrap();
    assert!(reference.target.to_string().ends_with("/A.B/d/x"));
    assert_eq!(reference.path, ["a", "0", "b"]);
    assert_eq!(sources.describe(value.span), "main.json:2:16");
}

#[test]
fn what_is_known_of_the_deployment_is_used() {
    let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "resources": [{"type": "A.B/c", "name": "n", "location": "x",
        "properties": {"l": "[resourceGroup().location]", "i": "[resourceId('A.B/c', 'n')]", "o": "[resourceId('g', 'A.B/c', 'n')]"}}]}"#;
    let case = Case {
        deployment: Deployment {
            subscription: Some("sub".into()),
            group: Some("rg".into()),
            location: Some("westeurope".into()),
        },
        ..Case::default()
    };
    assert_eq!(
        case.expand(template),
        r#"a.b/c n
  {"l": "westeurope", "i": "/subscriptions/sub/resourceGroups/rg/providers/A.B/c/n", "o": "/subscriptions/sub/resourceGroups/g/providers/A.B/c/n"}
"#
    );
}

#[test]
fn what_refers_to_itself_ends() {
    let out = properties(
        "",
        r#"{"a": "[reference('n').b]", "b": "[reference('n').a]"}"#,
    );
    assert_eq!(
        out,
        "{\"a\": ${reference(resourceId('A.B/c', 'n')).b}, \"b\": ${reference(resourceId('A.B/c', 'n')).a}}"
    );
}

#[test]
fn what_is_set_to_its_own_value_is_a_symbol() {
    let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "resources": [
        {"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"p": {"value": "[reference(resourceId('A.B/c', 'n')).p]"}},
            "template": {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "parameters": {"p": {"type": "string"}},
                "resources": [{"type": "A.B/c", "name": "n", "properties": {"p": "[parameters('p')]"}}]}}}]}"#;
    assert_eq!(
        Case::default().expand(template),
        "a.b/c n\n  {\"p\": ${reference(resourceId('A.B/c', 'n')).p}}\n"
    );
}
