//! What a finding is recognised by in later runs, when lines have moved and files were laid out afresh.
//!
//! A fingerprint comes from the id, the file, the names around the place, the statement or object at the place, the
//! text there, and the names that the message quotes. Order, layout, priorities, and everything elsewhere do not count.

use std::collections::HashMap;

use crate::base::{FileId, SourceMap, Span};
use crate::diag::Finding;
use crate::import::json::parse as parse_json;
use crate::syntax::{Outline, parse};

use super::json_outline::JsonOutline;

/// A fingerprint for each finding, in order. Findings that are the same but for their order are numbered.
#[must_use]
pub fn fingerprints<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    sources: &SourceMap,
) -> Vec<String> {
    let mut files = Files {
        sources,
        read: HashMap::new(),
    };
    let mut seen: HashMap<u128, u32> = HashMap::new();
    let print = |finding: &Finding| {
        let hash = hash(&parts(finding, &mut files));
        let count = seen.entry(hash).or_insert(0);
        *count += 1;
        match *count {
            1 => format!("{hash:032x}"),
            more => format!("{hash:032x}:{more}"),
        }
    };
    findings.into_iter().map(print).collect()
}

/// All that a fingerprint is made of.
fn parts(finding: &Finding, files: &mut Files<'_>) -> Vec<String> {
    let mut parts = vec![finding.id.code().to_owned()];
    if let Some(primary) = &finding.primary {
        let path = files.sources.get(primary.span.file);
        parts.push(path.map_or(String::new(), |file| {
            file.path().as_str().replace('\\', "/")
        }));
        parts.extend(files.anchor(primary.span));
        parts.push(one_blank(files.sources.text(primary.span)));
    }
    let mut quoted: Vec<&str> = finding.message.split('`').skip(1).step_by(2).collect();
    quoted.sort_unstable();
    quoted.dedup();
    parts.extend(quoted.into_iter().map(str::to_owned));
    parts
}

/// FNV-1a over 128 bits: short, the same everywhere, and good enough to tell findings of one run apart. Nobody gains
/// anything by making two of them equal.
fn hash(parts: &[String]) -> u128 {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    const BETWEEN_PARTS: u8 = 0;
    let bytes = parts
        .iter()
        .flat_map(|part| part.bytes().chain([BETWEEN_PARTS]));
    bytes.fold(START, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}

fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The files that findings point into, each read once.
struct Files<'a> {
    sources: &'a SourceMap,
    read: HashMap<FileId, Content>,
}

enum Content {
    Policy(Outline),
    Json(JsonOutline),
    Other,
}

impl Files<'_> {
    /// Names around a place, and what stands there without what order and layout decide.
    fn anchor(&mut self, place: Span) -> Vec<String> {
        let sources = self.sources;
        let content = self
            .read
            .entry(place.file)
            .or_insert_with(|| read(sources, place.file));
        match content {
            Content::Policy(outline) => outline.anchor(place).map(|anchor| {
                let mut parts = anchor.blocks;
                parts.push(anchor.statement);
                parts
            }),
            Content::Json(outline) => Some(outline.around(place)),
            Content::Other => None,
        }
        .unwrap_or_else(|| vec![line(sources, place)])
    }
}

fn read(sources: &SourceMap, id: FileId) -> Content {
    let Some(file) = sources.get(id) else {
        return Content::Other;
    };
    match file.path().extension() {
        Some("egress") => Content::Policy(Outline::new(&parse(sources, id), file.text())),
        Some("json" | "jsonc") => {
            let text = file.shared_text();
            parse_json(id, &text).map_or(Content::Other, |document| {
                Content::Json(JsonOutline::new(&document, text))
            })
        }
        _ => Content::Other,
    }
}

