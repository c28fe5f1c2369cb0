//! The metrics of each limit.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock};

use limiter_core::Source;
use metrics::{Counter, counter};

use super::answer::{outcome, source_name};
use super::what::Bound;

/// How many pairs of space and limit have metrics of their own.
const PLACES: usize = 1024;
/// In how many places a pair may stand.
const TRIES: usize = 32;

/// Metrics by space and limit. Places are filled and never emptied, so that looking one up takes no lock and
/// allocates nothing.
#[derive(Debug)]
pub(super) struct Limits {
    backend: Arc<str>,
    hasher: RandomState,
    places: Box<[OnceLock<Box<OfLimit>>]>,
    others: [OnceLock<Box<OfLimit>>; 3],
}

/// The metrics of one limit in one space. Each is made when it is first used.
#[derive(Debug)]
pub(super) struct OfLimit {
    backend: Arc<str>,
    part: &'static str,
    space: Box<str>,
    bound: Option<Bound>,
    decisions: [[OnceLock<Counter>; SOURCES]; 2],
    units: [OnceLock<Counter>; 3],
}

/// Units of a quota.
#[derive(Clone, Copy, Debug)]
pub(super) enum Units {
    Recorded,
    Reserved,
    Settled,
}

const SOURCES: usize = 8;
const OTHER: &str = "other";

impl Limits {
    pub(super) fn new(backend: Arc<str>) -> Self {
        let places = (0..PLACES).map(|_| OnceLock::new()).collect();
        Self { backend, hasher: RandomState::new(), places, others: Default::default() }
    }

    /// The metrics of a limit in a space; those of all others when there are too many.
    pub(super) fn of(&self, space: &str, bound: Bound) -> &OfLimit {
        let [first, second, ..] = self.hasher.hash_one((space, bound)).to_le_bytes();
        let first = usize::from(u16::from_le_bytes([first, second]));
        for place in (first..first + TRIES).map(|place| &self.places[place % PLACES]) {
            let there = place.get_or_init(|| Box::new(self.new_of(bound.part(), space, Some(bound))));
            if there.is_of(space, bound) {
                return there;
            }
        }
        let others = &self.others[match bound {
            Bound::Rate(_) => 0,
            Bound::Cap(_) => 1,
            Bound::Quota(_) => 2,
        }];
        others.get_or_init(|| Box::new(self.new_of(bound.part(), OTHER, None)))
    }

    fn new_of(&self, part: &'static str, space: &str, bound: Option<Bound>) -> OfLimit {
        OfLimit {
            backend: Arc::clone(&self.backend),
            part,
            space: space.into(),
            bound,
            decisions: Default::default(),
            units: Default::default(),
        }
    }
}

impl OfLimit {
    /// One decision.
    pub(super) fn decided(&self, allowed: bool, source: Source) {
        let counter = &self.decisions[usize::from(allowed)][place_of(source)];
        counter.get_or_init(|| self.decisions_counter(allowed, source)).increment(1);
    }

    /// Units of a quota.
    pub(super) fn used(&self, what: Units, amount: u64) {
        self.units[what as usize].get_or_init(|| self.units_counter(what)).increment(amount);
    }

    fn is_of(&self, space: &str, bound: Bound) -> bool {
        self.bound == Some(bound) && *self.space == *space
    }

    fn limit(&self) -> String {
        self.bound.map_or_else(|| OTHER.to_owned(), |bound| bound.to_string())
    }

    fn decisions_counter(&self, allowed: bool, source: Source) -> Counter {
        counter!(
            "limiter_decisions_total",
            "part" => self.part,
            "space" => self.space.to_string(),
            "limit" => self.limit(),
            "backend" => Arc::clone(&self.backend),
            "outcome" => outcome(allowed),
            "source" => source_name(source),
        )
    }

    fn units_counter(&self, what: Units) -> Counter {
        let what = match what {
            Units::Recorded => "recorded",
            Units::Reserved => "reserved",
            Units::Settled => "settled",
        };
        counter!(
            "limiter_quota_units_total",
            "what" => what,
            "space" => self.space.to_string(),
            "limit" => self.limit(),
            "backend" => Arc::clone(&self.backend),
        )
    }
}

const fn place_of(source: Source) -> usize {
    match source {
        Source::Store => 0,
        Source::Overflow => 1,
        Source::Cache => 2,
        Source::Prefetched => 3,
        Source::Fallback => 4,
        Source::Uncounted => 5,
        Source::Shadow => 6,
        _ => SOURCES - 1,
    }
}
