//! Which rules of a long list never decide, because earlier ones together match all they match.

#![expect(
    clippy::print_stdout,
    reason = "how many rules were found belongs to the figures"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate::space::{Atoms, Block, Kind, Known, Matches, Ranges, Targets, shadows};

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
            source_ports: Ranges::span(1, 65_535),
            known: Known::default(),
        };
        Matches {
            rank,
            may: vec![block.clone()],
            surely: vec![block],
        }
    }
}

fn benchmark(criterion: &mut Criterion) {
    let atoms = Atoms::default();
    let mut group = criterion.benchmark_group("rules shadowed by several");
    group.sample_size(10);
    for count in [1_000, 4_000, 10_000, 20_000] {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let rules: Vec<Matches> = (0..count).map(|rank| numbers.rule(rank)).collect();
        let told = shadows(&rules, &atoms, STEPS);
        let dead = told
            .iter()
            .filter(|told| matches!(told, Ok(Some(_))))
            .count();
        let open = told.iter().filter(|told| told.is_err()).count();
        println!("{count} rules: {dead} never decide, {open} too large to decide");
        group.bench_function(format!("{count}"), |bencher| {
            bencher.iter(|| shadows(black_box(&rules), &atoms, STEPS));
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
