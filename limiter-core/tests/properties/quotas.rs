//! Quotas: what a refusal leaves, and that no number is too large.

use std::time::Duration;

use limiter_core::algorithm::{self, QuotaCounter};
use limiter_core::{
    EXACT, Key, MAX_UTC_OFFSET_MINUTES, Period, Quota, QuotaCharge, Reservation, ReservationId, Settlement,
};
use limiter_testkit::laws::quotas::{Ask, Call, calls};
use proptest::prelude::*;

use crate::cases::cases;

fn quotas() -> [Quota; 3] {
    [
        Quota::new(4, Period::Hour).unwrap(),
        Quota::new(9, Period::Day).unwrap().with_utc_offset_minutes(330).unwrap(),
        Quota::new(12, Period::Month).unwrap(),
    ]
}

fn id(id: u8) -> ReservationId {
    ReservationId::parse(&format!("res-{id}")).unwrap()
}

fn charges(amounts: &[Option<u64>]) -> Vec<QuotaCharge> {
    let key = |at: usize| Key::new("bytes", &at.to_string()).unwrap();
    let all = quotas().into_iter().zip(amounts).enumerate();
    all.filter_map(|(at, (quota, amount))| Some(QuotaCharge::new(key(at), quota, (*amount)?))).collect()
}

/// The counters of the quotas that take part, in their order, and the same ones put back after the call.
fn on<T>(
    all: &mut [QuotaCounter],
    amounts: &[Option<u64>],
    call: impl FnOnce(&mut [QuotaCounter]) -> T,
) -> T {
    let places = || amounts.iter().enumerate().filter(|(_, amount)| amount.is_some()).map(|(at, _)| at);
    let mut counters: Vec<_> = places().map(|at| all[at].clone()).collect();
    let answer = call(&mut counters);
    for (at, counter) in places().zip(counters) {
        all[at] = counter;
    }
    answer
}

/// Makes a call; tells whether it changes nothing for sure: refused, a conflict, or a settle that is repeated.
fn changes_nothing(counters: &mut [QuotaCounter], ask: &Ask, clock_ms: u64) -> bool {
    match ask {
        Ask::Check(at) => {
            let _ = counters[*at].check(&quotas()[*at], clock_ms);
            true
        }
        Ask::Record(at, amount) => {
            let _ = counters[*at].record(&quotas()[*at], *amount, clock_ms);
            *amount == 0
        }
        Ask::Reserve { id: who, amounts, ttl_ms } => {
            let request = Reservation::new(charges(amounts), Duration::from_millis(*ttl_ms)).unwrap();
            let request = request.with_id(id(*who));
            let answer = on(counters, amounts, |counters| algorithm::reserve(counters, &request, clock_ms));
            !answer.is_ok_and(|answer| answer.is_granted())
        }
        Ask::Settle { id: who, amounts } => {
            let request = Settlement::new(id(*who), charges(amounts)).unwrap();
            on(counters, amounts, |counters| algorithm::settle(counters, &request, clock_ms));
            let before = counters.to_vec();
            on(counters, amounts, |counters| algorithm::settle(counters, &request, clock_ms));
            assert_eq!(counters, before, "settled twice");
            false
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_refusal_or_a_conflict_leaves_the_counters_as_they_were(calls in calls(&quotas(), 1..50)) {
        let mut counters = vec![QuotaCounter::default(); quotas().len()];
        for Call { at_ms, ask } in &calls {
            let before = counters.clone();
            if changes_nothing(&mut counters, ask, *at_ms) {
                prop_assert_eq!(&counters, &before, "{:?}", ask);
            }
        }
    }

    #[test]
    fn no_amount_and_no_time_makes_a_quota_panic(
        max in prop_oneof![0..9_u64, 0..=EXACT],
        period in prop::sample::select(Period::ALL.to_vec()),
        offset in -MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES,
        calls in prop::collection::vec((0..=EXACT, 0..4_u8, 0..=EXACT, 1..=30 * 86_400_000_u64), 1..30),
    ) {
        let quota = Quota::new(max, period).unwrap().with_utc_offset_minutes(offset).unwrap();
        let key = Key::all("bytes").unwrap();
        let mut counters = [QuotaCounter::default()];
        for (clock_ms, call, amount, ttl_ms) in calls {
            let charges = [QuotaCharge::new(key.clone(), quota, amount)];
            let outcome = match call {
                0 => counters[0].check(&quota, clock_ms),
                1 => counters[0].record(&quota, amount, clock_ms),
                2 => {
                    let request = Reservation::new(charges, Duration::from_millis(ttl_ms)).unwrap();
                    algorithm::reserve(&mut counters, &request.with_id(id(1)), clock_ms)
                        .map_or_else(|_| counters[0].check(&quota, clock_ms), |reserved| reserved.outcomes()[0])
                }
                _ => algorithm::settle(&mut counters, &Settlement::new(id(1), charges).unwrap(), clock_ms)[0],
            };
            prop_assert!(outcome.used <= EXACT && outcome.reserved <= EXACT && outcome.remaining <= max);
        }
    }
}
