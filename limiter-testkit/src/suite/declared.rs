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
}

impl Declared {
    /// Whether the candidate is what the suite was stamped for: otherwise a promise would go unproven, and nobody
    /// would know.
    pub(crate) fn check(self, candidate: &Candidate) -> Result<(), String> {
        let can = candidate.capabilities();
        let in_one_partition = candidate.partition().is_some();
        agree(
            "real_time",
            self.real_time,
            candidate.clock().is_none(),
            "`Candidate::with_clock` wasn't called",
        )?;
        let apart = !can.atomic_keys && !in_one_partition;
        agree("keys_apart", self.keys_apart, apart, "the backend's capabilities don't name `atomic_keys`")?;
        agree("durable", self.durable, can.durable, "the backend's capabilities name `durable`")?;
        agree("shared", self.shared, can.shared, "the backend's capabilities name `shared`")
    }
}

fn agree(word: &str, declared: bool, told: bool, why: &str) -> Result<(), String> {
    match (declared, told) {
        (false, true) => Err(format!("add `{word}` to the suite!: {why}")),
        (true, false) => Err(format!("take `{word}` from the suite!: it isn't so that {why}")),
        _ => Ok(()),
    }
}
