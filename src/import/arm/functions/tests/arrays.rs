use super::check;

#[test]
fn arrays_are_made_and_taken_apart() {
    check(&[
        ("array(1)", "[1]"),
        ("array('efgh')", "['efgh']"),
        ("array(createObject('a', 'b'))", "[{a: 'b'}]"),
        ("array(createArray(1, 2))", "[1, 2]"),
        ("array(null())", "[null]"),
        ("array(parameters('p'))", "<array(parameters('p'))>"),
        ("createArray()", "[]"),
        (
            "createArray('a', 1, true(), null())",
            "['a', 1, true, null]",
        ),
        (
            "createArray('a', parameters('p'))",
            "['a', <parameters('p')>]",
        ),
        (
            "flatten(createArray(createArray(1, 2), createArray(), createArray(createArray(3))))",
            "[1, 2, [3]]",
        ),
        (
            "flatten(createArray(createArray(1), parameters('p')))",
            "<flatten(createArray(createArray(1), parameters('p')))>",
        ),
        (
            "flatten(createArray(1))",
            "! `flatten` wants an array of arrays",
        ),
        ("indexFromEnd(createArray('a', 'b', 'c'), 1)", "'c'"),
        ("indexFromEnd(createArray('a', 'b', 'c'), 3)", "'a'"),
        (
            "indexFromEnd(createArray('a'), 2)",
            "! `indexFromEnd` finds no element 2 from the end of 1 element",
        ),
        (
            "indexFromEnd(createArray('a', 'b'), 0)",
            "! `indexFromEnd` finds no element 0 from the end of 2 elements",
        ),
        ("tryIndexFromEnd(createArray('a', 'b', 'c'), 2)", "'b'"),
        ("tryIndexFromEnd(createArray('a'), 2)", "null"),
        ("tryIndexFromEnd(createArray('a'), 0)", "null"),
        ("tryIndexFromEnd(createArray('a'), -1)", "null"),
        ("tryIndexFromEnd(null(), 1)", "null"),
        (
            "tryIndexFromEnd(parameters('p'), 1)",
            "<tryIndexFromEnd(parameters('p'), 1)>",
        ),
    ]);
}

#[test]
fn numbers_of_arrays() {
    check(&[
        ("max(createArray(0, 3, 2, 5, 4))", "5"),
        ("max(0, 3, 2, 5, 4)", "5"),
        ("min(createArray(0, 3, 2, 5, 4))", "0"),
        ("min(0, -3)", "-3"),
        ("max(createArray())", "! `max` wants at least one integer"),
        ("max(createArray('a'))", "! `max` wants integers"),
        ("max(1, parameters('p'))", "<max(1, parameters('p'))>"),
        ("min(parameters('p'))", "<min(parameters('p'))>"),
        ("max()", "! `max` takes at least 1 argument, not 0"),
        ("range(5, 3)", "[5, 6, 7]"),
        ("range(0, 0)", "[]"),
        ("length(range(0, 10000))", "10000"),
        (
            "range(0, 10001)",
            "! `range` gives 0 to 10000 numbers, not 10001",
        ),
        ("range(0, -1)", "! `range` gives 0 to 10000 numbers, not -1"),
        (
            "range(2147483640, 8)",
            "! `range` goes no further than 2147483647",
        ),
        (
            "range(9223372036854775807, 8)",
            "! `range` goes no further than 2147483647",
        ),
        ("range(0, parameters('p'))", "<range(0, parameters('p'))>"),
        ("range(0)", "! `range` takes 2 arguments, not 1"),
    ]);
}

#[test]
fn concat() {
    check(&[
        ("concat('prefix', '-', 'name')", "'prefix-name'"),
        ("concat('vm', 3)", "'vm3'"),
        (
            "concat(createArray('1-1', '1-2'), createArray('2-1'))",
            "['1-1', '1-2', '2-1']",
        ),
        ("concat('a')", "'a'"),
        (
            "concat('a', parameters('p'), 'b')",
            "'a${parameters('p')}b'",
        ),
        (
            "concat(concat('a', parameters('p')), 'b', 'c')",
            "'a${parameters('p')}bc'",
        ),
        ("concat(parameters('p'))", "<parameters('p')>"),
        (
            "concat(parameters('p'), parameters('q'))",
            "<concat(parameters('p'), parameters('q'))>",
        ),
        (
            "concat(createArray(1), parameters('p'))",
            "<concat(createArray(1), parameters('p'))>",
        ),
        (
            "concat(createArray(1), 'a')",
            "! `concat` wants an array as argument 2, not a string",
        ),
        (
            "concat('a', createObject())",
            "! `concat` wants a string as argument 2, not an object",
        ),
        ("concat('a', true())", "'a${string(true())}'"),
        ("concat()", "! `concat` takes at least 1 argument, not 0"),
    ]);
}

