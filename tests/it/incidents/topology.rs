//! The estate of an incident file.

use serde_json::Value;
use tidegate::base::SourceMap;
use tidegate::estate::{Estate, Id, Pool, Region};
use tidegate::net::Cloud;

use super::build::{Builder, Groups};
use super::document::{Fields, Problems};
use super::{access, around, cluster, firewall, names, network};

/// An incident's estate, and what it was made of.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) estate: Estate,
    /// The made-up file in which every element stands on the line that holds its path.
    pub(super) sources: SourceMap,
    pub(super) groups: Groups,
    pub(super) pool: Option<Id<Pool>>,
    /// Keys and values that were not understood.
    pub(super) problems: Vec<String>,
}

/// Builds the estate of a file.
pub(super) fn build(root: &Value) -> Built {
    let problems = Problems::default();
    let mut builder = Builder::default();
    let pool = whole(&mut builder, root, &problems);
    let (estate, sources, groups) = builder.finish();
    Built {
        estate,
        sources,
        groups,
        pool,
        problems: problems.into_list(),
    }
}

fn whole(builder: &mut Builder, root: &Value, problems: &Problems) -> Option<Id<Pool>> {
    let root = Fields::of(root, "", problems)?;
    root.skip(&[
        "id",
        "title",
        "class",
        "source",
        "confidence",
        "reported",
        "invented",
    ]);
    // Read by those who run the checks.
    root.skip(&["checks", "after_fix"]);
    let product = root.text("product").unwrap_or_default();
    let own = root.get("cluster");
    if let Some(name) = cluster::text(own, "cloud") {
        match Cloud::from_name(&name) {
            Some(cloud) => builder.estate.cloud = cloud,
            None => root.problem("cluster.cloud", format_args!("unknown: `{name}`")),
        }
    }
    if let Some(region) = cluster::text(own, "region") {
        builder.estate.region = Region::Named(region.into());
    }
    builder.groups.own = cluster::text(own, "resource_group").map(Into::into);
    let Some(topology) = root.get("topology") else {
        root.problem("topology", "missing");
        return None;
    };
    let topology = Fields::of(topology, "", problems)?;
    access::places(builder, &topology);
    network::build(builder, &topology);
    firewall::build(builder, &topology);
    around::build(builder, &topology);
    names::build(builder, &topology);
    access::build(builder, &root, &topology);
    let own = root.map("cluster")?;
    Some(cluster::build(builder, &own, &product))
}
