//! The interface whose routes are shown, where the input names it.

use crate::import::{Resource, ResourceId, Value};

use super::{Seen, is_same};

/// The type of network interfaces.
const INTERFACES: &str = "microsoft.network/networkinterfaces";

/// An interface that is named.
#[derive(Debug)]
pub(super) struct Interface {
    /// The subnet it is in.
    pub(super) subnet: ResourceId,
}

/// The interface that lies in the input and that is named around the list, or else by the name of its file.
pub(super) fn of(seen: &Seen, resources: &[Resource]) -> Option<Interface> {
    let interfaces = || resources.iter().filter(|it| it.id.is(INTERFACES));
    if let Some(id) = &seen.shown.interface {
        let mut named = interfaces().filter(|it| is_same(&it.id, id));
        let first = named.next()?;
        return named.next().is_none().then(|| subnet_of(first)).flatten();
    }
    let stem = seen.path.file_stem()?;
    let mut named = interfaces().filter(|it| {
        let name = it.id.name();
        name.known().is_some_and(|name| names(stem, name))
    });
    // Of `nic-1` and `nic-1-b` a file named after the second names both: then the longer name is meant.
    let first = named.next()?;
    let longest = named.try_fold(first, |longest, other| {
        let (a, b) = (longest.id.name().to_string(), other.id.name().to_string());
        match (names(&a, &b), names(&b, &a)) {
            (true, false) => Some(longest),
            (false, true) => Some(other),
            _ => None,
        }
    })?;
    subnet_of(longest)
}

/// Whether a text holds a name with nothing of a word right before or behind it, in any case.
fn names(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    !name.is_empty()
        && text.match_indices(&name).any(|(at, _)| {
            let before = text.get(..at).and_then(|rest| rest.chars().next_back());
            let behind = text
                .get(at + name.len()..)
                .and_then(|rest| rest.chars().next());
            let ends = |near: Option<char>| near.is_none_or(|c| !c.is_alphanumeric());
            ends(before) && ends(behind)
        })
}

fn subnet_of(interface: &Resource) -> Option<Interface> {
    let body = |value: &Value| value.get("properties").unwrap_or(value).clone();
    let configurations = body(&interface.whole);
    let configurations = configurations.get("ipConfigurations")?.items()?.to_vec();
    let subnet = configurations.iter().find_map(|configuration| {
        let configuration = body(configuration);
        let subnet = configuration.get("subnet")?;
        ResourceId::parse(&subnet.get("id").unwrap_or(subnet).text()?)
    })?;
    Some(Interface { subnet })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_file_is_named_after_an_interface() {
        for (stem, name, says) in [
            ("nic-spark-0", "nic-spark-0", true),
            ("nic-spark-0.effective-routes", "NIC-spark-0", true),
            ("routes_of_nic", "nic", true),
            ("nic-spark-01", "nic-spark-0", false),
            ("mechanics", "nic", false),
            ("routes", "", false),
        ] {
            assert_eq!(names(stem, name), says, "{stem} {name}");
        }
    }
}
