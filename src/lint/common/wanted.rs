//! What requirements and assertions are about, compared.

use crate::intent::{Assertion, Demand, Requirement, Subject};
use crate::net::{Destination, Service, Transport};

use super::ends::pattern_covers;

/// Whether a requirement needs something that an assertion forbids.
pub(in crate::lint) fn contradict(requirement: &Requirement, assertion: &Assertion) -> bool {
    if assertion.demand != Demand::NeverReaches || assertion.from != Subject::Pool(requirement.pool)
    {
        return false;
    }
    let to_same = requirement.destinations.iter().any(|needed| {
        let mut forbidden = assertion.destinations.iter();
        forbidden.any(|forbidden| certainly_meet(&needed.value, &forbidden.value))
    });
    let over_same = assertion.services.is_empty()
        || requirement.services.iter().any(|needed| {
            let mut forbidden = assertion.services.iter();
            forbidden.any(|forbidden| services_meet(needed.value, forbidden.value))
        });
    to_same && over_same
}

/// Whether two destinations have something in common, as far as that is certain: which addresses a name or a tag has
/// is not known.
fn certainly_meet(a: &Destination, b: &Destination) -> bool {
    match (a, b) {
        (Destination::Anywhere, _) | (_, Destination::Anywhere) => true,
        (Destination::Prefix(a), Destination::Prefix(b)) => a.contains(b) || b.contains(a),
        (Destination::Range(a), Destination::Range(b)) => {
            let ((first, last), (start, end)) = (a.bounds(), b.bounds());
            first.is_ipv4() == start.is_ipv4() && first <= end && start <= last
        }
        (Destination::Prefix(prefix), Destination::Range(range))
        | (Destination::Range(range), Destination::Prefix(prefix)) => {
            let (first, last) = range.bounds();
            prefix.contains(&first) || prefix.contains(&last)
        }
        (Destination::Fqdn(a), Destination::Fqdn(b)) => {
            pattern_covers(a, b) || pattern_covers(b, a)
        }
        (a, b) => a == b,
    }
}

fn services_meet(a: Service, b: Service) -> bool {
    let ((over, ports), (other, others)) = (a.transport_ports(), b.transport_ports());
    let same = over == other || over == Transport::Any || other == Transport::Any;
    let ((first, last), (start, end)) = (ports.bounds(), others.bounds());
    same && (!over.has_ports() || !other.has_ports() || (first <= end && start <= last))
}
