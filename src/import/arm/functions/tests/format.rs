use super::check;

#[test]
fn items_are_replaced() {
    check(&[
        (
            "format('{0}, {1}. Formatted number: {2:N0}', 'Hello', 'User', 8175133)",
            "'Hello, User. Formatted number: 8,175,133'",
        ),
        ("format('{0}{0}-{1}', 'a', 1)", "'aa-1'"),
        ("format('{{{0}}}', 'a')", "'{a}'"),
        ("format('plain')", "'plain'"),
        ("format('{0}', true())", "'True'"),
        ("format('[{0}]', null())", "'[]'"),
        (
            "format('{0}-{1}', 'a', parameters('p'))",
            "'a-${parameters('p')}'",
        ),
        (
            "format('{0}', concat('a', parameters('p')))",
            "'a${parameters('p')}'",
        ),
        (
            "format('{0}/{1}', parameters('p'), parameters('p'))",
            "'${parameters('p')}/${parameters('p')}'",
        ),
        (
            "format('x{0:D3}', parameters('p'))",
            "'x${format('{0:D3}', parameters('p'))}'",
        ),
        (
            "format('x{1:D3}', 1, parameters('p'))",
            "'x${format('{0:D3}', parameters('p'))}'",
        ),
        (
            "format('{0}', createArray(1))",
            "'${format('{0}', createArray(1))}'",
        ),
        ("format(parameters('p'), 1)", "<format(parameters('p'), 1)>"),
    ]);
}

#[test]
fn numbers_and_widths() {
    check(&[
        ("format('{0:D3}', 7)", "'007'"),
        ("format('{0:D3}', -7)", "'-007'"),
        ("format('{0:000}', 7)", "'007'"),
        ("format('{0:N0}', -1234567)", "'-1,234,567'"),
        ("format('{0:N}', 1234)", "'1,234.00'"),
        ("format('{0:F1}', 12)", "'12.0'"),
        ("format('{0:X}', 255)", "'FF'"),
        ("format('{0:x4}', 255)", "'00ff'"),
        ("format('{0:D3}', '7')", "'7'"),
        ("format('{0:P}', 7)", "'${format('{0:P}', 7)}'"),
        ("format('{0:#,#}', 7)", "'${format('{0:#,#}', 7)}'"),
        ("format('[{0,5}]', 'ab')", "'[   ab]'"),
        ("format('[{0,-5}]', 'ab')", "'[ab   ]'"),
        ("format('[{0, 1}]', 'ab')", "'[ab]'"),
        ("format('[{0,6:D3}]', 7)", "'[   007]'"),
        (
            "format('[{0,5}]', parameters('p'))",
            "'[${format('{0,5}', parameters('p'))}]'",
        ),
        (
            "format('{0,999999999}', 'a')",
            "<format('{0,999999999}', 'a')>",
        ),
    ]);
}

#[test]
fn mistakes_in_formats() {
    check(&[
        (
            "format('{1}', 'a')",
            "! `format` has no value for `{1}`, only 1 of them",
        ),
        (
            "format('{99999999999999999999}', 'a')",
            "! `format` does not understand `{99999999999999999999}`",
        ),
        (
            "format('{0', 'a')",
            "! `format` finds a single brace in `{0`",
        ),
        (
            "format('0}', 'a')",
            "! `format` finds a single brace in `0}`",
        ),
        ("format('{}', 'a')", "! `format` does not understand `{}`"),
        ("format('{a}', 'a')", "! `format` does not understand `{a}`"),
        (
            "format('{0,x}', 'a')",
            "! `format` does not understand `{0,x}`",
        ),
        (
            "format(1)",
            "! `format` wants a string as argument 1, not an integer",
        ),
        ("format()", "! `format` takes at least 1 argument, not 0"),
    ]);
}
