//! Nested and linked deployments.

use super::Case;

const SCHEMA: &str = r#""$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#""#;

fn template(body: &str) -> String {
    format!("{{{SCHEMA}, {body}}}")
}

#[test]
fn inner_scope_has_its_own_names() {
    let nested = template(
        r#""parameters": {"a": {"type": "string"}, "b": {"type": "string"}}, "variables": {"v": "[concat(parameters('a'), '/inner')]"},
        "resources": [{"type": "A.B/c", "name": "n", "properties": {"v": "[variables('v')]", "b": "[parameters('b')]", "d": "[deployment().name]", "g": "[resourceGroup().name]"}}],
        "outputs": {"o": {"type": "string", "value": "[reference('n').v]"}}"#,
    );
    let main = template(&format!(
        r#""parameters": {{"a": {{"type": "string"}}}}, "variables": {{"v": "outer"}}, "resources": [
        {{"type": "Microsoft.Resources/deployments", "name": "d", "resourceGroup": "other", "properties": {{"expressionEvaluationOptions": {{"scope": "Inner"}},
            "parameters": {{"a": {{"value": "[variables('v')]"}}, "b": {{"value": "[parameters('a')]"}}}}, "template": {nested}}}}},
        {{"type": "A.B/c", "name": "m", "properties": {{"o": "[reference(resourceId('other', 'Microsoft.Resources/deployments', 'd')).outputs.o.value]", "p": "[reference('d').outputs.O.value]"}}}}]"#
    ));
    assert_eq!(
        Case::default().expand(&main),
        r#"a.b/c m
  {"o": "outer/inner", "p": "outer/inner"}
a.b/c n
  {"v": "outer/inner", "b": ${parameters('a')}, "d": "d", "g": "other"}
"#
    );
}

#[test]
fn an_expression_may_give_the_whole_entry_of_a_parameter() {
    let nested = template(
        r#""parameters": {"a": {"type": "string", "defaultValue": ""}, "b": {"type": "string", "defaultValue": ""}},
        "resources": [{"type": "A.B/c", "name": "n", "properties": {"a": "[parameters('a')]", "b": "[empty(parameters('b'))]"}}]"#,
    );
    let main = template(&format!(
        r#""parameters": {{"hub": {{"type": "string", "defaultValue": ""}}}}, "resources": [
        {{"type": "Microsoft.Resources/deployments", "name": "d", "properties": {{"expressionEvaluationOptions": {{"scope": "Inner"}},
            "parameters": {{"a": "[if(empty(parameters('hub')), createObject('value', 'x'), createObject('value', parameters('hub')))]",
                "b": "[createObject('reference', createObject('secretName', 's'))]"}}, "template": {nested}}}}}]"#
    ));
    let out = Case::default().expand(&main);
    assert!(out.contains(r#""a": "x""#), "{out}");
    assert!(!out.contains(r#""b": true"#), "{out}");
}

#[test]
fn a_template_that_an_expression_gives_has_its_own_names() {
    let main = template(
        r#""variables": {"t": "{\"parameters\": {\"a\": {\"type\": \"string\"}}, \"resources\": [{\"type\": \"A.B/c\", \"name\": \"n\", \"properties\": {\"a\": \"[parameters('a')]\"}}]}"}, "resources": [
        {"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"expressionEvaluationOptions": {"scope": "Outer"},
            "template": "[json(variables('t'))]", "parameters": {"a": {"value": "x"}}}}]"#,
    );
    let out = Case::default().expand(&main);
    assert!(
        out.contains("\"a\": \"x\"") && !out.contains("TG0027"),
        "{out}"
    );
}

#[test]
fn outer_scope_sees_the_names_around_it() {
    let nested = template(
        r#""variables": {"v": "inner"}, "resources": [{"type": "A.B/c", "name": "[concat('n', copyIndex())]", "properties": {"v": "[variables('v')]"}}]"#,
    );
    let main = template(&format!(
        r#""variables": {{"v": "outer"}}, "resources": [{{"type": "Microsoft.Resources/deployments", "copy": {{"name": "l", "count": 2}},
        "name": "[concat('d', copyIndex())]", "properties": {{"template": {nested}}}}}]"#
    ));
    assert_eq!(
        Case::default().expand(&main),
        "a.b/c n0\n  {\"v\": \"outer\"}\na.b/c n1\n  {\"v\": \"outer\"}\n"
    );
}

#[test]
fn conditions_reach_into_deployments() {
    let nested = template(r#""resources": [{"type": "A.B/c", "name": "n"}]"#);
    let main = template(&format!(
        r#""parameters": {{"c": {{"type": "bool"}}}}, "resources": [
        {{"type": "Microsoft.Resources/deployments", "name": "d", "condition": false, "properties": {{"template": {nested}}}}},
        {{"type": "Microsoft.Resources/deployments", "name": "e", "condition": "[parameters('c')]", "properties": {{"template": {nested}}}}}]"#
    ));
    assert_eq!(
        Case::default().expand(&main),
        "a.b/c n if parameters('c')\n"
    );
}

