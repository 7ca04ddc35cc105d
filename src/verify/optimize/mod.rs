//! Smaller rules that do the same.
//!
//! Rules that never decide go, and rules for which later ones do the same. Rules that differ in one list only become
//! one, and lists are written with fewer entries. None of it is trusted: each list of rules is held against the one
//! that it was, as sets of flows, and is put back where both are not certainly alike. At the end the whole network is
//! held against the one before, from every subnet.

mod firewall;
mod lists;
mod merge;
mod security;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::azure::rule_sets::{Owner, rule_sets};
use crate::base::Origin;
use crate::estate::{Direction, Estate, Id, Nsg};
use crate::space::TooLarge;

use self::merge::{Joined, Listed};
use super::diff::{Difference, Subnets, difference};

/// How often everything is tried: what one change lays bare, the next may use.
const ROUNDS: usize = 12;

/// What may be changed.
#[derive(Debug, Clone, Default)]
pub struct Freedom {
    /// Rules of these origins stay as they are.
    pub kept: FxHashSet<Origin>,
    /// Whether rules may become one.
    pub may_join: bool,
}

impl Freedom {
    fn is_free(&self, origin: Origin) -> bool {
        !self.kept.contains(&origin)
    }
}

/// A kind of firewall rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// Network rules.
    Network,
    /// Application rules.
    Application,
}

/// Rules that are asked one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of a security group, of one direction.
    SecurityGroup(Id<Nsg>, Direction),
    /// Those of a firewall or policy, of one kind.
    Firewall(Owner, RuleKind),
}

/// A rule by its name and its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// Its name.
    pub name: SmolStr,
    /// Its place.
    pub origin: Origin,
}

/// Why something is done with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It goes: earlier rules decide all that it matches.
    NeverAsked {
        /// The earlier rules.
        by: Vec<Named>,
    },
    /// It goes: network rules decide all that the application rule matches.
    DecidedBefore {
        /// The network rules.
        by: Vec<Named>,
    },
    /// It goes: later rules do the same.
    SaidLater {
        /// The later rules.
        by: Vec<Named>,
    },
    /// It becomes a part of another rule.
    Joined {
        /// The other rule.
        into: Named,
    },
    /// Its lists have fewer entries.
    Shortened {
        /// So many it had.
        from: usize,
        /// So many it has.
        to: usize,
    },
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub rule: Named,
    /// What is done with it.
    pub what: What,
}

/// Why rules are left as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Not all of them are known, for this reason.
    Unknown(String),
    /// It is not known what this one matches.
    Unclear(Named),
    /// Whether fewer would do the same is too large to decide.
    TooLarge,
    /// Fewer were not proved to do the same.
    NotProved,
}

/// Rules that are asked one after the other, before and after.
#[derive(Debug, Clone)]
pub struct List {
    /// Which rules they are.
    pub whose: Whose,
    /// How many there were, and how many entries they had.
    pub before: (usize, usize),
    /// How many there are, and how many entries they have.
    pub after: (usize, usize),
    /// What was done.
    pub steps: Vec<Step>,
    /// Why nothing was done.
    pub left: Option<Left>,
}

/// A network with fewer rules that does the same.
#[derive(Debug, Clone)]
pub struct Optimized {
    /// The network.
    pub network: Estate,
    /// Its rules, also those that stay as they are.
    pub lists: Vec<List>,
    /// How the networks differ: in nothing, or something is wrong with this module.
    pub difference: Difference,
}

impl List {
    /// Whether there are fewer rules, or fewer entries.
    #[must_use]
    pub fn is_smaller(&self) -> bool {
        self.after != self.before
    }
}

impl Optimized {
    /// Whether anything is smaller.
    #[must_use]
    pub fn is_smaller(&self) -> bool {
        self.lists.iter().any(List::is_smaller)
    }

    /// How many rules there were, and how many there are.
    #[must_use]
    pub fn rules(&self) -> (usize, usize) {
        let lists = self.lists.iter();
        lists.fold((0, 0), |(before, after), list| {
            (before + list.before.0, after + list.after.0)
        })
    }

    /// How many entries the rules had, and how many they have.
    #[must_use]
    pub fn entries(&self) -> (usize, usize) {
        let lists = self.lists.iter();
        lists.fold((0, 0), |(before, after), list| {
            (before + list.before.1, after + list.after.1)
        })
    }
}

/// Looks for fewer rules that do the same.
#[must_use]
pub fn optimize(plane: &Dataplane<'_>, freedom: &Freedom) -> Optimized {
    let (estate, facts) = (plane.estate, plane.facts);
    let mut network = estate.clone();
    let mut lists: Vec<List> = every_list(estate)
        .into_iter()
        .map(|whose| List {
            whose,
            before: whose.size(estate),
            after: whose.size(estate),
            steps: Vec::new(),
            left: whose.bound(estate, facts),
        })
        .collect();
    for list in lists.iter_mut().filter(|list| list.left.is_none()) {
        for _ in 0..ROUNDS {
            let steps = list.whose.shrink(&mut network, facts, freedom);
            if steps.is_empty() {
                break;
            }
            list.steps.extend(steps);
        }
    }
    put_back(estate, &mut network, facts, &mut lists);
    for list in &mut lists {
        list.after = list.whose.size(&network);
        list.steps = last_words(std::mem::take(&mut list.steps));
    }
    let after = Dataplane::new(&network, facts, plane.tags).with_fqdn_tags(plane.fqdn_tags.clone());
    let difference = difference(plane, &after, Subnets::All);
    Optimized {
        network,
        lists,
        difference,
    }
}

