//! When a store may drop a value, and that nobody sees whether it did.

use std::time::Duration;

use limiter_core::{
    CLOCK_TOLERANCE_MS, CasBackend, Charge, Clock, Key, LeaseId, LeaseRequest, Limit, ManualClock, Period,
    Quota, QuotaCharge, QuotaTracker, RateLimiter, Reservation, ReservationId, Scope, SlotLimiter, limit,
};
use limiter_testkit::Model;
use proptest::prelude::*;

use crate::asks::{NOW_MS, at_once, key, limits, quota, reserving, wanting};
use crate::map::MapStore;

/// A step of the clock, and what is asked then.
#[derive(Clone, Debug)]
struct Call {
    step_ms: i64,
    ask: Ask,
}

#[derive(Clone, Debug)]
enum Ask {
    Hit { limits: Vec<bool>, cost: u64 },
    Acquire { id: u8, ttl_ms: u64 },
    Renew { id: u8, ttl_ms: u64 },
    Release { id: u8 },
    Record { amount: u64 },
    Reserve { id: u8, amount: u64, ttl_ms: u64 },
    Settle { id: u8, amount: u64 },
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let (id, amount) = (|| 0..3_u8, || 0..4_u64);
    let ttl_ms = || prop::sample::select(vec![1_000, 30_000, 900_000]);
    let ask = prop_oneof![
        6 => (prop::collection::vec(any::<bool>(), 4), 0..5_u64).prop_map(|(limits, cost)| Ask::Hit { limits, cost }),
        2 => (id(), ttl_ms()).prop_map(|(id, ttl_ms)| Ask::Acquire { id, ttl_ms }),
        1 => (id(), ttl_ms()).prop_map(|(id, ttl_ms)| Ask::Renew { id, ttl_ms }),
        1 => id().prop_map(|id| Ask::Release { id }),
        1 => amount().prop_map(|amount| Ask::Record { amount }),
        2 => (id(), amount(), ttl_ms()).prop_map(|(id, amount, ttl_ms)| Ask::Reserve { id, amount, ttl_ms }),
        2 => (id(), amount()).prop_map(|(id, amount)| Ask::Settle { id, amount }),
    ];
    let steps = prop::sample::select(vec![
        -60_000, -30_000, -1, 0, 1, 1_000, 12_000, 30_000, 59_999, 60_000, 60_001, 120_000, 600_000,
        3_600_000,
    ]);
    prop::collection::vec((steps, ask).prop_map(|(step_ms, ask)| Call { step_ms, ask }), 1..60)
}

