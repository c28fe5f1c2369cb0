//! What the reference answers, and whether a candidate answers the same.

use std::fmt::Debug;

use limiter_core::{ManualClock, Result};

use super::words::Words;
use crate::model::Model;

/// Why a sequence ends before its last call.
#[derive(Debug)]
pub(super) enum End {
    /// The candidate answered something else.
    Differs(Fault),
    /// From here on a store may answer this or that: the clock stepped back to before what it may have dropped.
    Either,
}

/// A wrong answer, and the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) wanted: String,
    pub(super) got: String,
}

/// The reference, once as a store that keeps everything, and once as one that drops what is idle as soon as it may.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) keeping: Model,
    pub(super) dropping: Model,
}

impl Reference {
    pub(super) fn new(clock: &ManualClock) -> Self {
        Self { keeping: Model::new(clock.clone()), dropping: Model::forgetting(clock.clone()) }
    }
}

/// The answer that both kinds of store give.
pub(super) fn agreed<T: PartialEq>(keeping: Result<T>, dropping: &Result<T>) -> Result<Result<T>, End> {
    if same(&keeping, dropping) { Ok(keeping) } else { Err(End::Either) }
}

/// That a candidate's whole answer is the wanted one; an error that is of the wanted kind. Tells the answer.
pub(super) fn expect<T: Debug + PartialEq + Words>(
    wanted: &Result<T>,
    got: Result<T>,
) -> Result<Option<T>, End> {
    if same(wanted, &got) {
        return Ok(got.ok());
    }
    let (mut told_wanted, mut told_got) = (wanted.words(), got.words());
    if told_wanted == told_got {
        (told_wanted, told_got) = (format!("{wanted:?}"), format!("{got:?}"));
    }
    Err(End::Differs(Fault { wanted: told_wanted, got: told_got }))
}

fn same<T: PartialEq>(one: &Result<T>, other: &Result<T>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => one.kind() == other.kind(),
        _ => false,
    }
}
