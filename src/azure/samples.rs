//! Flows that stand for what a requirement or a rule names: one for a whole prefix, pattern, tag or range of ports.

use crate::net::{Destination, Fqdn, FqdnPattern, Service, Transport};

use super::dataplane::Dataplane;
use super::flow::Target;

/// A transport and a port that stand for a service.
#[must_use]
pub fn sample_service(service: Service) -> (Transport, u16) {
    let (transport, ports) = service.transport_ports();
    let transport = match transport {
        Transport::Any => Transport::Tcp,
        other => other,
    };
    if !transport.has_ports() {
        return (transport, 0);
    }
    let (first, _) = ports.bounds();
    (transport, first.max(1))
}

/// What stands for a destination: a name below a wildcard, the first address of a prefix, a tag by its name.
///
/// # Errors
/// When nobody knows what it holds; the words say why.
pub fn sample_targets(
    plane: &Dataplane<'_>,
    destination: &Destination,
) -> Result<Vec<Target>, String> {
    let named = |name: Fqdn| Target {
        name: Some(name),
        address: None,
        tags: Vec::new(),
    };
    let at = |address| Target {
        name: None,
        address: Some(address),
        tags: Vec::new(),
    };
    Ok(match destination {
        Destination::Anywhere => vec![Target::default()],
        Destination::Prefix(prefix) if prefix.prefix_len() == 0 => vec![Target::default()],
        Destination::Prefix(prefix) => {
            let mut hosts = prefix.hosts();
            vec![at(hosts.next().unwrap_or_else(|| prefix.addr()))]
        }
        Destination::Range(range) => vec![at(range.bounds().0)],
        Destination::ServiceTag(tag) => vec![Target {
            name: None,
            address: None,
            tags: vec![tag.clone()],
        }],
        Destination::Fqdn(pattern) => match example(pattern) {
            Some(name) => vec![named(name)],
            None => vec![Target::default()],
        },
        Destination::FqdnTag(tag) => {
            let content = plane.fqdn_tags.tags.iter().find(|content| {
                let mut names = content.names.iter();
                names.any(|name| name.eq_ignore_ascii_case(tag.as_str()))
            });
            let Some(content) = content else {
                return Err(format!("what FQDN tag {tag} holds is not published"));
            };
            content
                .patterns
                .iter()
                .filter_map(example)
                .map(named)
                .collect()
        }
        Destination::Open(open) => {
            return Err(format!("parameter `{}` has no value yet", open.parameter));
        }
    })
}

/// A name that a pattern covers.
fn example(pattern: &FqdnPattern) -> Option<Fqdn> {
    match pattern {
        FqdnPattern::Any => None,
        FqdnPattern::Exact(name) => Some(name.clone()),
        FqdnPattern::Below(parent) => format!("any.{parent}").parse().ok(),
        FqdnPattern::Suffix(end) => format!("any{end}").parse().ok(),
    }
}
