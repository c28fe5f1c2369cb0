//! The reference backend.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use limiter_core::algorithm::{self, AnyCounter, LeaseBook, QuotaCounter};
use limiter_core::{
    Acquisition, Algorithm, CLOCK_TOLERANCE_MS, Capabilities, Charge, Clock, Control, Decision, HeldLease,
    Key, Lease, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, RateLimiter,
    Receipt, Reservation, Reserved, Result, Settlement, SlotLimiter, check_amount, check_charges,
};

/// The reference: core's algorithms over plain maps behind one lock. Obviously right rather than fast, and
/// without bounds on what it remembers: for tests, not for services.
///
/// ```
/// use limiter_core::{Key, Limit, ManualClock, RateLimiterExt};
/// use limiter_testkit::Model;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let model = Model::new(ManualClock::new(1_700_000_000_000));
/// let (key, limit) = (Key::new("chat", "u1")?, Limit::sliding_window(1, std::time::Duration::from_secs(60))?);
/// assert!(model.hit_one(&key, &limit).await?.is_allowed());
/// assert!(!model.hit_one(&key, &limit).await?.is_allowed());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Model {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    forgets: bool,
}

type RateId = (Key, Algorithm, u64);
type QuotaId = (Key, Period, i16);

#[derive(Debug, Default)]
struct State {
    rates: HashMap<RateId, AnyCounter>,
    books: HashMap<Key, LeaseBook>,
    quotas: HashMap<QuotaId, QuotaCounter>,
}

impl Model {
    /// An empty store on a clock: a [`ManualClock`](limiter_core::ManualClock), or any other, also as an
    /// `Arc<dyn Clock>`. It never drops a counter.
    pub fn new(clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), state: Mutex::default(), forgets: false }
    }

    /// An empty store that drops each counter as soon as a store may: 60 s after it is as if never used. Its
    /// answers are those of [`Model::new`], as long as the clock steps back no further than those 60 s.
    pub fn forgetting(clock: impl Clock) -> Self {
        Self { forgets: true, ..Self::new(clock) }
    }

    /// The time of a call, and the state to be read and changed by it.
    fn call(&self) -> (u64, MutexGuard<'_, State>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let clock_ms = self.clock.now_ms();
        if self.forgets {
            state.forget(clock_ms);
        }
        (clock_ms, state)
    }

    fn decide(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges).map_err(|error| error.with_operation("hit"))?;
        let (clock_ms, mut state) = self.call();
        let mut counters = state.counters(charges);
        let decision = AnyCounter::hit(&mut counters, charges, clock_ms);
        for outcome in decision.outcomes() {
            if outcome.charged_at_ms().is_some() {
                let place = outcome.charge();
                state.rates.insert(rate_id(&charges[place]), counters[place].clone());
            }
        }
        Ok(decision)
    }
}

#[async_trait]
impl RateLimiter for Model {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide(charges)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges).map_err(|error| error.with_operation("peek"))?;
        let (clock_ms, state) = self.call();
        Ok(AnyCounter::peek(&mut state.counters(charges), charges, clock_ms))
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let (clock_ms, mut state) = self.call();
        for line in receipt.lines() {
            let charge = line.charge();
            let mut counter = state.counter(&charge);
            if counter.refund(&charge, line.charged_at_ms(), clock_ms) {
                state.rates.insert(rate_id(&charge), counter);
            }
        }
        Ok(())
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        let (_, mut state) = self.call();
        state.rates.remove(&rate_id(&Charge::new(key, limit)));
        Ok(())
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        Some(self.decide(charges))
    }
}

#[async_trait]
impl SlotLimiter for Model {
    async fn acquire(&self, request: &LeaseRequest) -> Result<Acquisition> {
        let (clock_ms, mut state) = self.call();
        let lease = request.lease();
        let mut books = state.books(lease.keys());
        let acquisition = algorithm::acquire(&mut books, request, clock_ms)?;
        state.keep_books(lease.keys(), books);
        Ok(acquisition)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let (clock_ms, mut state) = self.call();
        let renew = |lease: &Lease| {
            let mut books = state.books(lease.keys());
            let live = algorithm::renew(&mut books, lease.id(), lease.ttl_ms(), clock_ms);
            state.keep_books(lease.keys(), books);
            live
        };
        Ok(leases.iter().map(renew).collect())
    }

