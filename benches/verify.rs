//! How long it takes to hold a network against a policy: the catalog of AKS, and one of sixty endpoints, from each of many
//! subnets, through one firewall.

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

/// A network with so many subnets, and a pool in each: with a cluster of AKS, or that needs so many endpoints.
fn policy(subnets: usize, endpoints: Option<usize>) -> String {
    let mut text = String::from(
        "egress 1\nregion westeurope\nuse aks\nvnet net 10.0.0.0/16 {\n  dns firewall fw\n",
    );
    let kind = match endpoints {
        None => "kind aks",
        Some(_) => "",
    };
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
            "pool aks-{at} in net.nodes-{at} {{ {kind}  outbound userDefinedRouting  identity nodes-id }}"
        );
        for endpoint in 0..endpoints.unwrap_or(0) {
            // Like the catalogs: mostly names, some of them patterns, and a few prefixes.
            let to = match endpoint % 10 {
                0 => format!("20.60.{endpoint}.0/24 tcp/443"),
                1 => format!("*.host-{endpoint}.example.com https"),
                _ => format!("host-{endpoint}.example.com https"),
            };
            let _ = writeln!(text, "require aks-{at} -> {to}");
        }
    }
    text
}

fn analysed(text: String) -> Analysis {
    let files = MemoryFiles([(PATH.into(), text)].into());
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
    analyse(Utf8Path::new(PATH), &files, &options).unwrap()
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10);
    let aks = [1, 10, 50].map(|subnets| (subnets, None));
    let sixty = [1, 10, 50].map(|subnets| (subnets, Some(60)));
    for (subnets, endpoints) in aks.into_iter().chain(sixty) {
        let analysis = analysed(policy(subnets, endpoints));
        let mut network = analysis.estate.clone();
        let placed = place(&analysis.estate, &mut network);
        let plane = Dataplane::new(&network, Facts::builtin(), None);
        let what = match endpoints {
            None => "the catalog of AKS".to_owned(),
            Some(count) => format!("{count} endpoints"),
        };
        let held = hold(&plane, &analysis.intent, &placed);
        let asked: usize = held.pools.iter().map(|pool| pool.asked).sum();
        println!("{what} from {subnets} subnets: {asked} requirements held");
        assert!(!held.has_deficit() && held.excess() == 0);
        group.throughput(Throughput::Elements(subnets as u64));
        group.bench_function(format!("{what} from {subnets} subnets"), |bencher| {
            bencher.iter(|| hold(black_box(&plane), &analysis.intent, &placed).excess());
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
