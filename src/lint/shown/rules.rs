//! TG0040: effective security rules that are not those of the input.

use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{Endpoint, Estate, Gap, Id as ElementId, Nsg, SecurityRule, ShownRules};
use crate::net::{Destination, PortRange};

pub(super) fn compare(estate: &Estate, shown: &ShownRules, findings: &mut Vec<Finding>) {
    association(estate, shown, findings);
    let Some(nsg) = shown.nsg.id else { return };
    let group = &estate.nsgs[nsg];
    // A group that nothing else tells of was read from this list or one like it.
    if is_read_from(group, shown) {
        return;
    }
    let known = estate.gaps.at(Gap::SecurityRules(nsg)).is_empty();
    for rule in &shown.rules {
        match group.rules.iter().find(|own| is_named(own, rule)) {
            Some(own) => {
                let different = differences(own, rule);
                if !different.is_empty() {
                    let message = format!(
                        "Azure applies rule `{}` of network security group `{}` with {}",
                        rule.name,
                        group.meta.name,
                        different.join(", ")
                    );
                    findings.push(report(message, rule.origin, own.origin));
                }
            }
            None if known => {
                let message = format!(
                    "Azure applies rule `{}` of network security group `{}`, which the files do not have",
                    rule.name, group.meta.name
                );
                findings.push(report(message, rule.origin, group.meta.origin));
            }
            None => {}
        }
    }
    if !shown.whole {
        return;
    }
    for own in &group.rules {
        if !shown.rules.iter().any(|rule| is_named(own, rule)) {
            let message = format!(
                "Azure does not apply rule `{}` of network security group `{}`, which the files have",
                own.name, group.meta.name
            );
            findings.push(report(message, shown.origin, own.origin));
        }
    }
}

/// The group is on a subnet that has another one by the files.
fn association(estate: &Estate, shown: &ShownRules, findings: &mut Vec<Finding>) {
    let Some(subnet) = &shown.subnet else { return };
    let Some(id) = subnet.id else { return };
    let own = &estate.subnets[id].nsg;
    let path = estate.subnet_path(id);
    let words = match own {
        Some(own) if is_same_group(own.id, &own.name, shown) => return,
        Some(own) => format!("network security group `{}`", own.name),
        None if estate.gaps.at(Gap::SubnetSettings(id)).is_empty() => {
            "no network security group".to_owned()
        }
        None => return,
    };
    let message = format!(
        "Azure shows network security group `{}` on subnet `{path}`; by the files it has {words}",
        shown.nsg.name
    );
    let other = own.as_ref().map(|own| own.origin);
    let other = other.unwrap_or(estate.subnets[id].meta.origin);
    findings.push(report(message, subnet.origin, other));
}

fn is_same_group(id: Option<ElementId<Nsg>>, name: &str, shown: &ShownRules) -> bool {
    match (id, shown.nsg.id) {
        (Some(a), Some(b)) => a == b,
        _ => name.eq_ignore_ascii_case(&shown.nsg.name),
    }
}

/// Whether a group's rules stand where the shown ones stand.
fn is_read_from(group: &Nsg, shown: &ShownRules) -> bool {
    group.meta.origin == shown.origin
}

fn is_named(own: &SecurityRule, rule: &SecurityRule) -> bool {
    own.direction == rule.direction && own.name.eq_ignore_ascii_case(&rule.name)
}

/// What Azure applies and the files say otherwise, each as `access Deny (Allow by the files)`.
fn differences(own: &SecurityRule, rule: &SecurityRule) -> Vec<String> {
    let mut different = Vec::new();
    let mut hold = |what: &str, azure: String, files: String| {
        if azure != files {
            different.push(format!("{what} {azure} ({files} by the files)"));
        }
    };
    hold(
        "priority",
        rule.priority.value.to_string(),
        own.priority.value.to_string(),
    );
    hold(
        "access",
        format!("{:?}", rule.access),
        format!("{:?}", own.access),
    );
    hold(
        "protocol",
        rule.transport.keyword().to_owned(),
        own.transport.keyword().to_owned(),
    );
    for (what, azure, files) in [
        ("source", &rule.sources, &own.sources),
        ("destination", &rule.destinations, &own.destinations),
    ] {
        if let (Some(azure), Some(files)) = (ends(azure), ends(files)) {
            hold(what, azure, files);
        }
    }
    hold(
        "source ports",
        ports(&rule.source_ports),
        ports(&own.source_ports),
    );
    hold(
        "ports",
        ports(&rule.destination_ports),
        ports(&own.destination_ports),
    );
    different
}

/// The addresses of one side in one spelling; nothing where only Azure knows them: application security groups, open
/// values, ranges that Azure shows as prefixes.
fn ends(ends: &[Endpoint]) -> Option<String> {
    let mut words = Vec::new();
    for end in ends {
        let Endpoint::Plain(destination) = end else {
            return None;
        };
        words.push(match destination {
            Destination::Anywhere => "any".to_owned(),
            Destination::Prefix(prefix) if prefix.prefix_len() == 0 => "any".to_owned(),
            Destination::Prefix(prefix) => prefix.to_string(),
            Destination::ServiceTag(tag) => tag.as_str().to_ascii_lowercase(),
            Destination::Range(_)
            | Destination::Fqdn(_)
            | Destination::FqdnTag(_)
            | Destination::Open(_) => return None,
        });
    }
    words.sort_unstable();
    words.dedup();
    if words.iter().any(|word| word == "any") {
        return Some("any".to_owned());
    }
    Some(words.join(" and "))
}

/// Ports in one spelling: ranges that touch are one.
fn ports(ports: &[PortRange]) -> String {
    let mut bounds: Vec<(u16, u16)> = ports.iter().map(|range| range.bounds()).collect();
    bounds.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (first, last) in bounds {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    let joined = joined
        .into_iter()
        .filter_map(|(first, last)| PortRange::new(first, last));
    let words: Vec<String> = joined.map(|range| range.to_string()).collect();
    words.join(" and ")
}

fn report(message: String, place: Origin, other: Origin) -> Finding {
    let mut finding = Finding::new(Id::TG0040, message).at(place, "what Azure applies");
    if other != place {
        finding = finding.related(other, "what the files say");
    }
    finding.help(
        "the group or the subnet was changed after one of the two was exported: export both again, and judge by what \
         is newer",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_one_spelling() {
        let of = |words: &[&str]| {
            let ranges: Vec<PortRange> = words.iter().map(|word| word.parse().unwrap()).collect();
            ports(&ranges)
        };
        assert_eq!(of(&["443", "80", "81"]), "80-81 and 443");
        assert_eq!(of(&["*", "443"]), "*");
        assert_eq!(of(&["22-22"]), "22");
    }

    #[test]
    fn addresses_have_one_spelling() {
        let plain = |destination| Endpoint::Plain(destination);
        let prefix = |text: &str| plain(Destination::Prefix(text.parse().unwrap()));
        assert_eq!(
            ends(&[prefix("0.0.0.0/0")]),
            ends(&[plain(Destination::Anywhere)])
        );
        assert_eq!(
            ends(&[
                prefix("10.1.0.0/24"),
                prefix("10.0.0.0/24"),
                prefix("10.1.0.0/24")
            ]),
            Some("10.0.0.0/24 and 10.1.0.0/24".to_owned())
        );
    }
}
