use proptest::prelude::*;

use super::*;

fn spelled(text: &str) -> String {
    match parse(text) {
        Ok(expression) => expression.to_string(),
        Err(error) => format!("{} at {}", error.message, error.offset),
    }
}

#[test]
fn expressions_have_one_spelling() {
    for (text, expected) in [
        ("'a'", "'a'"),
        ("''", "''"),
        ("'it''s'", "'it''s'"),
        ("''''", "''''"),
        ("'''a'''", "'''a'''"),
        ("-12", "-12"),
        ("007", "7"),
        ("ResourceID ( 'a' ,\r\n\t'b' )", "resourceId('a', 'b')"),
        ("unknownOne()", "unknownOne()"),
        ("Ns.Concat('a')", "Ns.Concat('a')"),
        ("variables('a').b.c[0]['d']", "variables('a').b.c[0].d"),
        ("variables('a')['b-c']", "variables('a')['b-c']"),
        ("variables('a')['0']", "variables('a')['0']"),
        (
            "variables('$fxv#0')[copyindex()]",
            "variables('$fxv#0')[copyIndex()]",
        ),
        (
            "reference(resourceId('x')).ipConfigurations[0].properties",
            "reference(resourceId('x')).ipConfigurations[0].properties",
        ),
    ] {
        assert_eq!(spelled(text), expected, "{text}");
    }
}

#[test]
fn mistakes_are_named_at_their_place() {
    for (text, expected) in [
        (
            "",
            "expected a function, a string or a number, found the end of the expression at 0",
        ),
        (
            "concat(parameters('vmName'),'-Nic1'",
            "expected `,` or `)`, found the end of the expression at 35",
        ),
        ("listAll('2015'))", "expected nothing more, found `)` at 15"),
        ("base64('abc)", "the string has no closing quote at 7"),
        ("'a''", "the string has no closing quote at 0"),
        ("concat(\"a\")", "strings stand in single quotes at 7"),
        (
            "concat('a',)",
            "expected a function, a string or a number, found `)` at 11",
        ),
        (
            "concat(,'a')",
            "expected a function, a string or a number, found `,` at 7",
        ),
        (
            "concat('a' 'b')",
            "expected `,` or `)`, found a string at 11",
        ),
        (
            "parameters",
            "expected `(` after `parameters`, found the end of the expression at 10",
        ),
        (
            "variables('a').",
            "expected a property's name, found the end of the expression at 15",
        ),
        (
            "variables('a')[]",
            "expected a function, a string or a number, found `]` at 15",
        ),
        (
            "variables('a')[0",
            "expected `]`, found the end of the expression at 16",
        ),
        ("1.5", "expected a property's name, found `5` at 2"),
        ("-", "expected digits after `-` at 0"),
        (
            "9223372036854775808",
            "the number `9223372036854775808` is too large at 0",
        ),
        ("é + 1", "`+` means nothing here at 3"),
        ("{'a'}", "`{` means nothing here at 0"),
    ] {
        assert_eq!(spelled(text), expected, "{text}");
    }
}

#[test]
fn offsets_are_those_of_the_first_character() {
    let parsed = parse(" concat( 'a', variables('b').c[1])").unwrap();
    assert_eq!(parsed.offset, 1);
    let Node::Call { arguments, .. } = &parsed.node else {
        panic!("{parsed:?}")
    };
    let offsets: Vec<u32> = arguments.iter().map(|argument| argument.offset).collect();
    assert_eq!(offsets, [9, 30]);
}

#[test]
fn depth_is_bounded() {
    for (front, core, back) in [
        ("f(", "1", ")"),
        ("", "f()", ".a"),
        ("", "f()", "[0]"),
        ("f()[", "0", "]"),
    ] {
        let nested =
            |levels: usize| format!("{}{core}{}", front.repeat(levels), back.repeat(levels));
        assert!(parse(&nested(63)).is_ok(), "{front}{core}{back}");
        for levels in [64, 100_000] {
            let message = parse(&nested(levels)).unwrap_err().message;
            assert_eq!(message, "the expression is nested more than 64 levels deep");
        }
    }
}

#[test]
fn brackets_make_an_expression() {
    for (text, expression, literal) in [
        ("[a()]", true, "[a()]"),
        ("[[a()]", false, "[a()]"),
        ("[[a() ", false, "[[a() "),
        (" [a()]", false, " [a()]"),
        ("[a] b", false, "[a] b"),
        ("[]", true, "[]"),
        ("[", false, "["),
        ("[[]", false, "[]"),
        ("", false, ""),
    ] {
        assert_eq!(is_expression(text), expression, "{text}");
        assert_eq!(unescape_literal(text), literal, "{text}");
    }
}

fn any_expression() -> impl Strategy<Value = Expression> {
    let at = |node| Expression { node, offset: 0 };
    let word = "[A-Za-z_$][A-Za-z0-9_]{0,5}";
    let leaf = prop_oneof![
        "[^\u{0}]{0,6}".prop_map(move |text| at(Node::Text(text.into()))),
        any::<i64>().prop_map(move |number| at(Node::Int(number))),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let arguments = prop::collection::vec(inner.clone(), 0..4);
        let namespace = prop::option::of(word.prop_map(SmolStr::from));
        prop_oneof![
            (namespace, word, arguments).prop_map(move |(namespace, name, arguments)| {
                let documented = documented_spelling(&name).filter(|_| namespace.is_none());
                let name = documented.map_or_else(|| name.into(), SmolStr::from);
                at(Node::Call {
                    namespace,
                    name,
                    arguments,
                })
            }),
            (inner.clone(), word).prop_map(move |(of, name)| at(Node::Property {
                of: Box::new(of),
                name: name.into(),
            })),
            (inner.clone(), inner).prop_map(move |(of, index)| at(match index.node {
                Node::Text(name) if is_word(&name) => Node::Property {
                    of: Box::new(of),
                    name
                },
                _ => Node::Index {
                    of: Box::new(of),
                    at: Box::new(index)
                },
            })),
        ]
    })
}

proptest! {
    #[test]
    fn the_spelling_of_an_expression_reads_as_itself(expression in any_expression()) {
        prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn no_text_that_looks_like_one_makes_it_panic(text in "[a-c(),.\\[\\]' 0-9é-]{0,40}") {
        check(&text)?;
    }
}

/// What is read reads the same again; what is not has its place inside the text.
fn check(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(expression) => prop_assert_eq!(parse(&expression.to_string()), Ok(expression)),
        Err(error) => prop_assert!(text.is_char_boundary(error.offset)),
    }
    Ok(())
}