    async fn release(&self, leases: &[Lease]) -> Result<Vec<bool>> {
        let (clock_ms, mut state) = self.call();
        let release = |lease: &Lease| {
            let mut books = state.books(lease.keys());
            let live = algorithm::release(&mut books, lease.id(), clock_ms);
            state.keep_books(lease.keys(), books);
            live
        };
        Ok(leases.iter().map(release).collect())
    }

    async fn in_use(&self, key: &Key) -> Result<u64> {
        let (clock_ms, state) = self.call();
        Ok(state.book(key).in_use(clock_ms))
    }

    async fn leases(&self, key: &Key) -> Result<Vec<HeldLease>> {
        let (clock_ms, state) = self.call();
        Ok(state.book(key).leases(clock_ms))
    }
}

#[async_trait]
impl QuotaTracker for Model {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let (clock_ms, state) = self.call();
        Ok(state.quota(key, quota).check(quota, clock_ms))
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        check_amount("amount", amount).map_err(|error| error.with_operation("record"))?;
        let (clock_ms, mut state) = self.call();
        let mut counter = state.quota(key, quota);
        let outcome = counter.record(quota, amount, clock_ms);
        state.quotas.insert(quota_id(key, quota), counter);
        Ok(outcome)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let (clock_ms, mut state) = self.call();
        let mut counters = state.quotas(reservation.charges());
        let reserved = algorithm::reserve(&mut counters, reservation, clock_ms)?;
        state.keep_quotas(reservation.charges(), counters);
        Ok(reserved)
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let (clock_ms, mut state) = self.call();
        let mut counters = state.quotas(settlement.charges());
        let outcomes = algorithm::settle(&mut counters, settlement, clock_ms);
        state.keep_quotas(settlement.charges(), counters);
        Ok(outcomes)
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        let (_, mut state) = self.call();
        state.quotas.remove(&quota_id(key, quota));
        Ok(())
    }
}

#[async_trait]
impl Control for Model {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "model: the reference in one process, without bounds".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::NONE.with_atomic_keys().with_immediate()
    }
}

impl State {
    fn counter(&self, charge: &Charge<'_>) -> AnyCounter {
        let known = self.rates.get(&rate_id(charge)).cloned();
        known.unwrap_or_else(|| AnyCounter::new(charge.limit().algorithm()))
    }

    fn counters(&self, charges: &[Charge<'_>]) -> Vec<AnyCounter> {
        charges.iter().map(|charge| self.counter(charge)).collect()
    }

    fn book(&self, key: &Key) -> LeaseBook {
        self.books.get(key).cloned().unwrap_or_default()
    }

    fn books(&self, keys: &[Key]) -> Vec<LeaseBook> {
        keys.iter().map(|key| self.book(key)).collect()
    }

    fn keep_books(&mut self, keys: &[Key], books: Vec<LeaseBook>) {
        self.books.extend(keys.iter().cloned().zip(books));
    }

    fn quota(&self, key: &Key, quota: &Quota) -> QuotaCounter {
        self.quotas.get(&quota_id(key, quota)).cloned().unwrap_or_default()
    }

    fn quotas(&self, charges: &[QuotaCharge]) -> Vec<QuotaCounter> {
        charges.iter().map(|charge| self.quota(charge.key(), charge.quota())).collect()
    }

    fn keep_quotas(&mut self, charges: &[QuotaCharge], counters: Vec<QuotaCounter>) {
        let ids = charges.iter().map(|charge| quota_id(charge.key(), charge.quota()));
        self.quotas.extend(ids.zip(counters));
    }

    /// Drops what has been as if never used for 60 s.
    fn forget(&mut self, clock_ms: u64) {
        let Some(idle_until_ms) = clock_ms.checked_sub(CLOCK_TOLERANCE_MS) else {
            return;
        };
        self.rates.retain(|(_, _, window_ms), counter| counter.idle_at_ms(*window_ms) > idle_until_ms);
        self.books.retain(|_, book| {
            let leases = book.leases(idle_until_ms);
            !leases.is_empty()
        });
        self.quotas.retain(|_, counter| counter.idle_at_ms() > idle_until_ms);
    }
}

fn rate_id(charge: &Charge<'_>) -> RateId {
    let limit = charge.limit();
    (charge.key().clone(), limit.algorithm(), limit.window_ms())
}

fn quota_id(key: &Key, quota: &Quota) -> QuotaId {
    (key.clone(), quota.period(), quota.utc_offset_minutes())
}
