//! What an id means, for formats that carry the documentation along.

use crate::diag::{Id, Safety, Severity};
use crate::lint::RULES;

use super::words::sentence;

/// The documentation of an id in Markdown: that of its rule, or what its message means.
pub(super) fn markdown(id: Id) -> String {
    let rule = RULES.iter().find(|rule| rule.id == id);
    match (rule, id.doc()) {
        (Some(rule), _) => rule.markdown().trim().to_owned(),
        (None, Some(doc)) => doc.to_owned(),
        (None, None) => sentence(id.title()),
    }
}

/// Which fixes there are for findings of an id, and whether they are safe; `None` without any.
#[must_use]
pub fn fix_line(id: Id) -> Option<String> {
    let fixes = id.fixes();
    let kinds = [("policies", fixes.policy), ("templates", fixes.template)];
    let words: Vec<String> = kinds
        .into_iter()
        .filter_map(|(place, safeties)| {
            let how = match safeties {
                [] => return None,
                [Safety::Safe] => "safe",
                [Safety::Unsafe] => "unsafe",
                _ => "safe or unsafe",
            };
            Some(format!("in {place}, {how}"))
        })
        .collect();
    (!words.is_empty()).then(|| format!("Fixes: {}.", words.join("; ")))
}

/// The first paragraph of the documentation, on one line, of at most `length` characters.
pub(super) fn summary(id: Id, length: usize) -> String {
    let text = markdown(id);
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(length) {
        Some(_) => line
            .chars()
            .take(length.saturating_sub(1))
            .chain(['…'])
            .collect(),
        None => line,
    }
}

/// The title as one name: `DefaultRouteOfAPool`.
pub(super) fn name(id: Id) -> String {
    let words = id.title().split(|c: char| !c.is_alphanumeric());
    words
        .map(|word| {
            let mut characters = word.chars();
            let first = characters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(characters).collect::<String>()
        })
        .collect()
}

/// What the id is about, in the words of its family.
pub(super) fn family(id: Id) -> &'static str {
    match id.code().as_bytes().get(2) {
        Some(b'1') => "routing",
        Some(b'2') => "firewall",
        Some(b'3') => "firewall-rules",
        Some(b'4') => "network-security-group",
        Some(b'5') => "dns",
        Some(b'6') => "identity",
        Some(b'7') => "cluster",
        Some(b'8') => "hygiene",
        Some(b'9') => "limits",
        _ => "input",
    }
}

/// How seldom a finding of this id is wrong: errors are provable, warnings probable.
pub(super) fn precision(id: Id) -> &'static str {
    match id.severity() {
        Severity::Error => "very-high",
        Severity::Warning => "high",
        Severity::Note => "medium",
    }
}

/// Where the id is documented on the web, when the package names a home page.
pub(super) fn page(id: Id) -> Option<String> {
    Some(format!("{}/rules/{id}", home_page()?.trim_end_matches('/')))
}

/// The home page that the package names.
pub(super) fn home_page() -> Option<&'static str> {
    Some(env!("CARGO_PKG_HOMEPAGE")).filter(|page| !page.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_has_a_name_and_a_summary_that_fit() {
        for id in Id::ALL {
            let name = name(*id);
            assert!(
                name.len() <= 255 && name.starts_with(char::is_uppercase),
                "{name}"
            );
            assert!(name.chars().all(char::is_alphanumeric), "{name}");
            let summary = summary(*id, 1_024);
            assert!(
                !summary.is_empty() && summary.chars().count() <= 1_024,
                "{summary}"
            );
        }
        assert_eq!(
            name(Id::TG1001),
            "DefaultRouteOfAPoolWithUserDefinedRouting"
        );
    }

    #[test]
    fn fixes_are_told_for_policies_and_templates() {
        let line = |id| fix_line(id).unwrap_or_default();
        assert_eq!(line(Id::TG0001), "");
        assert_eq!(line(Id::TG0005), "Fixes: in policies, unsafe.");
        assert_eq!(line(Id::TG3023), "Fixes: in templates, safe.");
        assert_eq!(
            line(Id::TG3007),
            "Fixes: in policies, safe or unsafe; in templates, unsafe."
        );
    }

    #[test]
    fn long_summaries_end_with_an_ellipsis() {
        let short = summary(Id::TG0001, 20);
        assert_eq!(short.chars().count(), 20);
        assert!(short.ends_with('…'), "{short}");
    }
}
