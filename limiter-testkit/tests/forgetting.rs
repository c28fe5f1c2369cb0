//! A store that drops a counter 60 s after it is as if never used answers as one that keeps it, at any limits that
//! callers bring, as long as the clock steps back no further than those 60 s.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use limiter_core::{
    Charge, Clock, Decision, Key, LeaseId, LeaseRequest, Limit, ManualClock, Period, Quota, QuotaCharge,
    QuotaTracker, RateLimiter, Receipt, Reservation, ReservationId, Scope, Settlement, SlotLimiter,
};
use limiter_testkit::Model;
use proptest::prelude::*;

/// So many cases, and a hundred times as many where `TESTKIT_LONG=1` is set.
fn cases(count: u32) -> ProptestConfig {
    let long = std::env::var_os("TESTKIT_LONG").is_some_and(|value| value == "1");
    ProptestConfig {
        cases: if long { count * 100 } else { count },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn at_once<F: Future>(call: F) -> F::Output {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

/// Limits that share counters by twos and threes, and differ in all that may change.
fn limits() -> Vec<Limit> {
    let ms = Duration::from_millis;
    let windows = [ms(40), ms(1_000), ms(90_000)];
    let limits = windows.into_iter().flat_map(|window| {
        let bucket = |max, burst| Limit::token_bucket(max, window).unwrap().with_burst(burst).unwrap();
        [
            Limit::fixed_window(3, window).unwrap(),
            Limit::fixed_window(1, window).unwrap().counting_denied().unwrap(),
            Limit::sliding_window(4, window).unwrap(),
            Limit::sliding_window(1, window).unwrap().counting_denied().unwrap(),
            Limit::sliding_log(3, window).unwrap(),
            Limit::sliding_log(1, window).unwrap(),
            bucket(2, 3),
            bucket(1, 8),
            bucket(9, 1).counting_denied().unwrap(),
        ]
    });
    limits.collect()
}

#[derive(Clone, Debug)]
enum Call {
    Hit(Vec<(usize, u64)>),
    Peek(Vec<(usize, u64)>),
    Refund(prop::sample::Index),
    Acquire(u8, u64, u64),
    Renew(u8, u64),
    Record(usize, u64),
    Reserve(u8, usize, u64, u64),
    Settle(u8, usize, u64),
}

fn call() -> impl Strategy<Value = Call> {
    let lines = || prop::collection::vec((0..limits().len(), 0..5_u64), 1..4);
    let ttl_ms = || prop_oneof![1..500_u64, 1..200_000_u64];
    prop_oneof![
        8 => lines().prop_map(Call::Hit),
        2 => lines().prop_map(Call::Peek),
        3 => any::<prop::sample::Index>().prop_map(Call::Refund),
        2 => (0..4_u8, 0..4_u64, ttl_ms()).prop_map(|(id, cap, ttl_ms)| Call::Acquire(id, cap, ttl_ms)),
        1 => (0..4_u8, ttl_ms()).prop_map(|(id, ttl_ms)| Call::Renew(id, ttl_ms)),
        2 => (0..3_usize, 0..4_u64).prop_map(|(quota, amount)| Call::Record(quota, amount)),
        2 => (0..3_u8, 0..3_usize, 0..4_u64, ttl_ms())
            .prop_map(|(id, quota, amount, ttl_ms)| Call::Reserve(id, quota, amount, ttl_ms)),
        2 => (0..3_u8, 0..3_usize, 0..4_u64).prop_map(|(id, quota, amount)| Call::Settle(id, quota, amount)),
    ]
}

/// A step of the clock: on, or back from the latest time it has shown.
fn step() -> impl Strategy<Value = (bool, u64)> {
    let on = prop_oneof![
        6 => 0..60_u64,
        3 => 0..3_000_u64,
        3 => prop::sample::select(vec![59_999, 60_000, 60_039, 60_040, 60_041, 61_000, 62_000, 150_000, 240_000, 660_000]),
        1 => 0..7_200_000_u64,
    ];
    let back = prop_oneof![1..2_000_u64, prop::sample::select(vec![1, 30_000, 59_999, 60_000])];
    prop_oneof![8 => on.prop_map(|by_ms| (true, by_ms)), 2 => back.prop_map(|by_ms| (false, by_ms))]
}

/// A store, and the receipts of what it charged.
struct Store {
    model: Model,
    receipts: Vec<Receipt>,
}

impl Store {
    /// Makes a call and tells the whole answer.
    fn make(&mut self, call: &Call) -> String {
        let (key, limits) = (Key::new("chat", "u1").unwrap(), limits());
        let charges = |lines: &[(usize, u64)]| -> Vec<Charge<'_>> {
            lines.iter().map(|(at, cost)| Charge::new(&key, &limits[*at]).with_cost(*cost)).collect()
        };
        match call {
            Call::Hit(lines) => self.hit(&charges(lines)),
            Call::Peek(lines) => format!("{:?}", at_once(self.model.peek(&charges(lines)))),
            Call::Refund(which) if !self.receipts.is_empty() => {
                let receipt = self.receipts.swap_remove(which.index(self.receipts.len()));
                format!("{:?}", at_once(self.model.refund(receipt)))
            }
            Call::Refund(_) => String::new(),
            call => self.make_other(call),
        }
    }

    fn hit(&mut self, charges: &[Charge<'_>]) -> String {
        let decision = at_once(self.model.hit(charges));
        let told = format!("{decision:?}");
        let receipt = decision.and_then(|decision: Decision| decision.into_receipt(charges));
        self.receipts.extend(receipt.ok().filter(|receipt| !receipt.is_empty()));
        told
    }

    fn make_other(&self, call: &Call) -> String {
        let (model, key) = (&self.model, Key::new("streams", "u1").unwrap());
        let ms = Duration::from_millis;
        let request = |id: u8, cap, ttl_ms| {
            let request = LeaseRequest::new([Scope::new(key.clone(), cap)], ms(ttl_ms)).unwrap();
            request.with_id(LeaseId::parse(&format!("lease-{id}")).unwrap())
        };
        let quota = |at: usize| Quota::new(6, [Period::Hour, Period::Hour, Period::Day][at]).unwrap();
        let charge = |at, amount| [QuotaCharge::new(key.clone(), quota(at), amount)];
        let id = |id: u8| ReservationId::parse(&format!("res-{id}")).unwrap();
        match call {
            Call::Acquire(id, cap, ttl_ms) => {
                format!("{:?}", at_once(model.acquire(&request(*id, *cap, *ttl_ms))))
            }
            Call::Renew(id, ttl_ms) => {
                format!("{:?}", at_once(model.renew(&[request(*id, 9, *ttl_ms).lease()])))
            }
            Call::Record(at, amount) => format!("{:?}", at_once(model.record(&key, &quota(*at), *amount))),
            Call::Reserve(who, at, amount, ttl_ms) => {
                let request = Reservation::new(charge(*at, *amount), ms(*ttl_ms)).unwrap().with_id(id(*who));
                format!("{:?}", at_once(model.reserve(&request)))
            }
            Call::Settle(who, at, amount) => {
                let request = Settlement::new(id(*who), charge(*at, *amount)).unwrap();
                format!("{:?}", at_once(model.settle(&request)))
            }
            _ => String::new(),
        }
    }
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn what_is_dropped_is_answered_as_if_it_were_kept(
        calls in prop::collection::vec((step(), call()), 1..80),
    ) {
        let clock = ManualClock::new(1_735_689_590_000);
        let store = |model| Store { model, receipts: Vec::new() };
        let (mut keeping, mut dropping) = (store(Model::new(clock.clone())), store(Model::forgetting(clock.clone())));
        let mut latest_ms = clock.now_ms();
        for ((on, by_ms), call) in &calls {
            let now_ms = if *on { clock.now_ms() + by_ms } else { latest_ms - by_ms };
            clock.set_ms(now_ms);
            latest_ms = latest_ms.max(now_ms);
            prop_assert_eq!(dropping.make(call), keeping.make(call), "{:?} at {}", call, now_ms);
        }
    }
}

#[test]
fn a_bucket_that_was_full_before_it_was_dropped_is_full_for_a_larger_limit_too() {
    for model in [Model::new as fn(ManualClock) -> Model, Model::forgetting] {
        let clock = ManualClock::new(1_700_000_000_000);
        let (model, key) = (model(clock.clone()), Key::all("chat").unwrap());
        let small = Limit::token_bucket(1, Duration::from_secs(1)).unwrap();
        let large = Limit::token_bucket(1, Duration::from_secs(1)).unwrap().with_burst(600).unwrap();
        assert!(at_once(model.hit(&[Charge::new(&key, &small)])).unwrap().is_allowed());
        let left = || at_once(model.peek(&[Charge::new(&key, &large)])).unwrap().outcomes()[0].remaining();
        clock.advance(Duration::from_millis(999));
        assert_eq!(left(), 0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(left(), 600);
        clock.advance(Duration::from_secs(60));
        assert_eq!(left(), 600);
    }
}
