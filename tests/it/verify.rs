//! A network that exists held against a policy: what the command says, how it ends, and that its changes settle it.

use camino::Utf8Path;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Verdict};
use tidegate::compile::FirewallModel;
use tidegate::explain::fqdn_tag_contents;
use tidegate::verify::{Held, hold, place, repair};

use super::cli::Folder;
use super::support::{compiled, files, policies_in, project};

const POLICY: &str = "fixtures/verify/shop.egress";
const EXPORTED: &str = "fixtures/verify/exported/network.json";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("shop.egress", std::fs::read(project(POLICY)).unwrap());
    folder.write(
        "exported/network.json",
        std::fs::read(project(EXPORTED)).unwrap(),
    );
    folder
}

#[test]
fn a_network_is_held_against_a_policy() {
    let folder = folder();
    let told = folder
        .run("verify shop.egress --estate exported")
        .ends_with(1);
    insta::assert_snapshot!("verify", told.out);
    let told = folder
        .run("verify shop.egress --estate exported --format markdown")
        .ends_with(1);
    insta::assert_snapshot!("verify-markdown", told.out);
    let told = folder
        .run("verify shop.egress --estate exported --format json")
        .ends_with(1);
    let json: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(
        json["pools"][0]["deficits"][0]["flows"][0],
        "any -> stock.contoso.com tcp/443"
    );
    assert_eq!(
        json["pools"][0]["excesses"][0]["shared_below"][0],
        "azurecr.io"
    );
    assert_eq!(json["after"]["deficits"], 0);
}

#[test]
fn what_a_policy_compiles_to_is_even() {
    let folder = folder();
    folder.run("verify shop.egress").ends_with(0);
    folder.run("verify shop.egress --max-excess 0").ends_with(0);
    for name in policies_in("policies") {
        let path = format!("policies/{name}.egress");
        let analysis = compiled(Utf8Path::new(&path), FirewallModel::Policy).unwrap();
        let mut network = analysis.estate.clone();
        let placed = place(&analysis.estate, &mut network);
        let plane = Dataplane::new(&network, Facts::builtin(), None)
            .with_fqdn_tags(fqdn_tag_contents(&analysis.catalogs, &analysis.estate));
        let held = hold(&plane, &analysis.intent, &placed);
        assert!(!held.has_deficit() && !held.is_open(), "{name}");
        // Security groups alone know no names.
        assert_eq!(
            held.excess() == 0,
            !name.ends_with("load-balancer") && name != "aks-user-assigned-nat-gateway",
            "{name}"
        );
    }
}

#[test]
fn excess_fails_where_it_is_told_to() {
    let folder = folder();
    let whole = folder.read("exported/network.json");
    // Nothing missing, one registry too many.
    let open = whole.replace(
        "\"orders.contoso.com\"",
        "\"orders.contoso.com\", \"stock.contoso.com\"",
    );
    assert_ne!(open, whole);
    folder.write("exported/network.json", &open);
    folder
        .run("verify shop.egress --estate exported")
        .ends_with(0);
    folder
        .run("verify shop.egress --estate exported --max-excess 1")
        .ends_with(0);
    let told = folder
        .run("verify shop.egress --estate exported --max-excess 0")
        .ends_with(1);
    assert!(told.out.contains("*.azurecr.io"), "{}", told.out);
}

#[test]
fn patches_are_written_whole() {
    let folder = folder();
    folder
        .run("verify shop.egress --estate exported --patch patch")
        .ends_with(1);
    let patch: serde_json::Value = serde_json::from_str(&folder.read("patch/patch.json")).unwrap();
    let resources = patch["resources"].as_array().unwrap();
    let kinds: Vec<&str> = resources
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"fw-policy/required"), "{kinds:?}");
    assert!(!kinds.contains(&"nodes-nsg"), "{kinds:?}");
    let difference = folder.read("patch/patch.egress");
    assert!(
        difference.contains("+++ changed") && difference.contains("stock.contoso.com"),
        "{difference}"
    );
}

#[test]
fn what_cannot_be_held_is_said() {
    let folder = folder();
    folder.write("none.egress", "egress 1\n\nvnet v 10.0.0.0/16 { }\n");
    let told = folder
        .run("verify none.egress --estate exported")
        .ends_with(2);
    assert!(told.err.contains("has no pool"), "{}", told.err);
    folder
        .run("verify shop.egress --estate nothing-here")
        .ends_with(2);
    let other = folder
        .read("exported/network.json")
        .replace("\"nodes\"", "\"others\"");
    folder.write("exported/network.json", other);
    let told = folder
        .run("verify shop.egress --estate exported")
        .ends_with(3);
    assert!(
        told.out
            .contains("subnet shop/nodes is not part of the network"),
        "{}",
        told.out
    );
}

/// The network of each broken policy lacks something, and each flow that is shown for it does not arrive.
#[test]
fn every_deficit_is_confirmed_and_repairs_are_tried() {
    let mut lacking = 0;
    for path in files("policies/broken", ".egress") {
        let Ok(analysis) = compiled(&path, FirewallModel::Policy) else {
            continue;
        };
        let mut network = analysis.estate.clone();
        let placed = place(&analysis.estate, &mut network);
        let plane = Dataplane::new(&network, Facts::builtin(), None)
            .with_fqdn_tags(fqdn_tag_contents(&analysis.catalogs, &analysis.estate));
        let held: Held = hold(&plane, &analysis.intent, &placed);
        lacking += usize::from(held.has_deficit());
        for pool in &held.pools {
            for deficit in pool.deficits.iter().filter(|it| it.certain) {
                for obstacle in &deficit.obstacles {
                    let verdict = plane.trace(&obstacle.flow).verdict;
                    assert_ne!(verdict, Verdict::Allowed, "{path}: {:?}", deficit.flows);
                }
            }
            for excess in &pool.excesses {
                assert_ne!(
                    excess.verdict,
                    Verdict::Denied,
                    "{path}: {:?}",
                    excess.flows
                );
            }
        }
        let repair = repair(&plane, &analysis.intent, &placed, &held);
        let Some(repaired) = &repair.network else {
            continue;
        };
        let plane = Dataplane::new(repaired, Facts::builtin(), None)
            .with_fqdn_tags(fqdn_tag_contents(&analysis.catalogs, &analysis.estate));
        let after = hold(&plane, &analysis.intent, &placed);
        let left: usize = after.pools.iter().map(|pool| pool.deficits.len()).sum();
        assert_eq!(left, repair.deficits_after, "{path}");
        assert!(repair.deficits_after <= repair.deficits_before, "{path}");
    }
    assert!(
        lacking >= 10,
        "{lacking} of the broken policies lack something"
    );
}
