//! Rules that could be taken away, because later rules do the same with all that they decide.

use crate::estate::SecurityRule;
use crate::space::{Deciding, needless};

use super::firewall_rules::FirewallRules;
use super::security_rules::SecurityRules;

/// How many comparisons may be made for one rule. What takes more is not told of.
const STEPS: u64 = 50_000;

impl<'a> SecurityRules<'a> {
    /// Each rule that could be taken away with the later ones that do the same. The default rules count for nothing: what
    /// they do depends on the network.
    #[must_use]
    pub fn needless(&self) -> Vec<(&'a SecurityRule, Vec<&'a SecurityRule>)> {
        let rules = self.rules.iter().zip(&self.matches);
        let rules: Vec<_> = rules
            .map(|(rule, matches)| Deciding {
                matches,
                way: rule.access,
                known: true,
                asked: true,
            })
            .collect();
        let told = needless(&rules, &self.atoms, STEPS);
        let told = self.rules.iter().zip(told);
        told.filter_map(|(rule, by)| {
            let by = by?;
            let by = by.iter().filter_map(|at| self.rules.get(*at).copied());
            Some((*rule, by.collect()))
        })
        .collect()
    }
}

/// What a rule is where others are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Whether it could be taken away is asked.
    Asked,
    /// It stays.
    Kept,
    /// It is not there.
    Gone,
}

impl FirewallRules<'_> {
    /// Of each rule, in order, the later ones that do the same. Each rule comes with what it does and its role; rules do
    /// the same when that is equal.
    #[must_use]
    pub fn needless<W: PartialEq + Copy>(&self, all: &[(W, Role)]) -> Vec<Option<Vec<usize>>> {
        let rules = self.matches.iter().zip(&self.known).zip(all).enumerate();
        let there = rules.filter(|(_, (_, (_, role)))| *role != Role::Gone);
        let (places, rules): (Vec<usize>, Vec<_>) = there
            .map(|(at, ((matches, known), (way, role)))| {
                let deciding = Deciding {
                    matches,
                    way: *way,
                    known: *known,
                    asked: *role == Role::Asked,
                };
                (at, deciding)
            })
            .unzip();
        let mut told = vec![None; self.matches.len()];
        let found = needless(&rules, &self.atoms, STEPS);
        for (at, by) in places.iter().zip(found) {
            if let (Some(slot), Some(by)) = (told.get_mut(*at), by) {
                let by = by.iter().filter_map(|place| places.get(*place).copied());
                *slot = Some(by.collect());
            }
        }
        told
    }
}
