//! What is wrong with templates: where it is said, how often, and what is left.

use super::{Case, properties};

#[test]
fn an_expression_that_is_wrong_is_one_finding() {
    let sections = r#""parameters": {"name": {"type": "string"}}, "variables": {"a": "[variables('b')]", "b": "[variables('a')]", "o": {"x": 1}, "l": [1]},"#;
    let table = [
        ("[concat('a'", "no expression"),
        (
            "[parameters('nme')]",
            "`parameters` the template has no parameter `nme`",
        ),
        (
            "[variables('x')]",
            "`variables` the template has no variable `x`",
        ),
        ("[variables('a')]", "depends on itself"),
        ("[variables('o').y]", "`y` the object has no property `y`"),
        (
            "[variables('l')[3]]",
            "index 3 is outside the list, which has 1 elements",
        ),
        (
            "[copyIndex()]",
            "`copyIndex` no loop lies around `copyIndex`",
        ),
        (
            "[frobnicate(1)]",
            "`frobnicate` the function `frobnicate` is not known",
        ),
        ("[me.f(1)]", "the template has no function `me.f`"),
        ("[concat('a',)]", "TG0027"),
    ];
    for (expression, expected) in table {
        let out = properties(sections, &format!(r#"{{"p": "{expression}", "q": 1}}"#));
        assert!(
            !expression.ends_with(']') || (out.contains(expected) && out.contains("\"q\": 1")),
            "{expression}: {out}"
        );
        let findings = out.lines().filter(|line| line.starts_with("TG00")).count();
        assert_eq!(
            findings,
            usize::from(expression.ends_with(']')),
            "{expression}: {out}"
        );
    }
}

#[test]
fn a_loop_repeats_a_finding_once() {
    let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "resources": [
        {"type": "A.B/c", "name": "[concat('n', copyIndex())]", "copy": {"name": "l", "count": 3}, "properties": {"p": "[variables('x')]"}}]}"#;
    let out = Case::default().expand(template);
    assert_eq!(out.matches("TG0027").count(), 1, "{out}");
    assert_eq!(out.matches("${variables('x')}").count(), 3, "{out}");
}

#[test]
fn what_may_never_be_reached_is_only_maybe_wrong() {
    let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "parameters": {"c": {"type": "bool"}, "o": {"type": "object", "defaultValue": {}}}, "resources": [
        {"type": "A.B/c", "name": "n", "condition": "[parameters('c')]", "properties": {"p": "[parameters('o').x]"}},
        {"type": "A.B/c", "name": "m", "properties": {"p": "[if(parameters('c'), parameters('o').x, 1)]"}}]}"#;
    let out = Case::default().expand(template);
    assert_eq!(out.matches("TG0027").count(), 1, "{out}");
    assert!(out.contains("${if(parameters('c'), …)}"), "{out}");
}

#[test]
fn bounds_hold() {
    let chain: Vec<String> = (0..2_000)
        .map(|at| format!(r#""v{at}": "[concat(variables('v{}'), 'x')]""#, at + 1))
        .collect();
    let sections = format!(r#""variables": {{{}, "v2000": ""}},"#, chain.join(", "));
    let out = properties(&sections, r#"{"p": "[variables('v0')]"}"#);
    assert_eq!(out.matches("TG0029").count(), 1, "{out}");
    let out = properties(
        "",
        r#"{"copy": [{"name": "p", "count": 100000, "input": 1}]}"#,
    );
    assert!(
        out.contains("TG0029") && out.contains("a loop runs 100000 times"),
        "{out}"
    );
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let out = properties("", &format!(r#"{{"p": {}}}"#, nested(240)));
    assert_eq!(out.matches("TG0029").count(), 1, "{out}");
}
