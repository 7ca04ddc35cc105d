//! Which entries of a catalog hold a name that a page of documents writes.

use super::model::{Catalog, Endpoint, Level};
use super::template::{Template, TemplateKind};

/// An entry that holds a name.
#[derive(Debug, Clone, Copy)]
pub struct Holding<'c> {
    /// The entry.
    pub endpoint: &'c Endpoint,
    /// The wider name that it has; none when it has the name itself.
    pub wider: Option<&'c str>,
}

impl Holding<'_> {
    /// Whether the entry says that the name is on its way out.
    #[must_use]
    pub fn is_outgoing(&self) -> bool {
        let lifecycle = self.endpoint.lifecycle.as_ref();
        self.endpoint.level == Level::Retired
            || lifecycle.is_some_and(|it| it.retired.is_some() || it.replaced_by.is_some())
    }
}

impl Catalog {
    /// The entries that hold a name as documents write it, such as `*.hcp.<location>.azmk8s.io`, in the order of the
    /// catalog. Entries that hold every name are none of them.
    #[must_use]
    pub fn holding(&self, name: &str) -> Vec<Holding<'_>> {
        let name = shape(name);
        let holding = self.endpoints.iter().filter_map(|endpoint| {
            let templates = names_of(endpoint).filter_map(|template| {
                let own = shape(template.text());
                let wider = own != name;
                holds(&own, &name).then_some((wider, template))
            });
            // The name itself goes before a wider one.
            let (wider, template) = templates.min_by_key(|(wider, _)| *wider)?;
            Some(Holding {
                endpoint,
                wider: wider.then(|| template.text()),
            })
        });
        holding.collect()
    }
}

/// Every name that an entry may stand for: its own, those that serve instead, and those that a firewall can express.
fn names_of(endpoint: &Endpoint) -> impl Iterator<Item = &Template> {
    let alternatives = endpoint.alternatives.iter();
    let forms = std::iter::once(&endpoint.form).chain(alternatives.map(|it| &it.form));
    let fallback = endpoint
        .fallback
        .iter()
        .flat_map(|fallback| &fallback.fqdns);
    let names = forms.flat_map(|form| &form.destinations).chain(fallback);
    names.filter(|template| template.kind() == TemplateKind::Fqdn)
}

/// A name in lower case, without a port, and with one mark for every placeholder, whatever it is called.
fn shape(name: &str) -> String {
    let mut shape = String::with_capacity(name.len());
    let mut depth = 0_u32;
    for c in name.chars() {
        match c {
            '<' | '{' => {
                if depth == 0 {
                    shape.push(PLACEHOLDER);
                }
                depth += 1;
            }
            '>' | '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => break,
            c if depth == 0 => shape.extend(c.to_lowercase()),
            _ => {}
        }
    }
    shape
}

/// What stands for a placeholder.
const PLACEHOLDER: char = '{';

/// Whether a name or pattern holds all that another one does, as far as their texts tell.
fn holds(pattern: &str, name: &str) -> bool {
    if pattern == name {
        return true;
    }
    let anything = |c: char| c == '*' || c == PLACEHOLDER || c == '.';
    if pattern.chars().all(anything) {
        return false;
    }
    match pattern.strip_prefix('*') {
        Some(end) => name.len() > end.len() && name.ends_with(end),
        None => {
            let (own, others) = (pattern.split('.'), name.split('.'));
            own.clone().count() == others.clone().count()
                && own.zip(others).all(|(own, other)| label_holds(own, other))
        }
    }
}

/// Whether a label with a placeholder may become another label.
fn label_holds(label: &str, other: &str) -> bool {
    match label.split_once(PLACEHOLDER) {
        None => label == other,
        Some((start, end)) => {
            other.len() > start.len() + end.len()
                && !other.contains('*')
                && other.starts_with(start)
                && other.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::catalog::Library;

    #[test]
    fn shapes_hold_names() {
        for (pattern, name, expected) in [
            (
                "*.hcp.{region}.azmk8s.io",
                "*.hcp.<location>.azmk8s.io",
                true,
            ),
            ("mcr.microsoft.com", "MCR.microsoft.com", true),
            ("ntp.ubuntu.com", "ntp.ubuntu.com:123", true),
            (
                "*.data.mcr.microsoft.com",
                "westus2.data.mcr.microsoft.com",
                true,
            ),
            ("*.data.mcr.microsoft.com", "data.mcr.microsoft.com", false),
            ("*.monitor.azure.com", "*.ingest.monitor.azure.com", true),
            ("*.ingest.monitor.azure.com", "*.monitor.azure.com", false),
            (
                "{region}.handler.monitor.azure.com",
                "global.handler.monitor.azure.com",
                true,
            ),
            (
                "{region}.handler.monitor.azure.com",
                "*.handler.monitor.azure.com",
                false,
            ),
            (
                "azds-{guid}.{region}.azds.io",
                "azds-<guid>.<location>.azds.io",
                true,
            ),
            ("{api_server_fqdn}", "a", false),
            ("*", "a.example.com", false),
        ] {
            assert_eq!(
                holds(&shape(pattern), &shape(name)),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn entries_are_found_with_what_they_say_of_the_name() {
        let aks = Library::shared().get("aks").unwrap();
        let ids = |name: &str| {
            let found = aks.holding(name).into_iter();
            let words = found.map(|it| (it.endpoint.id.as_str(), it.wider, it.is_outgoing()));
            words.collect::<Vec<_>>()
        };
        let apiserver = ids("*.hcp.<location>.azmk8s.io");
        assert!(apiserver.iter().all(|(_, wider, _)| wider.is_none()) && !apiserver.is_empty());
        assert!(
            ids("acs-mirror.azureedge.net")
                .iter()
                .any(|(.., outgoing)| *outgoing)
        );
        assert_eq!(ids("apt.dockerproject.org"), []);
    }
}