#[test]
fn links_find_files_beside_the_template() {
    let linked = template(
        r#""parameters": {"a": {"type": "string"}}, "resources": [{"type": "A.B/c", "name": "[parameters('a')]", "properties": {"p": "[variables('no')]"}}], "outputs": {"o": {"type": "int", "value": 7}}"#,
    );
    let main = template(
        r#""parameters": {"_artifactsLocation": {"type": "string", "defaultValue": "[deployment().properties.templateLink.uri]"}, "_artifactsLocationSasToken": {"type": "securestring", "defaultValue": ""}},
        "variables": {"base": "https://raw.githubusercontent.com/x/y/master/z/"},
        "resources": [
        {"type": "Microsoft.Resources/deployments", "name": "a", "properties": {"parameters": {"a": {"value": "1"}}, "templateLink": {"uri": "[uri(parameters('_artifactsLocation'), concat('nested/x.json', parameters('_artifactsLocationSasToken')))]"}}},
        {"type": "Microsoft.Resources/deployments", "name": "b", "properties": {"parameters": {"a": {"value": "2"}}, "templateLink": {"uri": "[concat(variables('base'), 'nested/x.json?token=/a')]"}}},
        {"type": "Microsoft.Resources/deployments", "name": "c", "properties": {"parametersLink": {"uri": "https://a/p.json"}, "templateLink": {"relativePath": "./nested/../nested/x.json"}}},
        {"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"templateLink": {"uri": "[concat(variables('base'), 'gone.json')]"}}},
        {"type": "A.B/c", "name": "m", "properties": {"o": "[reference('a').outputs.o.value]", "p": "[reference('d').outputs.o.value]"}}]"#,
    );
    let case = Case::default()
        .file("nested/x.json", &linked)
        .file("p.json", r#"{"parameters": {"a": {"value": "3"}}}"#);
    let out = case.expand(&main);
    let found = "https://raw.githubusercontent.com/x/y/master/z/gone.json";
    assert!(
        out.starts_with("a.b/c m\n  {\"o\": 7, \"p\": ${reference("),
        "{out}"
    );
    for expected in [
        "a.b/c 1\n  {\"p\": ${variables('no')}}\na.b/c 2\n  {\"p\": ${variables('no')}}\na.b/c 3\n  {\"p\": ${variables('no')}}\n",
        &format!("the linked file `{found}` was not found beside the template\n"),
        "TG0027 nested/x.json:1:220 `variables` the template has no variable `no`\n",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
}

#[test]
fn a_template_may_be_a_value() {
    let main = template(
        r#""variables": {"$fxv#0": {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "parameters": {"a": {"type": "string"}}, "resources": [{"type": "A.B/c", "name": "[[parameters('a')]"}]}},
        "resources": [{"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"a": {"value": "x"}}, "template": "[variables('$fxv#0')]"}}]"#,
    );
    assert_eq!(Case::default().expand(&main), "a.b/c x\n");
}

#[test]
fn subscriptions_deploy_groups() {
    let nested = template(
        r#""resources": [{"type": "A.B/c", "name": "n", "properties": {"l": "[resourceGroup().location]", "i": "[resourceId('A.B/c', 'n')]"}}], "outputs": {"id": {"type": "string", "value": "[resourceId('A.B/c', 'n')]"}}"#,
    );
    let main = format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#", "variables": {{"rg": "hub"}}, "resources": [
        {{"type": "Microsoft.Resources/resourceGroups", "name": "[variables('rg')]", "location": "westeurope"}},
        {{"type": "Microsoft.Resources/deployments", "name": "d", "resourceGroup": "[variables('rg')]", "properties": {{"expressionEvaluationOptions": {{"scope": "inner"}}, "template": {nested}}}}},
        {{"type": "A.B/p", "name": "p", "properties": {{"x": "[reference(extensionResourceId(format('/subscriptions/{{0}}/resourceGroups/{{1}}', subscription().subscriptionId, variables('rg')), 'Microsoft.Resources/deployments', 'd'), '2020-10-01').outputs.id.value]"}}}}]}}"#
    );
    assert_eq!(
        Case::default().expand(&main),
        r#"microsoft.resources/resourcegroups hub
a.b/p p
  {"x": "/subscriptions/${subscription().subscriptionId}/resourceGroups/hub/providers/A.B/c/n"}
a.b/c n
  {"l": ${resourceGroup('hub').location}, "i": "/subscriptions/${subscription().subscriptionId}/resourceGroups/hub/providers/A.B/c/n"}
"#
    );
}

#[test]
fn templates_that_link_themselves_end() {
    let main = template(
        r#""resources": [{"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"templateLink": {"relativePath": "main.json"}}}]"#,
    );
    let out = Case::default().file("main.json", &main).expand(&main);
    assert!(out.contains("TG0029") && out.lines().count() == 1, "{out}");
}
