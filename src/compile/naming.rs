//! Names of emitted elements.

use std::collections::BTreeMap;

use smol_str::SmolStr;

/// The most characters Azure takes in the name of a rule, collection or group
/// (azure-resource-manager/management/resource-name-rules).
const LONGEST: usize = 80;

/// A name Azure accepts, made of words of the policy: other characters become hyphens, an asterisk becomes `any`.
pub(super) fn azure_name(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' => out.push(c),
            '*' => out.push_str("any"),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    let trimmed = out.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let end = trimmed.floor_char_boundary(LONGEST);
    let short = trimmed
        .get(..end)
        .unwrap_or("")
        .trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    if short.is_empty() {
        "rule".to_owned()
    } else {
        short.to_owned()
    }
}

/// Makes names unique: the second `a` becomes `a-2`.
#[derive(Debug, Default)]
pub(super) struct UniqueNames(BTreeMap<String, u32>);

impl UniqueNames {
    /// None of these names will be given.
    pub(super) fn with<'a>(taken: impl IntoIterator<Item = &'a str>) -> Self {
        Self(
            taken
                .into_iter()
                .map(|name| (name.to_ascii_lowercase(), 1))
                .collect(),
        )
    }

    pub(super) fn take(&mut self, name: String) -> String {
        let count = self.0.entry(name.to_ascii_lowercase()).or_insert(0);
        *count += 1;
        if *count == 1 {
            return name;
        }
        let suffix = format!("-{count}");
        let room = name.floor_char_boundary(LONGEST - suffix.len());
        let next = format!("{}{suffix}", name.get(..room).unwrap_or(&name));
        self.take(next)
    }
}

/// A name for a resource that none of its kind has yet.
pub(super) fn free_name<'a>(wanted: &str, taken: impl IntoIterator<Item = &'a str>) -> SmolStr {
    UniqueNames::with(taken).take(azure_name(wanted)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_azure() {
        assert_eq!(
            azure_name("192.168.40.0/24 tcp/9092-9094"),
            "192.168.40.0-24-tcp-9092-9094"
        );
        assert_eq!(
            azure_name("*.blob.core.windows.net https"),
            "any.blob.core.windows.net-https"
        );
        assert_eq!(azure_name("->"), "rule");
        assert_eq!(azure_name(&"x".repeat(200)).len(), 80);
        let mut names = UniqueNames::default();
        let taken: Vec<String> = ["a", "A", "a-2", "a"]
            .map(|name| names.take(name.to_owned()))
            .into();
        assert_eq!(taken, ["a", "A-2", "a-2-2", "a-3"]);
    }
}
