//! `docs/language.md` holds against the parser: its examples parse, and it leaves nothing out.

use tidegate::base::SourceMap;
use tidegate::diag;
use tidegate::syntax::{Parameters, Parsed, format, lower, parse, usages};

use super::policy::{Block, blocks, built_in, lines};

const REFERENCE: &str = include_str!("../../docs/language.md");

/// The examples of the reference.
fn examples() -> Vec<Block> {
    blocks(REFERENCE, "egress")
}

fn parsed(text: &str) -> (SourceMap, Parsed) {
    let mut sources = SourceMap::default();
    let file = sources.add("docs/language.md", text.to_owned());
    let parsed = parse(&sources, file);
    (sources, parsed)
}

#[test]
fn every_example_parses_and_can_be_formatted() {
    for Block { line, text } in examples() {
        let (sources, read) = parsed(&text);
        let findings = lines(&sources, &read.findings);
        assert_eq!(findings, "", "the example in line {line}");
        let formatted = format(&sources, &read).unwrap();
        let (sources, read) = parsed(&formatted);
        assert_eq!(
            format(&sources, &read).unwrap(),
            formatted,
            "the example in line {line}"
        );
    }
}

#[test]
fn the_first_example_is_a_complete_policy() {
    let (mut sources, library) = built_in();
    let first = examples().into_iter().next().unwrap();
    let file = sources.add("policy.egress", first.text);
    let read = parse(&sources, file);
    let mut findings = lower(&[read], library, &Parameters::new()).findings;
    diag::sort(&mut findings);
    assert_eq!(lines(&sources, &findings), "");
}

#[test]
fn every_statement_and_clause_is_documented() {
    let missing: Vec<_> = usages()
        .into_iter()
        .filter(|(_, usage)| !REFERENCE.contains(&format!("`{usage}`")))
        .collect();
    assert!(missing.is_empty(), "not in docs/language.md: {missing:#?}");
}

#[test]
fn every_keyword_has_an_example() {
    let words: Vec<String> = examples()
        .iter()
        .flat_map(|block| {
            let (sources, read) = parsed(&block.text);
            let tokens: Vec<String> = read.tokens(&sources).map(str::to_owned).collect();
            tokens
        })
        .collect();
    let missing: Vec<_> = usages()
        .into_iter()
        .filter(|(_, usage)| {
            let keyword = usage.split(' ').next();
            !words.iter().any(|word| Some(word.as_str()) == keyword)
        })
        .collect();
    assert!(
        missing.is_empty(),
        "without an example in docs/language.md: {missing:#?}"
    );
}