/// What a call was answered, in words.
fn answer<B: RateLimiter + SlotLimiter + QuotaTracker>(backend: &B, ask: &Ask, place: &Key) -> String {
    let hour = Quota::new(9, Period::Hour).unwrap();
    let lease = |id: u8, ttl_ms| {
        let scopes = [Scope::new(place.clone(), 2)];
        let request = LeaseRequest::new(scopes, Duration::from_millis(ttl_ms)).unwrap();
        request.with_id(LeaseId::parse(&id.to_string()).unwrap())
    };
    let reservation = |id: u8, amount, ttl_ms| {
        let charges = [QuotaCharge::new(place.clone(), hour, amount)];
        let reservation = Reservation::new(charges, Duration::from_millis(ttl_ms)).unwrap();
        reservation.with_id(ReservationId::parse(&id.to_string()).unwrap())
    };
    match ask {
        Ask::Hit { limits: chosen, cost } => {
            let limits: Vec<Limit> = limits()
                .into_iter()
                .zip(chosen)
                .filter_map(|(limit, chosen)| chosen.then_some(limit))
                .collect();
            let charges: Vec<_> =
                limits.iter().map(|limit| Charge::new(place, limit).with_cost(*cost)).collect();
            format!("{:?}", at_once(backend.hit(&charges)))
        }
        Ask::Acquire { id, ttl_ms } => format!("{:?}", at_once(backend.acquire(&lease(*id, *ttl_ms)))),
        Ask::Renew { id, ttl_ms } => format!("{:?}", at_once(backend.renew(&[lease(*id, *ttl_ms).lease()]))),
        Ask::Release { id } => format!("{:?}", at_once(backend.release(&[lease(*id, 1).lease()]))),
        Ask::Record { amount } => format!("{:?}", at_once(backend.record(place, &hour, *amount))),
        Ask::Reserve { id, amount, ttl_ms } => {
            format!("{:?}", at_once(backend.reserve(&reservation(*id, *amount, *ttl_ms))))
        }
        Ask::Settle { id, amount } => {
            let settlement = reservation(*id, 0, 1).settlement(&[*amount]).unwrap();
            format!("{:?}", at_once(backend.settle(&settlement)))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The clock steps back by a minute at most, which is what a store has to bear with.
    #[test]
    fn a_store_that_drops_what_it_may_answers_as_one_that_keeps_everything(calls in calls()) {
        let clock = ManualClock::new(NOW_MS);
        let keeping = Model::new(clock.clone());
        let dropping = CasBackend::new(MapStore::new(clock.clone()).dropping());
        let (place, mut latest_ms) = (key("u1"), NOW_MS);
        for Call { step_ms, ask } in &calls {
            let now_ms = clock.now_ms().saturating_add_signed(*step_ms).max(latest_ms - CLOCK_TOLERANCE_MS);
            latest_ms = latest_ms.max(now_ms);
            clock.set_ms(now_ms);
            prop_assert_eq!(answer(&dropping, ask, &place), answer(&keeping, ask, &place), "{:?} at {}", ask, now_ms);
        }
    }
}

/// From when on the only value may be dropped, counted from the start.
fn dropped_after_ms(map: &MapStore) -> u64 {
    let all = map.all();
    assert_eq!(all.len(), 1);
    all[0].2 - NOW_MS
}

#[test]
fn a_value_may_be_dropped_a_minute_after_its_last_counter_is_as_if_never_used() {
    let clock = ManualClock::new(NOW_MS);
    let key = key("u1");
    // The minute that is under way ends after 40 s.
    let until_idle_ms = [
        (limit!("fixed 5/min"), 40_000),
        (limit!("5/min"), 100_000),
        (limit!("log 5/min"), 60_000),
        (limit!("bucket 5/min"), 12_000),
    ];
    let all = MapStore::new(clock.clone());
    for (limit, idle_ms) in until_idle_ms {
        let alone = MapStore::new(clock.clone());
        for map in [&alone, &all] {
            let backend = CasBackend::new(map.clone());
            assert!(at_once(backend.hit(&[Charge::new(&key, &limit)])).unwrap().is_allowed());
        }
        assert_eq!(dropped_after_ms(&alone), idle_ms + CLOCK_TOLERANCE_MS, "{limit:?}");
    }
    assert_eq!(dropped_after_ms(&all), 100_000 + CLOCK_TOLERANCE_MS);
}

#[test]
fn leases_may_be_dropped_a_minute_after_the_last_one_and_quotas_after_all_that_they_remember() {
    let clock = ManualClock::new(NOW_MS);
    let (map, key) = (MapStore::new(clock.clone()), key("u1"));
    let backend = CasBackend::new(map.clone());
    assert!(at_once(backend.acquire(&wanting(&[&key], 9))).unwrap().is_acquired());
    clock.advance(Duration::from_secs(5));
    let last = wanting(&[&key], 9);
    assert!(at_once(backend.acquire(&last)).unwrap().is_acquired());
    assert_eq!(dropped_after_ms(&map), 65_000 + CLOCK_TOLERANCE_MS);

    clock.set_ms(NOW_MS);
    let map = MapStore::new(clock.clone());
    let backend = CasBackend::new(map.clone());
    let reservation = reserving("r1", &[&key], 3);
    at_once(backend.settle(&reservation.cancellation())).unwrap();
    assert_eq!(dropped_after_ms(&map), 600_000 + CLOCK_TOLERANCE_MS, "a settled id is remembered");
    assert!(at_once(backend.record(&key, &quota(), 3)).unwrap().is_allowed());
    let day_ends_ms = Period::Day.span(NOW_MS, 0).left_ms(NOW_MS);
    assert_eq!(dropped_after_ms(&map), day_ends_ms + CLOCK_TOLERANCE_MS);
}

#[test]
fn what_is_released_or_reset_leaves_nothing_behind() {
    let map = MapStore::new(ManualClock::new(NOW_MS));
    let (backend, key) = (CasBackend::new(map.clone()), key("u1"));
    let request = wanting(&[&key], 9);
    assert!(at_once(backend.acquire(&request)).unwrap().is_acquired());
    assert_eq!(at_once(backend.release(&[request.lease()])).unwrap(), [true]);
    for limit in limits() {
        assert!(at_once(backend.hit(&[Charge::new(&key, &limit)])).unwrap().is_allowed());
        at_once(RateLimiter::reset(&backend, &key, &limit)).unwrap();
    }
    assert!(at_once(backend.record(&key, &quota(), 3)).unwrap().is_allowed());
    at_once(QuotaTracker::reset(&backend, &key, &quota())).unwrap();
    assert!(map.all().is_empty());
}

/// So a trace may go back to any time.
#[test]
fn a_short_value_keeps_counters_that_have_ended() {
    let clock = ManualClock::new(NOW_MS);
    let (backend, key) = (CasBackend::new(MapStore::new(clock.clone())), key("u1"));
    let limits = limits();
    let first = [Charge::new(&key, &limits[0]).with_cost(2)];
    assert!(at_once(backend.hit(&first)).unwrap().is_allowed());
    clock.advance(Duration::from_secs(86_400));
    assert!(at_once(backend.hit(&[Charge::new(&key, &limits[1])])).unwrap().is_allowed());
    clock.set_ms(NOW_MS);
    assert_eq!(at_once(backend.peek(&first)).unwrap().outcomes()[0].remaining(), 3);
}

#[test]
fn a_long_value_is_rid_of_counters_that_have_ended_and_of_no_other() {
    let clock = ManualClock::new(NOW_MS);
    let (map, key) = (MapStore::new(clock.clone()), key("u1"));
    let backend = CasBackend::new(map.clone());
    let (log, short, long) = (limit!("log 10000/min"), limit!("5/s"), limit!("5/day"));
    let hit = |limit: &Limit| at_once(backend.hit(&[Charge::new(&key, limit)])).unwrap().is_allowed();
    for _ in 0..1_100 {
        assert!(hit(&log));
        clock.advance(Duration::from_millis(1));
    }
    assert!(hit(&long) && map.only_value().len() > 17_000);
    clock.advance(Duration::from_millis(119_998));
    assert!(hit(&short) && map.only_value().len() > 17_000, "a log that is a minute past its end is kept");
    clock.advance(Duration::from_millis(1));
    assert!(at_once(backend.peek(&[Charge::new(&key, &long)])).unwrap().is_allowed());
    assert!(map.only_value().len() > 17_000, "a look changes nothing");
    assert!(hit(&short));
    assert!(map.only_value().len() < 200, "{} bytes", map.only_value().len());
    let left = at_once(backend.peek(&[Charge::new(&key, &long), Charge::new(&key, &short)])).unwrap();
    assert_eq!([left.outcomes()[0].remaining(), left.outcomes()[1].remaining()], [4, 3]);
}
