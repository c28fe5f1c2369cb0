//! Quotas over random calls, held to the list of what was recorded, set aside and settled.

use std::time::Duration;

use limiter_core::algorithm::{self, QuotaCounter};
use limiter_core::{
    EXACT, ErrorKind, Key, MAX_UTC_OFFSET_MINUTES, Period, Quota, QuotaCharge, QuotaOutcome, Reservation,
    ReservationId, Settlement,
};
use proptest::prelude::*;

use crate::cases::cases;
use crate::quota_oracle::{Ask, Conflict, QuotaOracle};

const COUNTERS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Move {
    On(u64),
    Back(u64),
    /// To so many milliseconds after the turn of a period of this length, or just before it.
    Turn(Period, u64),
}

/// For each counter that takes part: which of its quotas, how much.
type Parts = Vec<Option<(usize, u64)>>;

#[derive(Clone, Debug)]
enum Call {
    Check(usize, usize),
    Record(usize, usize, u64),
    Reserve(u8, Parts, u64),
    Settle(u8, Parts),
}

/// Three counters, with two quotas each that change what is allowed and keep the counter.
type World = Vec<[Quota; 2]>;

struct Run {
    clock_ms: u64,
    counters: Vec<QuotaCounter>,
    oracles: Vec<QuotaOracle>,
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![12 => 0..6_u64, 1 => 0..=EXACT, 1 => Just(EXACT)]
}

fn world() -> impl Strategy<Value = World> {
    let max = || prop_oneof![12 => 0..15_u64, 1 => Just(EXACT)];
    let offset = prop_oneof![Just(0), -MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES,];
    let counter = (max(), max(), prop::sample::select(Period::ALL.to_vec()), offset).prop_map(
        |(one, other, period, offset)| {
            let quota = |max| Quota::new(max, period).unwrap().with_utc_offset_minutes(offset).unwrap();
            [quota(one), quota(other)]
        },
    );
    prop::collection::vec(counter, COUNTERS)
}

fn call() -> impl Strategy<Value = Call> {
    let part = || (0..2_usize, amount());
    let parts = move || {
        // One takes part for sure: a call has charges.
        let others = prop::collection::vec(prop::option::of(part()), COUNTERS);
        (others, 0..COUNTERS, part()).prop_map(|(mut parts, at, part)| {
            parts[at] = Some(part);
            parts
        })
    };
    let ttl_ms = prop_oneof![Just(1), 1..2_000_u64, 1..1_000_000_u64, Just(30 * 86_400_000)];
    prop_oneof![
        1 => (0..COUNTERS, 0..2_usize).prop_map(|(at, quota)| Call::Check(at, quota)),
        2 => (0..COUNTERS, 0..2_usize, amount()).prop_map(|(at, quota, amount)| Call::Record(at, quota, amount)),
        5 => (0..4_u8, parts(), ttl_ms).prop_map(|(id, parts, ttl_ms)| Call::Reserve(id, parts, ttl_ms)),
        3 => (0..4_u8, parts()).prop_map(|(id, parts)| Call::Settle(id, parts)),
    ]
}

fn step() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => Just(Move::On(0)),
        4 => (0..2_000_u64).prop_map(Move::On),
        2 => prop::sample::select(vec![1, 599_999, 600_000, 600_001, 3_600_000, 86_400_000]).prop_map(Move::On),
        2 => (prop::sample::select(Period::ALL.to_vec()), 0..3_u64).prop_map(|(period, by)| Move::Turn(period, by)),
        1 => prop::sample::select(vec![1, 1_000, 59_999, 60_000, 60_001, 700_000]).prop_map(Move::Back),
    ]
}

fn start_ms() -> impl Strategy<Value = u64> {
    // About a leap day, a year's end, a Monday, and any time.
    let turns = vec![1_709_164_799_000_u64, 1_709_251_199_500, 1_735_689_599_000, 1_767_571_199_000];
    prop_oneof![prop::sample::select(turns), 1_000_000_000_000..4_000_000_000_000_u64]
}

fn id(id: u8) -> ReservationId {
    ReservationId::parse(&format!("res-{id}")).unwrap()
}

impl Run {
    fn new(clock_ms: u64) -> Self {
        Self {
            clock_ms,
            counters: vec![QuotaCounter::default(); COUNTERS],
            oracles: vec![QuotaOracle::default(); COUNTERS],
        }
    }

    fn step(&mut self, step: Move) {
        self.clock_ms = match step {
            Move::On(by_ms) => self.clock_ms + by_ms,
            Move::Back(by_ms) => self.clock_ms - by_ms,
            Move::Turn(period, by_ms) => period.span(self.clock_ms, 0).end_ms - 1 + by_ms,
        };
    }