#[test]
fn contains() {
    check(&[
        ("contains('OneTwoThree', 'e')", "true"),
        ("contains('OneTwoThree', 'z')", "false"),
        ("contains('OneTwoThree', 'one')", "false"),
        ("contains('a1', 1)", "true"),
        (
            "contains(createObject('one', 'a', 'two', 'b'), 'ONE')",
            "true",
        ),
        ("contains(createObject('one', 'a'), 'a')", "false"),
        ("contains(createArray('one', 'two'), 'two')", "true"),
        ("contains(createArray('one', 'two'), 'Two')", "false"),
        (
            "contains(createArray('one', parameters('p')), 'one')",
            "true",
        ),
        (
            "contains(createArray('one', parameters('p')), 'two')",
            "<contains(createArray('one', parameters('p')), 'two')>",
        ),
        (
            "contains(createArray(parameters('p')), parameters('p'))",
            "true",
        ),
        ("contains(concat('abc', parameters('p')), 'bc')", "true"),
        (
            "contains(concat('abc', parameters('p')), 'x')",
            "<contains(concat('abc', parameters('p')), 'x')>",
        ),
        (
            "contains(createObject(parameters('p'), 1), 'x')",
            "<contains(createObject('${parameters(''p'')}', 1), 'x')>",
        ),
        (
            "contains(parameters('p'), 'x')",
            "<contains(parameters('p'), 'x')>",
        ),
        (
            "contains(1, 'x')",
            "! `contains` wants an array, an object or a string as argument 1, not an integer",
        ),
        ("contains('a')", "! `contains` takes 2 arguments, not 1"),
    ]);
}

#[test]
fn sizes() {
    check(&[
        ("empty(createArray())", "true"),
        ("empty(createObject())", "true"),
        ("empty('')", "true"),
        ("empty(null())", "true"),
        ("empty('a')", "false"),
        ("empty(createArray(parameters('p')))", "false"),
        ("empty(concat('a', parameters('p')))", "false"),
        ("empty(parameters('p'))", "<empty(parameters('p'))>"),
        (
            "empty(1)",
            "! `empty` wants an array, an object or a string as argument 1, not an integer",
        ),
        ("length('One Two Three')", "13"),
        ("length('é𝄞')", "3"),
        ("length(createArray('one', parameters('p')))", "2"),
        ("length(createObject('a', 1, 'b', 2))", "2"),
        ("length(parameters('p'))", "<length(parameters('p'))>"),
        (
            "length(concat('a', parameters('p')))",
            "<length(concat('a', parameters('p')))>",
        ),
        (
            "length(1)",
            "! `length` wants an array, an object or a string as argument 1, not an integer",
        ),
    ]);
}

#[test]
fn ends() {
    check(&[
        ("first(createArray('one', 'two'))", "'one'"),
        ("first('One Two Three')", "'O'"),
        ("first(createArray())", "null"),
        ("first('')", "''"),
        ("first(createArray(parameters('p')))", "<parameters('p')>"),
        ("first(concat('ab', parameters('p')))", "'a'"),
        (
            "first(concat(parameters('p'), 'ab'))",
            "<first(concat(parameters('p'), 'ab'))>",
        ),
        ("first('𝄞')", "<first('𝄞')>"),
        (
            "first(1)",
            "! `first` wants an array or a string as argument 1, not an integer",
        ),
        ("last(createArray('one', 'two', 'three'))", "'three'"),
        ("last('One Two Three')", "'e'"),
        ("last(createArray())", "null"),
        ("last(concat(parameters('p'), 'ab'))", "'b'"),
        (
            "last(split('/subscriptions/1/subnets/pods', '/'))",
            "'pods'",
        ),
        ("skip(createArray('one', 'two', 'three'), 2)", "['three']"),
        ("skip('one two three', 4)", "'two three'"),
        ("skip('abc', 0)", "'abc'"),
        ("skip('abc', -1)", "'abc'"),
        ("skip('abc', 9)", "''"),
        ("skip(createArray(1), 9)", "[]"),
        (
            "skip(concat('abc', parameters('p')), 2)",
            "'c${parameters('p')}'",
        ),
        (
            "skip(concat('abc', parameters('p')), 4)",
            "<skip(concat('abc', parameters('p')), 4)>",
        ),
        (
            "take(createArray('one', 'two', 'three'), 2)",
            "['one', 'two']",
        ),
        ("take('one two three', 2)", "'on'"),
        ("take('abc', -1)", "''"),
        ("take('abc', 9)", "'abc'"),
        ("take(concat('abc', parameters('p')), 3)", "'abc'"),
        (
            "take(concat('abc', parameters('p')), 4)",
            "<take(concat('abc', parameters('p')), 4)>",
        ),
        ("take('𝄞', 1)", "<take('𝄞', 1)>"),
        ("take(parameters('p'), 5)", "<take(parameters('p'), 5)>"),
        (
            "take('abc', 'x')",
            "! `take` wants an integer as argument 2, not a string",
        ),
    ]);
}

#[test]
fn positions() {
    check(&[
        ("indexOf('test', 't')", "0"),
        ("lastIndexOf('test', 't')", "3"),
        ("indexOf('abcdef', 'CD')", "2"),
        ("lastIndexOf('abcdef', 'AB')", "0"),
        ("indexOf('abcdef', 'z')", "-1"),
        ("indexOf('𝄞a', 'A')", "2"),
        ("indexOf(createArray('one', 'two', 'two'), 'two')", "1"),
        ("lastIndexOf(createArray('one', 'two', 'two'), 'two')", "2"),
        ("indexOf(createArray('one'), 'ONE')", "-1"),
        ("indexOf(createArray('one', parameters('p')), 'one')", "0"),
        (
            "indexOf(createArray(parameters('p'), 'one'), 'one')",
            "<indexOf(createArray(parameters('p'), 'one'), 'one')>",
        ),
        (
            "indexOf(1, 'a')",
            "! `indexOf` wants an array or a string as argument 1, not an integer",
        ),
    ]);
}
