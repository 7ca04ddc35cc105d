//! What the resource provider says to the pools of an estate, for the rules that pass it on.

use crate::azure::Site;
use crate::azure::gaps;
use crate::azure::preflight::{Refusal, Subject, preflight};
use crate::diag::{Finding, Id};
use crate::estate::{Gap, Pool};
use crate::lint::Context;

/// Refusals because something is not there, which says nothing where the estate is only a part of what there is.
const NOT_FOUND: [&str; 3] = [
    "NATGatewayNotFound",
    "NATGatewayNotAssociatedWithPublicIPOrIPPrefix",
    "PrivateDNSZoneResourceNotFoundError",
];

/// Every refusal, with the pool that is refused. Several pools may be refused for one thing: it is told once.
pub(in crate::lint) fn refusals<'a>(
    context: &Context<'a>,
    wanted: impl Fn(&Refusal) -> bool,
) -> Vec<(&'a Pool, Refusal)> {
    let mut all: Vec<(&Pool, Refusal)> = Vec::new();
    for (id, pool) in context.estate.pools.iter() {
        for refusal in preflight(context.plane, id).refusals {
            let told = all
                .iter()
                .any(|(_, told)| told.element == refusal.element && told.text == refusal.text);
            if wanted(&refusal) && !told && is_known(context, &refusal) {
                all.push((pool, refusal));
            }
        }
    }
    all
}

/// Whether the refusal does not rest on something that is only not written down.
fn is_known(context: &Context<'_>, refusal: &Refusal) -> bool {
    let code = refusal.code.as_deref().unwrap_or_default();
    let missing = NOT_FOUND.contains(&code) && gaps::is_part(context.estate);
    let settings = match refusal.element.site {
        Site::Subnet(subnet) if refusal.subject == Subject::Outbound => {
            context.estate.gaps.at(Gap::SubnetSettings(subnet))
        }
        _ => &[],
    };
    !missing && settings.is_empty()
}

/// The finding for a refusal.
pub(in crate::lint) fn finding(id: Id, pool: &Pool, refusal: &Refusal) -> Finding {
    let name = &pool.meta.name;
    let finding = Finding::new(
        id,
        format!(
            "pool `{name}` is refused: {} {}",
            refusal.element.name, refusal.text
        ),
    );
    let finding = match refusal.element.origin.span() {
        Some(span) => finding
            .at(span, "refused")
            .related(pool.meta.origin, "the pool"),
        None => finding.at(pool.meta.origin, "refused"),
    };
    match &refusal.code {
        Some(code) => finding.azure(code.as_str(), refusal.message.clone()),
        None => finding,
    }
}
