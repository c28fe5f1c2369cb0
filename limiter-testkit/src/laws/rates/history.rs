//! What is asked of a rate limiter in the course of time, and how it is drawn.

use limiter_core::{CLOCK_TOLERANCE_MS, EXACT, Limit, LimitSet};
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::laws::strategies::{
    Cost, Move, START_MS, changing_limit_sets, costs, limit_sets, moves, moves_forward,
};

/// One hit of a history: the clock is set, and so many units are asked of every limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What the clock shows.
    pub at_ms: u64,
    /// Units.
    pub cost: u64,
}

/// One call of any kind: the clock is set, and something is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What the clock shows.
    pub at_ms: u64,
    /// What is asked.
    pub ask: Ask,
}

/// What a call asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A hit of so many units of each limit in their order; `None` of those that take no part. One takes part.
    Hit(Vec<Option<u64>>),
    /// A peek at the same.
    Peek(Vec<Option<u64>>),
    /// Gives back so many units of one limit, as charged by an earlier call: both by their places, counted from 0.
    /// Where that call charged nothing, as if it had at its time.
    Refund {
        /// The place of the call.
        call: usize,
        /// The place of the limit.
        limit: usize,
        /// Units.
        cost: u64,
    },
}

/// Histories of hits in view of limits: what they cost lies about the limits' capacities, and the times about the
/// turns of their windows. The clock goes forward.
pub fn histories(limits: &LimitSet, hits: impl Into<SizeRange>) -> BoxedStrategy<Vec<Hit>> {
    raw(moves_forward().boxed(), hits.into()).prop_map(hits_of(limits.clone())).boxed()
}

/// As [`histories`], on a clock that steps back now and then, never more than a minute behind the latest time.
pub fn histories_with_steps_back(limits: &LimitSet, hits: impl Into<SizeRange>) -> BoxedStrategy<Vec<Hit>> {
    raw(moves().boxed(), hits.into()).prop_map(hits_of(limits.clone())).boxed()
}

/// Calls of any kind in view of limits: hits of some of them, peeks, and refunds of what was charged, or wasn't. The
/// clock steps back now and then, also so far that counters are to be taken as new.
pub fn calls(limits: &LimitSet, calls: impl Into<SizeRange>) -> BoxedStrategy<Vec<Call>> {
    raw_calls(calls.into()).prop_map(calls_of(limits.clone())).boxed()
}

/// Draws the limits too.
pub(super) fn any_histories(
    size: impl Into<SizeRange>,
    back: bool,
) -> impl Strategy<Value = (LimitSet, Vec<Hit>)> {
    let moves = if back { moves().boxed() } else { moves_forward().boxed() };
    (limit_sets(), raw(moves, size.into())).prop_map(|(limits, raw)| (limits.clone(), hits_of(limits)(raw)))
}

/// Draws the limits too, and what they are changed to.
pub(super) fn any_calls(
    size: impl Into<SizeRange>,
) -> impl Strategy<Value = (LimitSet, LimitSet, Vec<Call>)> {
    (changing_limit_sets(), raw_calls(size.into()))
        .prop_map(|((limits, changed), raw)| (limits.clone(), changed, calls_of(limits)(raw)))
}

/// Before it is known by which limits: the start, and for each hit the limit in view of which it is drawn.
type Raw = (u64, Vec<(Index, Move, Cost)>);

fn raw(moves: BoxedStrategy<Move>, size: SizeRange) -> impl Strategy<Value = Raw> {
    (starts_ms(), vec((any::<Index>(), moves, costs()), size))
}

fn starts_ms() -> impl Strategy<Value = u64> {
    START_MS..START_MS + 100_000_000
}

