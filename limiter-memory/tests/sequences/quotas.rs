//! Quotas: checks, records, reservations and settlements over several counters, resets.

use std::time::Duration;

use limiter_core::{
    EXACT, Key, Period, Quota, QuotaCharge, QuotaTracker, Reservation, ReservationId, Settlement,
};
use proptest::prelude::*;

use crate::pair::{Pair, any_step, at_once, cases, keys, same};

/// A key, a quota and an amount, the first two by their place in the lists.
type Line = (usize, usize, u64);

#[derive(Clone, Debug)]
enum Call {
    Check(usize, usize),
    Record(Line),
    Reserve(u8, Vec<Line>, u64),
    Settle(u8, Vec<Line>),
    Reset(usize, usize),
}

fn quotas() -> Vec<Quota> {
    let kinds = [
        (Period::Hour, 0),
        (Period::Hour, 30),
        (Period::Day, -480),
        (Period::Week, 0),
        (Period::Month, 1_080),
    ];
    let kinds = kinds.into_iter().chain([(Period::Year, 345)]);
    let quotas = kinds.flat_map(|(period, offset)| [0, 5, 9, EXACT].map(|max| (max, period, offset)));
    quotas
        .map(|(max, period, offset)| {
            Quota::new(max, period).unwrap().with_utc_offset_minutes(offset).unwrap()
        })
        .collect()
}

fn call() -> impl Strategy<Value = Call> {
    let amount =
        || prop_oneof![10 => 0..5_u64, 1 => 0..=EXACT, 1 => prop::sample::select(vec![EXACT, EXACT + 1])];
    let line = move || (0..3_usize, 0..quotas().len(), amount());
    let ttl_ms = prop_oneof![3 => 1..20_000_u64, 2 => 1..2_000_000_u64, 1 => Just(30 * 86_400_000)];
    let lines = move || prop_oneof![6 => prop::collection::vec(line(), 1..4), 1 => prop::collection::vec(line(), 0..20)];
    prop_oneof![
        1 => (0..3_usize, 0..quotas().len()).prop_map(|(key, quota)| Call::Check(key, quota)),
        3 => line().prop_map(Call::Record),
        5 => (0..5_u8, lines(), ttl_ms).prop_map(|(id, lines, ttl_ms)| Call::Reserve(id, lines, ttl_ms)),
        4 => (0..5_u8, lines()).prop_map(|(id, lines)| Call::Settle(id, lines)),
        1 => (0..3_usize, 0..quotas().len()).prop_map(|(key, quota)| Call::Reset(key, quota)),
    ]
}

fn id(id: u8) -> ReservationId {
    ReservationId::parse(&format!("res-{id}")).unwrap()
}

fn charges(keys: &[Key], quotas: &[Quota], lines: &[Line]) -> Vec<QuotaCharge> {
    let charge = |(key, quota, amount): &Line| QuotaCharge::new(keys[*key].clone(), quotas[*quota], *amount);
    lines.iter().map(charge).collect()
}

fn make(pair: &Pair, keys: &[Key], quotas: &[Quota], call: &Call) -> Result<(), TestCaseError> {
    let Pair { memory, model, .. } = pair;
    match call {
        Call::Check(key, quota) => {
            let (key, quota) = (&keys[*key], &quotas[*quota]);
            same(at_once(memory.check(key, quota)), at_once(model.check(key, quota)), call)?;
        }
        Call::Record((key, quota, amount)) => {
            let (key, quota) = (&keys[*key], &quotas[*quota]);
            let got = at_once(memory.record(key, quota, *amount));
            same(got, at_once(model.record(key, quota, *amount)), call)?;
        }
        Call::Reserve(who, lines, ttl_ms) => {
            // What is invalid is refused when it is built, whatever the backend.
            let request = Reservation::new(charges(keys, quotas, lines), Duration::from_millis(*ttl_ms));
            if let Ok(request) = request.map(|request| request.with_id(id(*who))) {
                same(at_once(memory.reserve(&request)), at_once(model.reserve(&request)), call)?;
            }
        }
        Call::Settle(who, lines) => {
            if let Ok(request) = Settlement::new(id(*who), charges(keys, quotas, lines)) {
                same(at_once(memory.settle(&request)), at_once(model.settle(&request)), call)?;
            }
        }
        Call::Reset(key, quota) => {
            let (key, quota) = (&keys[*key], &quotas[*quota]);
            let got = at_once(QuotaTracker::reset(memory, key, quota));
            same(got, at_once(QuotaTracker::reset(model, key, quota)), call)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn any_calls_on_quotas(calls in prop::collection::vec((any_step(), call()), 1..200)) {
        let (pair, keys, quotas) = (Pair::new(), keys(), quotas());
        for (step, call) in &calls {
            step.take(&pair.clock);
            make(&pair, &keys, &quotas, call)?;
        }
    }
}
