//! Groups: named lists of targets. Each member gets its meaning once, wherever and however often a group is used.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::base::{Span, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::net::Destination;
use crate::syntax::tree::{Target, Word};

use super::Lowering;

/// What one word of a list of targets stands for.
#[derive(Debug, Clone)]
pub(super) enum Member {
    /// A destination.
    Is(Spanned<Destination>),
    /// All members of a group.
    Group(Word),
}

/// A group.
#[derive(Debug)]
pub(super) struct Group<'a> {
    targets: &'a [Target],
    span: Span,
    members: Vec<Member>,
    used: bool,
}

/// A walk through groups: the groups entered and not left, each with the number of its next member.
type Walk = Vec<(SmolStr, usize)>;

impl<'a> Lowering<'a> {
    pub(super) fn declare_group(&mut self, name: &Word, targets: &'a [Target]) {
        if let Some(first) = self.groups.get(&name.value) {
            let finding = Finding::new(
                FindingId::TG0007,
                format!("group `{}` is declared twice", name.value),
            )
            .at(name.span, "declared again here")
            .related(first.span, "declared first here");
            self.report(finding);
            return;
        }
        let fits = name.value != "any"
            && name
                .value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !fits {
            let finding = Finding::new(
                FindingId::TG0004,
                format!("`{}` cannot be the name of a group", name.value),
            )
            .at(name.span, "named here")
            .help("use letters, digits, hyphens and underscores; `any` stands for every address");
            self.report(finding);
            self.unread.note(&name.value);
            return;
        }
        let group = Group {
            targets,
            span: name.span,
            members: Vec::new(),
            used: false,
        };
        self.groups.insert(name.value.clone(), group);
    }

    /// Gives the members of every group their meaning, and reports groups that contain themselves.
    pub(super) fn define_groups(&mut self) {
        let names: Vec<SmolStr> = self.groups.keys().cloned().collect();
        for name in &names {
            let targets = self.groups.get(name).map_or(&[][..], |group| group.targets);
            let members = targets
                .iter()
                .flat_map(|target| self.members(target))
                .collect();
            if let Some(group) = self.groups.get_mut(name) {
                group.members = members;
            }
        }
        let mut findings = Vec::new();
        let mut done = BTreeSet::new();
        for name in names {
            find_circles(&self.groups, name, &mut done, &mut findings);
        }
        self.findings.extend(findings);
    }

    /// Adds what members stand for, each group once.
    pub(super) fn flatten(&mut self, members: Vec<Member>, out: &mut Vec<Spanned<Destination>>) {
        let mut seen = BTreeSet::new();
        for member in members {
            match member {
                Member::Is(destination) => out.push(destination),
                Member::Group(name) => self.flatten_group(name.value, &mut seen, out),
            }
        }
    }

    fn flatten_group(
        &mut self,
        name: SmolStr,
        seen: &mut BTreeSet<SmolStr>,
        out: &mut Vec<Spanned<Destination>>,
    ) {
        if !seen.insert(name.clone()) {
            return;
        }
        let mut walk: Walk = vec![(name, 0)];
        while let Some((name, next)) = walk.last_mut() {
            let Some(group) = self.groups.get_mut(name) else {
                walk.pop();
                continue;
            };
            group.used = true;
            let member = group.members.get(*next);
            *next += 1;
            match member {
                Some(Member::Is(destination)) => out.push(destination.clone()),
                Some(Member::Group(inner)) if seen.insert(inner.value.clone()) => {
                    walk.push((inner.value.clone(), 0));
                }
                Some(Member::Group(_)) => {}
                None => {
                    walk.pop();
                }
            }
        }
    }

    pub(super) fn report_unused_groups(&mut self) {
        if !self.unread.is_empty() {
            // What could not be read may use them.
            return;
        }
        let unused: Vec<Finding> = self
            .groups
            .iter()
            .filter(|(_, group)| !group.used)
            .map(|(name, group)| {
                Finding::new(FindingId::TG8001, format!("group `{name}` is never used"))
                    .at(group.span, "declared here")
                    .help("use it in a requirement or rule, or remove it")
            })
            .collect();
        self.findings.extend(unused);
    }
}

/// Reports every member that leads back to a group it is reached from. `done` are the groups looked through before.
fn find_circles(
    groups: &BTreeMap<SmolStr, Group<'_>>,
    name: SmolStr,
    done: &mut BTreeSet<SmolStr>,
    findings: &mut Vec<Finding>,
) {
    if !done.insert(name.clone()) {
        return;
    }
    let mut open = BTreeSet::from([name.clone()]);
    let mut walk: Walk = vec![(name, 0)];
    while let Some((name, next)) = walk.last_mut() {
        let Some(member) = groups.get(name).and_then(|group| group.members.get(*next)) else {
            open.remove(name);
            walk.pop();
            continue;
        };
        *next += 1;
        let Member::Group(inner) = member else {
            continue;
        };
        if open.contains(&inner.value) {
            let finding = Finding::new(
                FindingId::TG0011,
                format!("group `{}` contains itself", inner.value),
            )
            .at(inner.span, "closes the circle")
            .help("take it out: a group has its own members already");
            findings.push(match groups.get(&inner.value) {
                Some(group) => finding.related(group.span, "the group"),
                None => finding,
            });
        } else if done.insert(inner.value.clone()) {
            open.insert(inner.value.clone());
            walk.push((inner.value.clone(), 0));
        }
    }
}
