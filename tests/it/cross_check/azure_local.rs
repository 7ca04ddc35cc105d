//! The lists of endpoints of Azure Local (Azure/AzureStack-Tools), by region and by maker of the hardware.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::intent::catalog::{Catalog, Endpoint, Library, Region};
use tidegate::net::Cloud;

use super::{Comparison, Wanted, explained, lists, names_of};

/// The version that the lists are of.
const VERSION: &str = "azure-local";

/// Makers of hardware, by the feature that stands for each.
const MAKERS: [(&str, &str); 5] = [
    ("DataOn", "oem_dataon"),
    ("Dell", "oem_dell"),
    ("HPE", "oem_hpe"),
    ("Hitachi", "oem_hitachi"),
    ("Lenovo", "oem_lenovo"),
];

/// The rows of a list: names without scheme and path, and ports.
fn rows(file: &Utf8Path, place: &str) -> BTreeSet<Wanted> {
    let text = std::fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, _, url, port, ..] = cells[..] else {
            return None;
        };
        number.parse::<u16>().ok()?;
        let host = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = host.split('/').next()?;
        // The lists write what only the user knows as one label: `yourhcikeyvaultname`.
        let own = host.strip_prefix("your").and_then(|it| it.split_once('.'));
        let host = own.map_or(host.to_owned(), |(_, rest)| format!("{{}}.{rest}"));
        Some(Wanted::at(place, &host, port.parse().unwrap()))
    };
    let rows: BTreeSet<Wanted> = text.lines().filter_map(row).collect();
    assert!(!rows.is_empty(), "{file} has a table");
    rows
}

/// The lists by region.
fn regional(folder: &Utf8Path) -> Vec<(Utf8PathBuf, &'static Region)> {
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        let name = path.file_name().unwrap().to_lowercase();
        if let Some(region) = name.strip_suffix("-hci-endpoints.md") {
            // The one list that turns the name of its region round.
            let region = if region == "indiacentral" {
                "centralindia"
            } else {
                region
            };
            let region = Library::shared().regions().find(region).unwrap();
            found.push((path, region));
        }
    }
    found.sort_by_key(|(_, region)| region.name.clone());
    assert!(!found.is_empty());
    found
}

fn catalog(name: &str) -> &'static Catalog {
    Library::shared().get(name).unwrap()
}

/// Whether an entry is of Azure Local and no maker's.
fn of_all_makers(endpoint: &Endpoint) -> bool {
    endpoint.versions.iter().any(|it| it == VERSION)
        && !endpoint.when.all.iter().any(|it| it.starts_with("oem_"))
}

#[test]
fn azure_local_endpoint_lists() {
    let Some(folder) = lists() else { return };
    let folder = folder.join("endpoint-lists/azure-local-endpoints");
    let local = catalog("aks-arc-azure-local");
    let arc = catalog("azure-arc-kubernetes");
    let (mut list, mut of_local, mut of_arc) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (file, region) in regional(&folder) {
        let rows = rows(&file, &region.name);
        println!("{}: {} names", region.name, rows.len());
        list.extend(rows);
        let of_cloud = |it: &&Endpoint| it.clouds.contains(&region.cloud);
        let names = |catalog, filter: fn(&&Endpoint) -> bool| {
            let catalog: &Catalog = catalog;
            let endpoints = catalog.endpoints.iter().filter(of_cloud).filter(filter);
            names_of(catalog, &region.name, Some(region), endpoints)
        };
        of_local.extend(names(local, |it| of_all_makers(it)));
        of_arc.extend(names(arc, |_| true));
    }
    explained::hold(&[
        Comparison {
            name: "azure-local",
            sides: ["list", "catalog"],
            wanted: [list.clone(), of_local],
        },
        Comparison {
            name: "azure-local-arc",
            sides: ["list", "catalog"],
            wanted: [list, of_arc],
        },
    ]);
}

#[test]
fn azure_local_hardware_lists() {
    let Some(folder) = lists() else { return };
    let folder = folder.join("endpoint-lists/azure-local-endpoints");
    let local = catalog("aks-arc-azure-local");
    let (mut list, mut own) = (BTreeSet::new(), BTreeSet::new());
    for (maker, feature) in MAKERS {
        let file = folder.join(format!("{maker}AzureLocalEndpoints.md"));
        list.extend(rows(&file, maker));
        let endpoints = local.endpoints.iter();
        let of_maker = endpoints.filter(|it| {
            it.clouds.contains(&Cloud::Public) && it.when.all.iter().any(|it| it == feature)
        });
        own.extend(names_of(local, maker, None, of_maker));
    }
    explained::hold(&[Comparison {
        name: "azure-local-oem",
        sides: ["list", "catalog"],
        wanted: [list, own],
    }]);
}
