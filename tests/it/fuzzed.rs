//! The bodies of the fuzz targets on random input, made from what real files hold; `fuzz/` goes on from there.

#[path = "../../fuzz/bodies.rs"]
mod bodies;

use proptest::prelude::*;

use super::support::{files, project};

/// Texts that crashed something once, and the fixtures as seeds.
fn seeds(folder: &str, ending: &str) -> Vec<String> {
    let read = |path: camino::Utf8PathBuf| std::fs::read_to_string(project(path.as_str())).ok();
    files(folder, ending).into_iter().filter_map(read).collect()
}

/// A seed with some of its bytes cut out, doubled or changed.
fn damaged(seeds: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0usize..60,
        any::<u8>(),
        0u8..4,
    );
    (
        prop::sample::select(seeds),
        prop::collection::vec(change, 1..6),
    )
        .prop_map(|(seed, changes)| {
            let mut bytes = seed.into_bytes();
            for (place, length, byte, kind) in changes {
                if bytes.is_empty() {
                    break;
                }
                let at = place.index(bytes.len());
                let end = (at + length).min(bytes.len());
                match kind {
                    0 => drop(bytes.drain(at..end)),
                    1 => {
                        let copy = bytes[at..end].to_vec();
                        bytes.splice(at..at, copy);
                    }
                    2 => bytes[at] = byte,
                    _ => bytes.insert(at, b"[](){}'\",:$*/"[usize::from(byte) % 13]),
                }
            }
            bytes
        })
}

/// Pieces that expressions are made of.
fn expression() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "concat",
        "parameters",
        "variables",
        "if",
        "copyIndex",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "'a'",
        "'it''s'",
        "0",
        "-1",
        "9999999999999999999999",
        " ",
        "\n",
        "x",
        "'",
        "ns.f",
        "ä",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_policy_or_has_findings(bytes in damaged(seeds("policies", ".egress"))) {
        bodies::policy(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_is_an_expression_or_none(text in expression(), other in ".{0,40}") {
        bodies::expression(&text);
        bodies::expression(&other);
    }

    #[test]
    fn any_bytes_are_json_or_none(bytes in damaged(seeds("fixtures/lint", ".json")), other in any::<Vec<u8>>()) {
        bodies::json_text(&bytes);
        bodies::json_text(&other);
    }

    #[test]
    fn any_bytes_can_be_linted(bytes in damaged(seeds("fixtures/lint", ".json"))) {
        bodies::importer(&bytes);
    }

    #[test]
    fn any_text_is_a_catalog_or_has_findings(bytes in damaged(seeds("rules/egress", ".yaml"))) {
        bodies::catalog(&String::from_utf8_lossy(&bytes));
    }
}
