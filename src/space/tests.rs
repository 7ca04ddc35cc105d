//! The algebra held against every flow of a tiny universe, and against binary decision diagrams.

use biodivine_lib_bdd::{Bdd, BddVariable, BddVariableSet};
use proptest::prelude::*;

use super::*;

const NAMES: [&str; 4] = ["a.b", "x.a.b", "b", "c.d"];
const PATTERNS: [&str; 5] = ["*", "*.a.b", "a.b", "*b", "c.d"];
const STEPS: u64 = 1_000_000;

/// Two sets of addresses that are not known, the first a part of the second.
fn atoms() -> (Atoms, Atom, Atom) {
    let mut atoms = Atoms::default();
    let inner = atoms.atom(Side::Destination, "Storage.WestEurope");
    let outer = atoms.atom(Side::Destination, "Storage");
    atoms.put_within(inner, outer);
    (atoms, inner, outer)
}

/// Every flow of the tiny universe.
fn universe() -> Vec<Point> {
    let (_, inner, outer) = atoms();
    let insides = [vec![], vec![outer], vec![inner, outer]];
    let addresses = (0..4).map(|address| (Kind::V4, Target::Address(address)));
    let names = NAMES.map(|name| (Kind::V4ToName, Target::Name(name.into())));
    let mut all = Vec::new();
    for (kind, target) in addresses.chain(names) {
        for inside in &insides {
            for rest in 0..64u8 {
                all.push(Point {
                    kind,
                    protocol: u16::from(rest & 1),
                    source: u128::from(rest >> 1 & 3),
                    source_port: u16::from(rest >> 3 & 1),
                    target: target.clone(),
                    port: u16::from(rest >> 4 & 3),
                    inside: inside.clone(),
                });
            }
        }
    }
    all
}

fn numbers(most: u128) -> impl Strategy<Value = Ranges> {
    prop::collection::vec((0..=most, 0..=most), 1..3)
        .prop_map(|all| Ranges::of(all.into_iter().map(|(a, b)| (a.min(b), a.max(b)))))
}

fn targets() -> impl Strategy<Value = (Kind, Targets)> {
    let names = prop::collection::vec(0..PATTERNS.len(), 1..3).prop_map(|patterns| {
        let patterns = patterns
            .into_iter()
            .map(|at| Names::of(&PATTERNS[at].parse().unwrap()));
        Targets::Names(patterns.fold(Names::none(), |all, one| all.or(&one)))
    });
    prop_oneof![
        numbers(3).prop_map(|addresses| (Kind::V4, Targets::Addresses(addresses))),
        names.prop_map(|names| (Kind::V4ToName, names)),
    ]
}

