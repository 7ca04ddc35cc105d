//! "Did you mean …?"

/// The candidate closest to what was written, when it is close enough to be a slip.
///
/// Case is ignored; swapped neighbours count as one edit. One edit is allowed in every three characters, and
/// at least one. The earlier candidate wins a tie, so the answer never depends on chance.
#[must_use]
pub fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written = written.to_ascii_lowercase();
    let length = written.chars().count();
    let allowed = (length / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        // Every character more or less is an edit, so most candidates need no closer look.
        if candidate.chars().count().abs_diff(length) > allowed {
            continue;
        }
        let edits = strsim::damerau_levenshtein(&written, &candidate.to_ascii_lowercase());
        if edits <= allowed && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The suggestion as a help line.
#[must_use]
pub fn did_you_mean_help<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    did_you_mean(written, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_slips_only() {
        let keywords = ["vnet", "subnet", "firewall", "route-table"];
        assert_eq!(did_you_mean("vnte", keywords), Some("vnet"));
        assert_eq!(did_you_mean("Firewal", keywords), Some("firewall"));
        assert_eq!(did_you_mean("routetable", keywords), Some("route-table"));
        assert_eq!(did_you_mean("gateway", keywords), None);
        assert_eq!(did_you_mean("x", keywords), None);
    }
}
