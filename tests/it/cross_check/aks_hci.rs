//! The allow list of AKS on Azure Stack HCI (MicrosoftDocs/edge-modules, 2023) against the version of that time.

use serde::Deserialize;
use tidegate::intent::catalog::Library;

use super::{Comparison, Wanted, explained, lists, names_of};

const PLACE: &str = "22H2";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "URL")]
    url: String,
    port: String,
}

#[test]
fn aks_hci_allow_list() {
    let Some(folder) = lists() else { return };
    let file = folder.join("endpoint-lists/aks-hci/allow-list-end-points.json");
    let rows: Vec<Row> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let names = rows.iter().flat_map(|row| {
        let port = row.port.trim().parse().unwrap();
        // A row may have several names, and words between them.
        let words = row.url.split([',', ' ']);
        let names = words.filter(|word| word.contains('.'));
        names.map(move |name| Wanted::at(PLACE, name, port))
    });
    let catalog = Library::shared().get("aks-arc-azure-local").unwrap();
    let endpoints = catalog.endpoints.iter();
    let of_version = endpoints.filter(|it| it.versions.iter().any(|it| it == PLACE));
    explained::hold(&[Comparison {
        name: "aks-hci",
        sides: ["list", "catalog"],
        wanted: [names.collect(), names_of(catalog, PLACE, None, of_version)],
    }]);
}
