//! Which prefixes of many overlap.

use ipnet::IpNet;

/// Pairs of prefixes of which the first holds all of the second, each paired with the smallest that holds it.
///
/// Two prefixes are nested or apart, so after sorting, those that hold the one at hand are a stack: the time is that
/// of sorting. Equal prefixes come in the order in which they were given.
pub fn overlapping<T: Copy>(
    prefixes: impl IntoIterator<Item = (IpNet, T)>,
) -> Vec<((IpNet, T), (IpNet, T))> {
    let mut sorted: Vec<(IpNet, T)> = prefixes.into_iter().collect();
    sorted.sort_by_key(|(prefix, _)| (prefix.network(), prefix.prefix_len()));
    let mut holders: Vec<(IpNet, T)> = Vec::new();
    let mut pairs = Vec::new();
    for inner in sorted {
        while let Some(outer) = holders.last() {
            if outer.0.contains(&inner.0) {
                pairs.push((*outer, inner));
                break;
            }
            holders.pop();
        }
        holders.push(inner);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_nested_prefix_once() {
        let prefixes = [
            "10.0.0.0/16",
            "10.1.0.0/16",
            "10.0.1.0/24",
            "10.0.1.128/25",
            "10.0.2.0/24",
            "10.1.0.0/16",
            "fd00::/64",
            "0.0.0.0/32",
        ];
        let numbered = prefixes.iter().map(|text| text.parse().unwrap()).zip(0..);
        let pairs: Vec<String> = overlapping(numbered)
            .iter()
            .map(|((outer, i), (inner, j))| format!("{outer}#{i} {inner}#{j}"))
            .collect();
        assert_eq!(
            pairs,
            [
                "10.0.0.0/16#0 10.0.1.0/24#2",
                "10.0.1.0/24#2 10.0.1.128/25#3",
                "10.0.0.0/16#0 10.0.2.0/24#4",
                "10.1.0.0/16#1 10.1.0.0/16#5",
            ]
        );
    }
}
