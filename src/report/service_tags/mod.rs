//! Service tags as text, Markdown and JSON: one tag, and what changed between two files.

mod change;
mod change_json;
mod page;
mod page_json;

pub use change::{ChangeView, change_markdown, change_text};
pub use change_json::change_json;
pub use page::{PageView, page_markdown, page_text};
pub use page_json::page_json;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::azure::ServiceTags;
use crate::azure::facts::TagFeature;
use crate::base::Date;
use crate::verify::Detail;
use crate::verify::service_tags::Addresses;

use super::held::number;

/// The path of the facts about service tags, to name them by.
const FACTS: &str = "rules/azure/service-tags.yaml";

/// A file of service tags.
#[derive(Debug, Clone, Copy)]
pub struct FileView<'v> {
    /// The path as the user gave it.
    pub path: &'v str,
    /// The day that its name bears.
    pub date: Option<Date>,
    /// What is in it.
    pub tags: &'v ServiceTags,
}

impl FileView<'_> {
    /// `ServiceTags_Public_20251028.json (Public, change number 375, of 2025-10-28)`.
    fn words(&self) -> String {
        format!("{} ({})", self.path, self.facts())
    }

    fn facts(&self) -> String {
        let mut text = format!(
            "{}, change number {}",
            self.tags.cloud(),
            self.tags.change_number()
        );
        if let Some(date) = self.date {
            text.push_str(&format!(", of {date}"));
        }
        text
    }
}

/// A use in words.
fn feature_words(feature: TagFeature) -> &'static str {
    match feature {
        TagFeature::Regional => "regional forms",
        TagFeature::Nsg => "security rules",
        TagFeature::Udr => "routes",
        TagFeature::Firewall => "Azure Firewall",
        TagFeature::ServiceEndpoint => "service endpoints",
    }
}

/// A use as the facts call it, for programs.
fn feature_key(feature: TagFeature) -> &'static str {
    match feature {
        TagFeature::Regional => "regional",
        TagFeature::Nsg => "nsg",
        TagFeature::Udr => "udr",
        TagFeature::Firewall => "firewall",
        TagFeature::ServiceEndpoint => "service-endpoint",
    }
}

/// Uses in words.
fn features_words(features: &[TagFeature]) -> String {
    let words: Vec<&str> = features.iter().copied().map(feature_words).collect();
    words.join(", ")
}

/// Uses as a file states them: in words, and as they stand in the file.
fn stated_words(words: &[SmolStr]) -> String {
    let stated: Vec<&str> = words.iter().map(SmolStr::as_str).collect();
    let known = words.iter().filter_map(|word| TagFeature::of_file(word));
    match (
        known.map(feature_words).collect::<Vec<_>>().as_slice(),
        stated.as_slice(),
    ) {
        (_, []) => "the file states no use".to_owned(),
        ([], stated) => format!("in the words of the file: {}", stated.join(" ")),
        (known, stated) => format!("{} (in the file: {})", known.join(", "), stated.join(" ")),
    }
}

/// Uses as a file states them, in short: words where there are any.
fn uses_words(words: &[SmolStr]) -> String {
    let words: Vec<&str> = words
        .iter()
        .map(|word| match TagFeature::of_file(word) {
            Some(feature) => feature_words(feature),
            None => word,
        })
        .collect();
    match words.as_slice() {
        [] => "no use stated".to_owned(),
        words => words.join(", "),
    }
}

/// `1,280 IPv4 and 256 IPv6 addresses`.
fn counted(addresses: &Addresses) -> String {
    let (v4, v6) = (addresses.v4_count(), addresses.v6_count());
    let word = |count: u128| if count == 1 { "address" } else { "addresses" };
    match (v4, v6) {
        (0, 0) => "no address".to_owned(),
        (v4, 0) => format!("{} IPv4 {}", short_number(v4), word(v4)),
        (0, v6) => format!("{} IPv6 {}", short_number(v6), word(v6)),
        (v4, v6) => format!(
            "{} IPv4 and {} IPv6 addresses",
            short_number(v4),
            short_number(v6)
        ),
    }
}

/// A number in digits, or rounded to a power of two when it has more than twelve of them: IPv6 counts networks.
fn short_number(value: u128) -> String {
    match value {
        ..1_000_000_000_000 => number(value),
        value if value.is_power_of_two() => format!("2^{}", value.ilog2()),
        value => format!("about 2^{}", rounded_log2(value)),
    }
}

/// The power of two that is nearest.
fn rounded_log2(value: u128) -> u32 {
    let down = value.ilog2();
    // Half a power above 2^n is 2^n times the root of two, 1.4142.
    let half_up = (value >> (down.saturating_sub(20))) * 10_000 >= (1 << 20) * 14_142;
    down + u32::from(half_up)
}

fn prefixes_word(count: usize) -> String {
    match count {
        1 => "1 prefix".to_owned(),
        count => format!("{} prefixes", number(count as u128)),
    }
}

/// A list in one text, cut unless all is wanted: `a, b and 12 more (--all)`.
fn listed<T: ToString>(items: &[T], most: usize, detail: Detail) -> String {
    let most = match detail {
        Detail::Short => most,
        Detail::Full => usize::MAX,
    };
    let shown: Vec<String> = items.iter().take(most).map(ToString::to_string).collect();
    let mut text = shown.join(", ");
    let more = items.len().saturating_sub(most);
    if more > 0 {
        text.push_str(&format!(" and {} more (--all)", number(more as u128)));
    }
    text
}

/// How many prefixes of a list are of IPv4, and how many of IPv6.
fn by_family(prefixes: &[IpNet]) -> (usize, usize) {
    let v4 = prefixes
        .iter()
        .filter(|prefix| matches!(prefix, IpNet::V4(_)));
    let v4 = v4.count();
    (v4, prefixes.len() - v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_powers() {
        let texts = [0, 1_234_567, 1 << 64, 3 << 64, (1 << 64) + 1, u128::MAX].map(short_number);
        assert_eq!(
            texts,
            [
                "0",
                "1,234,567",
                "2^64",
                "about 2^66",
                "about 2^64",
                "about 2^128"
            ]
        );
    }
}
