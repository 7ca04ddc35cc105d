//! Every entry of every catalog, compiled: to rules of Azure Firewall, or to an allow list for what stands elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use tidegate::compile::{Mechanism, RuleForm};
use tidegate::diag::Id;
use tidegate::intent::Requirement;
use tidegate::intent::catalog::{Catalog, Endpoint, Library, Place};
use tidegate::net::{Cloud, Destination};

use super::compiled::Compiled;
use super::setup::{Dns, Setup, Way};
use super::values::{Given, values};

/// A region of a cloud, for entries that are not tied to one.
fn region_of(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "westeurope",
        Cloud::China => "chinaeast2",
        Cloud::UsGovernment => "usgovvirginia",
    }
}

/// A setup in which an entry is asked for, with every feature that it does not exclude.
fn setup_for(catalog: &Catalog, entry: &Endpoint, cloud: Cloud, way: Way, given: Given) -> Setup {
    let region = entry.regions_listed.first();
    let region = region.map_or(region_of(cloud), |region| region.as_str());
    // Services are needed by a cluster of some kind.
    let mut setup = match catalog.name.as_str() {
        "dependencies" => Setup {
            also: vec!["dependencies"],
            ..Setup::new("aks", way, cloud, region)
        },
        name => Setup::new(name, way, cloud, region),
    };
    setup.version = entry.versions.first().map(ToString::to_string);
    setup.dns = Dns::Firewall;
    setup.include = ["recommended", "optional", "observed", "retired"].into();
    let excluded = &entry.when.none;
    let features = catalog.features.iter().map(|feature| &feature.name);
    let features = features.filter(|feature| !excluded.contains(feature));
    for feature in features.chain(&entry.when.all) {
        setup.switch_on(feature);
    }
    setup.values = setup
        .catalogs()
        .flat_map(|catalog| values(catalog, region, given))
        .collect();
    setup
}

fn word(mechanism: &Mechanism) -> String {
    match mechanism {
        Mechanism::Firewall(forms) => {
            let forms = forms.iter().map(|form| match form {
                RuleForm::Application => "application rule",
                RuleForm::Network => "network rule",
                RuleForm::NetworkByName => "network rule by name",
            });
            forms.collect::<Vec<_>>().join(" and ")
        }
        Mechanism::AllowList => "allow list".to_owned(),
        Mechanism::Inside => "inside the network".to_owned(),
        Mechanism::Waits => "waits for a value".to_owned(),
        Mechanism::Unmet => "left out, as a finding says".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Whether a finding names what a requirement is called, or an FQDN tag that it leads to.
fn is_told(done: &Compiled, requirement: &Requirement) -> bool {
    let destinations = requirement.destinations.iter();
    let tags = destinations.filter_map(|it| match &it.value {
        Destination::FqdnTag(tag) => Some(format!("FQDN tag {tag} ")),
        _ => None,
    });
    let mut words = tags.chain([format!("`{}`", requirement.name)]);
    words.any(|words| {
        let mut findings = done.findings.iter();
        findings.any(|finding| finding.message.contains(&words))
    })
}

/// How the entries of a cloud are let out of this way: each by name, with the words for its rules.
fn expressed(
    catalog: &Catalog,
    cloud: Cloud,
    way: Way,
    given: Given,
) -> BTreeMap<String, BTreeSet<String>> {
    let of_cloud = catalog.endpoints.iter();
    let of_cloud: Vec<&Endpoint> = of_cloud
        .filter(|entry| entry.clouds.contains(&cloud))
        .collect();
    let mut ways: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in &of_cloud {
        if ways.contains_key(entry.id.as_str()) {
            continue;
        }
        // What is for Azure Firewall alone is asked of no appliance.
        let of_appliance = |name: &SmolStr| name == "nva_not_azure_firewall";
        if way == Way::Appliance && entry.when.none.iter().any(of_appliance) {
            ways.entry(entry.id.to_string())
                .or_default()
                .insert("for Azure Firewall alone".to_owned());
            continue;
        }
        let setup = setup_for(catalog, entry, cloud, way, given);
        let done = Compiled::of(setup.text(), way.model());
        // What cannot be expressed is an error of its own, which has to name what it is about.
        let other_errors = done.errors().filter(|it| it.id != Id::TG3001).count();
        assert_eq!(other_errors, 0, "{}", done.shown());
        assert_eq!(done.deliveries.len(), done.intent.requirements.len());
        for delivery in &done.deliveries {
            let requirement = &done.intent.requirements[delivery.requirement];
            let name = requirement.name.as_str();
            let known = of_cloud.iter().any(|entry| entry.id == name);
            if !known || requirement.level.is_none() {
                continue;
            }
            let mechanism = &delivery.mechanism;
            let is_met = match mechanism {
                Mechanism::Firewall(forms) => way.has_firewall() && !forms.is_empty(),
                Mechanism::AllowList => way == Way::Appliance,
                Mechanism::Inside => true,
                // The template of a firewall policy has a parameter for it, and the summary says so.
                Mechanism::Waits => {
                    let mut waiting = done.intent.waiting.iter();
                    given == Given::Needed && waiting.any(|it| it.entry == name)
                }
                Mechanism::Unmet => is_told(&done, requirement),
                _ => false,
            };
            assert!(is_met, "{name}: {mechanism:?}\n{}", done.shown());
            ways.entry(name.to_owned())
                .or_default()
                .insert(word(mechanism));
        }
        assert!(
            ways.contains_key(entry.id.as_str()),
            "{} is not asked for\n{}",
            entry.id,
            done.shown()
        );
    }
    ways
}

/// The ways on which a product's entries have to be expressed.
fn ways_of(catalog: &Catalog) -> &'static [Way] {
    match catalog.product.place {
        Place::Azure => &[Way::Firewall, Way::ClassicFirewall, Way::Appliance],
        Place::Anywhere => &[Way::Firewall, Way::Appliance],
        Place::OnPremises => &[Way::Appliance],
    }
}

#[test]
fn every_catalog_entry_is_expressible() {
    for catalog in Library::shared().catalogs() {
        for cloud in &catalog.product.clouds {
            let mut entries = catalog.endpoints.iter();
            if !entries.any(|entry| entry.clouds.contains(cloud)) {
                nothing_is_listed(catalog, *cloud);
                continue;
            }
            for way in ways_of(catalog) {
                for given in [Given::Needed, Given::Everything] {
                    let ways = expressed(catalog, *cloud, *way, given);
                    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
                    for forms in ways.values() {
                        let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
                        *counts.entry(forms.join("; ")).or_default() += 1;
                    }
                    println!(
                        "{} in {cloud} through {way:?}, values {given:?}: {} entries: {counts:?}",
                        catalog.name,
                        ways.len()
                    );
                }
            }
        }
    }
}

/// A catalog that lists nothing for a cloud of its product says so, and asks for nothing silently.
fn nothing_is_listed(catalog: &Catalog, cloud: Cloud) {
    let setup = Setup::new(&catalog.name, Way::Firewall, cloud, region_of(cloud));
    let done = Compiled::of(setup.text(), setup.way.model());
    let errors: Vec<Id> = done.errors().map(|finding| finding.id).collect();
    assert_eq!(errors, [Id::TG0023], "{}", done.shown());
    println!(
        "{} in {cloud}: nothing is listed, and that is an error",
        catalog.name
    );
}
