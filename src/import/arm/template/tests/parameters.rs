//! Parameters, variables, functions of the template.

use super::{Case, properties};

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

#[test]
fn values_come_from_defaults_variables_and_symbols() {
    let table = [
        // A default may use other parameters; case does not matter.
        (
            r#""parameters": {"a": {"type": "string", "defaultValue": "x"}, "b": {"type": "string", "defaultValue": "[concat(parameters('A'), 'y')]"}},"#,
            r#"{"p": "[Parameters('B')]"}"#,
            r#"{"p": "xy"}"#,
        ),
        // Without a value it is a symbol, and what is known around it stays.
        (
            r#""parameters": {"a": {"type": "string"}},"#,
            r#"{"p": "[parameters('a')]", "q": "[concat(parameters('a'), '-nsg')]", "r": "[parameters('a').b[0]['c d']]"}"#,
            r#"{"p": ${parameters('a')}, "q": "${parameters('a')}-nsg", "r": ${parameters('a').b[0]['c d']}}"#,
        ),
        // One that may be null is null.
        (
            r#""parameters": {"a": {"type": "string", "nullable": true}}, "definitions": {},"#,
            r#"{"p": "[parameters('a')]", "q": "[coalesce(parameters('a'), 'z')]"}"#,
            r#"{"p": null, "q": "z"}"#,
        ),
        // A secret is never shown.
        (
            r#""parameters": {"a": {"type": "securestring", "defaultValue": "hunter2"}},"#,
            r#"{"p": "[parameters('a')]"}"#,
            r#"{"p": ${parameters('a')}}"#,
        ),
        // Two values that differ each time are not equal.
        (
            r#""parameters": {"a": {"type": "string", "defaultValue": "[newGuid()]"}},"#,
            r#"{"p": "[parameters('a')]"}"#,
            r#"{"p": ${parameters('a')}}"#,
        ),
        // Types from definitions.
        (
            r##""definitions": {"t": {"type": "object", "nullable": true}}, "parameters": {"a": {"$ref": "#/definitions/t"}},"##,
            r#"{"p": "[tryGet(parameters('a'), 'b', 'c')]"}"#,
            r#"{"p": null}"#,
        ),
        // Variables, also of variables, with escapes and blanks that keep a string a string.
        (
            r#""variables": {"a": {"b": ["[variables('c')]", "[[x]"]}, "c": " [x]"},"#,
            r#"{"p": "[variables('A').B]", "q": "[variables('a').b[1]]"}"#,
            r#"{"p": [" [x]", "[x]"], "q": "[x]"}"#,
        ),
        // Loops in variables, both forms.
        (
            r#""variables": {"copy": [{"name": "a", "count": 3, "input": "[copyIndex('a', 1)]"}], "o": {"copy": [{"name": "b", "count": 2, "input": {"i": "[copyIndex('b')]"}}], "c": 1}},"#,
            r#"{"a": "[variables('a')]", "o": "[variables('o')]"}"#,
            r#"{"a": [1, 2, 3], "o": {"b": [{"i": 0}, {"i": 1}], "c": 1}}"#,
        ),
        // Functions of the template see their arguments only.
        (
            r#""functions": [{"namespace": "me", "members": {"f": {"parameters": [{"name": "x", "type": "string"}], "output": {"type": "string", "value": "[concat(parameters('X'), '!')]"}}}}],"#,
            r#"{"p": "[me.f('a')]"}"#,
            r#"{"p": "a!"}"#,
        ),
        // Keys may be expressions, and expressions have line breaks.
        (
            r#""parameters": {"a": {"type": "string"}},"#,
            "{\"[concat('k', '1')]\": 1, \"[parameters('a')]\": \"[concat('a',\n 'b')]\"}",
            r#"{"k1": 1, "${parameters('a')}": "ab"}"#,
        ),
    ];
    for (sections, given, expected) in table {
        assert_eq!(properties(sections, given), expected, "{sections} {given}");
    }
}

