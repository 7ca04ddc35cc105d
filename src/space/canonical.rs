//! Sets of flows in a form in which equal sets are equal values, however they were made.
//!
//! The form is a decision diagram. A node asks for one field, in a fixed order, and says for each value what the rest
//! of the flow may be. Values that leave the same rest stand together as one set, values that leave none are left out, and
//! equal rests are one node. So a node depends on the set alone, and not on the blocks that it was made of.
//!
//! Atoms come last and are asked one by one. Not every answer is possible: who is in an atom is in those around it. An
//! impossible answer is read as the possible one in which an atom holds only what all those around it hold, so that
//! here too equal sets have equal nodes.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::atoms::{Atom, Known};
use super::block::{Block, Kind, Targets};
use super::flows::{Flows, TooLarge, Work};
use super::names::Names;
use super::ranges::{Range, Ranges};

/// A set of flows as a value that is the same for the same set. Sets over different [`Atoms`](super::Atoms) cannot be
/// compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Canonical {
    /// Each behind all that it leads to, in the order in which they are come to from the last one, which is the
    /// beginning. Without nodes there is no flow.
    nodes: Vec<Node>,
}

/// A question and its answers, each with the place of the node that asks on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node {
    /// Nothing is left to ask: every flow that came here is in the set.
    Every,
    Kinds(Vec<(Kind, usize)>),
    Numbers(Vec<(Ranges, usize)>),
    Names(Vec<(Names, usize)>),
    /// Without a node there is no flow on that side.
    Inside(Atom, Option<usize>, Option<usize>),
}

impl Flows {
    /// The set as a value that is the same for the same set.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn canonical(&self, work: &mut Work<'_>) -> Result<Canonical, TooLarge> {
        let mut builder = Builder::new(work);
        let root = builder.set(self.blocks())?;
        let mut nodes = Vec::new();
        if let Some(root) = root {
            builder.write(root, &mut nodes, &mut FxHashMap::default());
        }
        Ok(Canonical { nodes })
    }
}

impl Canonical {
    /// Whether no flow is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The set as blocks, which are the same for the same set.
    ///
    /// # Errors
    /// When it takes too many steps.
    pub fn flows(&self, work: &mut Work<'_>) -> Result<Flows, TooLarge> {
        let mut blocks = Vec::new();
        // What is asked so far, and where it goes on. Fields that were not asked yet are empty.
        let beginning = Block {
            kind: Kind::V4,
            protocols: Ranges::none(),
            ports: Ranges::none(),
            targets: Targets::Addresses(Ranges::none()),
            sources: Ranges::none(),
            source_ports: Ranges::none(),
            known: Known::default(),
        };
        let mut waiting = Vec::new();
        waiting.extend(
            self.nodes
                .len()
                .checked_sub(1)
                .map(|root| (beginning, root, Field::Kind)),
        );
        while let Some((so_far, at, field)) = waiting.pop() {
            work.step(1)?;
            let next = field.next();
            match self.nodes.get(at) {
                None => {}
                Some(Node::Every) => blocks.push(so_far),
                Some(Node::Kinds(all)) => {
                    for (kind, at) in all.iter().rev() {
                        let block = Block {
                            kind: *kind,
                            ..so_far.clone()
                        };
                        waiting.push((block, *at, next));
                    }
                }
                Some(Node::Numbers(all)) => {
                    for (numbers, at) in all.iter().rev() {
                        let mut block = so_far.clone();
                        field.put(&mut block, numbers.clone());
                        waiting.push((block, *at, next));
                    }
                }
                Some(Node::Names(all)) => {
                    for (names, at) in all.iter().rev() {
                        let block = Block {
                            targets: Targets::Names(names.clone()),
                            ..so_far.clone()
                        };
                        waiting.push((block, *at, next));
                    }
                }
                Some(Node::Inside(atom, inside, outside)) => {
                    for (is_inside, at) in [(false, outside), (true, inside)] {
                        let said = Known::that(*atom, is_inside);
                        // A way through impossible answers is no flow.
                        let both = so_far.known.both(&said, work.atoms);
                        waiting.extend((*at).zip(both).map(|(at, known)| {
                            let block = Block {
                                known,
                                ..so_far.clone()
                            };
                            (block, at, next)
                        }));
                    }
                }
            }
        }
        Ok(Flows::of_parts(blocks))
    }
}