fn known() -> impl Strategy<Value = Known> {
    let (_, inner, outer) = atoms();
    prop_oneof![
        4 => Just(Known::default()),
        1 => (any::<bool>(), any::<bool>())
            .prop_map(move |(first, inside)| Known::that(if first { inner } else { outer }, inside)),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    (
        numbers(1),
        numbers(3),
        targets(),
        numbers(3),
        numbers(1),
        known(),
    )
        .prop_map(
            |(protocols, ports, (kind, targets), sources, source_ports, known)| Block {
                kind,
                protocols,
                ports,
                targets,
                sources,
                source_ports,
                known,
            },
        )
}

fn flows() -> impl Strategy<Value = Flows> {
    prop::collection::vec((block(), any::<bool>()), 0..5).prop_map(|steps| {
        let (atoms, ..) = atoms();
        let mut work = Work::new(&atoms, STEPS);
        steps.into_iter().fold(Flows::none(), |all, (block, add)| {
            let block = Flows::of(block);
            if add {
                all.or(&block, &mut work).unwrap()
            } else {
                all.minus(&block, &mut work).unwrap()
            }
        })
    })
}

proptest! {
    #[test]
    fn operations_are_those_of_sets(a in flows(), b in flows()) {
        let (atoms, ..) = atoms();
        let mut work = Work::new(&atoms, STEPS);
        let and = a.and(&b, &mut work).unwrap();
        let or = a.or(&b, &mut work).unwrap();
        let minus = a.minus(&b, &mut work).unwrap();
        let mut within = true;
        for flow in universe() {
            let (x, y) = (a.holds(&flow), b.holds(&flow));
            prop_assert_eq!(and.holds(&flow), x && y, "{:?}", flow);
            prop_assert_eq!(or.holds(&flow), x || y, "{:?}", flow);
            prop_assert_eq!(minus.holds(&flow), x && !y, "{:?}", flow);
            within &= !x || y;
        }
        // The names of the universe are not all names, so only one direction holds.
        prop_assert!(within || !a.is_within(&b, &mut work).unwrap());
        prop_assert_eq!(a.is_within(&b, &mut work).unwrap(), minus.is_empty());
        prop_assert!(a.is_same(&or.minus(&b.minus(&a, &mut work).unwrap(), &mut work).unwrap(), &mut work).unwrap());
    }

    #[test]
    fn no_flow_is_in_two_blocks(a in flows()) {
        for flow in universe() {
            let holding = a.blocks().iter().filter(|block| block.holds(&flow));
            prop_assert!(holding.count() < 2);
        }
    }

    #[test]
    fn what_is_told_together_is_the_set(a in flows()) {
        let (atoms, ..) = atoms();
        let joined = super::describe::joined(a.blocks(), &atoms);
        prop_assert!(joined.len() <= a.blocks().len());
        for flow in universe() {
            let holding = joined.iter().filter(|block| block.holds(&flow));
            prop_assert_eq!(holding.count(), usize::from(a.holds(&flow)));
        }
    }

    #[test]
    fn an_example_is_in_the_set(a in flows()) {
        let (atoms, ..) = atoms();
        match a.example(&atoms) {
            Some(flow) => prop_assert!(a.holds(&flow)),
            None => prop_assert!(a.is_empty()),
        }
    }

    #[test]
    fn what_is_not_covered_is_in_the_block_and_in_no_other(one in block(), others in prop::collection::vec(block(), 0..8)) {
        let (atoms, ..) = atoms();
        let mut work = Work::new(&atoms, STEPS);
        let all: Vec<&Block> = others.iter().collect();
        match cover(&one, &all, &mut work).unwrap() {
            Cover::Left(part) => {
                let flow = part.example(&atoms).unwrap();
                prop_assert!(one.holds(&flow));
                prop_assert!(!others.iter().any(|other| other.holds(&flow)));
            }
            Cover::Held(used) => {
                for flow in universe() {
                    let holds = |at: &usize| others[*at].holds(&flow);
                    prop_assert!(!one.holds(&flow) || used.iter().any(holds));
                }
            }
        }
    }

    #[test]
    fn a_list_is_judged_as_its_rules_are_one_by_one(rules in prop::collection::vec(block(), 1..12)) {
        let (atoms, ..) = atoms();
        let matches: Vec<Matches> = rules.iter().zip(0..).map(exactly).collect();
        let told = shadows(&matches, &atoms, STEPS);
        for (at, shadow) in told.iter().enumerate() {
            let earlier: Vec<&Block> = rules[..at].iter().collect();
            let cover = cover(&rules[at], &earlier, &mut Work::new(&atoms, STEPS)).unwrap();
            let is_held = matches!(&cover, Cover::Held(_));
            prop_assert_eq!(shadow.as_ref().unwrap().is_some(), is_held);
        }
    }

    #[test]
    fn decision_diagrams_agree(rules in prop::collection::vec(wide_block(), 1..24)) {
        let bits = Bits::new();
        let matches: Vec<Matches> = rules.iter().zip(0..).map(exactly).collect();
        let told = shadows(&matches, &Atoms::default(), STEPS);
        let mut before = bits.variables.mk_false();
        for (rule, shadow) in rules.iter().zip(&told) {
            let own = bits.block(rule);
            let shadow = shadow.as_ref().unwrap();
            prop_assert_eq!(shadow.is_some(), own.and_not(&before).is_false());
            if let Some(by) = shadow {
                let none = bits.variables.mk_false();
                let together = by.iter().fold(none, |any, at| any.or(&bits.block(&rules[*at])));
                prop_assert!(own.and_not(&together).is_false());
            }
            before = before.or(&own);
        }
    }
}

/// A rule that matches just the flows of a block.
fn exactly((block, rank): (&Block, u32)) -> Matches {
    Matches {
        rank,
        may: vec![block.clone()],
        surely: vec![block.clone()],
    }
}

/// A block over fields of some bits each, all of IPv4.
fn wide_block() -> impl Strategy<Value = Block> {
    let prefixes = |bits: u32| {
        let prefix = (0..1u128 << bits, 0..=bits).prop_map(move |(address, length)| {
            let size = 1u128 << (bits - length);
            let first = address / size * size;
            (first, first + size - 1)
        });
        prop::collection::vec(prefix, 1..4).prop_map(Ranges::of)
    };
    (
        numbers(3),
        numbers(255),
        prefixes(8),
        prefixes(8),
        numbers(15),
    )
        .prop_map(|(protocols, ports, targets, sources, source_ports)| Block {
            kind: Kind::V4,
            protocols,
            ports,
            targets: Targets::Addresses(targets),
            sources,
            source_ports,
            known: Known::default(),
        })
}

/// The fields as bits, the highest first.
struct Bits {
    variables: BddVariableSet,
    all: Vec<BddVariable>,
}

impl Bits {
    fn new() -> Self {
        let variables = BddVariableSet::new_anonymous(2 + 8 + 8 + 8 + 4);
        let all = variables.variables();
        Self { variables, all }
    }

    fn block(&self, block: &Block) -> Bdd {
        let targets = match &block.targets {
            Targets::Addresses(targets) => targets.clone(),
            Targets::Names(_) => Ranges::none(),
        };
        let fields = [
            (&block.protocols, 2),
            (&block.ports, 8),
            (&targets, 8),
            (&block.sources, 8),
            (&block.source_ports, 4),
        ];
        let mut from = 0;
        let mut all = self.variables.mk_true();
        for (ranges, width) in fields {
            let bits = &self.all[from..from + width];
            from += width;
            all = all.and(&self.ranges(ranges, bits));
        }
        all
    }

    fn ranges(&self, ranges: &Ranges, bits: &[BddVariable]) -> Bdd {
        let none = self.variables.mk_false();
        ranges.ranges().iter().fold(none, |any, (first, last)| {
            any.or(&self
                .at_most(*last, bits)
                .and_not(&match first.checked_sub(1) {
                    Some(below) => self.at_most(below, bits),
                    None => self.variables.mk_false(),
                }))
        })
    }

    fn at_most(&self, most: u128, bits: &[BddVariable]) -> Bdd {
        let mut result = self.variables.mk_true();
        for (place, bit) in bits.iter().rev().enumerate() {
            let zero = self.variables.mk_not_var(*bit);
            result = if most >> place & 1 == 1 {
                zero.or(&result)
            } else {
                zero.and(&result)
            };
        }
        result
    }
}

#[test]
fn past_the_bound_nothing_is_guessed() {
    let atoms = Atoms::default();
    let block = |first: u128, last: u128| Block {
        kind: Kind::V4,
        protocols: Ranges::span(6, 6),
        ports: Ranges::span(0, 65_535),
        targets: Targets::Addresses(Ranges::span(first, last)),
        sources: Ranges::span(0, 9),
        source_ports: Ranges::span(0, 65_535),
        known: Known::default(),
    };
    let others: Vec<Block> = (0..100).map(|n| block(n, n)).collect();
    let others: Vec<&Block> = others.iter().collect();
    let all = block(0, 99);
    let told = |steps| cover(&all, &others, &mut Work::new(&atoms, steps));
    assert_eq!(told(1_000_000), Ok(Cover::Held((0..100).collect())));
    assert_eq!(told(300), Err(TooLarge));
    assert_eq!(told(10), Err(TooLarge));
}
