//! What a suite was stamped for, held against what the candidate says of itself.

use crate::candidate::Candidate;

/// The capabilities that a suite was stamped for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each named where it is declared")]
pub struct Declared {
    pub real_time: bool,
    pub keys_apart: bool,
    pub durable: bool,
    pub shared: bool,
    pub early_refusals: bool,
    pub parts: &'static [&'static str],
}

impl Declared {
    /// Whether the candidate is what the suite was stamped for: otherwise a promise would go unproven, and nobody
    /// would know. Tells all that doesn't agree.
    pub(crate) fn check(&self, candidate: &Candidate) -> Result<(), String> {
        let can = candidate.capabilities();
        let apart = !can.atomic_keys && candidate.partition().is_none();
        let wrong: Vec<_> = [
            self.lacking(candidate.part()),
            differ("real_time", self.real_time, candidate.clock().is_none(), CLOCK),
            differ("keys_apart", self.keys_apart, apart, ATOMIC),
            differ("durable", self.durable, can.durable, DURABLE),
            differ("shared", self.shared, can.shared, SHARED),
            differ("early_refusals", self.early_refusals, can.early_refusals, EARLY),
        ]
        .into_iter()
        .flatten()
        .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    /// What to say of a candidate that is one part of a backend, where others are to be proven too.
    fn lacking(&self, part: Option<&str>) -> Option<String> {
        let part = part.filter(|part| self.parts.iter().any(|declared| declared != part))?;
        Some(format!("add `{part}` alone to the suite!: the candidate was made with `Candidate::of_{part}`"))
    }
}

/// Why a word belongs to the suite, and why it doesn't.
const CLOCK: [&str; 2] = ["`Candidate::with_clock` wasn't called", "`Candidate::with_clock` was called"];
const ATOMIC: [&str; 2] = ["the backend doesn't declare `atomic_keys`", "the backend declares `atomic_keys`"];
const DURABLE: [&str; 2] = ["the backend declares `durable`", "the backend doesn't declare `durable`"];
const SHARED: [&str; 2] = ["the backend declares `shared`", "the backend doesn't declare `shared`"];
const EARLY: [&str; 2] =
    ["the backend declares `early_refusals`", "the backend doesn't declare `early_refusals`"];

fn differ(word: &str, declared: bool, told: bool, [for_it, against_it]: [&str; 2]) -> Option<String> {
    match (declared, told) {
        (false, true) => Some(format!("add `{word}` to the suite!: {for_it}")),
        (true, false) => Some(format!("take `{word}` from the suite!: {against_it}")),
        _ => None,
    }
}
