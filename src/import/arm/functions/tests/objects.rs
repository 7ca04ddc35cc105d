use super::check;

#[test]
fn objects_are_made_and_taken_apart() {
    check(&[
        ("createObject()", "{}"),
        ("createObject('a', 1, 'b', createArray())", "{a: 1, b: []}"),
        (
            "createObject('a', parameters('p'))",
            "{a: <parameters('p')>}",
        ),
        (
            "createObject(concat('a', parameters('p')), 1)",
            "{a${parameters('p')}: 1}",
        ),
        (
            "createObject('a')",
            "! `createObject` wants a value after each key",
        ),
        (
            "createObject(1, 2)",
            "! `createObject` wants a string as argument 1, not an integer",
        ),
        (
            "items(createObject('item002', 2, 'item001', 1))",
            "[{key: 'item001', value: 1}, {key: 'item002', value: 2}]",
        ),
        (
            "items(createObject(concat('a', parameters('p')), 1))",
            "[{key: 'a${parameters('p')}', value: 1}]",
        ),
        ("items(parameters('p'))", "<items(parameters('p'))>"),
        (
            "items(createArray())",
            "! `items` wants an object as argument 1, not an array",
        ),
        ("objectKeys(createObject('a', 1, 'b', 2))", "['a', 'b']"),
        ("objectKeys(createObject())", "[]"),
        ("null()", "null"),
        ("null(1)", "! `null` takes no arguments, not 1"),
    ]);
}

#[test]
fn json() {
    check(&[
        (
            "json('{\"a\": [1, -2.5, true, null, \"x\\n\"]}')",
            "{a: [1, -2.5, true, null, 'x\n']}",
        ),
        ("json('null')", "null"),
        ("json('''one''')", "'one'"),
        (
            "json('{''one'': ''a\"b'', ''two'': \"it''s\"}')",
            "{one: 'a\"b', two: 'it's'}",
        ),
        (
            "json('{\"a\": 1')",
            "! `json` finds no JSON: the text ends before this object does: `}` is missing",
        ),
        ("json('')", "! `json` finds no JSON: the text is empty"),
        ("json('1 2')", "! `json` wants one JSON value"),
        ("json(parameters('p'))", "<json(parameters('p'))>"),
        (
            "json(concat('{', parameters('p'), '}'))",
            "<json(concat('{', parameters('p'), '}'))>",
        ),
        (
            "json(1)",
            "! `json` wants a string as argument 1, not an integer",
        ),
    ]);
}

#[test]
fn safe_access() {
    check(&[
        ("tryGet(createObject('a', 1), 'A')", "1"),
        ("tryGet(createObject('a', 1), 'b')", "null"),
        (
            "tryGet(createObject('a', createObject('b', createArray(1, 2))), 'a', 'b', 1)",
            "2",
        ),
        ("tryGet(createObject('a', 1), 'a', 'b')", "null"),
        ("tryGet(createArray(1, 2), 2)", "null"),
        ("tryGet(createArray(1, 2), -1)", "null"),
        (
            "tryGet(createArray(1, 2), createObject('value', 1, 'fromEnd', true()))",
            "2",
        ),
        ("tryGet(createArray(1, 2), createObject('value', 1))", "2"),
        ("tryGet(null(), 'a')", "null"),
        (
            "tryGet(parameters('p'), 'a')",
            "<tryGet(parameters('p'), 'a')>",
        ),
        (
            "tryGet(createObject('a', parameters('p')), 'a')",
            "<parameters('p')>",
        ),
        (
            "tryGet(createObject('a', 1), parameters('p'))",
            "<tryGet(createObject('a', 1), parameters('p'))>",
        ),
        (
            "tryGet(createObject('a', 1), 1)",
            "! `tryGet` wants a key or an index as argument 2, not an integer",
        ),
        (
            "tryGet(createArray(1), 'a')",
            "! `tryGet` wants a key or an index as argument 2, not a string",
        ),
        (
            "tryGet(createArray(1))",
            "! `tryGet` takes at least 2 arguments, not 1",
        ),
    ]);
}

#[test]
fn unions() {
    check(&[
        (
            "union(createArray('one', 'two', 'three'), createArray('three', 'four'))",
            "['one', 'two', 'three', 'four']",
        ),
        ("union(createArray(1, '1'), createArray(1))", "[1, '1']"),
        (
            "union(createArray(parameters('p')), createArray(parameters('p'), 'a'))",
            "[<parameters('p')>, 'a']",
        ),
        (
            "union(createArray(createObject('a', 1)), createArray(createObject('a', 1), createObject('a', 2)))",
            "[{a: 1}, {a: 2}]",
        ),
        (
            "union(createObject('one', 'a', 'three', 'c1'), createObject('three', 'c2', 'four', 'd'))",
            "{one: 'a', three: 'c2', four: 'd'}",
        ),
        (
            "union(createObject('a', createObject('x', 1, 'y', createArray(1))), createObject('A', createObject('y', createArray(2))))",
            "{A: {x: 1, y: [2]}}",
        ),
        (
            "union(createObject('a', parameters('p')), createObject('b', 1))",
            "{a: <parameters('p')>, b: 1}",
        ),
        (
            "union(createObject('n', createObject('a', 1)), createObject('n', createObject('a', null())))",
            "{n: {a: <union(createObject('n', createObject('a', 1)), createObject('n', createObject('a', null()))).n.a>}}",
        ),
        (
            "union(createObject('a', 1), parameters('p'))",
            "<union(createObject('a', 1), parameters('p'))>",
        ),
        (
            "union(createObject('a', 1), createArray(1))",
            "! `union` takes arrays only or objects only",
        ),
        (
            "union(createObject('a', 1), 'b')",
            "! `union` wants an array or an object as argument 2, not a string",
        ),
        (
            "shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2), 'b', 3)))",
            "{a: {y: 2}, b: 3}",
        ),
        ("shallowMerge(createArray())", "{}"),
        (
            "shallowMerge(createArray(createObject('a', 1), parameters('p')))",
            "<shallowMerge(createArray(createObject('a', 1), parameters('p')))>",
        ),
        (
            "shallowMerge(createArray(1))",
            "! `shallowMerge` wants an array of objects",
        ),
    ]);
}

#[test]
fn intersections() {
    check(&[
        (
            "intersection(createArray('one', 'two', 'three'), createArray('two', 'three'))",
            "['two', 'three']",
        ),
        (
            "intersection(createArray(1, 2), createArray(2), createArray(3))",
            "[]",
        ),
        (
            "intersection(createObject('one', 'a', 'two', 'b', 'three', 'c'), createObject('one', 'a', 'two', 'z', 'three', 'c'))",
            "{one: 'a', three: 'c'}",
        ),
        (
            "intersection(createArray('a'), createArray(parameters('p'), 'a'))",
            "['a']",
        ),
        (
            "intersection(createArray('b'), createArray(parameters('p'), 'a'))",
            "<intersection(createArray('b'), createArray(parameters('p'), 'a'))>",
        ),
        (
            "intersection(createArray(1), createObject())",
            "! `intersection` takes arrays only or objects only",
        ),
    ]);
}
