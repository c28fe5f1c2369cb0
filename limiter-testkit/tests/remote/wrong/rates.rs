//! A counter that is read, decided on and written back in two steps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::algorithm::AnyCounter;
use limiter_core::{
    Algorithm, Backend, Charge, Clock, Decision, Key, Limit, ManualClock, RateLimiter, Receipt, Result,
    check_charges,
};
use limiter_testkit::Model;

use super::{caught, think};

type Id = (Key, Algorithm, u64);

/// Decides on one charge without holding its counter; several are decided on at once.
#[derive(Debug)]
struct ReadThenWritten {
    clock: ManualClock,
    counters: Mutex<HashMap<Id, AnyCounter>>,
}

impl ReadThenWritten {
    fn read(&self, charges: &[Charge<'_>]) -> Vec<AnyCounter> {
        Self::of(&self.counters.lock().unwrap(), charges)
    }

    fn of(counters: &HashMap<Id, AnyCounter>, charges: &[Charge<'_>]) -> Vec<AnyCounter> {
        let read = |charge: &Charge<'_>| counters.get(&id(charge)).cloned();
        charges
            .iter()
            .map(|charge| read(charge).unwrap_or_else(|| AnyCounter::new(charge.limit().algorithm())))
            .collect()
    }

    /// Decides by what was read, and writes what came of it.
    fn decide(
        &self,
        stored: &mut HashMap<Id, AnyCounter>,
        mut read: Vec<AnyCounter>,
        charges: &[Charge<'_>],
    ) -> Decision {
        let decision = AnyCounter::hit(&mut read, charges, self.clock.now_ms());
        let changed = decision.outcomes().iter().filter(|outcome| outcome.charged_at_ms().is_some());
        stored
            .extend(changed.map(|outcome| (id(&charges[outcome.charge()]), read[outcome.charge()].clone())));
        decision
    }
}

#[async_trait]
impl RateLimiter for ReadThenWritten {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges)?;
        let mut read = self.read(charges);
        if charges.len() == 1 {
            think().await;
        }
        let mut stored = self.counters.lock().unwrap();
        if charges.len() > 1 {
            read = Self::of(&stored, charges);
        }
        Ok(self.decide(&mut stored, read, charges))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges)?;
        Ok(AnyCounter::peek(&mut self.read(charges), charges, self.clock.now_ms()))
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        for line in receipt.lines() {
            let charge = line.charge();
            let mut counter = self.read(&[charge]).remove(0);
            if counter.refund(&charge, line.charged_at_ms(), self.clock.now_ms()) {
                self.counters.lock().unwrap().insert(id(&charge), counter);
            }
        }
        Ok(())
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.counters.lock().unwrap().remove(&id(&Charge::new(key, limit)));
        Ok(())
    }
}

fn id(charge: &Charge<'_>) -> Id {
    (charge.key().clone(), charge.limit().algorithm(), charge.limit().window_ms())
}

#[test]
fn a_count_read_then_written() {
    let cases = ["shared::hits_of_several_processes_admit_exactly_the_limit"];
    caught("wrong::rates::a_count_read_then_written", &cases, |clock| {
        let model = Backend::new("model", Arc::new(Model::new(clock.clone())));
        let store = model.with_rates(Arc::new(ReadThenWritten { clock, counters: Mutex::default() }));
        Box::new(move || store.clone())
    });
}
