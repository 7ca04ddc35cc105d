//! Sets of addresses whose content is not known, such as a service tag without its file.
//!
//! An atom is one such set, on one side of a flow. All that is known of it is which other atoms hold it. A block of
//! flows says of some atoms that an address lies in them or does not; of the rest it says nothing.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

/// The number of an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom(u32);

/// On which side of a flow an address lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes to.
    Destination,
    /// Neither: whether something is there at all.
    Deployment,
}

/// All atoms, and what is known of them.
#[derive(Debug, Clone, Default)]
pub struct Atoms {
    names: Vec<(Side, SmolStr)>,
    numbers: FxHashMap<(Side, SmolStr), Atom>,
    /// The first is a part of the second; with all that follows from it.
    within: FxHashSet<(Atom, Atom)>,
    /// The two have nothing in common, in both orders.
    apart: FxHashSet<(Atom, Atom)>,
}

impl Atoms {
    /// The atom of a name, made when it is new. Names are compared as they are.
    pub fn atom(&mut self, side: Side, name: impl Into<SmolStr>) -> Atom {
        let key = (side, name.into());
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        let atom = Atom(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(key.clone());
        self.numbers.insert(key, atom);
        atom
    }

    /// The atom of a name, if there is one.
    #[must_use]
    pub fn find(&self, side: Side, name: &str) -> Option<Atom> {
        self.numbers.get(&(side, SmolStr::new(name))).copied()
    }

    /// Says that one atom is a part of another.
    pub fn put_within(&mut self, inner: Atom, outer: Atom) {
        if inner == outer || self.is_within(inner, outer) {
            return;
        }
        let all = (0u32..).map(Atom).take(self.names.len());
        let below: Vec<Atom> = all.filter(|atom| self.is_within(*atom, inner)).collect();
        let above: Vec<Atom> = self.around(outer).collect();
        for low in &below {
            self.within.extend(above.iter().map(|high| (*low, *high)));
        }
    }

    /// Says that two atoms, and their parts as far as they are known, have nothing in common.
    pub fn put_apart(&mut self, one: Atom, other: Atom) {
        let below = |outer: Atom| -> Vec<Atom> {
            let all = (0u32..).map(Atom).take(self.names.len());
            all.filter(|inner| self.is_within(*inner, outer)).collect()
        };
        let (ones, others) = (below(one), below(other));
        for one in ones {
            let pairs = others
                .iter()
                .flat_map(|other| [(one, *other), (*other, one)]);
            self.apart.extend(pairs);
        }
    }

    /// Whether two atoms are known to have nothing in common.
    #[must_use]
    pub fn are_apart(&self, one: Atom, other: Atom) -> bool {
        self.apart.contains(&(one, other))
    }

    /// Whether one atom is known to be a part of another.
    #[must_use]
    pub fn is_within(&self, inner: Atom, outer: Atom) -> bool {
        inner == outer || self.within.contains(&(inner, outer))
    }

    /// The atoms that hold this one, itself among them.
    pub fn around(&self, inner: Atom) -> impl Iterator<Item = Atom> {
        let all = (0u32..).map(Atom).take(self.names.len());
        all.filter(move |outer| self.is_within(inner, *outer))
    }

    /// Its side and its name.
    #[must_use]
    pub fn name(&self, atom: Atom) -> (Side, &str) {
        let known = self.names.get(atom.0 as usize);
        known.map_or((Side::Destination, ""), |(side, name)| {
            (*side, name.as_str())
        })
    }
}

/// What a block says of atoms: in this one, not in that one. The empty one says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known(Option<Arc<[(Atom, bool)]>>);

impl Known {
    /// Says one thing.
    #[must_use]
    pub fn that(atom: Atom, inside: bool) -> Self {
        Self(Some(Arc::from([(atom, inside)])))
    }

    /// What is said, by atom.
    #[must_use]
    pub fn all(&self) -> &[(Atom, bool)] {
        self.0.as_deref().unwrap_or(&[])
    }

