use super::check;

#[test]
fn whole_numbers() {
    check(&[
        ("add(5, 3)", "8"),
        ("add('5', 3)", "8"),
        ("sub(7, 3)", "4"),
        ("mul(5, -3)", "-15"),
        ("div(8, 3)", "2"),
        ("div(-8, 3)", "-2"),
        ("mod(7, 3)", "1"),
        ("mod(-7, 3)", "-1"),
        ("div(1, 0)", "! `div` divides by zero"),
        ("mod(1, 0)", "! `mod` divides by zero"),
        ("div(parameters('p'), 0)", "! `div` divides by zero"),
        (
            "add(9223372036854775807, 1)",
            "! `add` gives a number that is too large",
        ),
        (
            "sub(-9223372036854775808, 1)",
            "! `sub` gives a number that is too large",
        ),
        (
            "div(-9223372036854775808, -1)",
            "! `div` gives a number that is too large",
        ),
        ("add(1, parameters('p'))", "<add(1, parameters('p'))>"),
        (
            "add(1, 'x')",
            "! `add` wants an integer as argument 2, not a string",
        ),
        ("add(1)", "! `add` takes 2 arguments, not 1"),
        ("int('4')", "4"),
        ("int(4)", "4"),
        ("int('x')", "! `int` finds no integer in `x`"),
        ("int(json('1.5'))", "<int(json('1.5'))>"),
        (
            "int(null())",
            "! `int` wants a string or an integer as argument 1, not null",
        ),
        ("int(parameters('p'))", "<int(parameters('p'))>"),
        ("float('3.5')", "3.5"),
        ("float(3)", "3.0"),
        ("float('x')", "! `float` finds no number in `x`"),
        ("float('inf')", "! `float` finds no number in `inf`"),
    ]);
}
