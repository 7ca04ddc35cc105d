use super::check;

#[test]
fn relative_uris_are_resolved() {
    check(&[
        (
            "uri('http://contoso.org/firstpath', 'myscript.sh')",
            "'http://contoso.org/myscript.sh'",
        ),
        (
            "uri('http://contoso.org/firstpath/', 'myscript.sh')",
            "'http://contoso.org/firstpath/myscript.sh'",
        ),
        (
            "uri('http://contoso.org/firstpath/azuredeploy.json', 'myscript.sh')",
            "'http://contoso.org/firstpath/myscript.sh'",
        ),
        (
            "uri('http://contoso.org/firstpath/azuredeploy.json/', 'myscript.sh')",
            "'http://contoso.org/firstpath/azuredeploy.json/myscript.sh'",
        ),
        (
            "uri('http://contoso.com/resources/', 'nested/azuredeploy.json')",
            "'http://contoso.com/resources/nested/azuredeploy.json'",
        ),
        ("uri('http://contoso.org', 'a')", "'http://contoso.org/a'"),
        ("uri('http://a.org/b/c?x#y', '../d')", "'http://a.org/d'"),
        (
            "uri('http://a.org/b/c', './d/./e/..')",
            "'http://a.org/b/d/'",
        ),
        ("uri('http://a.org/b', '../../../c')", "'http://a.org/c'"),
        ("uri('http://a.org/b/c', '/d?e')", "'http://a.org/d?e'"),
        (
            "uri('http://a.org/b/c', '?sig=1')",
            "'http://a.org/b/c?sig=1'",
        ),
        (
            "uri('http://a.org/b/c', 'https://b.org')",
            "<uri('http://a.org/b/c', 'https://b.org')>",
        ),
        (
            "uri('http://A.org/b/', 'c')",
            "<uri('http://A.org/b/', 'c')>",
        ),
        (
            "uri('http://a.org/b/', 'c d')",
            "<uri('http://a.org/b/', 'c d')>",
        ),
        (
            "uri('folder/', 'a')",
            "! `uri` wants an absolute URI, not `folder/`",
        ),
        (
            "uri(concat(parameters('base'), '/'), 'nested/a.json')",
            "'${parameters('base')}/nested/a.json'",
        ),
        (
            "uri(concat(parameters('base'), '/'), concat('nested/a.json', parameters('token')))",
            "'${parameters('base')}/nested/a.json${parameters('token')}'",
        ),
        (
            "uri(parameters('base'), 'a.json')",
            "<uri(parameters('base'), 'a.json')>",
        ),
        ("uri('http://a.org/b/')", "! `uri` takes 2 arguments, not 1"),
    ]);
}