    /// Both together. Nothing when they contradict each other.
    #[must_use]
    pub fn both(&self, other: &Self, atoms: &Atoms) -> Option<Self> {
        if other.0.is_none() {
            return Some(self.clone());
        }
        if self.0.is_none() {
            return Some(other.clone());
        }
        let mut both: Vec<(Atom, bool)> = self.all().iter().chain(other.all()).copied().collect();
        both.sort_unstable();
        both.dedup();
        let contradicted = |(inner, inside): &(Atom, bool)| {
            *inside
                && both.iter().any(|(other, there)| {
                    if *there {
                        atoms.are_apart(*inner, *other)
                    } else {
                        atoms.is_within(*inner, *other)
                    }
                })
        };
        if both.iter().any(contradicted) {
            return None;
        }
        Some(Self(Some(both.into())))
    }

    /// Whether this being so makes the other so too.
    pub(super) fn implies(&self, other: &Self, atoms: &Atoms) -> bool {
        other.all().iter().all(|said| self.settles(said, atoms))
    }

    fn settles(&self, (atom, inside): &(Atom, bool), atoms: &Atoms) -> bool {
        self.all()
            .iter()
            .any(|(own, own_inside)| match (own_inside, inside) {
                (true, true) => atoms.is_within(*own, *atom),
                (false, false) => atoms.is_within(*atom, *own),
                (true, false) => atoms.are_apart(*own, *atom),
                (false, true) => false,
            })
    }

    /// One saying that is so just where one of two is, if there is one: they say the opposite of one atom, and of the
    /// rest each says what the other one does.
    pub(super) fn or(&self, other: &Self, atoms: &Atoms) -> Option<Self> {
        if self.implies(other, atoms) {
            return Some(other.clone());
        }
        if other.implies(self, atoms) {
            return Some(self.clone());
        }
        let mut opposed = self.all().iter().filter_map(|(atom, inside)| {
            let own = self.without(*atom);
            let opposite = other.all().contains(&(*atom, !inside));
            let others = opposite.then(|| other.without(*atom))?;
            let is_same = self.implies(&others, atoms) && other.implies(&own, atoms);
            is_same.then(|| own.both(&others, atoms)).flatten()
        });
        opposed.next()
    }

    /// What is said of the other atoms.
    pub(super) fn without(&self, atom: Atom) -> Self {
        let rest = self.all().iter().filter(|(own, _)| *own != atom);
        let rest: Vec<(Atom, bool)> = rest.copied().collect();
        Self((!rest.is_empty()).then(|| rest.into()))
    }

    /// What is left of this where the other does not hold, in parts that have nothing in common; and where both hold.
    pub(super) fn split(&self, other: &Self, atoms: &Atoms) -> (Vec<Self>, Option<Self>) {
        let mut without = Vec::new();
        let mut so_far = self.clone();
        for (atom, inside) in other.all() {
            if so_far.settles(&(*atom, *inside), atoms) {
                continue;
            }
            without.extend(so_far.both(&Self::that(*atom, !inside), atoms));
            match so_far.both(&Self::that(*atom, *inside), atoms) {
                Some(next) => so_far = next,
                None => return (without, None),
            }
        }
        (without, Some(so_far))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_parts_are_parts() {
        let mut atoms = Atoms::default();
        let mut named = |name: &str| atoms.atom(Side::Destination, name);
        let (a, b, c, d) = (named("a"), named("b"), named("c"), named("d"));
        assert_eq!(named("a"), a);
        atoms.put_within(c, d);
        atoms.put_within(a, b);
        atoms.put_within(b, c);
        assert!(atoms.is_within(a, d) && atoms.is_within(a, a) && !atoms.is_within(d, a));
        assert_ne!(atoms.atom(Side::Source, "a"), a);
    }

    #[test]
    fn what_contradicts_itself_is_nothing() {
        let mut atoms = Atoms::default();
        let inner = atoms.atom(Side::Destination, "Storage.WestEurope");
        let outer = atoms.atom(Side::Destination, "Storage");
        atoms.put_within(inner, outer);
        let (in_inner, in_outer) = (Known::that(inner, true), Known::that(outer, true));
        let not_outer = Known::that(outer, false);
        assert_eq!(in_inner.both(&not_outer, &atoms), None);
        assert!(in_inner.implies(&in_outer, &atoms) && !in_outer.implies(&in_inner, &atoms));
        assert!(not_outer.implies(&Known::that(inner, false), &atoms));
        let (without, both) = in_outer.split(&in_inner, &atoms);
        assert_eq!(without.len(), 1);
        assert_eq!(both.unwrap().all().len(), 2);
        let (without, both) = in_inner.split(&in_outer, &atoms);
        assert_eq!((without.len(), both), (0, Some(in_inner)));
    }
}
