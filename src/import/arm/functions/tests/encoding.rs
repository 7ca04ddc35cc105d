use super::check;

#[test]
fn base64() {
    check(&[
        ("base64('one, two, three')", "'b25lLCB0d28sIHRocmVl'"),
        ("base64('')", "''"),
        ("base64('f')", "'Zg=='"),
        ("base64('fo')", "'Zm8='"),
        ("base64('ä~')", "'w6R+'"),
        (
            "base64ToString('b25lLCB0d28sIHRocmVl')",
            "'one, two, three'",
        ),
        ("base64ToString('Zg==')", "'f'"),
        ("base64ToString('w6R+')", "'ä~'"),
        ("base64ToString('Zg=')", "! `base64ToString` wants base64"),
        ("base64ToString('Z===')", "! `base64ToString` wants base64"),
        (
            "base64ToString('Zg==Zg==')",
            "! `base64ToString` wants base64",
        ),
        ("base64ToString('Z*==')", "! `base64ToString` wants base64"),
        ("base64ToString('/w==')", "<base64ToString('/w==')>"),
        (
            "base64ToJson(base64('{''one'': ''a'', ''two'': ''b''}'))",
            "{one: 'a', two: 'b'}",
        ),
        ("base64(parameters('p'))", "<base64(parameters('p'))>"),
        (
            "base64(1)",
            "! `base64` wants a string as argument 1, not an integer",
        ),
    ]);
}

#[test]
fn uris_in_parts() {
    check(&[
        (
            "dataUri('Hello')",
            "'data:text/plain;charset=utf8;base64,SGVsbG8='",
        ),
        (
            "dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')",
            "'Hello, World!'",
        ),
        ("dataUriToString(dataUri('a'))", "'a'"),
        (
            "dataUriToString('data:,a%20b')",
            "<dataUriToString('data:,a%20b')>",
        ),
        (
            "dataUriToString('a')",
            "! `dataUriToString` wants a data URI such as `data:;base64,SGVsbG8=`",
        ),
        (
            "uriComponent('http://contoso.com/resources/nested/azuredeploy.json')",
            "'http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json'",
        ),
        ("uriComponent('a-b_c.d~e ä')", "'a-b_c.d~e%20%C3%A4'"),
        (
            "uriComponentToString('http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json')",
            "'http://contoso.com/resources/nested/azuredeploy.json'",
        ),
        ("uriComponentToString('100%')", "'100%'"),
        ("uriComponentToString('%zz%C3%A4')", "'%zzä'"),
        (
            "uriComponentToString('%FF')",
            "<uriComponentToString('%FF')>",
        ),
        (
            "uriComponent(parameters('p'))",
            "<uriComponent(parameters('p'))>",
        ),
    ]);
}
