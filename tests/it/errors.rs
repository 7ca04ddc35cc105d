//! One policy per mistake: what is reported, where, and how often.
//!
//! Each file of `fixtures/errors` is the same small policy with the mistake that its first line names.

use camino::Utf8Path;

use super::policy::{built_in, findings_of, lines};
use super::support::{Project, policies_in};
use tidegate::base::FileReader;
use tidegate::diag::Severity;
use tidegate::syntax::{Parameters, lower, parse};

/// Fixtures with more than one finding. The catalog of `unknown-cluster-type` is that of a retired service.
const MORE_FINDINGS: &[(&str, usize)] = &[("several", 7), ("unknown-cluster-type", 2)];

#[test]
fn every_mistake_is_reported_once_and_clearly() {
    let mut wrong = Vec::new();
    for name in policies_in("fixtures/errors") {
        let path = format!("fixtures/errors/{name}.egress");
        let path = Utf8Path::new(&path);
        let text = Project.read(path).unwrap();
        let mistake = text
            .trim_start_matches('\u{feff}')
            .lines()
            .next()
            .unwrap()
            .trim_start_matches("// ");
        let (sources, findings) = findings_of(path).unwrap();
        let shown = lines(&sources, &findings);
        insta::with_settings!({
            description => mistake,
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(name.clone(), shown);
        });
        let expected = MORE_FINDINGS
            .iter()
            .find(|(several, _)| *several == name)
            .map_or(1, |(_, count)| *count);
        if findings.len() != expected {
            wrong.push(format!(
                "{name}: {} findings for {expected} mistakes\n{shown}",
                findings.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands before a word that may be a keyword: the start of a line or block, or another keyword.
fn may_be_keyword(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t']);
    let line = before.lines().next_back().unwrap_or_default();
    let is_plain = !line.contains("//") && line.matches('"').count().is_multiple_of(2);
    let starts = before.is_empty() || before.ends_with(['\n', '{', '}']);
    let word = line.split_whitespace().next_back().unwrap_or_default();
    is_plain && (starts || ["->", "from", "to", "dns"].contains(&word))
}

#[test]
fn a_slip_in_a_keyword_is_one_mistake() {
    let (built_in, library) = built_in();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for name in policies_in("policies") {
        let path = format!("policies/{name}.egress");
        let text = Project.read(Utf8Path::new(&path)).unwrap();
        let ends = text.match_indices([' ', '\n']).map(|(end, _)| end);
        for end in ends.filter(|_| !text.contains("use \"")) {
            let (until, after) = text.split_at(end);
            let start = until.rfind([' ', '\n']).map_or(0, |at| at + 1);
            let (before, word) = until.split_at(start);
            let mut letters: Vec<char> = word.chars().collect();
            let is_word = letters
                .iter()
                .all(|it| it.is_ascii_lowercase() || *it == '-');
            if !is_word || letters.len() < 3 || word == "egress" || !may_be_keyword(before) {
                continue;
            }
            letters.remove(letters.len() - 2);
            let slip = letters.into_iter().collect::<String>();
            let slip = [before, slip.as_str(), after].concat();
            let mut sources = built_in.clone();
            let file = sources.add(path.as_str(), slip);
            let parsed = [parse(&sources, file)];
            let mut findings = parsed[0].findings.clone();
            findings.extend(lower(&parsed, library, &Parameters::new()).findings);
            findings.retain(|finding| finding.severity == Severity::Error);
            count += 1;
            if findings.len() != 1 {
                wrong.push(format!("{word}: {}", lines(&sources, &findings)));
            }
        }
    }
    assert!(count > 200, "{count} slips");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
