use super::{Data, Span, call, evaluate, span};
use crate::import::Value;

#[test]
fn results_stand_at_the_call() {
    let value = evaluate("concat('a', 'b')").unwrap();
    assert_eq!((value.span, value.written), (span(0), None));
}

#[test]
fn what_is_taken_from_an_argument_knows_where_it_was_written() {
    let inner = |start: u32, written: Option<Span>| Value {
        written,
        ..Value::new(Data::Int(1), span(start))
    };
    let items = vec![inner(7, None), inner(8, Some(span(90)))];
    let array = Value::new(Data::Array(items.into()), span(5));
    let of = |name: &str| {
        call(name, std::slice::from_ref(&array), span(50))
            .unwrap()
            .unwrap()
    };
    let (first, last) = (of("first"), of("last"));
    assert_eq!((first.span, first.written), (span(50), Some(span(7))));
    assert_eq!((last.span, last.written), (span(50), Some(span(90))));
    let whole = of("array");
    let starts: Vec<u32> = whole
        .items()
        .unwrap()
        .iter()
        .map(|item| item.span.start)
        .collect();
    assert_eq!((whole.written, starts), (Some(span(5)), vec![7, 8]));
}
