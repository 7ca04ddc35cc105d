//! Denying security rules of which earlier rules let a part through, while neither of the two covers the other.

use crate::estate::{Access, SecurityRule};
use crate::space::{Block, Cover, Flows, Matches, Targets, TooLarge, Wording, Work, cover};

use super::security_rules::SecurityRules;

/// No more allowing rules before a deny are looked at than these, the nearest ones.
const MOST_BEFORE: usize = 256;

/// How many comparisons may be made for one deny. What takes more is not told of.
const STEPS: u64 = 50_000;

/// A deny that stops only a part of what it names.
#[derive(Debug, Clone)]
pub struct Crossing<'a> {
    /// The deny.
    pub deny: &'a SecurityRule,
    /// The rule before it that lets a part through: the one with the most in common.
    pub allow: &'a SecurityRule,
    /// How many flows they have in common.
    pub shared: u128,
    /// Some of these in words.
    pub words: String,
}

impl<'a> SecurityRules<'a> {
    /// The denies that cross an earlier allow, the most in common first.
    #[must_use]
    pub fn crossings(&self, which: impl Fn(&SecurityRule) -> bool) -> Vec<Crossing<'a>> {
        let mut found: Vec<Crossing<'a>> = Vec::new();
        for (at, (deny, denied)) in self.rules.iter().zip(&self.matches).enumerate() {
            if deny.access != Access::Deny || !which(deny) {
                continue;
            }
            // What takes too long is a note less.
            found.extend(self.crossing(at, deny, denied).ok().flatten());
        }
        found.sort_by_key(|it| std::cmp::Reverse(it.shared));
        found
    }

    fn crossing(
        &self,
        at: usize,
        deny: &'a SecurityRule,
        denied: &Matches,
    ) -> Result<Option<Crossing<'a>>, TooLarge> {
        let mut work = Work::new(&self.atoms, STEPS);
        let before = self.rules.iter().zip(&self.matches).enumerate().take(at);
        let before: Vec<_> = before.collect();
        let allowing = before.iter().rev();
        let allowing = allowing.filter(|(_, (rule, _))| rule.access == Access::Allow);
        let mut widest: Option<Crossing<'a>> = None;
        for (place, (allow, allowed)) in allowing.take(MOST_BEFORE) {
            let shared = self.both(denied, allowed, &mut work)?;
            let count = shared.iter().map(flows_of).fold(0, u128::saturating_add);
            if widest.as_ref().is_some_and(|it| it.shared >= count) {
                continue;
            }
            let Some(largest) = shared.iter().max_by_key(|block| flows_of(block)) else {
                continue;
            };
            if holds(allowed, denied, &mut work)? || holds(denied, allowed, &mut work)? {
                continue;
            }
            // Rules before both may have decided about it.
            let earlier = before.iter().take(*place);
            let earlier = earlier.flat_map(|(_, (_, matches))| &matches.surely);
            let earlier: Vec<&Block> = earlier.collect();
            if let Cover::Held(_) = cover(largest, &earlier, &mut work)? {
                continue;
            }
            widest = Some(Crossing {
                deny,
                allow,
                shared: count,
                words: Wording::new(&self.atoms).parts(3).block(largest),
            });
        }
        Ok(widest)
    }

    /// What two rules certainly match both.
    fn both(
        &self,
        one: &Matches,
        other: &Matches,
        work: &mut Work<'_>,
    ) -> Result<Vec<Block>, TooLarge> {
        let mut shared = Vec::new();
        for a in &one.surely {
            for b in &other.surely {
                if a.meets(b, &self.atoms) {
                    let both = Flows::of(a.clone()).and(&Flows::of(b.clone()), work)?;
                    shared.extend(both.blocks().iter().cloned());
                }
            }
        }
        Ok(shared)
    }
}

/// Whether a rule certainly matches all that another one may.
fn holds(outer: &Matches, inner: &Matches, work: &mut Work<'_>) -> Result<bool, TooLarge> {
    let outer: Vec<&Block> = outer.surely.iter().collect();
    for block in &inner.may {
        if let Cover::Left(_) = cover(block, &outer, work)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many flows a block has, of all source ports together.
fn flows_of(block: &Block) -> u128 {
    let targets = match &block.targets {
        Targets::Addresses(addresses) => addresses.count(),
        Targets::Names(_) => 1,
    };
    let counts = [
        block.sources.count(),
        block.ports.count(),
        block.protocols.count(),
    ];
    counts.into_iter().fold(targets, u128::saturating_mul)
}
