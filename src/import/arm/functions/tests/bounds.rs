use super::super::equality::equal;
use super::super::objects::object_of;
use proptest::prelude::*;

use super::*;
use crate::import::Text;

/// A value with itself, again and again, until that is too large.
fn repeated(name: &str, seed: Value, times: usize) -> Value {
    (0..times).fold(seed, |value, _| {
        if is_too_large(&value) {
            return value;
        }
        let twice = [value.clone(), value];
        call(name, &twice, span(0)).unwrap().unwrap()
    })
}

fn text(text: &str) -> Value {
    Value::new(Data::Text(text.into()), span(0))
}

fn is_too_large(value: &Value) -> bool {
    value
        .unknown()
        .is_some_and(|symbol| symbol.why == Why::TooLarge)
}

#[test]
fn growth_ends() {
    let hole = || evaluate("concat('a', parameters('p'))").unwrap();
    assert!(is_too_large(&repeated("concat", text("abc"), 100)));
    assert!(is_too_large(&repeated("concat", hole(), 100)));
    assert!(is_too_large(&repeated("createArray", text("abc"), 100)));
    assert!(is_too_large(&repeated("createArray", hole(), 100)));
    let numbers = evaluate("range(0, 10000)").unwrap();
    assert!(is_too_large(&repeated("concat", numbers, 100)));
}

#[test]
fn sharing_without_end_is_not_walked() {
    // 2^16 strings in a few hundred bytes: within the bound on depth.
    let wide = repeated("createArray", text("abc"), 16);
    for name in ["equals", "union", "contains", "concat"] {
        let result = call(name, &[wide.clone(), wide.clone()], span(0)).unwrap();
        assert!(result.is_ok(), "{name}");
    }
    let nested = || {
        (0..40).fold(text("x"), |value, _| {
            let pairs = [("a".into(), value.clone()), ("b".into(), value)];
            let object = object_of(pairs, span(0));
            Value::new(Data::Object(Arc::new(object)), span(0))
        })
    };
    let (a, b) = (nested(), nested());
    for name in ["equals", "union", "intersection", "createArray"] {
        let value = call(name, &[a.clone(), b.clone()], span(0));
        assert!(is_too_large(&value.unwrap().unwrap()), "{name}");
    }
    assert!(is_too_large(
        &call("string", &[a], span(0)).unwrap().unwrap()
    ));
}

#[test]
fn long_symbols_are_cut_but_differ() {
    let long = |end: &str| {
        let words = format!("{}{end}", "word ".repeat(1_000));
        let value = call("uniqueString", &[text(&words)], span(0))
            .unwrap()
            .unwrap();
        value.unknown().unwrap().text.clone()
    };
    assert!(long("a").len() < 1_100);
    assert_ne!(long("a"), long("b"));
    assert_eq!(long("a"), long("a"));
}

fn any_value() -> impl Strategy<Value = Value> {
    let symbol = |text: &str| Symbol::new(text, Why::RunTime);
    let leaf = prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i64>().prop_map(Data::Int),
        (-3_i64..40).prop_map(Data::Int),
        any::<f64>().prop_map(Data::Float),
        any::<String>().prop_map(|text| Data::Text(text.as_str().into())),
        "[a/.:{}0-9P'é-]{0,9}".prop_map(|text| Data::Text(text.as_str().into())),
        prop_oneof![
            "10\\.0\\.0\\.0/[0-9]{1,2}",
            "fd00::/[0-9]{1,3}",
            "Microsoft\\.A/b(/c)?"
        ]
        .prop_map(|text| Data::Text(text.as_str().into())),
        "[a/]{0,3}".prop_map(move |text| Data::Text(Text::from_parts([
            crate::import::Part::Known(text.into()),
            crate::import::Part::Hole(symbol("reference('x')")),
        ]))),
        Just(Data::Unknown(symbol("parameters('p')"))),
    ];
    let leaf = leaf.prop_map(|data| Value::new(data, span(0)));
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| Value::new(Data::Array(items.into()), span(0))),
            prop::collection::vec(("[a-c]", inner), 0..4).prop_map(|pairs| {
                let pairs = pairs
                    .into_iter()
                    .map(|(key, value)| (key.as_str().into(), value));
                Value::new(Data::Object(Arc::new(object_of(pairs, span(0)))), span(0))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_arguments_make_a_function_panic(
        function in 0..table::FUNCTIONS.len(),
        arguments in prop::collection::vec(any_value(), 0..5),
    ) {
        let name = table::FUNCTIONS[function].name;
        if let Ok(value) = call(name, &arguments, span(3)).unwrap() {
            prop_assert_eq!(value.span, span(3));
        }
    }

    #[test]
    fn equality_is_symmetric_and_reflexive(a in any_value(), b in any_value()) {
        prop_assert_eq!(equal(&a, &b).ok(), equal(&b, &a).ok());
        prop_assert_ne!(equal(&a, &a), Ok(false));
    }
}
