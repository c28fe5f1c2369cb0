//! Draws calls on rates.

use std::time::Duration;

use limiter_core::{EXACT, Limit, LimitError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::call::{Call, Line};
use crate::sequences::clock::{Step, any_step};
use crate::sequences::draw::Draw;
use crate::sequences::keys::ALIKE;

/// How many hits are remembered that can still be given back.
const RECEIPTS: usize = 20;

/// Calls with lines of some kind.
#[derive(Clone)]
pub(super) struct Calls {
    lines: SBoxedStrategy<Vec<Line>>,
}

/// The hits that weren't given back yet, and how many there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    open: Vec<u32>,
    count: u32,
}

impl Calls {
    /// Up to five charges on one of two keys.
    pub(super) fn of_few_counters() -> Self {
        let lines = prop_oneof![vec(plain_line(), 1), vec(plain_line(), 2..6)];
        Self { lines: (0..2_usize, lines).prop_map(on_one_key).sboxed() }
    }

    /// From no charge to more than are accepted, and costs from 0 to more than are accepted.
    pub(super) fn of_any_size() -> Self {
        let lines = prop_oneof![
            8 => vec(any_line(), 1),
            8 => vec(any_line(), 1..5),
            1 => vec(any_line(), 0..70),
        ];
        Self { lines: (0..ALIKE, lines).prop_map(on_one_key).sboxed() }
    }

    /// One to eight charges over all keys, or more than are accepted.
    pub(super) fn over_several_keys() -> Self {
        let few = (0..3_usize, plain_line()).prop_map(|(key, line)| Line { key, ..line });
        let any = (0..ALIKE, any_line()).prop_map(|(key, line)| Line { key, ..line });
        let lines = prop_oneof![8 => vec(few, 2..9), 4 => vec(any.clone(), 1..9), 1 => vec(any, 40..70)];
        Self { lines: lines.sboxed() }
    }
}

impl Draw for Calls {
    type Call = Call;
    type Past = Hits;

    fn step(&self) -> BoxedStrategy<Step> {
        any_step().boxed()
    }

    fn call(&self, past: &Hits) -> BoxedStrategy<Call> {
        let number = past.count + 1;
        let hit = (self.lines.clone(), any::<bool>()).prop_map(move |(lines, at_once)| Call::Hit {
            number,
            lines,
            at_once,
        });
        let peek = self.lines.clone().prop_map(Call::Peek);
        let reset =
            self.lines.clone().prop_filter_map("no line", |lines| lines.first().copied().map(Call::Reset));
        if past.open.is_empty() {
            return prop_oneof![12 => hit, 3 => peek, 1 => reset].boxed();
        }
        let refund = select(past.open.clone()).prop_map(Call::Refund);
        prop_oneof![12 => hit, 3 => peek, 3 => refund, 1 => reset].boxed()
    }

    fn follows(&self, past: &Hits, call: &Call) -> bool {
        !matches!(call, Call::Refund(number) if !past.open.contains(number))
    }

    fn after(&self, mut past: Hits, call: &Call) -> Hits {
        match call {
            Call::Hit { number, .. } => {
                past.count = *number;
                past.open.push(*number);
                past.open.drain(..past.open.len().saturating_sub(RECEIPTS));
            }
            Call::Refund(number) => past.open.retain(|open| open != number),
            Call::Peek(_) | Call::Reset(_) => {}
        }
        past
    }
}

fn on_one_key((key, mut lines): (usize, Vec<Line>)) -> Vec<Line> {
    for line in &mut lines {
        line.key = key;
    }
    lines
}

/// A small cost on a limit with few units and a short window.
fn plain_line() -> impl Strategy<Value = Line> + Clone {
    (select(plain_limits()), 0..5_u64).prop_map(|(limit, cost)| Line { key: 0, limit, cost })
}

/// Any cost on any limit.
fn any_line() -> impl Strategy<Value = Line> + Clone {
    let cost = prop_oneof![
        10 => 0..4_u64,
        1 => 0..=EXACT,
        1 => select(vec![8, EXACT - 1, EXACT, EXACT + 1, u64::MAX]),
    ];
    let limits = plain_limits().into_iter().chain(limits_of(0, 10_000)).chain(limits_of(7, 3_600_000));
    let limits = limits.chain(largest()).chain([Limit::UNLIMITED]).collect::<Vec<_>>();
    (select(limits), cost).prop_map(|(limit, cost)| Line { key: 0, limit, cost })
}

/// Limits of every algorithm, of which several count in one counter.
fn plain_limits() -> Vec<Limit> {
    let limits = [limits_of(3, 250), limits_of(5, 250), limits_of(1, 10_000), limits_of(4, 60_000)];
    limits.into_iter().flatten().collect()
}

/// Limits of every algorithm over one window.
fn limits_of(max: u64, window_ms: u64) -> Vec<Limit> {
    let window = Duration::from_millis(window_ms);
    let fixed = |max| Limit::fixed_window(max, window);
    let sliding = |max| Limit::sliding_window(max, window);
    let bucket = Limit::token_bucket(max.max(1), window);
    valid([
        fixed(max),
        sliding(max),
        Limit::sliding_log(max, window),
        bucket,
        bucket.and_then(|bucket| bucket.with_burst(max + 2)),
        fixed(max + 1).and_then(Limit::counting_denied),
        sliding(max + 1).and_then(Limit::counting_denied),
        bucket.and_then(Limit::counting_denied),
    ])
}

/// The largest limits over a day that are exact.
fn largest() -> Vec<Limit> {
    const DAY_MS: u64 = 86_400_000;
    let (day, most) = (Duration::from_millis(DAY_MS), EXACT / DAY_MS);
    valid([
        Limit::fixed_window(EXACT, day).and_then(Limit::counting_denied),
        Limit::sliding_window(most, day).and_then(Limit::counting_denied),
        Limit::sliding_log(10_000, day),
        Limit::token_bucket(most, day),
    ])
}

fn valid(limits: impl IntoIterator<Item = Result<Limit, LimitError>>) -> Vec<Limit> {
    limits.into_iter().flatten().collect()
}
