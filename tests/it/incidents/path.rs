//! Paths into an incident file, such as `route_tables[rt].routes[default].next_hop_type`.
//!
//! `topology.` in front is left out: what is written with it and without it is the same path.

use std::fmt;

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// The key of a mapping.
    Key(String),
    /// The item of a list that has this name.
    Pick(String),
}

/// A path, from the outside inwards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path {
    pub(super) parts: Vec<Part>,
    /// It was written with `topology.` in front.
    in_full: bool,
}

impl Path {
    /// Reads a path; `None` for a text that is none, such as prose.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (pick, behind) = inner.split_once(']')?;
                parts.push(Part::Pick(pick.trim().to_owned()));
                rest = behind;
                continue;
            }
            if !parts.is_empty() {
                rest = rest.strip_prefix('.')?;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, behind) = rest.split_at(end);
            let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if key.is_empty() || !key.chars().all(word) {
                return None;
            }
            parts.push(Part::Key(key.to_owned()));
            rest = behind;
        }
        let in_full = parts.first() == Some(&Part::Key("topology".to_owned()));
        if in_full {
            parts.remove(0);
        }
        let path = Self { parts, in_full };
        matches!(path.parts.first(), Some(Part::Key(_))).then_some(path)
    }

    /// The path that a text begins with; what follows explains it.
    pub(super) fn leading(text: &str) -> Option<Self> {
        let mut depth = 0_usize;
        let end = text.char_indices().find(|&(_, c)| {
            match c {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(c, ' ' | '(' | ':' | ';' | ',')
        });
        let (path, _) = text.split_at(end.map_or(text.len(), |(at, _)| at));
        Self::parse(path.trim_end_matches('.'))
    }

    /// Whether it says which element it is about: it has more than one part.
    pub(super) fn is_specific(&self) -> bool {
        self.parts.len() > 1
    }

    /// Whether one of both leads to the other or into it.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let mut pairs = self.parts.iter().zip(&other.parts).peekable();
        pairs.peek().is_some() && pairs.all(|(a, b)| a.same(b))
    }

    /// Whether it is `other` or leads into it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.parts.len() >= other.parts.len() && self.agrees(other)
    }

    /// The names in it, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.parts.iter().filter_map(|part| match part {
            Part::Pick(name) => Some(name.as_str()),
            Part::Key(_) => None,
        });
        names.collect()
    }

    /// Whether `topology.` stood in front.
    pub(super) fn is_in_full(&self) -> bool {
        self.in_full
    }

    /// Its first key.
    pub(super) fn head(&self) -> &str {
        match self.parts.first() {
            Some(Part::Key(key)) => key,
            _ => "",
        }
    }
}

impl Part {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Key(a), Self::Key(b)) => a == b,
            (Self::Pick(a), Self::Pick(b)) => {
                same_name(a, b)
                    || a.strip_suffix("...")
                        .is_some_and(|start| b.starts_with(start))
                    || b.strip_suffix("...")
                        .is_some_and(|start| a.starts_with(start))
            }
            _ => false,
        }
    }
}

/// Whether two names are the same, blanks around the arrow of a peering aside.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.replace(' ', "");
    a == b || (a.contains("->") && plain(a) == plain(b))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Key(key) if at == 0 => f.write_str(key)?,
                Part::Key(key) => write!(f, ".{key}")?,
                Part::Pick(name) => write!(f, "[{name}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    fn path(text: &str) -> Path {
        Path::leading(text).unwrap()
    }

    #[test]
    fn a_path_ends_where_its_explanation_begins() {
        for (text, expected) in [
            ("topology.nsgs[a].rules[b]", "nsgs[a].rules[b]"),
            (
                "firewall_policies[fp]: nothing allows it",
                "firewall_policies[fp]",
            ),
            ("nsgs[a].rules[b]; no earlier one", "nsgs[a].rules[b]"),
            ("firewalls[afw] (no session) reached by x", "firewalls[afw]"),
            (
                "peerings[a -> b].state (Initiated)",
                "peerings[a -> b].state",
            ),
            (
                "private_dns_zones[1111...].links lacks x",
                "private_dns_zones[1111...].links",
            ),
            (
                "cluster.authorized_ip_ranges lacks 1",
                "cluster.authorized_ip_ranges",
            ),
            ("no public IP on agentpool", "no"),
        ] {
            assert_eq!(path(text).to_string(), expected);
        }
        assert_eq!(Path::leading("[a]"), None);
        assert_eq!(Path::leading("a..b"), None);
    }

    #[test]
    fn paths_agree_when_one_leads_to_the_other() {
        for (a, b) in [
            ("nsgs[a]", "topology.nsgs[a].rules[b]"),
            (
                "private_dns_zones[1111...].links",
                "private_dns_zones[1111.x.io]",
            ),
            (
                "private_dns_zones[z].links",
                "private_dns_zones[z].links[vnet]",
            ),
            ("peerings[a->b]", "peerings[a -> b].state"),
        ] {
            assert!(path(a).agrees(&path(b)), "{a} {b}");
            assert!(path(b).agrees(&path(a)), "{b} {a}");
        }
        for (a, b) in [
            ("nsgs[a].rules[b]", "nsgs[a].rules[c]"),
            ("nsgs[a]", "route_tables[a]"),
            ("private_dns_zones[1111...]", "private_dns_zones[2222.x.io]"),
            (
                "route_tables[rt].routes[default]",
                "route_tables[rt].propagate_gateway_routes",
            ),
        ] {
            assert!(!path(a).agrees(&path(b)), "{a} {b}");
        }
        assert!(
            !Path::default().agrees(&path("nsgs[a]")),
            "nothing agrees with nothing"
        );
        assert!(path("nsgs[a].rules[b]").is_within(&path("nsgs[a]")));
        assert!(!path("nsgs[a]").is_within(&path("nsgs[a].rules[b]")));
    }
}
