//! How long a policy takes from text to template, by the number of its requirements.
//!
//! Growth must be linear: the time for each requirement stays what it is.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use camino::Utf8Path;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tidegate::azure::facts::Facts;
use tidegate::base::{Date, MemoryFiles, SourceMap};
use tidegate::cli::{Analysis, Assertions, Options, analyse, prove_template};
use tidegate::compile::FirewallModel;
use tidegate::emit;

const PATH: &str = "generated.egress";

/// A policy like those people write, with `count` requirements: names over HTTPS, prefixes and tags over TCP and UDP.
fn policy(count: usize) -> String {
    let mut text = String::from(
        "egress 1\nregion westeurope\n\
         vnet net 10.0.0.0/16 {\n  dns firewall fw\n  subnet nodes 10.0.1.0/24 { route-table rt  nsg n }\n  \
         subnet AzureFirewallSubnet 10.0.0.0/26\n}\n\
         gateway vpn in net {\n  existing\n  type vpn\n  learned 192.168.0.0/16\n}\n\
         public-ip ip\n\
         firewall fw in net { private-ip 10.0.0.4  dns-proxy on  public-ip ip }\n\
         route-table rt {\n  gateway-propagation off\n  route default 0.0.0.0/0 -> firewall fw\n}\n\
         nsg n { }\n\
         identity nodes-id { role \"Network Contributor\" on this resource-group }\n\
         pool p in net.nodes { outbound userDefinedRouting  identity nodes-id }\n",
    );
    for index in 0..count {
        let (high, low) = (index / 250, index % 250);
        // Writing to a string does not fail.
        let _ = match index % 4 {
            0 | 1 => writeln!(
                text,
                "require p -> host-{index}.example.com https \"service {index}\" owner team-{low}"
            ),
            2 => writeln!(
                text,
                "require p -> 192.168.{}.{low} tcp/{}",
                high % 250,
                9000 + index % 40
            ),
            // A policy takes a thousand names in network rules.
            _ if index < 3_000 => writeln!(
                text,
                "require p -> smtp-{index}.example.com tcp/587 \"mail {index}\" ticket NET-{index}"
            ),
            _ => writeln!(
                text,
                "require p -> mail-{index}.example.com https \"mail {index}\" ticket NET-{index}"
            ),
        };
    }
    text
}

fn compile(text: &str) -> (Analysis, String) {
    let files = MemoryFiles([(PATH.into(), text.to_owned())].into());
    let options = Options {
        parameters: Default::default(),
        firewall_model: FirewallModel::Policy,
        today: Date::new(2027, 1, 1).unwrap(),
        max_age: Default::default(),
        catalogs: Vec::new(),
        assertions: Assertions::default(),
        strict: false,
        lock: None,
    };
    let analysis = analyse(Utf8Path::new(PATH), &files, &options).unwrap();
    let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    let rendered = emit::render(&template, emit::Format::Arm);
    (analysis, rendered)
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    for count in [10, 1_000, 10_000] {
        let text = policy(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(
            BenchmarkId::new("policy to template", count),
            &text,
            |bencher, text| {
                bencher.iter(|| compile(black_box(text)));
            },
        );
        let (analysis, template) = compile(&text);
        assert!(
            prove_template(&analysis, &template).is_ok(),
            "the template is what the policy asks for"
        );
        group.bench_function(
            BenchmarkId::new("proof of the template", count),
            |bencher| {
                bencher.iter(|| prove_template(&analysis, black_box(&template)).is_ok());
            },
        );
    }
    group.finish();
    let mut group = criterion.benchmark_group("parse");
    let text = policy(10_000);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("10,000 requirements", |bencher| {
        bencher.iter(|| {
            let mut sources = SourceMap::default();
            let file = sources.add(PATH, text.clone());
            tidegate::syntax::parse(&sources, file).items.len()
        });
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