/// The fields in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Field {
    Kind,
    Protocols,
    Ports,
    Targets,
    Sources,
    SourcePorts,
    Known,
}

impl Field {
    fn next(self) -> Self {
        match self {
            Self::Kind => Self::Protocols,
            Self::Protocols => Self::Ports,
            Self::Ports => Self::Targets,
            Self::Targets => Self::Sources,
            Self::Sources => Self::SourcePorts,
            Self::SourcePorts | Self::Known => Self::Known,
        }
    }

    fn of(self, block: &Block) -> Value<'_> {
        match self {
            Self::Protocols => Value::Numbers(&block.protocols),
            Self::Ports => Value::Numbers(&block.ports),
            Self::Targets => match &block.targets {
                Targets::Addresses(addresses) => Value::Numbers(addresses),
                Targets::Names(names) => Value::Names(names),
            },
            Self::Sources => Value::Numbers(&block.sources),
            Self::SourcePorts => Value::Numbers(&block.source_ports),
            Self::Kind | Self::Known => Value::Kind(block.kind),
        }
    }

    fn put(self, block: &mut Block, numbers: Ranges) {
        match self {
            Self::Protocols => block.protocols = numbers,
            Self::Ports => block.ports = numbers,
            Self::Targets => block.targets = Targets::Addresses(numbers),
            Self::Sources => block.sources = numbers,
            Self::SourcePorts => block.source_ports = numbers,
            Self::Kind | Self::Known => {}
        }
    }
}

/// What a block says of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Value<'b> {
    Kind(Kind),
    Numbers(&'b Ranges),
    Names(&'b Names),
}

/// The rest of a block from one field on: what it says of that field, and the rest behind it.
type Rest<'b> = (Value<'b>, usize);

/// The rests of all blocks from one field on. Blocks that go on the same have the same one.
#[derive(Debug, Default)]
struct Rests<'b> {
    all: Vec<Rest<'b>>,
    places: FxHashMap<Rest<'b>, usize>,
}

impl<'b> Rests<'b> {
    fn place(&mut self, rest: Rest<'b>) -> usize {
        let new = self.all.len();
        *self.places.entry(rest).or_insert_with(|| {
            self.all.push(rest);
            new
        })
    }
}

/// The node to which nothing is left to ask; always made first.
const EVERY: usize = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Together {
    Both,
    Either,
}

struct Builder<'w, 'a, 'b> {
    work: &'w mut Work<'a>,
    /// By field, without what is known, which is nodes at once.
    rests: BTreeMap<Field, Rests<'b>>,
    nodes: Vec<Node>,
    places: FxHashMap<Node, usize>,
    /// What was made of several rests.
    made: FxHashMap<(Field, Vec<usize>), Option<usize>>,
    put_together: FxHashMap<(Together, usize, usize), Option<usize>>,
}

impl<'w, 'a, 'b> Builder<'w, 'a, 'b> {
    fn new(work: &'w mut Work<'a>) -> Self {
        Self {
            work,
            rests: BTreeMap::new(),
            nodes: vec![Node::Every],
            places: FxHashMap::default(),
            made: FxHashMap::default(),
            put_together: FxHashMap::default(),
        }
    }

    fn set(&mut self, blocks: &'b [Block]) -> Result<Option<usize>, TooLarge> {
        const FROM_LAST: [Field; 6] = [
            Field::SourcePorts,
            Field::Sources,
            Field::Targets,
            Field::Ports,
            Field::Protocols,
            Field::Kind,
        ];
        let mut begins = Vec::new();
        for block in blocks {
            self.work.step(FROM_LAST.len())?;
            let Some(known) = self.known(&block.known)? else {
                continue;
            };
            let begin = FROM_LAST.iter().fold(known, |next, field| {
                let rests = self.rests.entry(*field).or_default();
                rests.place((field.of(block), next))
            });
            begins.push(begin);
        }
        self.rest(Field::Kind, begins)
    }

