//! Sets of domain names, made of exact names and patterns with a leading asterisk.
//!
//! Of two patterns, one holds all names of the other, or they have none in common. So a set is a list of texts that names
//! end with, and of several that fit a name the longest one decides. The list is kept without what changes nothing:
//! equal sets are equal values.
//!
//! Names are texts over an alphabet that no list of patterns exhausts: `*.com` is more than any number of longer
//! patterns together.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use crate::net::FqdnPattern;

/// A text that names end with, written backwards so that the shorter one sorts before those that continue it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ending {
    backwards: SmolStr,
    /// Whether the name that is this text is in the set.
    itself: bool,
    /// Whether longer names are in the set, where no longer text says otherwise.
    longer: bool,
}

impl Ending {
    /// Whether two sets of one ending each have a name in common.
    fn meets(&self, other: &Self) -> bool {
        let (short, long) = if self.backwards.len() <= other.backwards.len() {
            (self, other)
        } else {
            (other, self)
        };
        if short.backwards == long.backwards {
            return (short.itself && long.itself) || (short.longer && long.longer);
        }
        // All names of the longer ending are longer than the shorter one.
        short.longer && long.backwards.starts_with(short.backwards.as_str())
    }
}

/// A set of domain names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Names(Arc<[Ending]>);

impl Default for Names {
    fn default() -> Self {
        Self::none()
    }
}

fn backwards(text: &str) -> SmolStr {
    text.chars().rev().collect()
}

