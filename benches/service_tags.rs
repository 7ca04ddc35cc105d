//! How long a service tag file takes to load, and how long an address takes to find in it.
//!
//! The file is as large as the public cloud's, and a look-up must not grow with it.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tidegate::azure::ServiceTags;
use tidegate::net::ServiceTag;

/// Services, each with a top-level tag and one tag for each region.
const SERVICES: u32 = 30;
/// Prefixes of one regional tag; its service's top-level tag has them too, as in the real files.
const PREFIXES: u32 = 17;

fn file(regions: u32) -> String {
    let mut values = Vec::new();
    for service in 0..SERVICES {
        let mut all = Vec::new();
        for region in 0..regions {
            let first = (service * regions + region) * PREFIXES;
            let prefixes: Vec<String> = (first..first + PREFIXES).map(prefix).collect();
            values.push(value(
                &format!("Service{service}.Region{region}"),
                &prefixes,
            ));
            all.extend(prefixes);
        }
        values.push(value(&format!("Service{service}"), &all));
    }
    format!(
        "{{\"changeNumber\": 1, \"cloud\": \"Public\", \"values\": [{}]}}",
        values.join(",")
    )
}

/// A prefix of one of many lengths; every seventh is IPv6.
fn prefix(number: u32) -> String {
    if number.is_multiple_of(7) {
        let length = 48 + number % 17;
        let network = Ipv6Addr::from((0x2603_1000 << 96) | (u128::from(number) << 64));
        return format!("{}/{length}", truncated(network.into(), length));
    }
    let length = 20 + number % 13;
    let network = Ipv4Addr::from(0x0d00_0000 + number * 1024);
    format!("{}/{length}", truncated(network.into(), length))
}

fn truncated(address: IpAddr, length: u32) -> IpAddr {
    let length = u8::try_from(length).unwrap();
    ipnet::IpNet::new(address, length).unwrap().network()
}

/// A tag as Microsoft writes it.
fn value(name: &str, prefixes: &[String]) -> String {
    let mut text = format!(
        "\n{{\"name\": \"{name}\", \"id\": \"{name}\", \"properties\": {{\n\"changeNumber\": 1, \"region\": \"\", \
         \"regionId\": 0, \"platform\": \"Azure\", \"systemService\": \"\",\n\"addressPrefixes\": ["
    );
    for (number, prefix) in prefixes.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}\n          \"{prefix}\"");
    }
    text.push_str("],\n\"networkFeatures\": [\"API\", \"NSG\"]}}");
    text
}

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("service tags");
    for regions in [9, 99] {
        let text = file(regions);
        let tags = SERVICES * (regions + 1);
        let prefixes = 2 * SERVICES * regions * PREFIXES;
        let name = format!("{tags} tags, {prefixes} prefixes");
        group.sample_size(20);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("load", &name), &text, |bencher, text| {
            bencher.iter(|| ServiceTags::parse(black_box(text)).unwrap());
        });
        let loaded = ServiceTags::parse(&text).unwrap();
        let held = IpAddr::from(Ipv4Addr::from(0x0d00_0000 + 1_234 * 1024));
        let top = ServiceTag::new("Service7");
        group.sample_size(100);
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("holds", &name), |bencher| {
            bencher.iter(|| loaded.holds(black_box(&top), black_box(held)));
        });
        group.bench_function(BenchmarkId::new("tags_of", &name), |bencher| {
            bencher.iter(|| loaded.tags_of(black_box(held)).count());
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
