//! Wrong backends apart from limiting.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use limiter_core::{
    Backend, Capabilities, Charge, Control, Decision, Error, ErrorKind, Key, Limit, ManualClock, RateLimiter,
    Receipt, Result,
};
use limiter_testkit::{Candidate, Model};

use crate::judge::{START_MS, caught_by};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A ping errs although the store is there.
    NoPong,
    /// It has no words for itself.
    NoWords,
    /// It closes what is closed already.
    SecondShutdownErrs,
    /// Its task is gone, and calls wait for the task's answer.
    HitsHangAfterShutdown,
    /// It reports its own closed channel instead of an outage.
    WrongKindAfterShutdown,
    /// It says that it answers at once, and waits for a counter that it doesn't know yet.
    NewCountersWait,
}

#[derive(Debug)]
struct Wrong {
    model: Arc<Model>,
    fault: Fault,
    shut: AtomicBool,
}

impl Wrong {
    fn with(fault: Fault) -> Candidate {
        let clock = ManualClock::new(START_MS);
        let model = Arc::new(Model::new(clock.clone()));
        let wrong = Arc::new(Self { model: model.clone(), fault, shut: AtomicBool::new(false) });
        let mut backend = Backend::new("wrong", model).with_rates(wrong.clone());
        backend.control = wrong;
        Candidate::new(backend).with_clock(clock)
    }

    fn after_shutdown(&self, fault: Fault) -> bool {
        self.fault == fault && self.shut.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl RateLimiter for Wrong {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        if self.after_shutdown(Fault::HitsHangAfterShutdown) {
            pending::<()>().await;
        }
        if self.after_shutdown(Fault::WrongKindAfterShutdown) {
            return Err(Error::new(ErrorKind::Internal, "the channel is closed"));
        }
        self.model.hit(charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.model.peek(charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.model.refund(receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(&*self.model, key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        // The model's futures are ready when they are asked.
        let looked =
            self.model.hit_now(&charges.iter().map(|charge| charge.with_cost(0)).collect::<Vec<_>>());
        let new =
            looked?.is_ok_and(|decision| decision.outcomes().iter().all(|left| left.reset_after().is_zero()));
        let waits = self.fault != Fault::NewCountersWait || new;
        if waits { None } else { self.model.hit_now(charges) }
    }
}

#[async_trait]
impl Control for Wrong {
    async fn ping(&self) -> Result<()> {
        match self.fault {
            Fault::NoPong => Err(Error::new(ErrorKind::Protocol, "PING is no command here")),
            _ => Ok(()),
        }
    }

    async fn shutdown(&self) -> Result<()> {
        let again = self.shut.swap(true, Ordering::SeqCst);
        match self.fault {
            Fault::SecondShutdownErrs if again => {
                Err(Error::new(ErrorKind::Internal, "the channel is closed"))
            }
            _ => Ok(()),
        }
    }

    fn describe(&self) -> String {
        if self.fault == Fault::NoWords { String::new() } else { "wrong".to_owned() }
    }

    fn capabilities(&self) -> Capabilities {
        let can = Capabilities::NONE.with_atomic_keys();
        if self.fault == Fault::NewCountersWait { can.with_immediate() } else { can }
    }
}

#[test]
fn no_pong() {
    caught_by("control::a_store_that_is_there_answers", || Wrong::with(Fault::NoPong));
}

#[test]
fn no_words() {
    caught_by("control::a_backend_says_what_it_is", || Wrong::with(Fault::NoWords));
}

#[test]
fn a_second_shutdown_errs() {
    caught_by("control::a_second_shutdown_does_nothing", || Wrong::with(Fault::SecondShutdownErrs));
}

#[test]
fn hits_hang_after_a_shutdown() {
    caught_by("control::calls_end_after_a_shutdown", || Wrong::with(Fault::HitsHangAfterShutdown));
}

#[test]
fn the_wrong_kind_after_a_shutdown() {
    caught_by("control::a_call_after_a_shutdown_is_answered_or_unavailable", || {
        Wrong::with(Fault::WrongKindAfterShutdown)
    });
}

#[test]
fn new_counters_wait() {
    caught_by("control::hits_declared_immediate_are_answered_at_once", || {
        Wrong::with(Fault::NewCountersWait)
    });
}