/// Puts back the rules that are not proved to do the same. What is put back may be a part of other lists, so all are
/// looked at again.
fn put_back(before: &Estate, after: &mut Estate, facts: &Facts, lists: &mut [List]) {
    loop {
        let mut failed = None;
        for list in lists.iter().filter(|list| list.left.is_none()) {
            failed = match list.whose.alike(before, after, facts) {
                Ok(true) => continue,
                Ok(false) => Some((list.whose, Left::NotProved)),
                Err(TooLarge) => Some((list.whose, Left::TooLarge)),
            };
            break;
        }
        let Some((whose, why)) = failed else { return };
        whose.restore(before, after);
        for list in lists.iter_mut() {
            if list.whose.goes_with(whose) {
                list.steps.clear();
                list.left = Some(why.clone());
            }
        }
    }
}

fn every_list(estate: &Estate) -> Vec<Whose> {
    let groups = estate.nsgs.ids().flat_map(|nsg| {
        [Direction::Inbound, Direction::Outbound].map(|way| Whose::SecurityGroup(nsg, way))
    });
    let sets = rule_sets(estate).into_iter().flat_map(|set| {
        [RuleKind::Network, RuleKind::Application].map(|kind| Whose::Firewall(set.owner, kind))
    });
    let all = groups.chain(sets);
    all.filter(|whose| whose.size(estate).0 > 0).collect()
}

impl Whose {
    fn size(self, estate: &Estate) -> (usize, usize) {
        match self {
            Self::SecurityGroup(nsg, direction) => security::size(estate, nsg, direction),
            Self::Firewall(owner, kind) => firewall::size(estate, owner, kind),
        }
    }

    fn bound(self, estate: &Estate, facts: &Facts) -> Option<Left> {
        match self {
            Self::SecurityGroup(nsg, _) => security::bound(estate, nsg),
            Self::Firewall(owner, kind) => firewall::bound(estate, facts, owner, kind),
        }
    }

    fn shrink(self, estate: &mut Estate, facts: &Facts, freedom: &Freedom) -> Vec<Step> {
        match self {
            Self::SecurityGroup(nsg, direction) => {
                security::shrink(estate, nsg, direction, freedom)
            }
            Self::Firewall(owner, kind) => firewall::shrink(estate, facts, owner, kind, freedom),
        }
    }

    fn alike(self, before: &Estate, after: &Estate, facts: &Facts) -> Result<bool, TooLarge> {
        match self {
            Self::SecurityGroup(nsg, direction) => security::alike(before, after, nsg, direction),
            Self::Firewall(owner, kind) => firewall::alike(before, after, facts, owner, kind),
        }
    }

    fn restore(self, before: &Estate, after: &mut Estate) {
        match self {
            Self::SecurityGroup(nsg, direction) => {
                security::restore(before, after, nsg, direction);
            }
            Self::Firewall(owner, _) => firewall::restore(before, after, owner),
        }
    }

    /// Whether both are put back together.
    fn goes_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Firewall(one, _), Self::Firewall(other, _)) => one == other,
            _ => self == other,
        }
    }
}

/// Says the same with fewer entries, and tells of it.
fn shortened<R: Listed>(rule: &mut R, named: Named) -> Option<Step> {
    let from = rule.entries();
    rule.shorten();
    let to = rule.entries();
    (to < from).then_some(Step {
        rule: named,
        what: What::Shortened { from, to },
    })
}

fn told<R>(joined: &[Joined], rules: &[R], named: impl Fn(&R) -> Named) -> Vec<Step> {
    let told = joined.iter().filter_map(|pair| {
        let (rule, into) = (rules.get(pair.from)?, rules.get(pair.into)?);
        let what = What::Joined { into: named(into) };
        let rule = named(rule);
        Some(Step { rule, what })
    });
    told.collect()
}

/// What became of each rule in the end: shortening one that then becomes a part of another is not worth a word, and
/// what is done in several steps is told as one.
fn last_words(steps: Vec<Step>) -> Vec<Step> {
    let mut last: Vec<Step> = Vec::new();
    let mut places: FxHashMap<Named, usize> = FxHashMap::default();
    for step in steps {
        let known = places.get(&step.rule).and_then(|at| last.get_mut(*at));
        let Some(known) = known else {
            places.insert(step.rule.clone(), last.len());
            last.push(step);
            continue;
        };
        known.what = match (&known.what, step.what) {
            (What::Shortened { from, .. }, What::Shortened { to, .. }) => {
                What::Shortened { from: *from, to }
            }
            (_, what) => what,
        };
    }
    last
}
