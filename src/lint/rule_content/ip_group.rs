//! TG3023: IP groups that say the same twice.

use ipnet::IpNet;
use rustc_hash::FxHashSet;

use crate::base::Span;
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::IpGroup;
use crate::lint::{Context, change};
use crate::net::overlapping;

rule! {
    /// An IP group holds an entry twice, or an entry that lies in another one.
    ///
    /// A second entry does nothing. It counts against the entries that a group may have, and whoever takes the first
    /// one out will wonder why its addresses still get through. An entry that lies in a wider one is a note.
    ///
    /// ```egress
    /// ip-group partners = 203.0.113.0/28, 198.51.100.0/24, 203.0.113.0/28
    /// ```
    ///
    /// Take one of the two out.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/ip-groups.md.
    TG3023, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, group) in context.estate.ip_groups.iter() {
        check_group(group, findings);
    }
}

/// An entry: its place, and its words.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    span: Span,
    value: Written<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Written<'a> {
    Prefix(&'a IpNet),
    Range(&'a crate::net::AddressRange),
}

impl std::fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Range(range) => range.fmt(f),
        }
    }
}

fn check_group(group: &IpGroup, findings: &mut Vec<Finding>) {
    let prefixes = group.prefixes.iter().map(|prefix| {
        let entry = Entry {
            span: prefix.span,
            value: Written::Prefix(&prefix.value),
        };
        (prefix.value, entry)
    });
    // A range of addresses is as many prefixes as it takes; each pair is told once.
    let ranges = group.ranges.iter().flat_map(|range| {
        let entry = Entry {
            span: range.span,
            value: Written::Range(&range.value),
        };
        let parts = range.value.prefixes().into_iter();
        parts.map(move |part| (part, entry))
    });
    let mut told: FxHashSet<(Span, Span)> = FxHashSet::default();
    for ((_, outer), (_, inner)) in overlapping(prefixes.chain(ranges)) {
        let (first, second) = if outer.span <= inner.span {
            (outer, inner)
        } else {
            (inner, outer)
        };
        if first.span == second.span || !told.insert((first.span, second.span)) {
            continue;
        }
        findings.push(twice(group, outer, inner));
    }
}

fn twice(group: &IpGroup, outer: Entry<'_>, inner: Entry<'_>) -> Finding {
    let name = &group.meta.name;
    let same = outer.value == inner.value;
    let (message, severity) = if same {
        (
            format!("IP group `{name}` holds {} twice", inner.value),
            Severity::Warning,
        )
    } else {
        let how = match inner.value {
            Written::Prefix(_) => "lies in",
            Written::Range(_) => "overlaps with",
        };
        let message = format!(
            "{} of IP group `{name}` {how} its entry {}",
            inner.value, outer.value
        );
        (message, Severity::Note)
    };
    // A range that only overlaps with a prefix holds more than that.
    let within = same || matches!(inner.value, Written::Prefix(_));
    let change = change::without(inner.span.into()).filter(|_| within);
    Finding::new(Id::TG3023, message)
        .severity(severity)
        .at(inner.span, "does nothing")
        .related(outer.span, "already there")
        .help("take one of the two out")
        .propose("take the entry out", Safety::Safe, change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn each_pair_is_told_once() {
        let tg3023 = |entries: &str| found(Id::TG3023, &format!("ip-group g = {entries}"));
        assert_eq!(
            tg3023("10.0.0.0/24, 10.0.1.0/24, 10.0.2.4-10.0.2.9, fd00::/64"),
            [""; 0]
        );
        assert_eq!(
            tg3023("10.0.0.0/24, 10.0.1.0/24, 10.0.0.0/24"),
            ["1:40 IP group `g` holds 10.0.0.0/24 twice"]
        );
        assert_eq!(
            tg3023("10.0.0.0/24, 10.0.0.0/16"),
            ["1:14 10.0.0.0/24 of IP group `g` lies in its entry 10.0.0.0/16"]
        );
        assert_eq!(
            tg3023("10.0.0.4-10.0.0.9, 10.0.0.4-10.0.0.9"),
            ["1:33 IP group `g` holds 10.0.0.4-10.0.0.9 twice"]
        );
        assert_eq!(
            tg3023("10.0.0.0/24, 10.0.0.4-10.0.0.90"),
            ["1:27 10.0.0.4-10.0.0.90 of IP group `g` overlaps with its entry 10.0.0.0/24"]
        );
    }
}
