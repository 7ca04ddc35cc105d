//! Claims about all that must arrive, proved of sets and held against single flows: a claim that holds does so for each
//! of them, and one that does not has an example.

use tidegate::azure::next_hop::Holder;
use tidegate::azure::{Site, Trace, Verdict};
use tidegate::reach::{Piece, Proof};
use tidegate::space::{Block, TooLarge};

use super::asked::Answer;
use super::needed::{Followed, Found, Held};

impl Held<'_> {
    /// What is claimed of all that must arrive, and of each flow at a corner of it.
    pub(super) fn claims(
        &self,
        of: usize,
        flows: &[Followed],
        found: &mut Found,
    ) -> Result<(), String> {
        let atoms = self.evaluator.atoms();
        for block in &self.needs[of].flows.must {
            let mut missing = self.balance.missing.iter();
            let lacks = missing.any(|it| it.of == of && it.flows.meets(block, atoms));
            let within = flows.iter().filter(|one| one.block.is_within(block, atoms));
            let arrive = self.claims_of(block, &within.collect::<Vec<_>>(), found)?;
            if arrive == lacks {
                return Err(format!(
                    "{arrive} is proved, and a deficit is {lacks}: {block:?}"
                ));
            }
        }
        for one in flows {
            self.claims_of(&one.block, &[one], found)?;
        }
        Ok(())
    }

    /// Claims about some flows: that all arrive, that all do by the firewall, that none does. Gives whether the first is
    /// proved.
    fn claims_of(
        &self,
        block: &Block,
        flows: &[&Followed],
        found: &mut Found,
    ) -> Result<bool, String> {
        let atoms = self.evaluator.atoms();
        let too_large = |TooLarge| "too large".to_owned();
        let arrives = |trace: &Trace| answer_of(trace.verdict);
        let all = self.map.all_pass(block, atoms, |_| Some(true));
        let all = all.map_err(too_large)?;
        self.bears_out(("all pass", &all), flows, arrives, found)?;
        if let Some(id) = self.plane.estate.firewalls.ids().next() {
            let by = Holder::Firewall(id);
            let will_do = |piece: &Piece| Some(piece.via.contains(&by));
            let proof = self.map.all_pass(block, atoms, will_do);
            let proof = proof.map_err(too_large)?;
            let arrives_by = |trace: &Trace| {
                let passes = trace.passes(&Site::Firewall(id));
                let passes = passes.map_or(Answer::Perhaps, Answer::of);
                arrives(trace).min(passes)
            };
            self.bears_out(("all pass the firewall", &proof), flows, arrives_by, found)?;
        }
        let none = self.map.none_passes(block, atoms).map_err(too_large)?;
        let is_stopped = |trace: &Trace| match arrives(trace) {
            Answer::Yes => Answer::No,
            Answer::No => Answer::Yes,
            Answer::Perhaps => Answer::Perhaps,
        };
        self.bears_out(("none passes", &none), flows, is_stopped, found)?;
        Ok(matches!(all, Proof::Holds))
    }

    /// Whether single flows say what a proof says: each of a claim that holds, an example of one that does not.
    fn bears_out(
        &self,
        (claim, proof): (&str, &Proof),
        flows: &[&Followed],
        is_so: impl Fn(&Trace) -> Answer,
        found: &mut Found,
    ) -> Result<(), String> {
        match proof {
            Proof::Holds => {
                for one in flows {
                    match is_so(&one.trace) {
                        Answer::Yes => found.proved += 1,
                        Answer::Perhaps => found.unsure += 1,
                        Answer::No => {
                            return Err(self.told(&format!("breaks what is proved, {claim}"), one));
                        }
                    }
                }
            }
            Proof::Broken(broken) => {
                for one in broken {
                    let Some(flow) = self.example(one) else {
                        continue;
                    };
                    let one = self.followed(flow);
                    match is_so(&one.trace) {
                        Answer::No => found.refuted += 1,
                        Answer::Perhaps => found.unsure += 1,
                        Answer::Yes => {
                            return Err(self.told(&format!("is no example against {claim}"), &one));
                        }
                    }
                }
            }
            Proof::Open { .. } => {}
        }
        Ok(())
    }
}

fn answer_of(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Allowed => Answer::Yes,
        Verdict::Uncertain => Answer::Perhaps,
        Verdict::Denied | Verdict::NoReturn => Answer::No,
    }
}
