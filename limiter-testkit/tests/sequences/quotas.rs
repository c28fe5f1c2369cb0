//! Quotas with one fault.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Key, ManualClock, Quota, QuotaOutcome, QuotaTracker, Reservation, ReservationId, Reserved, Result,
    Settlement,
};
use limiter_testkit::Model;

use crate::found::{candidate, shortest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    RecordStopsAtTheCap,
    RepeatedReserveCountsTwice,
    SettleCountsTwice,
    SettleKeepsWhatIsHeld,
    ResetForgetsNothing,
    OffsetIsIgnored,
}

/// The reference with one fault.
#[derive(Debug)]
struct Wrong {
    fault: Fault,
    model: Model,
    granted: Mutex<HashSet<ReservationId>>,
}

impl Wrong {
    fn new(fault: Fault, clock: ManualClock) -> Self {
        Self { fault, model: Model::new(clock), granted: Mutex::default() }
    }

    fn was_granted(&self, reservation: &Reservation) -> bool {
        self.granted.lock().unwrap().contains(reservation.id())
    }
}

#[async_trait]
impl QuotaTracker for Wrong {
    async fn check(&self, key: &Key, quota: &Quota) -> Result<QuotaOutcome> {
        if self.fault == Fault::OffsetIsIgnored {
            return self.model.check(key, &quota.with_utc_offset_minutes(0)?).await;
        }
        self.model.check(key, quota).await
    }

    async fn record(&self, key: &Key, quota: &Quota, amount: u64) -> Result<QuotaOutcome> {
        let left = self.model.check(key, quota).await?.remaining;
        let amount = if self.fault == Fault::RecordStopsAtTheCap { amount.min(left) } else { amount };
        self.model.record(key, quota, amount).await
    }

    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved> {
        if self.fault == Fault::RepeatedReserveCountsTwice && self.was_granted(reservation) {
            let again = Reservation::new(reservation.charges(), Duration::from_millis(reservation.ttl_ms()))?;
            return self.model.reserve(&again).await;
        }
        let reserved = self.model.reserve(reservation).await?;
        if reserved.is_granted() {
            self.granted.lock().unwrap().insert(reservation.id().clone());
        }
        Ok(reserved)
    }

    async fn settle(&self, settlement: &Settlement) -> Result<Vec<QuotaOutcome>> {
        match self.fault {
            Fault::SettleKeepsWhatIsHeld => {
                let other = Settlement::new(ReservationId::random()?, settlement.charges())?;
                self.model.settle(&other).await
            }
            Fault::SettleCountsTwice => {
                self.model.settle(settlement).await?;
                let mut outcomes = Vec::new();
                for charge in settlement.charges() {
                    outcomes.push(self.model.record(charge.key(), charge.quota(), charge.amount()).await?);
                }
                Ok(outcomes)
            }
            _ => self.model.settle(settlement).await,
        }
    }

    async fn reset(&self, key: &Key, quota: &Quota) -> Result<()> {
        match self.fault {
            Fault::ResetForgetsNothing => Ok(()),
            _ => QuotaTracker::reset(&self.model, key, quota).await,
        }
    }
}

const ONE: &str = "calls_on_one_key_are_answered_exactly";
const SEVERAL: &str = "calls_over_several_keys_are_answered_exactly";

#[track_caller]
fn shown_within(most: usize, property: &str, fault: Fault) {
    let make = || candidate(|backend, clock| backend.with_quotas(Arc::new(Wrong::new(fault, clock))));
    let calls = shortest("quota_sequences", property, make);
    assert!(calls.len() <= most, "{calls:#?}");
}

#[test]
fn a_record_that_stops_at_the_cap_is_found() {
    shown_within(4, ONE, Fault::RecordStopsAtTheCap);
}

#[test]
fn a_repeated_reserve_that_counts_twice_is_found() {
    shown_within(4, ONE, Fault::RepeatedReserveCountsTwice);
    shown_within(4, SEVERAL, Fault::RepeatedReserveCountsTwice);
}

#[test]
fn a_settle_that_counts_twice_is_found() {
    shown_within(1, ONE, Fault::SettleCountsTwice);
}

#[test]
fn a_settle_that_keeps_what_is_held_is_found() {
    shown_within(4, ONE, Fault::SettleKeepsWhatIsHeld);
    shown_within(4, SEVERAL, Fault::SettleKeepsWhatIsHeld);
}

#[test]
fn a_reset_that_forgets_nothing_is_found() {
    shown_within(4, ONE, Fault::ResetForgetsNothing);
}

#[test]
fn an_offset_that_is_ignored_is_found() {
    shown_within(1, ONE, Fault::OffsetIsIgnored);
}
