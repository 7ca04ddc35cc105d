//! TG7010: requirements that nobody answers for.

use rustc_hash::FxHashSet;

use crate::diag::{Finding, Id};
use crate::intent::Requirement;
use crate::lint::Context;

rule! {
    /// A requirement without a reason or an owner, where most others of the policy have one.
    ///
    /// Who goes through the rules a year later has to know why each is there and whom to ask. Where a policy keeps no
    /// such record at all, this is silent.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.0.0/24 }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// require apps -> 203.0.113.0/24 https "images" owner platform
    /// require apps -> 198.51.100.0/24 https "charts" owner platform
    /// require apps -> 192.168.40.0/24 tcp/9092  // why, and for whom?
    /// ```
    ///
    /// Write both: `require apps -> 192.168.40.0/24 tcp/9092 "Kafka on premises" owner streaming`.
    TG7010, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut seen = FxHashSet::default();
    let written: Vec<&Requirement> = context
        .intent
        .requirements
        .iter()
        .filter(|it| it.level.is_none() && seen.insert(it.origin))
        .collect();
    let most_have = |has: fn(&Requirement) -> bool| {
        let with = written.iter().filter(|it| has(it)).count();
        with * 2 > written.len()
    };
    let (reasons, owners) = (most_have(has_reason), most_have(has_owner));
    for requirement in written.iter().copied() {
        let missing = match (
            reasons && !has_reason(requirement),
            owners && !has_owner(requirement),
        ) {
            (true, true) => "reason and no owner",
            (true, false) => "reason",
            (false, true) => "owner",
            (false, false) => continue,
        };
        findings.push(
            Finding::new(Id::TG7010, format!("this requirement has no {missing}"))
                .at(requirement.origin, "most others have")
                .help("write behind it: \"why\" owner WHO"),
        );
    }
}

fn has_reason(requirement: &Requirement) -> bool {
    !requirement.reason.is_empty()
}

fn has_owner(requirement: &Requirement) -> bool {
    requirement.owner.is_some()
}
