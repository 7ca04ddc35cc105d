use std::sync::Arc;

use super::*;
use crate::base::FileId;
use crate::import::json::parse;

/// Types and names of the resources, and the messages.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let document = parse(FileId::default(), &Arc::from(text)).unwrap();
    let mut findings = Vec::new();
    let resources = resources(&document, &mut findings);
    let shown = resources
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
    for (text, what) in [
        (
            r#"{"value": [{"source": "Default", "addressPrefix": ["0.0.0.0/0"], "nextHopType": "Internet"}]}"#,
            "effective routes",
        ),
        (
            r#"{"value": [{"networkSecurityGroup": {"id": "x"}, "effectiveSecurityRules": []}]}"#,
            "effective security rules",
        ),
        (
            r#"{"format_version": "1.2", "planned_values": {}}"#,
            "plans of Terraform",
        ),
    ] {
        assert_eq!(
            read(text),
            (vec![], vec![format!("{what} are recognised and not used")])
        );
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
