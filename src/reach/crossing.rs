//! Denying security rules of which earlier rules let a part through, while neither of the two covers the other.

use crate::estate::{Access, SecurityRule};
use crate::space::{
    Block, Cover, Flows, Index, Known, Matches, Side, Targets, TooLarge, Wording, Work, cover,
};

use super::security_rules::SecurityRules;

/// No more allowing rules before a deny are looked at than these, the nearest ones.
const MOST_BEFORE: usize = 64;

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
        let all = self.rules.iter().zip(&self.matches).enumerate();
        let allowing = all.filter(|(_, (rule, _))| rule.access == Access::Allow);
        let blocks = allowing
            .flat_map(|(at, (_, matches))| matches.surely.iter().map(move |block| (block, at)));
        let blocks: Vec<(&Block, usize)> = blocks.collect();
        let index = Index::of(blocks.iter().map(|(block, _)| *block).zip(0..));
        let mut found: Vec<Crossing<'a>> = Vec::new();
        for (at, (deny, denied)) in self.rules.iter().zip(&self.matches).enumerate() {
            if deny.access != Access::Deny || !which(deny) {
                continue;
            }
            let mut met = Vec::new();
            for block in &denied.surely {
                index.meeting(block, &mut met);
            }
            let before = met.iter().filter_map(|place| blocks.get(*place));
            let mut before: Vec<usize> = before.map(|it| it.1).filter(|it| *it < at).collect();
            before.sort_unstable_by_key(|place| std::cmp::Reverse(*place));
            before.dedup();
            before.truncate(MOST_BEFORE);
            // What takes too long is a note less.
            found.extend(self.crossing(&before, deny, denied).ok().flatten());
        }
        found.sort_by_key(|it| std::cmp::Reverse(it.shared));
        found
    }

    /// The one of some allowing rules before a deny that has the most in common with it.
    fn crossing(
        &self,
        before: &[usize],
        deny: &'a SecurityRule,
        denied: &Matches,
    ) -> Result<Option<Crossing<'a>>, TooLarge> {
        let mut work = Work::new(&self.atoms, STEPS);
        let mut widest: Option<Crossing<'a>> = None;
        for place in before {
            let (Some(allow), Some(allowed)) = (self.rules.get(*place), self.matches.get(*place))
            else {
                continue;
            };
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
            let earlier = self.matches.iter().take(*place);
            let earlier = earlier.flat_map(|matches| &matches.surely);
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

    /// Whether what two blocks share certainly has a flow: what a tag holds may lie elsewhere than in a prefix or in another
    /// tag.
    fn is_there(&self, shared: &Block, a: &Block, b: &Block) -> bool {
        let by = |of: &Block| {
            shared.known == of.known
                && of.known.all().iter().all(|(atom, inside)| {
                    let whole = match self.atoms.name(*atom).0 {
                        Side::Source => shared.sources == of.sources,
                        Side::Destination => shared.targets == of.targets,
                        Side::Deployment => false,
                    };
                    whole && *inside
                })
        };
        shared.known == Known::default() || by(a) || by(b)
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
                    let both = both.blocks().iter();
                    shared.extend(both.filter(|it| self.is_there(it, a, b)).cloned());
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
