//! Loops, conditions, children: which resources there are, and their names.

use super::{Case, properties};

fn resources(sections: &str, resources: &str) -> String {
    let template = format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", {sections} "resources": {resources}}}"#
    );
    Case::default().expand(&template)
}

#[test]
fn loops_repeat_resources() {
    let out = resources(
        "",
        r#"[{"type": "A.B/c", "name": "[concat('n', copyIndex(1))]", "copy": {"name": "l", "count": 2}, "properties": {
            "copy": [{"name": "inner", "count": 2, "input": "[concat(copyIndex('l'), copyIndex('inner'))]"}], "i": "[copyIndex()]"}}]"#,
    );
    assert_eq!(
        out,
        "a.b/c n1\n  {\"inner\": [\"00\", \"01\"], \"i\": 0}\na.b/c n2\n  {\"inner\": [\"10\", \"11\"], \"i\": 1}\n"
    );
}

#[test]
fn a_loop_without_known_end_is_not_empty() {
    let out = resources(
        r#""parameters": {"l": {"type": "array"}},"#,
        r#"[{"type": "A.B/c", "name": "[concat('n', copyIndex())]", "copy": {"name": "l", "count": "[length(parameters('l'))]"},
            "properties": {"p": "[parameters('l')[copyIndex()]]", "copy": [{"name": "q", "count": "[length(parameters('l'))]", "input": "[copyIndex('q')]"}]}}]"#,
    );
    assert_eq!(
        out,
        "a.b/c n${copyIndex('l')} if length(parameters('l'))
  {\"p\": ${parameters('l')[copyIndex('l')]}, \"q\": [${copyIndex('q')}, ${q[0..length(parameters('l'))]}]}
"
    );
    // Functions do not take it for a list with one element.
    let sections = r#""parameters": {"c": {"type": "int"}}, "variables": {"copy": [{"name": "v", "count": "[parameters('c')]", "input": 1}]},"#;
    assert_eq!(
        properties(sections, r#"{"p": "[length(variables('v'))]"}"#),
        r#"{"p": ${length(v[0..parameters('c')])}}"#
    );
}

#[test]
fn conditions_leave_out_or_stay() {
    let out = resources(
        r#""parameters": {"c": {"type": "bool"}},"#,
        r#"[{"type": "A.B/c", "name": "[variables('gone')]", "condition": "[equals(1, 2)]"}, {"type": "A.B/c", "name": "yes", "condition": true},
            {"type": "A.B/c", "name": "maybe", "condition": "[not(parameters('c'))]"}]"#,
    );
    assert_eq!(out, "a.b/c yes\na.b/c maybe if not(parameters('c'))\n");
}

#[test]
fn children_have_whole_names() {
    let out = resources(
        r#""parameters": {"p": {"type": "string"}},"#,
        r#"[{"type": "A.B/c", "name": "n", "resources": [
                {"type": "d", "name": "m", "dependsOn": ["n"], "resources": [{"type": "A.B/c/d/e", "name": "n/m/o"}]},
                {"type": "A.B/c/d", "name": "whole"},
                {"type": "providers/locks", "name": "/X.Y/lock"}]},
            {"type": "A.B/c/d", "name": "[parameters('p')]"},
            {"type": "X.Y/roles", "name": "r", "scope": "[resourceId('A.B/c', 'n')]"},
            {"type": "X.Y/roles", "name": "s", "scope": "A.B/c/n"}]"#,
    );
    assert_eq!(
        out,
        "a.b/c n
a.b/c/d n/m after /subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}/providers/A.B/c/n
a.b/c/d/e n/m/o
a.b/c/d n/whole
x.y/locks lock
a.b/c/d ${split(parameters('p'), '/')[0]}/${split(parameters('p'), '/')[1]}
x.y/roles r
x.y/roles s
"
    );
}

#[test]
fn symbolic_names_and_existing_resources() {
    let out = resources(
        r#""languageVersion": "2.0","#,
        r#"{"net": {"existing": true, "type": "A.B/c", "name": "hub"}, "part": {"type": "A.B/c/d", "name": "hub/s", "dependsOn": ["net", "loop"]},
            "loop": {"type": "A.B/c", "copy": {"name": "loop", "count": 2}, "name": "[format('l{0}', copyIndex())]"}}"#,
    );
    let id = |name: &str| {
        format!(
            "/subscriptions/${{subscription().subscriptionId}}/resourceGroups/${{resourceGroup().name}}/providers/A.B/c/{name}"
        )
    };
    assert_eq!(
        out,
        format!(
            "a.b/c hub existing\na.b/c/d hub/s after {}, {}, {}\na.b/c l0\na.b/c l1\n",
            id("hub"),
            id("l0"),
            id("l1")
        )
    );
}