    fn make(&mut self, world: &World, call: &Call) {
        match call {
            Call::Check(at, quota) => {
                let outcome = self.counters[*at].check(&world[*at][*quota], self.clock_ms);
                self.confirm(*at, &world[*at][*quota], Ask::Check, &outcome);
            }
            Call::Record(at, quota, amount) => {
                let quota = &world[*at][*quota];
                let outcome = self.counters[*at].record(quota, *amount, self.clock_ms);
                self.oracles[*at].record(quota, *amount, self.clock_ms);
                self.confirm(*at, quota, Ask::Record, &outcome);
            }
            Call::Reserve(id, parts, ttl_ms) => self.reserve(world, *id, parts, *ttl_ms),
            Call::Settle(id, parts) => self.settle(world, *id, parts),
        }
    }

    fn reserve(&mut self, world: &World, who: u8, parts: &Parts, ttl_ms: u64) {
        let charges = charges(world, parts);
        let request: Vec<_> = charges.iter().map(|(_, charge)| charge.clone()).collect();
        let request = Reservation::new(request, Duration::from_millis(ttl_ms)).unwrap().with_id(id(who));
        let fit: Result<Vec<_>, Conflict> = charges
            .iter()
            .map(|(at, charge)| {
                self.oracles[*at].reserves(charge.quota(), who, charge.amount(), self.clock_ms)
            })
            .collect();
        let before = self.counters.clone();
        let answer = self.on(&charges, |counters, clock_ms| algorithm::reserve(counters, &request, clock_ms));
        let Ok(fit) = fit else {
            assert_eq!(answer.unwrap_err().kind(), ErrorKind::Conflict);
            assert_eq!(self.counters, before, "a conflict changes nothing");
            return;
        };
        let answer = answer.unwrap();
        let granted = fit.iter().all(|fits| *fits);
        assert_eq!(answer.is_granted(), granted, "{charges:?} of {:?}", self.oracles);
        if !granted {
            assert_eq!(self.counters, before, "a refusal changes nothing");
        }
        for ((place, fits), (at, charge)) in fit.iter().enumerate().zip(&charges) {
            assert_eq!(answer.outcomes()[place].is_allowed(), *fits);
            if granted {
                self.oracles[*at].hold(who, charge.amount(), ttl_ms, self.clock_ms);
            }
            let ask = if granted { Ask::Record } else { Ask::Reserve(who, charge.amount()) };
            self.confirm(*at, charge.quota(), ask, &answer.outcomes()[place]);
        }
    }

    fn settle(&mut self, world: &World, who: u8, parts: &Parts) {
        let charges = charges(world, parts);
        let request: Vec<_> = charges.iter().map(|(_, charge)| charge.clone()).collect();
        let request = Settlement::new(id(who), request).unwrap();
        let outcomes =
            self.on(&charges, |counters, clock_ms| algorithm::settle(counters, &request, clock_ms));
        for (place, (at, charge)) in charges.iter().enumerate() {
            self.oracles[*at].settle(charge.quota(), who, charge.amount(), self.clock_ms);
            self.confirm(*at, charge.quota(), Ask::Record, &outcomes[place]);
        }
        let again = self.on(&charges, |counters, clock_ms| algorithm::settle(counters, &request, clock_ms));
        assert_eq!(again, outcomes, "a settle that is repeated changes nothing");
    }

    /// The counters of some charges, in their order, and the same ones put back after the call.
    fn on<T>(
        &mut self,
        charges: &[(usize, QuotaCharge)],
        call: impl FnOnce(&mut [QuotaCounter], u64) -> T,
    ) -> T {
        let mut counters: Vec<_> = charges.iter().map(|(at, _)| self.counters[*at].clone()).collect();
        let answer = call(&mut counters, self.clock_ms);
        for ((at, _), counter) in charges.iter().zip(counters) {
            self.counters[*at] = counter;
        }
        answer
    }

    fn confirm(&self, at: usize, quota: &Quota, ask: Ask, outcome: &QuotaOutcome) {
        let oracle = &self.oracles[at];
        if let Err(what) = oracle.confirm(quota, ask, self.clock_ms, outcome) {
            panic!("{what}: {ask:?} of {quota:?} at {} with {outcome:?} of {oracle:?}", self.clock_ms);
        }
    }
}

fn charges(world: &World, parts: &Parts) -> Vec<(usize, QuotaCharge)> {
    let charge = |(at, part): (usize, &Option<(usize, u64)>)| {
        let (quota, amount) = (*part)?;
        let key = Key::new("bytes", &at.to_string()).unwrap();
        Some((at, QuotaCharge::new(key, world[at][quota], amount)))
    };
    parts.iter().enumerate().filter_map(charge).collect()
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn every_answer_is_what_was_recorded_set_aside_and_settled(
        world in world(),
        start_ms in start_ms(),
        calls in prop::collection::vec((step(), call()), 1..50),
    ) {
        let mut run = Run::new(start_ms);
        for (step, call) in &calls {
            run.step(*step);
            run.make(&world, call);
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
