use super::check;

#[test]
fn case_and_space() {
    check(&[
        ("toLower('One TWO')", "'one two'"),
        ("toUpper('One ß')", "'ONE ß'"),
        (
            "toLower(concat('AB', parameters('p')))",
            "'ab${toLower(parameters('p'))}'",
        ),
        (
            "toLower(toLower(concat('AB', parameters('p'))))",
            "'ab${toLower(parameters('p'))}'",
        ),
        (
            "toUpper(toLower(concat('AB', parameters('p'))))",
            "'AB${toUpper(toLower(parameters('p')))}'",
        ),
        ("toLower(parameters('p'))", "<toLower(parameters('p'))>"),
        (
            "toLower(1)",
            "! `toLower` wants a string as argument 1, not an integer",
        ),
        ("trim('  one two  ')", "'one two'"),
        (
            "trim(concat(' a', parameters('p')))",
            "<trim(concat(' a', parameters('p')))>",
        ),
        ("trim('a', 'b')", "! `trim` takes 1 argument, not 2"),
    ]);
}

#[test]
fn starts_and_ends() {
    check(&[
        ("startsWith('abcdef', 'ab')", "true"),
        ("startsWith('abcdef', 'A')", "true"),
        ("startsWith('abcdef', 'e')", "false"),
        ("startsWith('a', 'abc')", "false"),
        ("endsWith('abcdef', 'ef')", "true"),
        ("endsWith('abcdef', 'F')", "true"),
        ("endsWith('abcdef', 'e')", "false"),
        ("startsWith(concat('ab', parameters('p')), 'A')", "true"),
        ("startsWith(concat('ab', parameters('p')), 'x')", "false"),
        (
            "startsWith(concat('ab', parameters('p')), 'abc')",
            "<startsWith(concat('ab', parameters('p')), 'abc')>",
        ),
        (
            "endsWith(concat(parameters('p'), '/pods'), '/PODS')",
            "true",
        ),
        ("endsWith(concat(parameters('p'), '/pods'), 'x')", "false"),
        (
            "endsWith(parameters('p'), 'x')",
            "<endsWith(parameters('p'), 'x')>",
        ),
        (
            "startsWith('a', 1)",
            "! `startsWith` wants a string as argument 2, not an integer",
        ),
    ]);
}

#[test]
fn padding() {
    check(&[
        ("padLeft('123', 10, '0')", "'0000000123'"),
        ("padLeft(123, 5)", "'  123'"),
        ("padLeft('12345', 3, '0')", "'12345'"),
        (
            "padLeft('1', 3, 'ab')",
            "! `padLeft` pads with one character, not `ab`",
        ),
        (
            "padLeft('1', -3)",
            "! `padLeft` wants a length of 0 or more, not -3",
        ),
        ("padLeft('1', 9000000)", "<padLeft('1', 9000000)>"),
        (
            "padLeft(parameters('p'), 3)",
            "<padLeft(parameters('p'), 3)>",
        ),
        (
            "padLeft(concat('abc', parameters('p')), 3)",
            "'abc${parameters('p')}'",
        ),
        ("padLeft('1')", "! `padLeft` takes 2 or 3 arguments, not 1"),
    ]);
}

#[test]
fn replacing() {
    check(&[
        ("replace('123-123-1234', '-', '')", "'1231231234'"),
        ("replace('123-123-1234', '1234', 'xxxx')", "'123-123-xxxx'"),
        ("replace('aA', 'a', 'b')", "'bA'"),
        (
            "replace('a-b', '-', parameters('p'))",
            "'a${parameters('p')}b'",
        ),
        (
            "replace(concat('a-', parameters('p')), '-', '.')",
            "'a.${replace(parameters('p'), '-', '.')}'",
        ),
        (
            "replace(concat('a-', parameters('p')), 'a-', '.')",
            "<replace(concat('a-', parameters('p')), 'a-', '.')>",
        ),
        (
            "replace(parameters('p'), '-', '')",
            "<replace(parameters('p'), '-', '')>",
        ),
        (
            "replace('a', '', 'b')",
            "! `replace` wants something to replace",
        ),
        ("replace('a', 'b')", "! `replace` takes 3 arguments, not 2"),
    ]);
}

