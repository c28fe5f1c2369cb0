//! Draws calls on quotas.

use limiter_core::{EXACT, Period, Quota};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::call::{Call, Line};
use crate::sequences::clock::{Step, over_turns};
use crate::sequences::draw::Draw;

/// How many of the latest reservations may be asked again.
const REMEMBERED: usize = 6;

/// Calls with lines of some kind.
#[derive(Clone)]
pub(super) struct Calls {
    line: SBoxedStrategy<Line>,
    lines: SBoxedStrategy<Vec<Line>>,
}

/// The latest reservations: their numbers and what they asked for.
type Reservations = Vec<(u8, Vec<Line>)>;

impl Calls {
    /// Each call on one of two keys.
    pub(super) fn on_one_key() -> Self {
        let lines = (0..2_usize, vec(line(0), 1..4)).prop_map(|(key, mut lines)| {
            for line in &mut lines {
                line.key = key;
            }
            lines
        });
        Self { line: line(1).sboxed(), lines: lines.sboxed() }
    }

    /// Each call over up to three keys.
    pub(super) fn over_several_keys() -> Self {
        let lines = prop_oneof![6 => vec(line(2), 1..5), 1 => vec(line(2), 0..20)];
        Self { line: line(2).sboxed(), lines: lines.sboxed() }
    }
}

impl Draw for Calls {
    type Call = Call;
    type Past = Reservations;

    fn step(&self) -> BoxedStrategy<Step> {
        over_turns().boxed()
    }

    fn call(&self, past: &Reservations) -> BoxedStrategy<Call> {
        let line = || self.line.clone();
        let reserve = (1..=5_u8, self.lines.clone(), ttl_ms());
        let settle = (1..=5_u8, self.lines.clone());
        let anything = prop_oneof![
            2 => line().prop_map(Call::Check),
            3 => line().prop_map(Call::Record),
            6 => reserve.prop_map(|(number, lines, ttl_ms)| Call::Reserve { number, lines, ttl_ms }),
            2 => settle.prop_map(|(number, lines)| Call::Settle { number, lines }),
            1 => line().prop_map(Call::Reset),
        ];
        if past.is_empty() {
            return anything.boxed();
        }
        let repeat = (select(past.clone()), ttl_ms());
        let repeat = repeat.prop_map(|((number, lines), ttl_ms)| Call::Reserve { number, lines, ttl_ms });
        let known = (select(past.clone()), 0..3_u64).prop_map(settled);
        prop_oneof![9 => anything, 2 => repeat, 4 => known].boxed()
    }

    fn follows(&self, _: &Reservations, _: &Call) -> bool {
        true
    }

    fn after(&self, mut past: Reservations, call: &Call) -> Reservations {
        if let Call::Reserve { number, lines, .. } = call {
            past.push((*number, lines.clone()));
            past.drain(..past.len().saturating_sub(REMEMBERED));
        }
        past
    }
}

/// A reservation's settlement: it is cancelled, or used as reserved, or used beyond that.
fn settled(((number, mut lines), how): ((u8, Vec<Line>), u64)) -> Call {
    for line in &mut lines {
        line.amount = if how == 0 { 0 } else { (line.amount + how - 1).min(EXACT) };
    }
    Call::Settle { number, lines }
}

/// An amount on a quota of a key up to the `last`. What is above the accepted range is refused when it is built, or,
/// for a record, by the backend.
fn line(last: usize) -> impl Strategy<Value = Line> {
    let amount = prop_oneof![12 => 0..5_u64, 1 => 0..=EXACT, 1 => select(vec![EXACT, EXACT + 1])];
    (0..=last, select(quotas()), amount).prop_map(|(key, quota, amount)| Line { key, quota, amount })
}

fn ttl_ms() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1..20_000_u64, 2 => 1..2_000_000_u64, 1 => Just(30 * 86_400_000)]
}

/// Quotas of every period, at offsets from the furthest east to the furthest west, of which several count in one
/// counter.
fn quotas() -> Vec<Quota> {
    let kinds = [
        (Period::Hour, 0),
        (Period::Hour, 30),
        (Period::Day, -480),
        (Period::Week, 0),
        (Period::Month, 1_080),
        (Period::Month, -1_080),
        (Period::Year, 345),
    ];
    let quota = |(max, period, offset)| Quota::new(max, period)?.with_utc_offset_minutes(offset);
    let quotas =
        kinds.into_iter().flat_map(|(period, offset)| [5, 0, 9, EXACT].map(|max| (max, period, offset)));
    quotas.map(quota).filter_map(Result::ok).collect()
}
