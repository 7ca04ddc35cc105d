//! What Microsoft says its FQDN tag for HDInsight stands for (Azure-Samples/hdinsight-fqdn-lists), by cloud and region.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::Deserialize;
use tidegate::intent::catalog::{Library, TagContent};
use tidegate::net::Cloud;

use super::{Comparison, Wanted, explained, lists, names_of};

/// The folders of the clouds.
const CLOUDS: [(&str, Cloud); 3] = [
    ("Public", Cloud::Public),
    ("Mooncake", Cloud::China),
    ("Fairfax", Cloud::UsGovernment),
];

/// The one list by region whose rows begin with `https:://`, all of them.
const MISSPELT: (&str, usize) = ("TaiwanNorthwest", 66);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    tag_name: String,
    urls: Vec<String>,
}

fn tag(folder: &Utf8Path, file: &str) -> Option<Tag> {
    let text = std::fs::read_to_string(folder.join(file)).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn wanted(place: &str, url: &str) -> Wanted {
    let (scheme, rest) = url.split_once("://").unwrap();
    let port = match scheme.trim_end_matches(':') {
        "http" => 80,
        "https" => 443,
        _ => panic!("{url}"),
    };
    Wanted::at(place, rest, port)
}

fn all(place: &str, urls: &[String]) -> BTreeSet<Wanted> {
    urls.iter().map(|url| wanted(place, url)).collect()
}

/// The lists by region of a cloud: what the file is called, and its rows.
fn regional(folder: &Utf8Path) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.extension() == Some("txt") {
            let text = std::fs::read_to_string(&path).unwrap();
            let rows = text.split([',', '\n', '\r']).map(str::trim);
            let rows = rows.filter(|row| !row.is_empty()).map(str::to_owned);
            found.push((path.file_stem().unwrap().to_owned(), rows.collect()));
        }
    }
    found.sort();
    found
}

#[test]
fn hdinsight_fqdn_lists() {
    let Some(folder) = lists() else { return };
    let folder = folder.join("fqdn-tags/hdinsight");
    let library = Library::shared();
    let catalog = library.get("hdinsight-classic").unwrap();
    let known = library.fqdn_tags().get("HDInsight").unwrap();
    let empty = BTreeSet::new;
    let (mut list, mut own) = (empty(), empty());
    let (mut of_regions, mut of_tag, mut of_all) = (empty(), empty(), empty());
    let (mut files, mut suffixes) = (empty(), empty());
    for (place, cloud) in CLOUDS {
        let cloud_folder = folder.join(place);
        let regional = regional(&cloud_folder);
        let mut here = empty();
        for (name, rows) in &regional {
            let misspelt = rows.iter().filter(|row| row.contains(":://")).count();
            let (file, count) = MISSPELT;
            assert_eq!(misspelt, if name == file { count } else { 0 }, "{name}");
            here.extend(all(place, rows));
        }
        println!(
            "{place}: {} lists by region with {} names",
            regional.len(),
            here.len()
        );
        files.extend(regional.iter().map(|(name, _)| named(place, name)));
        let in_cloud = library.regions().iter().filter(|it| it.cloud == cloud);
        let suffix_of = in_cloud.filter_map(|it| it.service_tag_suffix.as_ref());
        suffixes.extend(suffix_of.map(|suffix| named(place, suffix)));
        let names = match tag(&cloud_folder, "HDInsightFQDNTags.json") {
            Some(tag) => {
                assert_eq!(tag.tag_name, known.name);
                let of_cloud = |it: &&TagContent| it.cloud == Some(cloud);
                if let Some(content) = known.content.iter().find(of_cloud) {
                    let entries = u32::try_from(tag.urls.len()).unwrap();
                    assert_eq!(content.entries, Some(entries), "{place}");
                }
                let names = all(place, &tag.urls);
                of_regions.extend(here);
                of_tag.extend(names.clone());
                names
            }
            // There is no list of the whole cloud.
            None => here,
        };
        list.extend(names);
        if let Some(tag) = tag(&cloud_folder, "HDInsightAllFQDN.json") {
            of_all = all(place, &tag.urls);
            list.extend(of_all.clone());
        }
        let endpoints = catalog.endpoints.iter();
        let endpoints = endpoints.filter(|it| it.clouds.contains(&cloud));
        own.extend(names_of(catalog, place, None, endpoints));
    }
    let public = of_tag.iter().filter(|it| it.place == "Public").cloned();
    explained::hold(&[
        Comparison {
            name: "hdinsight-tag",
            sides: ["tag", "all"],
            wanted: [public.collect(), of_all],
        },
        Comparison {
            name: "hdinsight",
            sides: ["list", "catalog"],
            wanted: [list, own],
        },
        Comparison {
            name: "hdinsight-regions",
            sides: ["regions", "tag"],
            wanted: [of_regions, of_tag],
        },
        Comparison {
            name: "hdinsight-files",
            sides: ["files", "catalog"],
            wanted: [files, suffixes],
        },
    ]);
}

/// The name of a file, which is to be the word that service tags have for the region.
fn named(place: &str, name: &str) -> Wanted {
    Wanted {
        place: place.to_owned(),
        name: name.to_lowercase(),
        ports: None,
    }
}