#[test]
fn splitting_and_joining() {
    check(&[
        ("split('one,two,three', ',')", "['one', 'two', 'three']"),
        (
            "split('one;two,three', createArray(',', ';'))",
            "['one', 'two', 'three']",
        ),
        ("split('a//b', '/')", "['a', '', 'b']"),
        ("split('a::b', '::')", "['a', 'b']"),
        ("split('', ',')", "['']"),
        ("split('aéb', 'é')", "['a', 'b']"),
        ("split('ab', '')", "['ab']"),
        (
            "split(parameters('p'), ',')",
            "<split(parameters('p'), ',')>",
        ),
        (
            "split(concat('a,', parameters('p')), ',')",
            "<split(concat('a,', parameters('p')), ',')>",
        ),
        (
            "split(concat('a/', uniqueString('x'), '-b/c'), '/')",
            "['a', '${uniqueString('x')}-b', 'c']",
        ),
        (
            "split(concat('a-', uniqueString('x')), '-')",
            "<split(concat('a-', uniqueString('x')), '-')>",
        ),
        (
            "split('a', 1)",
            "! `split` wants a string as argument 2, not an integer",
        ),
        (
            "split('a', createArray(1))",
            "! `split` wants strings as delimiters",
        ),
        (
            "join(createArray('one', 'two', 'three'), ', ')",
            "'one, two, three'",
        ),
        ("join(createArray(), ',')", "''"),
        (
            "join(createArray('a', parameters('p'), 1), '-')",
            "'a-${parameters('p')}-1'",
        ),
        ("join(parameters('p'), ',')", "<join(parameters('p'), ',')>"),
        (
            "join('a', ',')",
            "! `join` wants an array as argument 1, not a string",
        ),
    ]);
}

#[test]
fn conversion() {
    check(&[
        ("string(5)", "'5'"),
        ("string('a')", "'a'"),
        (
            "string(createArray('a', 'b', 'c'))",
            "'[\"a\",\"b\",\"c\"]'",
        ),
        (
            "string(createObject('valueA', 10, 'valueB', 'Example Text'))",
            "'{\"valueA\":10,\"valueB\":\"Example Text\"}'",
        ),
        (
            "string(createArray(true(), null(), 'a\"b\\c\td'))",
            "'[true,null,\"a\\\"b\\\\c\\td\"]'",
        ),
        ("string(true())", "<string(true())>"),
        (
            "string(createArray(parameters('p')))",
            "<string(createArray(parameters('p')))>",
        ),
        (
            "string(concat('a', parameters('p')))",
            "'a${parameters('p')}'",
        ),
    ]);
}

#[test]
fn substrings() {
    check(&[
        ("substring('one two three', 4, 3)", "'two'"),
        ("substring('abc', 1)", "'bc'"),
        ("substring('abc', 3)", "''"),
        ("substring('abc', 3, 0)", "''"),
        ("substring('éa', 1, 1)", "'a'"),
        ("substring('𝄞', 0, 1)", "<substring('𝄞', 0, 1)>"),
        (
            "substring('1234567890', 0, 11)",
            "! `substring` reaches to character 11 of a text of 10 characters",
        ),
        (
            "substring('abc', 4)",
            "! `substring` starts at 4, behind the 3 characters of the text",
        ),
        (
            "substring('abc', 1, -1)",
            "! `substring` wants a length of 0 or more",
        ),
        (
            "substring('abc', -1, 1)",
            "! `substring` wants a start and a length of 0 or more",
        ),
        ("substring(concat('abc', parameters('p')), 1, 2)", "'bc'"),
        (
            "substring(concat('abc', parameters('p')), 1)",
            "<substring(concat('abc', parameters('p')), 1)>",
        ),
        (
            "substring(concat('abc', parameters('p')), 2, 9)",
            "<substring(concat('abc', parameters('p')), 2, 9)>",
        ),
        (
            "substring(parameters('p'), 0, 3)",
            "<substring(parameters('p'), 0, 3)>",
        ),
        (
            "substring('abc', 0, 1, 2)",
            "! `substring` takes 1 to 3 arguments, not 4",
        ),
    ]);
}
