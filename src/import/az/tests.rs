use std::sync::Arc;

use super::*;
use crate::base::FileId;
use crate::import::json::parse;

/// Types and names of the resources, and the messages.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let document = parse(FileId::default(), &Arc::from(text)).unwrap();
    let mut findings = Vec::new();
    let mut exported = Exported::default();
    super::read(&document, &mut exported, &mut findings);
    let shown = exported
        .resources
        .iter()
        .map(|resource| format!("{} {}", resource.id.kind, resource.id));
    let messages = findings.into_iter().map(|finding| finding.message);
    (shown.collect(), messages.collect())
}

const TABLE: &str = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t", "name": "t", "type": "Microsoft.Network/routeTables"}"#;

#[test]
fn resources_are_found_in_every_wrapping() {
    let same = ["microsoft.network/routetables t".to_owned()];
    for text in [
        TABLE.to_owned(),
        format!("[{TABLE}]"),
        format!("{{\"value\": [{TABLE}]}}"),
        format!("{{\"count\": 1, \"data\": [{TABLE}], \"skip_token\": null}}"),
        format!("{{\"parameters\": {{}}, \"responses\": {{\"200\": {{\"body\": {TABLE}}}, \"201\": {{\"body\": {TABLE}}}}}}}"),
        r#"{"ResourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t", "Name": "t"}"#.to_owned(),
        r#"{"type": "microsoft.network/RouteTables", "name": "t", "properties": {}}"#.to_owned(),
    ] {
        assert_eq!(read(&text), (same.to_vec(), vec![]), "{text}");
    }
    assert_eq!(read(&format!("{TABLE}\n{TABLE}\n")).0.len(), 2);
}

#[test]
fn a_security_view_has_the_rules_that_somebody_wrote() {
    let rule = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n/securityRules/ssh";
    let text = format!(
        r#"{{"networkInterfaces": [{{"id": "x", "securityRuleAssociations": {{
            "networkInterfaceAssociation": {{"securityRules": [{{"id": "{rule}", "name": "ssh"}}]}},
            "defaultSecurityRules": [{{"id": "{rule}2", "name": "all"}}],
            "effectiveSecurityRules": [{{"name": "UserRule_ssh"}}]}}}}]}}"#
    );
    let found = "microsoft.network/networksecuritygroups/securityrules n/ssh".to_owned();
    assert_eq!(read(&text), (vec![found], vec![]));
}

#[test]
fn child_resources_have_the_names_of_their_parents() {
    let text =
        r#"{"type": "Microsoft.Network/virtualNetworks/subnets", "name": "v/s", "properties": {}}"#;
    assert_eq!(
        read(text).0,
        ["microsoft.network/virtualnetworks/subnets v/s"]
    );
}

#[test]
fn what_is_not_used_is_said() {
    let text = r#"{"format_version": "1.2", "planned_values": {}}"#;
    let said = "plans of Terraform are recognised and not used".to_owned();
    assert_eq!(read(text), (vec![], vec![said]));
}

/// What is shown to be in force, and the interfaces that are named around it.
fn in_force(text: &str) -> Vec<(InForce, Option<String>)> {
    let document = parse(FileId::default(), &Arc::from(text)).unwrap();
    assert!(document.roots().any(is_export), "{text}");
    let mut exported = Exported::default();
    super::read(&document, &mut exported, &mut Vec::new());
    let shown = exported.shown.iter();
    let shown = shown.map(|it| (it.of, it.interface.as_ref().map(ToString::to_string)));
    shown.collect()
}

#[test]
fn what_is_in_force_is_found_in_every_wrapping() {
    let routes =
        r#"[{"source": "Default", "addressPrefix": ["0.0.0.0/0"], "nextHopType": "Internet"}]"#;
    let rules = r#"{"networkSecurityGroup": {"id": "x"}, "effectiveSecurityRules": []}"#;
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n";
    let nameless = |of| vec![(of, None)];
    let named = |of| vec![(of, Some("n".to_owned()))];
    for (text, found) in [
        (routes.to_owned(), nameless(InForce::Routes)),
        (
            format!(r#"{{"value": {routes}}}"#),
            nameless(InForce::Routes),
        ),
        (
            format!(r#"[{{"value": {routes}}}, {{"value": {routes}}}]"#),
            [nameless(InForce::Routes), nameless(InForce::Routes)].concat(),
        ),
        (
            format!("[{TABLE}, {{\"value\": {routes}}}]"),
            nameless(InForce::Routes),
        ),
        (
            format!(r#"{{"networkInterface": "{id}", "value": {routes}}}"#),
            named(InForce::Routes),
        ),
        (
            format!(
                r#"{{"request": {{"url": "https://management.azure.com{id}/effectiveRouteTable?api-version=1"}},
                "response": {{"body": {{"value": {routes}}}}}}}"#
            ),
            named(InForce::Routes),
        ),
        (
            format!(
                r#"{{"parameters": {{"networkInterfaceName": "n"}}, "responses": {{"202": {{}},
                "200": {{"body": {{"value": {routes}}}}}}}}}"#
            ),
            named(InForce::Routes),
        ),
        (rules.to_owned(), nameless(InForce::Rules)),
        (
            format!(r#"{{"value": [{rules}]}}"#),
            nameless(InForce::Rules),
        ),
        (
            format!("[{rules}, {rules}]"),
            [nameless(InForce::Rules), nameless(InForce::Rules)].concat(),
        ),
    ] {
        assert_eq!(in_force(&text), found, "{text}");
    }
}

#[test]
fn what_is_no_export_is_none() {
    for text in [
        "{}",
        "[]",
        "3",
        r#"{"id": "x", "name": "y"}"#,
        r#"{"value": [1]}"#,
    ] {
        let document = parse(FileId::default(), &Arc::from(text)).unwrap();
        assert!(!document.roots().any(is_export), "{text}");
    }
}
