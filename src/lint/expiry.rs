//! TG7001 and TG7002: requirements whose time is over, or soon will be.

use crate::base::{Date, Spanned};
use crate::diag::{Finding, Id};
use crate::intent::Requirement;

use super::Context;

/// How many days ahead an end is announced.
const SOON_DAYS: i64 = 30;

rule! {
    /// Requirements whose `expires` date has passed.
    ///
    /// An opening that was agreed for a time and stays open after it is how firewalls decay: nobody dares to remove
    /// what nobody remembers. The date in the policy is the day to ask again.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }
    /// pool spark in analytics.pool { outbound none }
    /// require spark -> 192.168.40.0/24 tcp/9092 "migration" owner data-platform expires 2020-01-31
    /// ```
    ///
    /// Remove the requirement, or agree on another date with its owner.
    TG7001, check_expired
}

rule! {
    /// Requirements whose `expires` date comes within 30 days.
    ///
    /// What is open only for a time needs somebody to look at it before the time is over: after it, the next
    /// compilation fails (TG7001).
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }
    /// pool spark in analytics.pool { outbound none }
    /// require spark -> 192.168.40.0/24 tcp/9092 "migration" owner data-platform expires 2026-12-20  // in 19 days
    /// ```
    ///
    /// Agree on another date with its owner, or plan to do without it.
    TG7002, check_soon
}

fn check_expired(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (requirement, expires, days) in expiring(context) {
        if days < 0 {
            let finding = Finding::new(
                Id::TG7001,
                format!("this requirement expired on {}", expires.value),
            )
            .at(expires.span, format!("{} ago", in_days(-days)));
            findings.push(with_agreement(finding, requirement));
        }
    }
}

fn check_soon(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (requirement, expires, days) in expiring(context) {
        if (0..=SOON_DAYS).contains(&days) {
            let finding = Finding::new(
                Id::TG7002,
                format!("this requirement expires on {}", expires.value),
            )
            .at(
                expires.span,
                if days == 0 {
                    "today".to_owned()
                } else {
                    format!("in {}", in_days(days))
                },
            );
            findings.push(with_agreement(finding, requirement));
        }
    }
}

fn in_days(days: i64) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

/// Requirements with an end, and the days until then.
fn expiring<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a Requirement, Spanned<Date>, i64)> {
    let today = context.today.unix_days();
    let requirements = context.intent.requirements.iter();
    requirements.filter_map(move |requirement| {
        let expires = requirement.expires?;
        Some((requirement, expires, expires.value.unix_days() - today))
    })
}

fn with_agreement(finding: Finding, requirement: &Requirement) -> Finding {
    let owner = requirement.owner.as_ref();
    let ticket = requirement.ticket.as_ref();
    finding
        .related(requirement.origin, "the requirement")
        .maybe_help(owner.map(|owner| format!("`{}` answers for it", owner.value)))
        .maybe_help(ticket.map(|ticket| format!("it was agreed in `{}`", ticket.value)))
        .help("remove it, or agree on another date")
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::found;

    const POLICY: &str = "
vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 }
pool p in v.s { outbound none }
require p -> 192.168.40.0/24 tcp/9092 \"past\" owner data expires 2026-01-31
require p -> 192.168.41.0/24 tcp/9092 \"soon\" expires 2026-07-15
require p -> 192.168.42.0/24 tcp/9092 \"later\" expires 2027-01-31
";

    #[test]
    fn tells_what_has_ended() {
        assert_eq!(
            found(Id::TG7001, POLICY),
            ["4:65 this requirement expired on 2026-01-31"]
        );
    }

    #[test]
    fn tells_what_ends_soon() {
        assert_eq!(
            found(Id::TG7002, POLICY),
            ["5:54 this requirement expires on 2026-07-15"]
        );
    }
}
