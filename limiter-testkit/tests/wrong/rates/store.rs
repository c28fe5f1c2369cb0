//! Wrong backends that keep their counters wrongly, or judge them wrongly.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{
    Capabilities, Charge, Clock, Decision, Key, Limit, RateLimiter, Receipt, Result, SystemClock,
    check_charges,
};
use limiter_testkit::Candidate;

use super::calls::{candidate, in_real_time};

/// What a wrong store does with its counters. What it doesn't say is right.
pub(crate) trait Keeping: Debug + Send + Sync + 'static {
    /// What a counter is kept under.
    fn name(&self, key: &Key, limit: &Limit) -> String {
        named(key, limit)
    }

    /// What becomes of a counter before it is looked at.
    fn wake(&self, _counter: &mut AnyCounter, _limit: &Limit, _clock_ms: u64) {}

    /// The limit that a counter is held to.
    fn held_to(&self, _counter: &AnyCounter, charge: &Charge<'_>, _clock_ms: u64) -> Limit {
        *charge.limit()
    }

    /// What becomes of a counter that was charged, before it is stored.
    fn store(&self, _before: &AnyCounter, _after: &mut AnyCounter, _charge: &Charge<'_>, _clock_ms: u64) {}

    /// Gives back; says whether that changed anything.
    fn refund(
        &self,
        counter: &mut AnyCounter,
        charge: &Charge<'_>,
        charged_at_ms: u64,
        clock_ms: u64,
    ) -> bool {
        counter.refund(charge, charged_at_ms, clock_ms)
    }
}

/// The right name of a counter.
pub(crate) fn named(key: &Key, limit: &Limit) -> String {
    format!(
        "{:?} {:?}",
        (key.space(), key.subject(), key.partition()),
        (limit.algorithm(), limit.window_ms())
    )
}

/// A candidate that keeps its counters wrongly.
pub(crate) fn keeping<K: Keeping>(fault: K) -> Candidate {
    let store = |clock| Store::new(clock, fault);
    candidate(Capabilities::NONE.with_atomic_keys(), store)
}

/// The same in real time.
pub(crate) fn keeping_in_real_time<K: Keeping>(fault: K) -> Candidate {
    in_real_time(Store::new(SystemClock::default(), fault))
}

#[derive(Debug)]
struct Store<K> {
    clock: Arc<dyn Clock>,
    counters: Mutex<HashMap<String, AnyCounter>>,
    fault: K,
}

type Counters = HashMap<String, AnyCounter>;

impl<K: Keeping> Store<K> {
    fn new(clock: impl Clock, fault: K) -> Self {
        Self { clock: Arc::new(clock), counters: Mutex::default(), fault }
    }

    fn woken(&self, counters: &Counters, charge: &Charge<'_>, clock_ms: u64) -> AnyCounter {
        let kept = counters.get(&self.fault.name(charge.key(), charge.limit()));
        let mut counter = kept.cloned().unwrap_or_else(|| AnyCounter::new(charge.limit().algorithm()));
        self.fault.wake(&mut counter, charge.limit(), clock_ms);
        counter
    }

    fn decide(&self, charges: &[Charge<'_>], hit: bool) -> Result<Decision> {
        check_charges(charges)?;
        let (mut kept, clock_ms) = (self.counters.lock().unwrap(), self.clock.now_ms());
        let before: Vec<_> = charges.iter().map(|charge| self.woken(&kept, charge, clock_ms)).collect();
        let pairs = || charges.iter().zip(&before);
        let limits: Vec<_> =
            pairs().map(|(charge, counter)| self.fault.held_to(counter, charge, clock_ms)).collect();
        let pairs = charges.iter().zip(&limits);
        let held: Vec<_> =
            pairs.map(|(charge, limit)| Charge::new(charge.key(), limit).with_cost(charge.cost())).collect();
        let mut after = before.clone();
        if !hit {
            return Ok(AnyCounter::peek(&mut after, &held, clock_ms));
        }
        let decision = AnyCounter::hit(&mut after, &held, clock_ms);
        for outcome in decision.outcomes().iter().filter(|outcome| outcome.charged_at_ms().is_some()) {
            let (place, charge) = (outcome.charge(), &charges[outcome.charge()]);
            self.fault.store(&before[place], &mut after[place], charge, clock_ms);
            kept.insert(self.fault.name(charge.key(), charge.limit()), after[place].clone());
        }
        Ok(decision)
    }
}

#[async_trait]
impl<K: Keeping> RateLimiter for Store<K> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide(charges, true)
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.decide(charges, false)
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        let (mut kept, clock_ms) = (self.counters.lock().unwrap(), self.clock.now_ms());
        for line in receipt.lines() {
            let charge = line.charge();
            let mut counter = self.woken(&kept, &charge, clock_ms);
            if self.fault.refund(&mut counter, &charge, line.charged_at_ms(), clock_ms) {
                kept.insert(self.fault.name(charge.key(), charge.limit()), counter);
            }
        }
        Ok(())
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.counters.lock().unwrap().remove(&self.fault.name(key, limit));
        Ok(())
    }
}