/// The line of a place, in files that are neither.
fn line(sources: &SourceMap, place: Span) -> String {
    let Some(file) = sources.get(place.file) else {
        return String::new();
    };
    let start = file.line_start(file.line_column(place.start).line) as usize;
    let line = file
        .text()
        .get(start..)
        .and_then(|rest| rest.lines().next());
    one_blank(line.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Id;
    use proptest::prelude::*;

    /// The fingerprint of a finding at the first such words of a text.
    fn print(path: &str, text: &str, at: &str, message: &str) -> String {
        let mut sources = SourceMap::default();
        let file = sources.add(path, text.to_owned());
        let start = text.find(at).unwrap();
        let span = sources.span(file, start, start + at.len());
        let finding = Finding::new(Id::TG4001, message).at(span, "here");
        fingerprints([&finding], &sources).remove(0)
    }

    fn policy(rules: &[String], gap: &str) -> String {
        format!("egress 1\nnsg web {{{gap}{}{gap}}}\n", rules.join(gap))
    }

    fn template(rules: &[String], gap: &str) -> String {
        format!(
            r#"{{"resources":{gap}[{{"type": "Microsoft.Network/networkSecurityGroups", "name": "web", "properties": {{"securityRules": [{gap}{}]}}}}]}}"#,
            rules.join(&format!(",{gap}"))
        )
    }

    fn policy_rule(name: usize, priority: usize, port: usize) -> String {
        format!("rule r{name} {priority} outbound allow from 10.0.0.0/24 to * tcp/{port}")
    }

    fn template_rule(name: usize, priority: usize, port: usize) -> String {
        format!(
            r#"{{"name": "r{name}", "properties": {{"priority": {priority}, "access": "Allow", "destinationPortRange": "{port}"}}}}"#
        )
    }

    /// Rules in another order, with other priorities and another layout, and one of them changed.
    fn hold(
        path: &str,
        whole: fn(&[String], &str) -> String,
        rule: fn(usize, usize, usize) -> String,
        at: &str,
        order: &[usize],
    ) {
        let flagged = order.len() / 2;
        let written = |order: &[usize], step: usize, port: usize, gap: &str| {
            let rules = order.iter().enumerate().map(|(place, name)| {
                rule(
                    *name,
                    100 + place * step,
                    if *name == flagged { port } else { 443 },
                )
            });
            let text = whole(&rules.collect::<Vec<_>>(), gap);
            print(
                path,
                &text,
                &at.replace('#', &flagged.to_string()),
                "rule is wide",
            )
        };
        let sorted: Vec<usize> = (0..order.len()).collect();
        let first = written(&sorted, 1, 80, "\n");
        assert_eq!(written(order, 7, 80, "\n\n    "), first);
        assert_ne!(written(&sorted, 1, 81, "\n"), first);
    }

    proptest! {
        #[test]
        fn order_and_layout_do_not_count_and_the_rule_does(
            order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        ) {
            hold("a.egress", policy, policy_rule, "rule r# ", &order);
            hold("a.json", template, template_rule, "\"r#\"", &order);
        }
    }

    #[test]
    fn file_names_and_quoted_words_count_and_other_words_do_not() {
        let text = "egress 1\nnsg web { }\n";
        let first = print("a.egress", text, "web", "group `web` is wide");
        assert_eq!(print("a.egress", text, "web", "too wide: `web`"), first);
        assert_ne!(print("b.egress", text, "web", "group `web` is wide"), first);
        assert_ne!(print("a.egress", text, "web", "group `api` is wide"), first);
    }

    #[test]
    fn equal_findings_are_numbered() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.yaml", "a: 1\n".to_owned());
        let finding = Finding::new(Id::TG0019, "bad").at(sources.span(file, 0, 1), "");
        let both = fingerprints([&finding, &finding], &sources);
        assert_eq!(both[1], format!("{}:2", both[0]));
    }

    #[test]
    fn findings_without_a_place_or_a_file_have_fingerprints_too() {
        let sources = SourceMap::default();
        let finding = Finding::new(Id::TG0013, "cannot read `a`");
        assert_eq!(fingerprints([&finding], &sources)[0].len(), 32);
    }
}