impl Names {
    /// No name.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::from([]))
    }

    /// Every name.
    #[must_use]
    pub fn all() -> Self {
        Self::one("", true, true)
    }

    /// The names of a pattern.
    #[must_use]
    pub fn of(pattern: &FqdnPattern) -> Self {
        match pattern {
            FqdnPattern::Any => Self::all(),
            FqdnPattern::Exact(name) => Self::exactly(name.as_str()),
            // A text that begins with a dot is no name, so it may as well be in the set.
            FqdnPattern::Below(name) => Self::one(&format!(".{name}"), true, true),
            FqdnPattern::Suffix(text) => Self::one(text, true, true),
        }
    }

    /// One name, in lower case, or something that stands for a destination as a name does.
    #[must_use]
    pub fn exactly(name: &str) -> Self {
        Self::one(name, true, false)
    }

    fn one(text: &str, itself: bool, longer: bool) -> Self {
        Self(Arc::from([Ending {
            backwards: backwards(text),
            itself,
            longer,
        }]))
    }

    /// Whether no name is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is a list of exact names.
    pub(super) fn is_finite(&self) -> bool {
        !self.0.iter().any(|ending| ending.longer)
    }

    /// Its names one by one; `None` where patterns are among them.
    #[must_use]
    pub fn each(&self) -> Option<Vec<SmolStr>> {
        let exact = self.is_finite();
        let names = self.0.iter().filter(|ending| ending.itself);
        exact.then(|| names.map(|ending| backwards(&ending.backwards)).collect())
    }

    /// The set as sets of one text each, where it leaves nothing out of a pattern; as it is else.
    pub(super) fn pieces(&self) -> Vec<Self> {
        // Texts that continue another one stand right behind it.
        let is_nested = self.0.windows(2).any(|pair| match pair {
            [one, next] => next.backwards.starts_with(one.backwards.as_str()),
            _ => false,
        });
        if is_nested || self.0.len() < 2 {
            return vec![self.clone()];
        }
        let each = self
            .0
            .iter()
            .map(|ending| Self(Arc::from([ending.clone()])));
        each.collect()
    }

    /// Whether a name, in lower case, is in it.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.holds_backwards(&backwards(name))
    }

    fn holds_backwards(&self, name: &str) -> bool {
        let mut endings = self.0.iter().rev();
        let longest = endings.find(|ending| name.starts_with(ending.backwards.as_str()));
        longest.is_some_and(|ending| {
            if ending.backwards == name {
                ending.itself
            } else {
                ending.longer
            }
        })
    }

    /// The names in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && b)
    }

    /// The names in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    /// The names of this set that are not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && !b)
    }

    /// Whether all names of this set are in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }

    /// Whether a name is in both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (&*self.0, &*other.0) {
            ([a], [b]) => a.meets(b),
            ([one], _) => other.meets_one(one),
            (_, [one]) => self.meets_one(one),
            _ => !self.and(other).is_empty(),
        }
    }

    /// Whether a name of one ending is in it.
    fn meets_one(&self, one: &Ending) -> bool {
        let own = one.backwards.as_str();
        if one.itself && self.holds_backwards(own) {
            return true;
        }
        if !one.longer {
            return false;
        }
        // Names that continue it: by the longest text that it continues itself, or by one that continues it.
        let mut endings = self.0.iter().rev();
        let around = endings.find(|ending| own.starts_with(ending.backwards.as_str()));
        around.is_some_and(|ending| ending.longer)
            || self.0.iter().any(|ending| {
                let text = ending.backwards.as_str();
                let continues = text.len() > own.len() && text.starts_with(own);
                continues && (ending.itself || ending.longer)
            })
    }

    /// The texts that names of the set end with, backwards, so that a shorter one begins those that continue it.
    pub(super) fn endings(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.iter().map(|ending| &ending.backwards)
    }

    /// The names in any of some sets.
    pub(super) fn any_of(mut sets: Vec<Self>) -> Self {
        // Sets of like sizes are put together, so that long ones are not gone through for each short one.
        while sets.len() > 1 {
            let pairs = sets.chunks(2);
            let pairs = pairs.map(|pair| match pair {
                [a, b] => a.or(b),
                rest => rest.first().cloned().unwrap_or_default(),
            });
            sets = pairs.collect();
        }
        sets.pop().unwrap_or_default()
    }

    /// Takes sets apart: names that the same ones of them hold are one part, with the places of those. Names in none
    /// are in no part. What is looked at is counted on the way.
    pub(super) fn apart<E>(
        sets: &[&Self],
        mut count: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<Vec<(Self, Vec<usize>)>, E> {
        let mut said: Vec<(&Ending, usize)> = Vec::new();
        for (at, set) in sets.iter().enumerate() {
            said.extend(set.0.iter().map(|ending| (ending, at)));
        }
        said.sort_unstable_by_key(|(ending, at)| (&ending.backwards, *at));
        let mut parts: Vec<(Vec<Ending>, Vec<usize>)> = Vec::new();
        let mut places: FxHashMap<Vec<usize>, usize> = FxHashMap::default();
        // Who holds the longer names around the text at hand, innermost last.
        let mut around: Vec<(&str, Vec<usize>)> = Vec::new();
        for own in said.chunk_by(|(a, _), (b, _)| a.backwards == b.backwards) {
            let Some((Ending { backwards, .. }, _)) = own.first() else {
                continue;
            };
            while around
                .last()
                .is_some_and(|(outer, _)| !backwards.starts_with(outer))
            {
                around.pop();
            }
            let before = around.last().map_or(&[][..], |(_, holding)| holding);
            count(before.len() + own.len())?;
            let holding = |says: fn(&Ending) -> bool| {
                let speaks = |at: &usize| own.binary_search_by_key(at, |(_, own)| *own).is_ok();
                let silent = before.iter().filter(|at| !speaks(at)).copied();
                let own = own.iter().filter(|(ending, _)| says(ending));
                let mut holding: Vec<usize> = silent.chain(own.map(|(_, at)| *at)).collect();
                holding.sort_unstable();
                holding
            };
            let itself = holding(|ending| ending.itself);
            let longer = holding(|ending| ending.longer);
            let mut concerned = [before, itself.as_slice(), longer.as_slice()];
            concerned.sort_unstable();
            for (at, part) in concerned.iter().enumerate() {
                let is_new = at == 0 || concerned.get(at - 1) != Some(part);
                let says = (itself == *part, longer == *part);
                let was = before == *part;
                if part.is_empty() || !is_new || says == (was, was) {
                    continue;
                }
                let place = *places.entry(part.to_vec()).or_insert(parts.len());
                if place == parts.len() {
                    parts.push((Vec::new(), part.to_vec()));
                }
                if let Some((endings, _)) = parts.get_mut(place) {
                    endings.push(Ending {
                        backwards: backwards.clone(),
                        itself: says.0,
                        longer: says.1,
                    });
                }
            }
            around.push((backwards, longer));
        }
        let parts = parts.into_iter();
        Ok(parts
            .map(|(endings, holding)| (Self(endings.into()), holding))
            .collect())
    }

    fn combine(&self, other: &Self, op: impl Fn(bool, bool) -> bool) -> Self {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        // What holds for longer names around the text at hand, innermost last: the text, then a's and b's say.
        let mut around: Vec<(&str, bool, bool)> = Vec::new();
        let mut combined: Vec<Ending> = Vec::new();
        loop {
            let text = match (a.peek(), b.peek()) {
                (Some(a), Some(b)) => a.backwards.as_str().min(b.backwards.as_str()),
                (Some(one), None) | (None, Some(one)) => one.backwards.as_str(),
                (None, None) => break,
            };
            let own_a = a.next_if(|ending| ending.backwards == text);
            let own_b = b.next_if(|ending| ending.backwards == text);
            while around
                .last()
                .is_some_and(|(outer, ..)| !text.starts_with(outer))
            {
                around.pop();
            }
            let (by_a, by_b) = around.last().map_or((false, false), |(_, a, b)| (*a, *b));
            let says = |own: Option<&Ending>, around: bool| {
                own.map_or((around, around), |own| (own.itself, own.longer))
            };
            let ((a_itself, a_longer), (b_itself, b_longer)) =
                (says(own_a, by_a), says(own_b, by_b));
            around.push((text, a_longer, b_longer));
            let (itself, longer) = (op(a_itself, b_itself), op(a_longer, b_longer));
            let before = op(by_a, by_b);
            if itself != before || longer != before {
                combined.push(Ending {
                    backwards: text.into(),
                    itself,
                    longer,
                });
            }
        }
        Self(combined.into())
    }

    /// A name in it. Exact names come before made-up ones.
    #[must_use]
    pub fn example(&self) -> Option<SmolStr> {
        let is_name = |text: &str| !text.is_empty() && !text.ends_with('.');
        let mut endings = self.0.iter();
        let exact = endings.find(|ending| ending.itself && is_name(&ending.backwards));
        if let Some(exact) = exact {
            return Some(backwards(&exact.backwards));
        }
        let wide = self.0.iter().find(|ending| ending.longer)?;
        let end = backwards(&wide.backwards);
        // More beginnings than there are texts that could exclude one.
        let beginnings = (0..=self.0.len()).flat_map(|round| {
            ('a'..='z').map(move |letter| match round {
                0 => format!("{letter}"),
                _ => format!("{letter}{round}"),
            })
        });
        let end = if end.is_empty() {
            ".example".into()
        } else {
            end
        };
        let mut names = beginnings.map(|start| SmolStr::from(format!("{start}{end}")));
        names.find(|name| self.holds(name))
    }

    /// A name in it that differs from number to number, where there are several. Of a set that is not empty there is
    /// none only where a longer text takes the names that were made up.
    pub(super) fn some_one(&self, number: u64) -> Option<SmolStr> {
        let count = u64::try_from(self.0.len()).ok()?;
        let from = usize::try_from(number.checked_rem(count)?).ok()?;
        let round = self.0.iter().skip(from).chain(self.0.iter().take(from));
        let mut names = round.filter_map(|ending| {
            let end = backwards(&ending.backwards);
            let is_label = end.is_empty() || end.starts_with('.');
            match (ending.itself, ending.longer) {
                // A text that is empty or begins with a dot is no name.
                (true, _) if !is_label => Some(end),
                (_, false) => None,
                (_, true) if is_label => Some(format_smolstr!("{number:x}{end}")),
                (_, true) => Some(format_smolstr!("{number:x}.{end}")),
            }
        });
        names.find(|name| self.holds(name))
    }

    /// The patterns that it is made of: of each whether what it names is in the set, unless a longer one says
    /// otherwise.
    fn patterns(&self) -> Vec<(String, bool)> {
        let mut around: Vec<(&str, bool)> = Vec::new();
        let mut patterns = Vec::new();
        for ending in self.0.iter() {
            let text = ending.backwards.as_str();
            while around
                .last()
                .is_some_and(|(outer, _)| !text.starts_with(outer))
            {
                around.pop();
            }
            let before = around.last().is_some_and(|(_, longer)| *longer);
            around.push((text, ending.longer));
            let shown = backwards(text);
            let is_dotted = text.is_empty() || text.ends_with('.');
            match (ending.itself != before, ending.longer != before) {
                (true, true) => patterns.push((format!("*{shown}"), ending.itself)),
                (true, false) => patterns.push((shown.into(), ending.itself)),
                // `*text` without the text itself; of `.contoso.com` there is no name that is the text.
                (false, true) if is_dotted => patterns.push((format!("*{shown}"), ending.longer)),
                (false, true) => {
                    patterns.push((format!("*{shown}"), ending.longer));
                    patterns.push((shown.into(), before));
                }
                (false, false) => {}
            }
        }
        patterns
    }
}

