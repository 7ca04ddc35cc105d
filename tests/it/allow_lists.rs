//! Lists for firewalls that are not Azure's: what is proved of them, and that a list with a mistake is not.

use camino::Utf8Path;
use tidegate::cli::{Analysis, compiled_gates, proved_files};
use tidegate::compile::FirewallModel;
use tidegate::emit::allow_list::ListFormat;
use tidegate::net::{Destination, Service};

use super::support::compiled;

const FORMATS: [ListFormat; 3] = [ListFormat::Plain, ListFormat::Csv, ListFormat::PaloAlto];

fn analysis() -> Analysis {
    let path = Utf8Path::new("policies/aks-on-azure-local.egress");
    compiled(path, FirewallModel::Policy).unwrap()
}

#[test]
fn a_list_that_lacks_an_entry_is_no_proof() {
    let analysis = analysis();
    let entries = compiled_gates(&analysis)[0].entries.len();
    // Every tenth, because each is held against all flows.
    for missing in (0..entries).step_by(10) {
        let mut gate = compiled_gates(&analysis).remove(0);
        let entry = gate.entries.remove(missing);
        let proved = proved_files(&analysis, &gate, ListFormat::Plain, None);
        // What another entry lets through as well, mostly a wildcard, is not missed.
        let repeated = entry.destinations.iter().all(|to| {
            let others = gate.entries.iter().flat_map(|other| &other.destinations);
            others.into_iter().any(|other| covers(other, to))
        });
        assert_eq!(proved.is_ok(), repeated, "{entry:?}");
    }
}

fn covers(one: &Destination, other: &Destination) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    let below = one
        .strip_prefix('*')
        .is_some_and(|suffix| other.ends_with(suffix));
    one == other || below
}

#[test]
fn a_list_that_lets_through_more_is_no_proof() {
    let analysis = analysis();
    for format in FORMATS {
        let mut gate = compiled_gates(&analysis).remove(0);
        assert!(proved_files(&analysis, &gate, format, None).is_ok());
        let more: Service = "tcp/22".parse().unwrap();
        gate.entries[0].services.push(more);
        let why = proved_files(&analysis, &gate, format, None).unwrap_err();
        assert!(why.contains("tcp/22"), "{why}");
    }
}