fn hits_of(limits: LimitSet) -> impl Fn(Raw) -> Vec<Hit> {
    move |(start_ms, raw)| {
        let (mut at_ms, mut latest_ms) = (start_ms, start_ms);
        let hit = |(by, step, cost): (Index, Move, Cost)| {
            let limit: &Limit = by.get(limits.as_slice());
            at_ms = step.from(at_ms, limit.window_ms()).max(latest_ms.saturating_sub(CLOCK_TOLERANCE_MS));
            latest_ms = latest_ms.max(at_ms);
            Hit { at_ms, cost: cost.of(limit) }
        };
        raw.into_iter().map(hit).collect()
    }
}

/// Of so many charges one may be given back: the windows of the earlier ones have gone.
const LATEST: usize = 6;

/// What is asked, before it is known of which limits.
#[derive(Clone, Debug)]
enum RawAsk {
    Hit(RawCosts),
    Peek(RawCosts),
    /// How many charges ago; of which limit where there is no such charge; so many halves of its cost.
    Refund(usize, Index, u64),
}

/// For each limit, and one that takes part for sure: as many as the widest set needs.
type RawCosts = (Index, Cost, Vec<Option<Cost>>);
type RawCalls = (u64, Vec<(Index, Move, RawAsk)>);

fn raw_calls(size: SizeRange) -> impl Strategy<Value = RawCalls> {
    let costs_of_each = || (any::<Index>(), costs(), vec(prop::option::of(costs()), 1..=4));
    let ask = prop_oneof![
        7 => costs_of_each().prop_map(RawAsk::Hit),
        2 => costs_of_each().prop_map(RawAsk::Peek),
        4 => (0..LATEST + 2, any::<Index>(), 0..=6_u64).prop_map(|(ago, by, halves)| RawAsk::Refund(ago, by, halves)),
    ];
    (starts_ms(), vec((any::<Index>(), moves(), ask), size))
}

fn calls_of(limits: LimitSet) -> impl Fn(RawCalls) -> Vec<Call> {
    move |(start_ms, raw)| {
        let (mut at_ms, mut calls) = (start_ms, Vec::<Call>::new());
        for (by, step, ask) in raw {
            at_ms = step.from(at_ms, by.get(limits.as_slice()).window_ms());
            let ask = match ask {
                RawAsk::Hit(costs) => Ask::Hit(costs_of(&limits, costs)),
                RawAsk::Peek(costs) => Ask::Peek(costs_of(&limits, costs)),
                RawAsk::Refund(ago, by, halves) => refund_of(&limits, &calls, ago, by, halves),
            };
            calls.push(Call { at_ms, ask });
        }
        calls
    }
}

/// Where there are more limits than were drawn for, the drawn costs go round.
fn costs_of(limits: &LimitSet, (sure, cost, others): RawCosts) -> Vec<Option<u64>> {
    let cycle = others.iter().cycle();
    let mut costs: Vec<_> =
        limits.iter().zip(cycle).map(|(limit, cost)| cost.map(|cost| cost.of(limit))).collect();
    let sure = sure.index(limits.len());
    costs[sure] = Some(cost.of(&limits.as_slice()[sure]));
    costs
}

/// A refund of one of the latest charges that were asked, or of less or more of it; or of what was never asked.
fn refund_of(limits: &LimitSet, calls: &[Call], ago: usize, by: Index, halves: u64) -> Ask {
    let asked = calls.iter().enumerate().rev().flat_map(|(call, made)| {
        let costs: &[_] = if let Ask::Hit(costs) = &made.ask { costs } else { &[] };
        let asked = costs.iter().enumerate().filter_map(|(limit, cost)| Some((limit, (*cost)?)));
        asked.map(move |(limit, cost)| (call, limit, cost))
    });
    let (call, limit, cost) = asked.take(LATEST).nth(ago).unwrap_or_else(|| {
        let call = calls.len().saturating_sub(1);
        (call, by.index(limits.len()), 2)
    });
    let cost = (cost / 2).saturating_mul(halves) + cost % 2;
    Ask::Refund { call, limit, cost: cost.min(EXACT) }
}
