//! `docs/rules/`: a page for every id, from the words that `tidegate rule` prints.
//!
//! `TIDEGATE_WRITE_PAGES=1 cargo test --test it rule_pages` writes them anew.

use std::collections::BTreeSet;

use tidegate::diag::Id;
use tidegate::lint::RULES;
use tidegate::report::fix_line;

use super::support::{files, project};

/// The page of an id.
fn page(id: Id) -> String {
    let words = match RULES.iter().find(|rule| rule.id == id) {
        Some(rule) => rule.markdown(),
        None => format!("{}\n", id.doc().unwrap_or_default()),
    };
    let fixes = fix_line(id).map_or_else(String::new, |line| format!("{line}\n\n"));
    format!(
        "# {}: {}\n\nSeverity: {}.\n\n{fixes}{}\n",
        id.code(),
        id.title(),
        id.severity(),
        words.trim_end()
    )
}

/// The list of all pages.
fn index() -> String {
    let mut text = "# Rules and messages\n\n`tidegate rule ID` prints the same pages.\n\n| id | severity | about |\n|---|---|---|\n".to_owned();
    for id in Id::ALL {
        text.push_str(&format!(
            "| [{0}]({0}.md) | {1} | {2} |\n",
            id.code(),
            id.severity(),
            id.title()
        ));
    }
    text
}

#[test]
fn every_id_has_its_page() {
    let mut pages: Vec<(String, String)> = Id::ALL
        .iter()
        .map(|id| (format!("docs/rules/{}.md", id.code()), page(*id)))
        .collect();
    pages.push(("docs/rules/README.md".to_owned(), index()));
    if std::env::var_os("TIDEGATE_WRITE_PAGES").is_some() {
        std::fs::create_dir_all(project("docs/rules")).unwrap();
        for (path, text) in &pages {
            std::fs::write(project(path), text).unwrap();
        }
    }
    for (path, text) in &pages {
        let written = std::fs::read_to_string(project(path)).unwrap_or_default();
        assert!(
            written == *text,
            "{path} is not what the rule says; write the pages anew"
        );
    }
    let wanted: BTreeSet<&str> = pages.iter().map(|(path, _)| path.as_str()).collect();
    let stray: Vec<String> = files("docs/rules", ".md")
        .into_iter()
        .map(|path| path.into_string())
        .filter(|path| !wanted.contains(path.as_str()))
        .collect();
    assert!(stray.is_empty(), "pages of nothing: {stray:?}");
}
