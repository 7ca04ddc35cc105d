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
    fn equal_sets_have_equal_forms(a in flows(), b in flows()) {
        let (atoms, ..) = atoms();
        let mut work = Work::new(&atoms, STEPS);
        let form = |set: &Flows, work: &mut Work<'_>| set.canonical(work).unwrap();
        let and = a.and(&b, &mut work).unwrap();
        let again = a.minus(&b, &mut work).unwrap().or(&and, &mut work).unwrap();
        let sets = [a.clone(), b, and, again];
        for one in &sets {
            for other in &sets {
                let is_same = one.is_same(other, &mut work).unwrap();
                prop_assert_eq!(form(one, &mut work) == form(other, &mut work), is_same);
            }
        }
        prop_assert_eq!(form(&sets[0], &mut work), form(&sets[3], &mut work));
        let written = form(&a, &mut work).flows(&mut work).unwrap();
        prop_assert_eq!(form(&written, &mut work), form(&a, &mut work));
        for flow in universe() {
            let holding = written.blocks().iter().filter(|block| block.holds(&flow));
            prop_assert_eq!(holding.count(), usize::from(a.holds(&flow)));
        }
    }

    #[test]
    fn what_is_said_of_atoms_has_one_form(
        within in prop::collection::vec((0..4usize, 0..4usize), 0..4),
        sets in prop::collection::vec(prop::collection::vec(sayings(), 0..4), 2),
    ) {
        let mut atoms = Atoms::default();
        let all = ["a", "b", "c", "d"].map(|name| atoms.atom(Side::Destination, name));
        for (inner, outer) in within {
            // Only later ones lie in earlier ones, so that none lie in each other.
            if inner > outer {
                atoms.put_within(all[inner], all[outer]);
            }
        }
        let block = |known: Known| Block {
            kind: Kind::V4,
            protocols: Ranges::span(6, 6),
            ports: every_port(),
            targets: Targets::Addresses(every_v4()),
            sources: every_v4(),
            source_ports: every_port(),
            known,
        };
        let mut work = Work::new(&atoms, STEPS);
        let sets: Vec<Flows> = sets.iter().map(|sayings| {
            let known = sayings.iter().filter_map(|said| {
                said.iter().try_fold(Known::default(), |known, (at, inside)| {
                    known.both(&Known::that(all[*at], *inside), &atoms)
                })
            });
            Flows::of_all(known.map(block), &mut work).unwrap()
        }).collect();
        let (one, other) = (&sets[0], &sets[1]);
        let is_same = one.is_same(other, &mut work).unwrap();
        let forms = [one, other].map(|set| set.canonical(&mut work).unwrap());
        prop_assert_eq!(forms[0] == forms[1], is_same);
        for (set, form) in sets.iter().zip(&forms) {
            let told = super::joined::joined(set.blocks(), &atoms);
            let told = Flows::of_parts(told);
            prop_assert!(told.is_same(set, &mut work).unwrap());
            prop_assert_eq!(&told.canonical(&mut work).unwrap(), form);
            prop_assert!(form.flows(&mut work).unwrap().is_same(set, &mut work).unwrap());
        }
    }

    #[test]
    fn equal_sets_of_many_rules_have_equal_forms(
        rules in prop::collection::vec(wide_block(), 1..7),
        more in wide_block(),
    ) {
        let atoms = Atoms::default();
        let mut work = Work::new(&atoms, 100 * STEPS);
        let forwards = Flows::of_all(rules.iter().cloned(), &mut work).unwrap();
        let backwards = Flows::of_all(rules.into_iter().rev(), &mut work).unwrap();
        let form = forwards.canonical(&mut work).unwrap();
        prop_assert_eq!(&form, &backwards.canonical(&mut work).unwrap());
        prop_assert!(form.flows(&mut work).unwrap().is_same(&forwards, &mut work).unwrap());
        let more = Flows::of(more);
        let is_more = !more.is_within(&forwards, &mut work).unwrap();
        let with = forwards.or(&more, &mut work).unwrap().canonical(&mut work).unwrap();
        prop_assert_eq!(with != form, is_more);
    }

    #[test]
    fn what_is_told_together_is_the_set(a in flows()) {
        let (atoms, ..) = atoms();
        let joined = super::joined::joined(a.blocks(), &atoms);
        prop_assert!(joined.len() <= a.blocks().len());
        for flow in universe() {
            let holding = joined.iter().filter(|block| block.holds(&flow));
            prop_assert_eq!(holding.count(), usize::from(a.holds(&flow)));
        }
        let told = Wording::new(&atoms).told(&a);
        prop_assert!(told.len() <= joined.len());
        let told = Flows::of_all(told, &mut Work::new(&atoms, STEPS)).unwrap();
        prop_assert!(told.is_same(&a, &mut Work::new(&atoms, STEPS)).unwrap());
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
    fn ranks_decide_and_not_places(
        rules in prop::collection::vec(
            (0..4u32, prop::collection::vec(block(), 0..3), prop::collection::vec(block(), 0..3)),
            1..9,
        ),
    ) {
        let (atoms, ..) = atoms();
        let rules: Vec<Matches> = rules
            .into_iter()
            .map(|(rank, may, surely)| Matches { rank, may, surely })
            .collect();
        for (rule, told) in rules.iter().zip(shadows(&rules, &atoms, STEPS)) {
            let earlier = rules.iter().filter(|other| other.rank < rule.rank);
            let earlier: Vec<&Block> = earlier.flat_map(|other| &other.surely).collect();
            let mut work = Work::new(&atoms, STEPS);
            let mut is_held = |block| matches!(cover(block, &earlier, &mut work), Ok(Cover::Held(_)));
            let is_dead = !rule.may.is_empty() && rule.may.iter().all(&mut is_held);
            let told = told.unwrap();
            prop_assert_eq!(told.is_some(), is_dead);
            let by = told.unwrap_or_default();
            prop_assert!(by.iter().all(|at| rules[*at].rank < rule.rank));
            let by: Vec<&Block> = by.iter().flat_map(|at| &rules[*at].surely).collect();
            let mut is_held = |block| matches!(cover(block, &by, &mut work), Ok(Cover::Held(_)));
            prop_assert!(!is_dead || rule.may.iter().all(&mut is_held));
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

/// Of some of four atoms, whether an address is in them.
fn sayings() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((0..4usize, any::<bool>()), 0..4)
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

#[test]
fn forms_are_of_sets_and_not_of_blocks() {
    let mut atoms = Atoms::default();
    let mut tag = |name: &str| atoms.atom(Side::Destination, name);
    let (region, whole, other) = (tag("storage.westeurope"), tag("storage"), tag("sql"));
    atoms.put_within(region, whole);
    let plain = |kind, targets| Block {
        kind,
        protocols: Ranges::span(6, 6),
        ports: Ranges::span(1, 65_535),
        targets,
        sources: every_v6(),
        source_ports: Ranges::span(1, 65_535),
        known: Known::default(),
    };
    let to = |first, last| plain(Kind::V6, Targets::Addresses(Ranges::span(first, last)));
    let named = |pattern: &str| {
        let names = Names::of(&pattern.parse().unwrap());
        plain(Kind::V6ToName, Targets::Names(names))
    };
    let said = |all: &[(Atom, bool)]| {
        let all = all.iter().map(|(atom, inside)| Known::that(*atom, *inside));
        let known = all.reduce(|all, one| all.both(&one, &atoms).unwrap());
        Block {
            known: known.unwrap_or_default(),
            ..to(0, u128::MAX)
        }
    };
    let form = |blocks: &[Block]| {
        let mut work = Work::new(&atoms, STEPS);
        let set = Flows::of_all(blocks.iter().cloned(), &mut work).unwrap();
        set.canonical(&mut work).unwrap()
    };
    for (one, same) in [
        (vec![], vec![]),
        (vec![to(0, u128::MAX)], vec![to(0, 9), to(10, u128::MAX)]),
        (vec![to(5, u128::MAX)], vec![to(7, u128::MAX), to(5, 6)]),
        (
            vec![named("*b")],
            vec![named("b"), named("*.b"), named("*b")],
        ),
        (
            vec![said(&[])],
            vec![said(&[(whole, true)]), said(&[(whole, false)])],
        ),
        (
            vec![said(&[(whole, true)])],
            vec![
                said(&[(region, true)]),
                said(&[(whole, true), (region, false)]),
            ],
        ),
        (
            vec![said(&[(region, false)])],
            vec![
                said(&[(whole, false)]),
                said(&[(whole, true), (region, false)]),
            ],
        ),
        (
            vec![said(&[(other, true)]), said(&[(region, false)])],
            vec![
                said(&[(other, true), (region, true)]),
                said(&[(region, false)]),
            ],
        ),
    ] {
        assert_eq!(form(&one), form(&same), "{one:?}");
        assert_eq!(form(&one).is_empty(), one.is_empty());
    }
    let different = [
        vec![],
        vec![to(0, u128::MAX)],
        vec![to(1, u128::MAX)],
        vec![to(0, u128::MAX - 1)],
        vec![named("b")],
        vec![named("*.b")],
        vec![named("b"), named("*.b")],
        vec![said(&[(whole, true)])],
        vec![said(&[(region, true)])],
        vec![said(&[(region, false)])],
        vec![said(&[(whole, true), (region, false)])],
        vec![said(&[(other, true)])],
    ];
    for (at, one) in different.iter().enumerate() {
        for other in &different[..at] {
            assert_ne!(form(one), form(other), "{one:?} {other:?}");
        }
    }
}

#[test]
fn many_names_are_taken_apart_quickly() {
    let atoms = Atoms::default();
    let block = |at: u128| Block {
        kind: Kind::V4ToName,
        protocols: Ranges::span(6, 6),
        ports: Ranges::span(443, 443 + at % 3),
        targets: Targets::Names(Names::exactly(&format!("host{at}.contoso.com"))),
        sources: every_v4(),
        source_ports: every_port(),
        known: Known::default(),
    };
    let blocks: Vec<Block> = (0..2000).map(block).collect();
    let set = |blocks: Vec<Block>| blocks.into_iter().map(Flows::of);
    let mut forms = Vec::new();
    for blocks in [blocks.clone(), blocks.into_iter().rev().collect()] {
        let all = set(blocks).flat_map(|one| one.blocks().to_vec()).collect();
        let all = Flows::of_parts(all);
        let form = all.canonical(&mut Work::new(&atoms, 40_000)).unwrap();
        assert_eq!(all.canonical(&mut Work::new(&atoms, 5_000)), Err(TooLarge));
        forms.push(form);
    }
    assert_eq!(forms[0], forms[1]);
    // Ports 443, 444 and 445, each with the names that have it.
    let mut work = Work::new(&atoms, STEPS);
    assert_eq!(forms[0].flows(&mut work).unwrap().blocks().len(), 3);
}
