//! Rates with one fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use limiter_core::{
    Charge, Clock, Decision, EXACT, Key, Limit, ManualClock, RateLimiter, Receipt, Result, Source,
    check_charges,
};
use limiter_testkit::Model;

use crate::found::{candidate, shortest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    DeniedChargesWhatFits,
    PeekCharges,
    CostZeroCharges,
    CostTooHighIsCut,
    AtOnceChargesNothing,
    ResetForgetsNothing,
    RefundInAnyWindow,
    RefundDoesNothing,
    ClockBackForgets,
    MaxIsPartOfTheCounter,
}

/// The reference with one fault.
#[derive(Debug)]
struct Wrong {
    fault: Fault,
    model: Model,
    clock: ManualClock,
    latest_ms: AtomicU64,
}

impl Wrong {
    fn new(fault: Fault, clock: ManualClock) -> Self {
        Self { fault, model: Model::new(clock.clone()), clock, latest_ms: AtomicU64::new(0) }
    }

    async fn hit_wrongly(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        match self.fault {
            Fault::DeniedChargesWhatFits => {
                let decision = self.model.hit(charges).await?;
                for outcome in decision.outcomes().iter().filter(|_| !decision.is_allowed()) {
                    if outcome.is_allowed() {
                        let _ = self.model.hit(&charges[outcome.charge()..=outcome.charge()]).await?;
                    }
                }
                Ok(decision)
            }
            Fault::CostZeroCharges => self.model.hit(&costing(charges, |cost| cost.max(1))).await,
            Fault::CostTooHighIsCut => self.model.hit(&costing(charges, |cost| cost.min(EXACT))).await,
            Fault::ClockBackForgets => {
                let now_ms = self.clock.now_ms();
                if now_ms < self.latest_ms.fetch_max(now_ms, Ordering::SeqCst) {
                    for charge in charges {
                        self.model.reset(charge.key(), charge.limit()).await?;
                    }
                }
                self.model.hit(charges).await
            }
            Fault::MaxIsPartOfTheCounter => {
                check_charges(charges)?;
                let keys: Vec<_> =
                    charges.iter().map(|charge| own_key(charge.key(), charge.limit())).collect();
                let pairs = charges.iter().zip(&keys);
                let charges: Vec<_> = pairs
                    .map(|(charge, key)| Charge::new(key, charge.limit()).with_cost(charge.cost()))
                    .collect();
                self.model.hit(&charges).await
            }
            _ => self.model.hit(charges).await,
        }
    }
}

/// A key that belongs to one `max` alone.
fn own_key(key: &Key, limit: &Limit) -> Key {
    Key::new(key.space(), &format!("{}/{}", key.subject(), limit.max())).unwrap()
}

fn costing<'a>(charges: &[Charge<'a>], cost: impl Fn(u64) -> u64) -> Vec<Charge<'a>> {
    charges.iter().map(|charge| charge.with_cost(cost(charge.cost()))).collect()
}

#[async_trait]
impl RateLimiter for Wrong {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.hit_wrongly(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = self.model.peek(charges).await;
        if self.fault == Fault::PeekCharges && decision.is_ok() {
            let _ = self.model.hit(charges).await?;
        }
        decision
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        match self.fault {
            Fault::RefundDoesNothing => Ok(()),
            Fault::RefundInAnyWindow => {
                let mut late = Receipt::new(Source::Store);
                for line in receipt.lines() {
                    late.add(&line.charge(), self.clock.now_ms().max(line.charged_at_ms()))?;
                }
                self.model.refund(late).await
            }
            _ => self.model.refund(receipt).await,
        }
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        match self.fault {
            Fault::ResetForgetsNothing => Ok(()),
            _ => self.model.reset(key, limit).await,
        }
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        // What was charged is given back before anybody can look.
        let decision = (self.fault == Fault::AtOnceChargesNothing).then(|| self.model.hit_now(charges))??;
        let Ok(Decision::Allowed(allowed)) = &decision else {
            return Some(decision);
        };
        for charge in allowed.outcomes().iter().map(|outcome| &charges[outcome.charge()]) {
            let mut reset = std::pin::pin!(self.model.reset(charge.key(), charge.limit()));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(reset.as_mut().poll(&mut context).is_ready(), "the reference never waits");
        }
        Some(decision)
    }
}

const FEW: &str = "calls_on_few_counters_are_answered_exactly";
const ANY: &str = "calls_of_any_size_are_answered_exactly";
const SEVERAL: &str = "calls_over_several_keys_are_answered_exactly";

#[track_caller]
fn shown_within(most: usize, property: &str, fault: Fault) {
    let make = || candidate(|backend, clock| backend.with_rates(Arc::new(Wrong::new(fault, clock))));
    let calls = shortest("rate_sequences", property, make);
    assert!(calls.len() <= most, "{calls:#?}");
}

#[test]
fn a_denied_hit_that_charges_what_fits_is_found() {
    shown_within(4, FEW, Fault::DeniedChargesWhatFits);
    shown_within(4, SEVERAL, Fault::DeniedChargesWhatFits);
}

#[test]
fn a_peek_that_charges_is_found() {
    shown_within(4, FEW, Fault::PeekCharges);
}

#[test]
fn a_cost_of_0_that_charges_is_found() {
    shown_within(1, FEW, Fault::CostZeroCharges);
}

#[test]
fn a_cost_too_high_that_is_cut_is_found() {
    shown_within(1, ANY, Fault::CostTooHighIsCut);
}

#[test]
fn hits_at_once_that_charge_nothing_are_found() {
    shown_within(4, FEW, Fault::AtOnceChargesNothing);
}

#[test]
fn a_reset_that_forgets_nothing_is_found() {
    shown_within(4, FEW, Fault::ResetForgetsNothing);
}

#[test]
fn a_refund_that_does_nothing_is_found() {
    shown_within(4, FEW, Fault::RefundDoesNothing);
}

#[test]
fn a_refund_in_any_window_is_found() {
    shown_within(5, FEW, Fault::RefundInAnyWindow);
}

#[test]
fn a_clock_that_forgets_when_it_steps_back_is_found() {
    shown_within(4, FEW, Fault::ClockBackForgets);
}

#[test]
fn a_counter_of_each_max_is_found() {
    shown_within(4, FEW, Fault::MaxIsPartOfTheCounter);
}
