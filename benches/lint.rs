//! How long linting takes against what `serde_json` takes to parse the same bytes.
//!
//! The templates are generated: networks of the size of real ones, and as many again without anything of networks.
//! `TIDEGATE_CORPUS` names a folder of real files that are measured too.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use camino::{Utf8Path, Utf8PathBuf};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tidegate::base::{Date, FileReader, ReadError};
use tidegate::cli::{Assertions, Builds, Deploying, Input, Options, lint_inputs};
use tidegate::compile::FirewallModel;
use tidegate::import::{Deployment, Found, json};

/// The files of the disk, for linked templates.
struct Disk;

impl FileReader for Disk {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        let bytes = std::fs::read(path).map_err(|error| ReadError(error.to_string()))?;
        json::decode(bytes).map_err(|error| ReadError(error.to_string()))
    }
}

/// A template with a network of `rules` security rules and as many routes, and `others` storage accounts.
fn template(rules: usize, others: usize) -> String {
    let rule = |n: usize| {
        format!(
            r#"{{"name": "rule-{n}", "properties": {{"priority": {}, "direction": "Outbound", "access": "Allow", "protocol": "Tcp",
              "sourceAddressPrefix": "[parameters('prefix')]", "sourcePortRange": "*",
              "destinationAddressPrefix": "20.{}.{}.0/24", "destinationPortRange": "443"}}}}"#,
            100 + n,
            n / 256,
            n % 256
        )
    };
    let route = |n: usize| {
        format!(
            r#"{{"name": "route-{n}", "properties": {{"addressPrefix": "21.{}.{}.0/24", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "[variables('firewall')]"}}}}"#,
            n / 256,
            n % 256
        )
    };
    let other = |n: usize| {
        format!(
            r#"{{"type": "Microsoft.Web/sites", "apiVersion": "2023-12-01", "name": "[concat(parameters('name'), '-{n}')]", "location": "[resourceGroup().location]",
              "properties": {{"httpsOnly": true, "siteConfig": {{"appSettings": [{{"name": "KEY", "value": "[concat('value-', {n})]"}}]}}}}}}"#
        )
    };
    let list = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(one).collect::<Vec<_>>().join(",\n")
    };
    let mut resources = vec![
        format!(
            r#"{{"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": "nsg", "properties": {{"securityRules": [{}]}}}}"#,
            list(rules, &rule)
        ),
        format!(
            r#"{{"type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "routes", "properties": {{"routes": [{}]}}}}"#,
            list(rules, &route)
        ),
        r#"{"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net", "properties": {"addressSpace": {"addressPrefixes": ["[parameters('prefix')]"]},
          "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.0.1.0/24",
            "routeTable": {"id": "[resourceId('Microsoft.Network/routeTables', 'routes')]"},
            "networkSecurityGroup": {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"}}}]}}"#
            .to_owned(),
    ];
    resources.extend((0..others).map(other));
    format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": {{"prefix": {{"type": "string", "defaultValue": "10.0.0.0/16"}}, "name": {{"type": "string"}}}},
        "variables": {{"firewall": "10.0.0.4"}}, "resources": [{}]}}"#,
        resources.join(",\n")
    )
}

fn inputs_below(folder: &Utf8Path, found: &mut Vec<Input>) {
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.is_dir() {
            inputs_below(&path, found);
        } else if path.extension() == Some("json") {
            let bytes = std::fs::read(&path).unwrap();
            found.push(Input {
                path,
                bytes,
                found: Found::Walking,
            });
        }
    }
}

fn lint(inputs: &[Input]) -> usize {
    let settings = Options {
        parameters: Default::default(),
        firewall_model: FirewallModel::Policy,
        today: Date::new(2027, 1, 1).unwrap(),
        max_age: Default::default(),
        catalogs: Vec::new(),
        assertions: Assertions::default(),
        strict: false,
        lock: None,
    };
    let deploying = Deploying {
        all: &[],
        of_templates: &BTreeMap::new(),
        deployment: &Deployment::default(),
        builds: &Builds::default(),
    };
    lint_inputs(inputs, &Disk, &settings, &deploying)
        .findings
        .len()
}

/// What `serde_json` makes of the same bytes; what it refuses costs what it costs until then.
fn parse(inputs: &[Input]) -> usize {
    let parsed = inputs
        .iter()
        .filter(|input| serde_json::from_slice::<serde_json::Value>(&input.bytes).is_ok());
    parsed.count()
}

fn compare(criterion: &mut Criterion, name: &str, inputs: &[Input]) {
    let bytes = inputs.iter().map(|input| input.bytes.len() as u64).sum();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("lint", |bencher| bencher.iter(|| lint(black_box(inputs))));
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| parse(black_box(inputs)));
    });
    group.finish();
}

fn benchmark(criterion: &mut Criterion) {
    let generated = |rules, others| {
        vec![Input {
            path: "generated.json".into(),
            bytes: template(rules, others).into_bytes(),
            found: Found::Named,
        }]
    };
    compare(criterion, "one resource", &generated(0, 0));
    compare(
        criterion,
        "a network of 400 rules and routes",
        &generated(400, 0),
    );
    compare(
        criterion,
        "the same among 4,000 other resources",
        &generated(400, 4_000),
    );
    if let Ok(folder) = std::env::var("TIDEGATE_CORPUS") {
        let mut inputs = Vec::new();
        inputs_below(&Utf8PathBuf::from(folder), &mut inputs);
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        compare(criterion, "corpus", &inputs);
    }
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
