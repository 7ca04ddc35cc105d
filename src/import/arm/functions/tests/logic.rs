use super::check;

#[test]
fn truth_values() {
    check(&[
        ("and(true(), true())", "true"),
        ("and(true(), false(), true())", "false"),
        ("and(parameters('p'), false())", "false"),
        ("and(parameters('p'), true())", "<parameters('p')>"),
        (
            "and(parameters('p'), true(), parameters('q'))",
            "<and(parameters('p'), parameters('q'))>",
        ),
        ("and('true', 'False')", "false"),
        (
            "and(1, true())",
            "! `and` wants a boolean as argument 1, not an integer",
        ),
        ("or(false(), false())", "false"),
        ("or(parameters('p'), true())", "true"),
        ("or(parameters('p'), false())", "<parameters('p')>"),
        ("not(true())", "false"),
        ("not(parameters('p'))", "<not(parameters('p'))>"),
        (
            "not(1)",
            "! `not` wants a boolean as argument 1, not an integer",
        ),
        ("true()", "true"),
        ("false()", "false"),
        ("bool('true')", "true"),
        ("bool('False')", "false"),
        ("bool(1)", "true"),
        ("bool(0)", "false"),
        ("bool('1')", "true"),
        ("bool('yes')", "! `bool` finds no boolean in `yes`"),
        (
            "bool(createArray())",
            "! `bool` wants a string or an integer as argument 1, not an array",
        ),
        ("bool(parameters('p'))", "<bool(parameters('p'))>"),
        ("if(true(), 'yes', 'no')", "'yes'"),
        ("if(false(), 'yes', 'no')", "'no'"),
        ("if(parameters('p'), 'same', 'same')", "'same'"),
        (
            "if(parameters('p'), 'yes', 'no')",
            "<if(parameters('p'), 'yes', 'no')>",
        ),
        ("if(true(), 'yes', parameters('p'))", "'yes'"),
        (
            "if('maybe', 1, 2)",
            "! `if` wants a boolean as argument 1, not a string",
        ),
        ("if(true(), 1)", "! `if` takes 3 arguments, not 2"),
    ]);
}

#[test]
fn equality() {
    check(&[
        ("equals(1, 1)", "true"),
        ("equals('a', 'A')", "false"),
        (
            "equals(createArray('a', 'b'), createArray('a', 'b'))",
            "true",
        ),
        ("equals(createArray('a'), createArray('a', 'b'))", "false"),
        (
            "equals(createObject('a', 'b', 'c', 1), createObject('c', 1, 'a', 'b'))",
            "true",
        ),
        (
            "equals(createObject('a', 'b'), createObject('a', 'c'))",
            "false",
        ),
        (
            "equals(createObject('a', 'b'), createObject('b', 'b'))",
            "false",
        ),
        ("equals('1', 1)", "false"),
        ("equals(null(), null())", "true"),
        ("equals(null(), '')", "false"),
        (
            "equals(parameters('p'), 'a')",
            "<equals(parameters('p'), 'a')>",
        ),
        ("equals(parameters('p'), parameters('p'))", "true"),
        (
            "equals(newGuid(), newGuid())",
            "<equals(newGuid(), newGuid())>",
        ),
        ("equals(concat('a-', parameters('p')), 'b-x')", "false"),
        (
            "equals(concat('a-', parameters('p')), 'a-x')",
            "<equals(concat('a-', parameters('p')), 'a-x')>",
        ),
        (
            "equals(concat('a-', parameters('p')), concat('a-', parameters('p')))",
            "true",
        ),
        (
            "equals(concat(parameters('p'), '-a'), concat(parameters('p'), '-b'))",
            "false",
        ),
        (
            "equals(concat(parameters('p'), '-a-', parameters('q')), concat(parameters('p'), '-b-', parameters('q')))",
            "false",
        ),
        ("equals(concat(parameters('p'), '-long'), 'long')", "false"),
        ("equals(concat('a', parameters('p')), 1)", "false"),
        (
            "equals(createArray(parameters('p'), 1), createArray('a', 2))",
            "false",
        ),
        (
            "equals(createArray(parameters('p'), 1), createArray('a', 1))",
            "<equals(createArray(parameters('p'), 1), createArray('a', 1))>",
        ),
        ("equals(1, json('1.0'))", "<equals(1, json('1'))>"),
        ("equals(1, json('1.5'))", "false"),
        (
            "equals(createObject('a', 1), createObject('A', 1))",
            "<equals(createObject('a', 1), createObject('A', 1))>",
        ),
        ("equals(1)", "! `equals` takes 2 arguments, not 1"),
    ]);
}

#[test]
fn order() {
    check(&[
        ("greater(1, 2)", "false"),
        ("greater('A', 'a')", "true"),
        ("greaterOrEquals(2, 2)", "true"),
        ("greaterOrEquals('A', 'a')", "true"),
        ("less(1, 2)", "true"),
        ("less('A', 'a')", "false"),
        ("less('a', 'B')", "true"),
        ("lessOrEquals(3, 2)", "false"),
        ("lessOrEquals('a', 'a')", "true"),
        ("less('a-b', 'ab')", "<less('a-b', 'ab')>"),
        ("less(1, parameters('p'))", "<less(1, parameters('p'))>"),
        (
            "less(1, 'x')",
            "! `less` wants an integer as argument 2, not a string",
        ),
        (
            "less(createArray(), 'x')",
            "! `less` wants an integer or a string as argument 1, not an array",
        ),
    ]);
}

#[test]
fn coalesce() {
    check(&[
        ("coalesce(null(), null(), 'default')", "'default'"),
        ("coalesce(null(), '', 'x')", "''"),
        ("coalesce(null(), null())", "null"),
        ("coalesce('a', parameters('p'))", "'a'"),
        ("coalesce(null(), parameters('p'))", "<parameters('p')>"),
        (
            "coalesce(null(), parameters('p'), 'a')",
            "<coalesce(parameters('p'), 'a')>",
        ),
        (
            "coalesce(concat('a', parameters('p')), 'b')",
            "'a${parameters('p')}'",
        ),
        (
            "coalesce()",
            "! `coalesce` takes at least 1 argument, not 0",
        ),
    ]);
}
