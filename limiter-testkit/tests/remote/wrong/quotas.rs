//! Quotas that forget what other processes have done.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use limiter_core::algorithm::{self, QuotaCounter};
use limiter_core::{
    Backend, Clock, Key, ManualClock, Period, Quota, QuotaCharge, QuotaOutcome, QuotaTracker, Reservation,
    ReservationId, Reserved, Result, Settlement,
};
use limiter_testkit::Model;

use super::{caught, think};

type Id = (Key, Period, i16);

/// Settles on a copy of the counters, and writes that back; all else is done at once.
#[derive(Debug)]
struct ReadThenWritten {
    clock: ManualClock,
    counters: Mutex<HashMap<Id, QuotaCounter>>,
}

impl ReadThenWritten {
    fn read(&self, charges: &[QuotaCharge]) -> Vec<QuotaCounter> {
        let counters = self.counters.lock().unwrap();
        let read = |charge: &QuotaCharge| counters.get(&id(charge.key(), charge.quota())).cloned();
        charges.iter().map(|charge| read(charge).unwrap_or_default()).collect()
    }

    fn write(&self, charges: &[QuotaCharge], read: Vec<QuotaCounter>) {
        let ids = charges.iter().map(|charge| id(charge.key(), charge.quota()));
        self.counters.lock().unwrap().extend(ids.zip(read));
    }
}

#[async_trait]
impl QuotaTracker for ReadThenWritten {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        let counters = self.read(&[QuotaCharge::new(key.clone(), *quota, 0)]);
        Ok(counters[0].check(quota, self.clock.now_ms()))
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let charges = [QuotaCharge::new(key.clone(), *quota, amount)];
        let mut counters = self.read(&charges);
        let outcome = counters[0].record(quota, amount, self.clock.now_ms());
        self.write(&charges, counters);
        Ok(outcome)
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        let mut counters = self.read(reservation.charges());
        let reserved = algorithm::reserve(&mut counters, reservation, self.clock.now_ms())?;
        self.write(reservation.charges(), counters);
        Ok(reserved)
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let mut counters = self.read(settlement.charges());
        think().await;
        let outcomes = algorithm::settle(&mut counters, settlement, self.clock.now_ms());
        self.write(settlement.charges(), counters);
        Ok(outcomes)
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        self.counters.lock().unwrap().remove(&id(key, quota));
        Ok(())
    }
}

fn id(key: &Key, quota: &Quota) -> Id {
    (key.clone(), quota.period(), quota.utc_offset_minutes())
}

/// One connection of a store that remembers for each by itself what it has settled.
#[derive(Debug)]
struct RemembersItsOwn {
    model: Arc<Model>,
    own: Mutex<HashSet<ReservationId>>,
    all: Arc<Mutex<HashSet<ReservationId>>>,
}

#[async_trait]
impl QuotaTracker for RemembersItsOwn {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        self.model.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        self.model.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        self.model.reserve(reservation).await
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        let new_here = self.own.lock().unwrap().insert(settlement.id().clone());
        let settled_elsewhere = !self.all.lock().unwrap().insert(settlement.id().clone());
        if !(new_here && settled_elsewhere) {
            return self.model.settle(settlement).await;
        }
        let mut outcomes = Vec::new();
        for charge in settlement.charges() {
            outcomes.push(self.model.record(charge.key(), charge.quota(), charge.amount()).await?);
        }
        Ok(outcomes)
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        QuotaTracker::reset(&*self.model, key, quota).await
    }
}

#[test]
fn settled_on_what_was_read_before() {
    let cases = ["shared::what_killed_processes_settled_adds_up_to_the_unit"];
    caught("wrong::quotas::settled_on_what_was_read_before", &cases, |clock| {
        let model = Backend::new("model", Arc::new(Model::new(clock.clone())));
        let store = model.with_quotas(Arc::new(ReadThenWritten { clock, counters: Mutex::default() }));
        Box::new(move || store.clone())
    });
}

/// What killed processes have settled is repeated by another process too, so both promises are broken.
#[test]
fn settled_ids_remembered_for_each_process() {
    let cases = [
        "shared::a_settle_that_another_process_repeats_counts_once",
        "shared::what_killed_processes_settled_adds_up_to_the_unit",
    ];
    caught("wrong::quotas::settled_ids_remembered_for_each_process", &cases, |clock| {
        let (model, all) = (Arc::new(Model::new(clock)), Arc::<Mutex<_>>::default());
        Box::new(move || {
            let own = RemembersItsOwn { model: model.clone(), own: Mutex::default(), all: all.clone() };
            Backend::new("model", model.clone()).with_quotas(Arc::new(own))
        })
    });
}