/// `*.contoso.com except api.contoso.com`
impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.patterns();
        let of = |wanted: bool| -> Vec<&str> {
            let patterns = patterns.iter().filter(|(_, is_in)| *is_in == wanted);
            patterns.map(|(pattern, _)| pattern.as_str()).collect()
        };
        let (inside, outside) = (of(true), of(false));
        match inside.as_slice() {
            [] => f.write_str("no name")?,
            ["*"] => f.write_str("every name")?,
            names => f.write_str(&names.join(", "))?,
        }
        if !outside.is_empty() {
            write!(f, " except {}", outside.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATTERNS: [&str; 12] = [
        "*", "*.a.b", "*a.b", "a.b", "x.a.b", "*.x.a.b", "xa.b", "*b", "*.b", "y.x.a.b", "*xa.b",
        "c.d",
    ];
    const NAMES: [&str; 14] = [
        "a.b",
        "x.a.b",
        "xa.b",
        "y.x.a.b",
        "z.y.x.a.b",
        "b",
        "cb",
        "c.b",
        "c.d",
        "d",
        "yxa.b",
        "y.xa.b",
        "z.a.b",
        "other",
    ];

    fn pattern(text: &str) -> Names {
        Names::of(&text.parse().unwrap())
    }

    fn some() -> impl Strategy<Value = Names> {
        let step = (0..PATTERNS.len(), 0..3u8);
        prop::collection::vec(step, 0..6).prop_map(|steps| {
            steps.into_iter().fold(Names::none(), |set, (index, op)| {
                let other = pattern(PATTERNS[index]);
                match op {
                    0 => set.minus(&other),
                    1 => other.minus(&set),
                    _ => set.or(&other),
                }
            })
        })
    }

    #[test]
    fn a_pattern_holds_the_names_that_it_matches() {
        for text in PATTERNS {
            let parsed: FqdnPattern = text.parse().unwrap();
            for name in NAMES {
                let matches = match &parsed {
                    FqdnPattern::Any => true,
                    FqdnPattern::Exact(own) => own.as_str() == name,
                    FqdnPattern::Below(own) => name.ends_with(&format!(".{own}")),
                    FqdnPattern::Suffix(own) => name.ends_with(own.as_str()),
                };
                assert_eq!(pattern(text).holds(name), matches, "{text} {name}");
            }
        }
    }

    proptest! {
        #[test]
        fn operations_are_those_of_sets(a in some(), b in some()) {
            for name in NAMES {
                let (x, y) = (a.holds(name), b.holds(name));
                prop_assert_eq!(a.and(&b).holds(name), x && y, "{}", name);
                prop_assert_eq!(a.or(&b).holds(name), x || y, "{}", name);
                prop_assert_eq!(a.minus(&b).holds(name), x && !y, "{}", name);
            }
            prop_assert_eq!(a.meets(&b), !a.and(&b).is_empty());
            let pieces = a.pieces();
            let all = pieces.iter().fold(Names::none(), |all, piece| all.or(piece));
            prop_assert_eq!(&all, &a);
        }

        #[test]
        fn equal_sets_are_equal_values(a in some(), b in some(), c in some()) {
            prop_assert_eq!(a.and(&b), b.and(&a));
            prop_assert_eq!(a.minus(&b).or(&a.and(&b)), a.clone());
            prop_assert_eq!(a.or(&b).minus(&c), a.minus(&c).or(&b.minus(&c)));
            prop_assert_eq!(Names::all().minus(&Names::all().minus(&a)), a);
        }

        #[test]
        fn sets_are_taken_apart_by_who_holds_them(sets in prop::collection::vec(some(), 0..5)) {
            let all: Vec<&Names> = sets.iter().collect();
            let parts = Names::apart(&all, |_| Ok::<(), ()>(())).unwrap();
            for name in NAMES {
                let holding: Vec<usize> = (0..sets.len()).filter(|at| sets[*at].holds(name)).collect();
                let of: Vec<&Vec<usize>> = parts.iter().filter(|(part, _)| part.holds(name)).map(|(_, holding)| holding).collect();
                let expected: Vec<&Vec<usize>> = if holding.is_empty() { vec![] } else { vec![&holding] };
                prop_assert_eq!(of, expected, "{}", name);
            }
            // Equal sets are equal values here too.
            for (at, set) in sets.iter().enumerate() {
                let of_set = parts.iter().filter(|(_, holding)| holding.contains(&at));
                let of_set = of_set.map(|(part, _)| part.clone()).collect();
                prop_assert_eq!(&Names::any_of(of_set), set);
            }
            prop_assert!(parts.iter().all(|(part, _)| *part == part.or(&Names::none()) && !part.is_empty()));
        }

        #[test]
        fn an_example_is_in_the_set(a in some()) {
            match a.example() {
                Some(name) => prop_assert!(a.holds(&name), "{} {}", a, name),
                None => prop_assert!(a.is_empty()),
            }
            for number in [0, 1, 2, 0xabcd] {
                prop_assert!(a.some_one(number).is_none_or(|name| a.holds(&name)));
            }
        }
    }

    #[test]
    fn names_of_a_set_are_several() {
        let set = pattern("*.contoso.com").or(&pattern("api.fabrikam.com"));
        for (number, name) in [
            (0, "api.fabrikam.com"),
            (1, "1.contoso.com"),
            (19, "13.contoso.com"),
        ] {
            assert_eq!(set.some_one(number).as_deref(), Some(name));
        }
        assert_eq!(Names::none().some_one(7), None);
        assert_eq!(Names::all().some_one(7).as_deref(), Some("7"));
    }

    #[test]
    fn sets_are_shown_as_patterns() {
        let below = pattern("*.contoso.com");
        for (set, shown) in [
            (Names::none(), "no name"),
            (Names::all(), "every name"),
            (below.clone(), "*.contoso.com"),
            (pattern("*contoso.com"), "*contoso.com"),
            (
                below.or(&pattern("contoso.com")),
                "contoso.com, *.contoso.com",
            ),
            (
                below.minus(&pattern("api.contoso.com")),
                "*.contoso.com except api.contoso.com",
            ),
            (
                Names::all().minus(&below),
                "every name except *.contoso.com",
            ),
            (
                pattern("*contoso.com").minus(&pattern("contoso.com")),
                "*contoso.com except contoso.com",
            ),
        ] {
            assert_eq!(set.to_string(), shown);
        }
    }
}
