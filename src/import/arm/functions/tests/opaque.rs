use super::check;

#[test]
fn what_only_azure_computes_is_a_symbol() {
    check(&[
        ("uniqueString('a', 'b')", "<uniqueString('a', 'b')>"),
        (
            "concat('st', uniqueString(resourceGroup().id))",
            "'st${uniqueString(resourceGroup().id)}'",
        ),
        ("equals(guid('a'), guid('a'))", "true"),
        (
            "equals(guid('a'), guid('b'))",
            "<equals(guid('a'), guid('b'))>",
        ),
        ("guid()", "! `guid` takes at least 1 argument, not 0"),
        ("newGuid()", "<newGuid()>"),
        ("newGuid('a')", "! `newGuid` takes no arguments, not 1"),
        ("utcNow('u')", "<utcNow('u')>"),
        ("parseUri('https://a/b')", "<parseUri('https://a/b')>"),
        (
            "buildUri(createObject('host', 'a'))",
            "<buildUri(createObject('host', 'a'))>",
        ),
        (
            "fail('no subnet')",
            "! `fail` ends the deployment: no subnet",
        ),
        ("fail(parameters('p'))", "<fail(parameters('p'))>"),
    ]);
}
