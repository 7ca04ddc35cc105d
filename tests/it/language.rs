//! `docs/language.md` holds against the parser: its examples parse, and it leaves nothing out.

use tidegate::base::SourceMap;
use tidegate::diag;
use tidegate::syntax::{Parameters, Parsed, format, lower, parse, usages};

use super::policy::{built_in, lines};

const REFERENCE: &str = include_str!("../../docs/language.md");

/// The blocks of the reference that are policies, each with the line of the page on which it begins.
fn examples() -> Vec<(usize, String)> {
    let mut examples = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(REFERENCE.lines()) {
        match &mut open {
            None if line == "```egress" => open = Some((number + 1, String::new())),
            None => {}
            Some(_) if line == "```" => examples.extend(open.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    examples
}

fn parsed(text: &str) -> (SourceMap, Parsed) {
    let mut sources = SourceMap::default();
    let file = sources.add("docs/language.md", text.to_owned());
    let parsed = parse(&sources, file);
    (sources, parsed)
}

#[test]
fn every_example_parses_and_can_be_formatted() {
    for (line, text) in examples() {
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
    let (_, text) = examples().into_iter().next().unwrap();
    let file = sources.add("policy.egress", text);
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
        .flat_map(|(_, text)| {
            let (sources, read) = parsed(text);
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
