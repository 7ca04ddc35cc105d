//! Which rules of a long list never decide, because earlier ones together match all they match.

#![expect(
    clippy::print_stdout,
    reason = "how many rules were found belongs to the figures"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate::space::{
    Atoms, Block, Kind, Known, Matches, Names, Ranges, Targets, every_port, shadows,
};

/// Steps for one rule; far more than any of these lists takes.
const STEPS: u64 = 50_000_000;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// One to three prefixes of 10.0.0.0/8, from /12 to /30.
    fn prefixes(&mut self) -> Ranges {
        let prefixes = (0..=self.below(3)).map(|_| {
            let length = 12 + self.below(19);
            let size = 1u64 << (32 - length);
            let first = 0x0a00_0000 + self.below(1 << 24) / size * size;
            (u128::from(first), u128::from(first + size - 1))
        });
        Ranges::of(prefixes)
    }

    /// One to three ports or ranges of ports.
    fn ports(&mut self) -> Ranges {
        let ports = (0..=self.below(3)).map(|_| {
            let first = 1 + self.below(10_000);
            let more = if self.below(2) == 0 {
                0
            } else {
                self.below(5_000)
            };
            (u128::from(first), u128::from(first + more))
        });
        Ranges::of(ports)
    }

    fn rule(&mut self, rank: u32) -> Matches {
        let protocols = match self.below(4) {
            0 => Ranges::span(0, 255),
            1 => Ranges::span(17, 17),
            _ => Ranges::span(6, 6),
        };
        let block = Block {
            kind: Kind::V4,
            protocols,
            ports: self.ports(),
            targets: Targets::Addresses(self.prefixes()),
            sources: self.prefixes(),
            source_ports: every_port(),
            known: Known::default(),
        };
        exactly(block, rank)
    }

    /// One to four names or patterns of a tenth as many domains as there are rules.
    fn names(&mut self, rules: u32) -> Names {
        let domains = u64::from(rules) / 10;
        (0..=self.below(4)).fold(Names::none(), |names, _| {
            let domain = self.below(domains);
            let pattern = match self.below(10) {
                0 => format!("*.d{domain}.contoso.com"),
                1 => format!("*d{domain}.contoso.com"),
                _ => format!("host{}.d{domain}.contoso.com", self.below(20)),
            };
            match pattern.parse() {
                Ok(pattern) => names.or(&Names::of(&pattern)),
                Err(_) => names,
            }
        })
    }

    fn named_rule(&mut self, rank: u32, rules: u32) -> Matches {
        let block = Block {
            kind: Kind::V4ToName,
            protocols: Ranges::span(6, 6),
            ports: Ranges::span(443, 443),
            targets: Targets::Names(self.names(rules)),
            sources: self.prefixes(),
            source_ports: every_port(),
            known: Known::default(),
        };
        exactly(block, rank)
    }
}

/// A rule that matches just the flows of a block.
fn exactly(block: Block, rank: u32) -> Matches {
    Matches {
        rank,
        may: vec![block.clone()],
        surely: vec![block],
    }
}

/// How many rules of lists of these lengths never decide, and how long it takes to tell.
fn benchmark(
    criterion: &mut Criterion,
    name: &str,
    counts: &[u32],
    rule: impl Fn(&mut Numbers, u32, u32) -> Matches,
) {
    let atoms = Atoms::default();
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    for &count in counts {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let rules: Vec<Matches> = (0..count)
            .map(|rank| rule(&mut numbers, rank, count))
            .collect();
        let told = shadows(&rules, &atoms, STEPS);
        let dead = told
            .iter()
            .filter(|told| matches!(told, Ok(Some(_))))
            .count();
        let open = told.iter().filter(|told| told.is_err()).count();
        println!("{count} {name}: {dead} never decide, {open} too large to decide");
        group.bench_function(format!("{count}"), |bencher| {
            bencher.iter(|| shadows(black_box(&rules), &atoms, STEPS));
        });
    }
    group.finish();
}

fn addresses(criterion: &mut Criterion) {
    let counts = [1_000, 4_000, 10_000, 20_000, 50_000];
    benchmark(criterion, "rules", &counts, |numbers, rank, _| {
        numbers.rule(rank)
    });
}

fn names(criterion: &mut Criterion) {
    let counts = [1_000, 4_000, 10_000, 20_000];
    benchmark(criterion, "rules to names", &counts, Numbers::named_rule);
}

criterion_group!(benches, addresses, names);
criterion_main!(benches);
