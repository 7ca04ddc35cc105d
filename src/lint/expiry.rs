//! TG7001 and TG7002: requirements whose time is over, or soon will be.

use crate::diag::{Finding, Id};

use super::Context;

/// How many days ahead an end is announced.
const SOON_DAYS: i64 = 30;

rule! {
    /// Requirements whose `expires` date has passed (TG7001), or comes within 30 days (TG7002).
    ///
    /// An opening that was agreed for a time and stays open after it is how firewalls decay: nobody dares to remove
    /// what nobody remembers. The date in the policy is the day to ask again.
    ///
    /// ```egress
    /// require spark -> 192.168.40.0/24 tcp/9092 "migration" owner data-platform expires 2020-01-31
    /// ```
    ///
    /// Remove the requirement, or agree on another date with its owner.
    TG7001, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for requirement in &context.intent.requirements {
        let Some(expires) = requirement.expires else {
            continue;
        };
        let days = expires.value.unix_days() - context.today.unix_days();
        let finding = if days < 0 {
            Finding::new(
                Id::TG7001,
                format!("this requirement expired on {}", expires.value),
            )
            .at(expires.span, format!("{} days ago", -days))
        } else if days <= SOON_DAYS {
            Finding::new(
                Id::TG7002,
                format!("this requirement expires on {}", expires.value),
            )
            .at(expires.span, format!("in {days} days"))
        } else {
            continue;
        };
        let owner = requirement
            .owner
            .as_ref()
            .map(|owner| format!("`{}` answers for it", owner.value));
        let ticket = requirement
            .ticket
            .as_ref()
            .map(|ticket| format!("it was agreed in `{}`", ticket.value));
        findings.push(
            finding
                .related(requirement.origin, "the requirement")
                .maybe_help(owner)
                .maybe_help(ticket)
                .help("remove it, or agree on another date"),
        );
    }
}