#[test]
fn what_decides_is_all_that_is_evaluated() {
    let open = r#""parameters": {"c": {"type": "bool"}, "d": {"type": "object"}, "e": {"type": "object", "defaultValue": {}}},"#;
    let table = [
        ("if(true(), 1, parameters('e').no)", "1"),
        ("if(parameters('c'), 'a', 'a')", "\"a\""),
        (
            "if(parameters('c'), 'a', 'b')",
            "${if(parameters('c'), 'a', 'b')}",
        ),
        ("and(false(), parameters('e').no)", "false"),
        ("and(parameters('c'), false())", "false"),
        ("or(parameters('c'), true())", "true"),
        ("and(true(), parameters('c'))", "${parameters('c')}"),
        ("coalesce(null(), 'a', parameters('e').no)", "\"a\""),
        // A parameter that must have a value has one.
        ("coalesce(parameters('d'), 'a')", "${parameters('d')}"),
        (
            "coalesce(parameters('d').x, 'a')",
            "${coalesce(parameters('d').x, 'a')}",
        ),
        ("tryGet(parameters('e'), 'x')", "null"),
        ("tryGet(parameters('d'), 'x', 0)", "${parameters('d').x[0]}"),
    ];
    for (expression, expected) in table {
        let out = properties(open, &format!(r#"{{"p": "[{expression}]"}}"#));
        assert_eq!(out, format!("{{\"p\": {expected}}}"), "{expression}");
    }
}

#[test]
fn lambdas() {
    let list = "createArray(3, 1, 2)";
    let table = [
        (
            format!("map({list}, lambda('x', add(lambdaVariables('x'), 1)))"),
            "[4, 2, 3]",
        ),
        (
            format!("map({list}, lambda('x', 'i', lambdaVariables('i')))"),
            "[0, 1, 2]",
        ),
        (
            format!("filter({list}, lambda('x', greater(lambdaVariables('x'), 1)))"),
            "[3, 2]",
        ),
        (
            format!(
                "reduce({list}, 10, lambda('s', 'x', add(lambdaVariables('s'), lambdaVariables('x'))))"
            ),
            "16",
        ),
        (
            format!(
                "sort({list}, lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))"
            ),
            "[1, 2, 3]",
        ),
        (
            "toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', 1))".to_owned(),
            r#"{"a": 1, "b": 1}"#,
        ),
        (
            "groupBy(createArray('ab', 'ac', 'b'), lambda('x', take(lambdaVariables('x'), 1)))".to_owned(),
            r#"{"a": ["ab", "ac"], "b": ["b"]}"#,
        ),
        (
            "mapValues(createObject('a', 1), lambda('x', add(lambdaVariables('x'), 1)))".to_owned(),
            r#"{"a": 2}"#,
        ),
        (
            "map(parameters('l'), lambda('x', lambdaVariables('x').id))".to_owned(),
            "${map(parameters('l'), lambda('x', lambdaVariables('x').id))}",
        ),
        (
            "filter(createArray('a'), lambda('x', contains(parameters('l'), lambdaVariables('x'))))".to_owned(),
            "${filter(createArray('a'), lambda('x', contains(parameters('l'), lambdaVariables('x'))))}",
        ),
    ];
    let sections = r#""parameters": {"l": {"type": "array"}},"#;
    for (expression, expected) in table {
        let out = properties(sections, &format!(r#"{{"p": "[{expression}]"}}"#));
        assert_eq!(out, format!("{{\"p\": {expected}}}"), "{expression}");
    }
}

#[test]
fn parameter_files_give_values() {
    let template = format!(
        r#"{{"$schema": "{SCHEMA}", "parameters": {{"a": {{"type": "string", "allowedValues": ["x", "Y"]}}, "b": {{"type": "string", "defaultValue": "d"}}, "k": {{"type": "securestring"}}}},
"resources": [{{"type": "A.B/c", "name": "n", "properties": {{"a": "[parameters('a')]", "b": "[parameters('b')]", "k": "[parameters('k')]"}}}}]}}"#
    );
    let first = r#"{"parameters": {"A": {"value": "x"}, "b": {"value": null}}}"#;
    let second = r#"{"parameters": {"a": {"value": "y"}, "k": {"reference": {"keyVault": {}, "secretName": "s"}}}}"#;
    let case = Case::default().parameters(first).parameters(second);
    assert_eq!(
        case.expand(&template),
        "a.b/c n\n  {\"a\": \"y\", \"b\": \"d\", \"k\": ${parameters('k')}}\n"
    );
    let wrong = Case::default().parameters(
        r#"{"parameters": {"a": {"value": "z"}, "bb": {"value": 1}, "b": {"value": 1}}}"#,
    );
    assert_eq!(
        wrong.expand(&template),
        "a.b/c n
  {\"a\": \"z\", \"b\": 1, \"k\": ${parameters('k')}}
TG0027 parameters0.json:1:33 `z` parameter `a` does not allow this value
TG0027 parameters0.json:1:39 `bb` the template has no parameter `bb`
TG0027 parameters0.json:1:73 `1` the value of parameter `b` is not of type `string`
"
    );
}

#[test]
fn a_request_deploys_a_template() {
    let body = format!(
        r#"{{"properties": {{"mode": "Incremental", "parameters": {{"a": {{"value": "[x]"}}}}, "template": {{"$schema": "{SCHEMA}", "parameters": {{"a": {{"type": "string"}}}}, "resources": [{{"type": "A.B/c", "name": "n", "properties": {{"a": "[parameters('a')]"}}}}]}}}}}}"#
    );
    assert_eq!(
        Case::default().expand(&body),
        "a.b/c n\n  {\"a\": \"[x]\"}\n"
    );
}
