//! How long two large networks take to be held against each other, where they differ in little and where they differ in
//! much.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should say so and stop; what was found belongs to the figures"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use camino::Utf8Path;
use criterion::{Criterion, criterion_group, criterion_main};
use tidegate::azure::Dataplane;
use tidegate::azure::facts::Facts;
use tidegate::base::{Date, MemoryFiles};
use tidegate::cli::{Analysis, Assertions, Options, analyse};
use tidegate::compile::FirewallModel;
use tidegate::verify::{Subnets, difference};

const PATH: &str = "generated.egress";

/// A firewall policy of so many rules, half network rules and half application rules. Every rule whose number the last
/// argument holds is another one.
fn policy(rules: usize, other: impl Fn(usize) -> bool) -> String {
    let mut text = String::from(
        "egress 1\nregion westeurope\n\
         vnet net 10.0.0.0/16 {\n  dns firewall fw\n  subnet nodes 10.0.1.0/24 { route-table rt  nsg n }\n  \
         subnet AzureFirewallSubnet 10.0.0.0/26\n}\n\
         firewall fw in net { private-ip 10.0.0.4  public-ip 20.50.1.7  policy rules }\n\
         route-table rt { route default 0.0.0.0/0 -> firewall fw }\n\
         nsg n { }\n\
         firewall-policy rules {\n  dns-proxy on\n  rule-collection-group all 200 {\n    network-rules net 200 allow {\n",
    );
    // Writing to a string does not fail.
    for at in 0..rules / 2 {
        let port = if other(at) { 9999 } else { 1000 + at % 40 };
        let (high, low) = (at / 16, at % 16 * 16);
        let (third, second) = (high % 256, 60 + high / 256);
        let _ = writeln!(
            text,
            "      rule n{at} from 10.0.1.0/24 to 20.{second}.{third}.{low}/28 tcp/{port}"
        );
    }
    text.push_str("    }\n    application-rules web 300 allow {\n");
    for at in rules / 2..rules {
        let name = if other(at) { "other" } else { "host" };
        let star = if at % 10 == 7 { "*." } else { "" };
        let _ = writeln!(
            text,
            "      rule a{at} from 10.0.1.0/24 to {star}{name}-{at}.example.com https"
        );
    }
    text.push_str("    }\n  }\n}\n");
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
    let analysis = analyse(Utf8Path::new(PATH), &files, &options).unwrap();
    assert!(!analysis.rules_skipped, "the policy has no mistakes");
    analysis
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("diff");
    group.sample_size(10);
    for rules in [1_000, 4_000] {
        let before = analysed(policy(rules, |_| false));
        let plane = Dataplane::new(&before.estate, Facts::builtin(), None);
        for (words, every) in [("10 rules", rules / 10), ("every 10th rule", 10)] {
            let after = analysed(policy(rules, |at| at % every == 3));
            let other = Dataplane::new(&after.estate, Facts::builtin(), None);
            let told = difference(&plane, &other, Subnets::All);
            println!(
                "{rules} rules, {words} differ: {} changes",
                told.changes.len()
            );
            group.bench_function(format!("{rules} rules, {words} differ"), |bencher| {
                bencher.iter(|| difference(black_box(&plane), black_box(&other), Subnets::All));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