    /// The node of several rests, of which a flow has one.
    fn rest(&mut self, field: Field, mut rests: Vec<usize>) -> Result<Option<usize>, TooLarge> {
        rests.sort_unstable();
        rests.dedup();
        if field == Field::Known {
            return rests.into_iter().try_fold(None, |all, one| {
                self.together(Together::Either, all, Some(one))
            });
        }
        let key = (field, rests);
        if let Some(made) = self.made.get(&key) {
            return Ok(*made);
        }
        let all = self.rests.get(&field);
        let all = all.map_or(&[][..], |rests| rests.all.as_slice());
        let values: Vec<Rest<'b>> = key
            .1
            .iter()
            .filter_map(|at| all.get(*at).copied())
            .collect();
        let node = match values.first() {
            Some((Value::Kind(_), _)) => self.kinds(&values)?,
            Some((Value::Numbers(_), _)) => self.numbers(field, &values)?,
            Some((Value::Names(_), _)) => self.names(field, &values)?,
            None => None,
        };
        self.made.insert(key, node);
        Ok(node)
    }

    fn kinds(&mut self, values: &[Rest<'b>]) -> Result<Option<usize>, TooLarge> {
        let mut answers = Vec::new();
        for kind in Kind::ALL {
            let of_kind = values
                .iter()
                .filter(|(value, _)| *value == Value::Kind(kind));
            let next = of_kind.map(|(_, next)| *next).collect();
            let node = self.rest(Field::Kind.next(), next)?;
            answers.extend(node.map(|node| (kind, node)));
        }
        Ok(self.answered(answers, Node::Kinds))
    }

    fn numbers(&mut self, field: Field, values: &[Rest<'b>]) -> Result<Option<usize>, TooLarge> {
        // Where the rests of a number change: a rest begins to be one of them, or ends to be.
        let mut changes: Vec<(u128, bool, usize)> = Vec::new();
        for (at, (value, _)) in values.iter().enumerate() {
            let Value::Numbers(numbers) = value else {
                continue;
            };
            for (first, last) in numbers.ranges() {
                changes.push((*first, true, at));
                changes.extend(last.checked_add(1).map(|behind| (behind, false, at)));
            }
        }
        self.work.step(changes.len())?;
        changes.sort_unstable();
        let mut holding: BTreeSet<usize> = BTreeSet::new();
        let mut answers: Vec<(usize, Range)> = Vec::new();
        let mut changes = changes.into_iter().peekable();
        while let Some((first, begins, at)) = changes.next() {
            if begins {
                holding.insert(at);
            } else {
                holding.remove(&at);
            }
            let last = match changes.peek() {
                // More changes at the same number.
                Some((next, ..)) if *next == first => continue,
                Some((next, ..)) => next - 1,
                None => u128::MAX,
            };
            self.work.step(holding.len())?;
            let next = holding.iter().filter_map(|at| values.get(*at));
            let next = next.map(|(_, next)| *next).collect();
            if let Some(node) = self.rest(field.next(), next)? {
                answers.push((node, (first, last)));
            }
        }
        Ok(self.answered(by_node(answers, Ranges::of), Node::Numbers))
    }

    fn names(&mut self, field: Field, values: &[Rest<'b>]) -> Result<Option<usize>, TooLarge> {
        let sets: Vec<&Names> = values
            .iter()
            .filter_map(|(value, _)| match value {
                Value::Names(names) => Some(*names),
                _ => None,
            })
            .collect();
        let mut answers: Vec<(usize, Names)> = Vec::new();
        for (names, holding) in Names::apart(&sets, |count| self.work.step(count))? {
            let next = holding.iter().filter_map(|at| values.get(*at));
            let next = next.map(|(_, next)| *next).collect();
            if let Some(node) = self.rest(field.next(), next)? {
                answers.push((node, names));
            }
        }
        Ok(self.answered(by_node(answers, Names::any_of), Node::Names))
    }

    fn answered<A>(
        &mut self,
        answers: Vec<(A, usize)>,
        node: impl Fn(Vec<(A, usize)>) -> Node,
    ) -> Option<usize> {
        (!answers.is_empty()).then(|| self.place(node(answers)))
    }

    /// What is said of atoms, as nodes.
    fn known(&mut self, known: &Known) -> Result<Option<usize>, TooLarge> {
        let mut all = Some(EVERY);
        for (atom, inside) in known.all() {
            // It is inside when those around it are too, and outside when one of them is.
            let mut around: Vec<Atom> = self.work.atoms.around(*atom).collect();
            around.sort_unstable();
            self.work.step(around.len())?;
            let said = around.into_iter().rev().fold(
                if *inside { Some(EVERY) } else { None },
                |rest, atom| {
                    if *inside {
                        self.asked(atom, rest, None)
                    } else {
                        self.asked(atom, rest, Some(EVERY))
                    }
                },
            );
            all = self.together(Together::Both, all, said)?;
        }
        Ok(all)
    }

    fn asked(
        &mut self,
        atom: Atom,
        inside: Option<usize>,
        outside: Option<usize>,
    ) -> Option<usize> {
        if inside == outside {
            return inside;
        }
        Some(self.place(Node::Inside(atom, inside, outside)))
    }

    fn together(
        &mut self,
        how: Together,
        a: Option<usize>,
        b: Option<usize>,
    ) -> Result<Option<usize>, TooLarge> {
        let (a, b) = match (a, b, how) {
            (Some(a), Some(b), _) if a == b => return Ok(Some(a)),
            (Some(EVERY), other, Together::Both) | (other, Some(EVERY), Together::Both) => {
                return Ok(other);
            }
            (Some(EVERY), _, Together::Either) | (_, Some(EVERY), Together::Either) => {
                return Ok(Some(EVERY));
            }
            (None, _, Together::Both) | (_, None, Together::Both) => return Ok(None),
            (None, other, Together::Either) | (other, None, Together::Either) => return Ok(other),
            (Some(a), Some(b), _) => (a.min(b), a.max(b)),
        };
        if let Some(made) = self.put_together.get(&(how, a, b)) {
            return Ok(*made);
        }
        self.work.step(1)?;
        let question = |at| match self.nodes.get(at) {
            Some(Node::Inside(atom, inside, outside)) => Some((*atom, *inside, *outside)),
            _ => None,
        };
        let (Some(one), Some(other)) = (question(a), question(b)) else {
            return Ok(None);
        };
        let atom = one.0.min(other.0);
        // A node that asks for a later atom says the same on both sides of this one.
        let sides = |at: usize, (own, inside, outside): (Atom, Option<usize>, Option<usize>)| {
            if own == atom {
                (inside, outside)
            } else {
                (Some(at), Some(at))
            }
        };
        let (one, other) = (sides(a, one), sides(b, other));
        let inside = self.together(how, one.0, other.0)?;
        let outside = self.together(how, one.1, other.1)?;
        let node = self.asked(atom, inside, outside);
        self.put_together.insert((how, a, b), node);
        Ok(node)
    }

    fn place(&mut self, node: Node) -> usize {
        let new = self.nodes.len();
        let place = *self.places.entry(node.clone()).or_insert(new);
        if place == new {
            self.nodes.push(node);
        }
        place
    }

    /// Writes a node behind all that it leads to, in an order that depends on the nodes alone.
    fn write(
        &self,
        at: usize,
        written: &mut Vec<Node>,
        places: &mut FxHashMap<usize, usize>,
    ) -> usize {
        if let Some(place) = places.get(&at) {
            return *place;
        }
        let mut go = |at: usize| self.write(at, written, places);
        let node = match self.nodes.get(at) {
            None | Some(Node::Every) => Node::Every,
            Some(Node::Kinds(all)) => {
                Node::Kinds(all.iter().map(|(kind, at)| (*kind, go(*at))).collect())
            }
            Some(Node::Numbers(all)) => {
                Node::Numbers(all.iter().map(|(set, at)| (set.clone(), go(*at))).collect())
            }
            Some(Node::Names(all)) => {
                Node::Names(all.iter().map(|(set, at)| (set.clone(), go(*at))).collect())
            }
            Some(Node::Inside(atom, inside, outside)) => {
                let inside = inside.map(&mut go);
                Node::Inside(*atom, inside, outside.map(&mut go))
            }
        };
        let place = written.len();
        written.push(node);
        places.insert(at, place);
        place
    }
}

/// What leads to the same node as one set, in the order of the sets.
fn by_node<A, S: Ord>(mut answers: Vec<(usize, A)>, set: impl Fn(Vec<A>) -> S) -> Vec<(S, usize)> {
    answers.sort_by_key(|(node, _)| *node);
    let mut all = Vec::new();
    let mut answers = answers.into_iter().peekable();
    while let Some((node, answer)) = answers.next() {
        let mut same = vec![answer];
        while let Some((_, answer)) = answers.next_if(|(next, _)| *next == node) {
            same.push(answer);
        }
        all.push((set(same), node));
    }
    all.sort_unstable();
    all
}
