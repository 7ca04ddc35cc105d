//! What FQDN tags hold, from the catalogs that come close to them.

use crate::azure::{FqdnTagContent, FqdnTagContents};
use crate::estate::{Estate, Region};
use crate::intent::catalog::{Catalog, Library, TemplateKind};
use crate::net::FqdnPattern;

/// The names that FQDN tags are known to hold in the region and cloud of an estate.
///
/// Groups that documents place in a tag count as held; the other groups of the same catalog are disputed, because
/// documents and reports disagree about them. A tag about which no catalog says anything stays unknown.
#[must_use]
pub fn fqdn_tag_contents(library: &Library, estate: &Estate) -> FqdnTagContents {
    let tags = library.fqdn_tags().iter().filter_map(|tag| {
        let expansion = tag.approximation()?;
        let catalog = library.get(&expansion.catalog)?;
        let (held, disputed) = patterns(library, catalog, estate, &expansion.groups);
        let date = catalog
            .newest_source()
            .map_or_else(String::new, |date| format!(" of {date}"));
        Some(FqdnTagContent {
            names: std::iter::once(&tag.name).chain(&tag.aliases).cloned().collect(),
            patterns: held,
            disputed,
            basis: format!(
                "FQDN tag {} holds what the documents of catalog `{}`{date} list; Azure publishes no list",
                tag.name, expansion.catalog
            ),
        })
    });
    FqdnTagContents {
        tags: tags.collect(),
    }
}

fn patterns(
    library: &Library,
    catalog: &Catalog,
    estate: &Estate,
    groups: &[smol_str::SmolStr],
) -> (Vec<FqdnPattern>, Vec<FqdnPattern>) {
    let region = match &estate.region {
        Region::Named(name) => library.regions().get(name),
        Region::OfResourceGroup | Region::Parameter(_) => None,
    };
    let (mut held, mut disputed) = (Vec::new(), Vec::new());
    let endpoints = catalog.endpoints.iter();
    for endpoint in endpoints.filter(|endpoint| endpoint.clouds.contains(&estate.cloud)) {
        let inside = groups.contains(&endpoint.group);
        let templates = endpoint.form.destinations.iter();
        // A service tag such as `AzureCloud.westeurope` reads like a name.
        for template in templates.filter(|it| it.kind() == TemplateKind::Fqdn) {
            let filled = template.fill(|name| region?.value_of(catalog.parameter(name)?.kind));
            let Some(pattern) = pattern(&filled) else {
                continue;
            };
            if inside {
                held.push(pattern);
            } else {
                disputed.push(pattern);
            }
        }
    }
    disputed.retain(|pattern| !held.contains(pattern));
    (held, disputed)
}

/// A filled name as a pattern. What stands in the place of an open placeholder may be anything.
fn pattern(filled: &str) -> Option<FqdnPattern> {
    match filled.rsplit_once('}') {
        None => filled.parse().ok(),
        Some((_, "")) => None,
        Some((_, end)) => format!("*{end}").parse().ok(),
    }
}
