//! How long it takes to hold a network against a policy: the catalog of AKS from each of many subnets, through one
//! firewall.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should say so and stop; what was found belongs to the figures"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use camino::Utf8Path;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tidegate::azure::Dataplane;
use tidegate::azure::facts::Facts;
use tidegate::base::{Date, MemoryFiles};
use tidegate::cli::{Analysis, Assertions, Options, analyse};
use tidegate::compile::FirewallModel;
use tidegate::verify::{hold, place};

const PATH: &str = "generated.egress";

/// A network with so many subnets, and a cluster in each.
fn policy(subnets: usize) -> String {
    let mut text = String::from(
        "egress 1\nregion westeurope\nuse aks\nvnet net 10.0.0.0/16 {\n  dns firewall fw\n",
    );
    // Writing to a string does not fail.
    for at in 1..=subnets {
        let _ = writeln!(
            text,
            "  subnet nodes-{at} 10.0.{at}.0/24 {{ route-table rt }}"
        );
    }
    text.push_str(
        "  subnet AzureFirewallSubnet 10.0.0.0/26\n}\n\
         firewall fw in net { private-ip 10.0.0.4  dns-proxy on }\n\
         route-table rt { route default 0.0.0.0/0 -> firewall fw }\n\
         identity nodes-id { role \"Network Contributor\" on this resource-group }\n",
    );
    for at in 1..=subnets {
        let _ = writeln!(
            text,
            "pool aks-{at} in net.nodes-{at} {{ kind aks  outbound userDefinedRouting  identity nodes-id }}"
        );
    }
    text
}

fn analysed(text: String) -> Analysis {
    let files = MemoryFiles([(PATH.into(), text)].into());
    let options = Options {
        parameters: Default::default(),
        firewall_model: FirewallModel::Policy,
        today: Date::new(2027, 1, 1).unwrap(),
        catalogs: Vec::new(),
        assertions: Assertions::default(),
    };
    analyse(Utf8Path::new(PATH), &files, &options).unwrap()
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10);
    for subnets in [1, 10, 50] {
        let analysis = analysed(policy(subnets));
        let mut network = analysis.estate.clone();
        let placed = place(&analysis.estate, &mut network);
        let plane = Dataplane::new(&network, Facts::builtin(), None);
        println!(
            "{subnets} subnets: {} requirements",
            analysis.intent.requirements.len()
        );
        group.throughput(Throughput::Elements(subnets as u64));
        group.bench_function(
            format!("the catalog of AKS from {subnets} subnets"),
            |bencher| {
                bencher.iter(|| hold(black_box(&plane), &analysis.intent, &placed).excess());
            },
        );
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
