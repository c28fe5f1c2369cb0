//! Wrong backends that are the model but for what they make of whole calls.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{
    Backend, Capabilities, Charge, Control, Decision, Key, Limit, ManualClock, Outcome, RateLimiter, Receipt,
    Result, Retry, SystemClock,
};
use limiter_testkit::{Candidate, Model};

use crate::judge::with_rates;

/// What a wrong backend makes of calls on the right one. What it doesn't say goes there as it is.
#[async_trait]
pub(crate) trait Calls: Debug + Send + Sync + 'static {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        right.hit(charges).await
    }

    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        right.peek(charges).await
    }

    async fn refund(&self, right: &Model, receipt: Receipt) -> Result<()> {
        right.refund(receipt).await
    }

    async fn reset(&self, right: &Model, key: &Key, limit: &Limit) -> Result<()> {
        RateLimiter::reset(right, key, limit).await
    }

    fn hit_now(&self, _right: &Model, _charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        None
    }
}

/// A candidate of which the calls are wrong.
pub(crate) fn calls<C: Calls>(fault: C) -> Candidate {
    candidate(Capabilities::NONE.with_atomic_keys(), |clock| Wrong { right: Model::new(clock), fault })
}

/// The same, where a call over several keys isn't atomic.
pub(crate) fn calls_apart<C: Calls>(fault: C) -> Candidate {
    candidate(Capabilities::NONE, |clock| Wrong { right: Model::new(clock), fault })
}

/// The same in real time.
pub(crate) fn calls_in_real_time<C: Calls>(fault: C) -> Candidate {
    in_real_time(Wrong { right: Model::new(SystemClock::default()), fault })
}

/// A candidate with rates of one's own, in real time.
pub(crate) fn in_real_time(rates: impl RateLimiter) -> Candidate {
    let right = Backend::new("wrong", Arc::new(Model::new(SystemClock::default())));
    Candidate::new(right.with_rates(Arc::new(rates)))
}

/// A candidate with rates of one's own.
pub(crate) fn candidate<R: RateLimiter>(
    can: Capabilities,
    rates: impl FnOnce(ManualClock) -> R,
) -> Candidate {
    let wrong = with_rates(rates);
    let mut backend = wrong.backend().clone();
    backend.control = Arc::new(Can(can));
    Candidate::new(backend).with_clock(wrong.clock().unwrap().clone())
}

/// What is told instead of an outcome.
pub(crate) struct Told {
    pub(crate) remaining: u64,
    pub(crate) reset_ms: u64,
    pub(crate) retry_after: Option<Retry>,
    pub(crate) charged_at_ms: Option<u64>,
}

/// The same decision, each of its outcomes changed.
pub(crate) fn retold(decision: &Decision, tell: impl Fn(&Outcome, &mut Told)) -> Decision {
    let retell = |outcome: &Outcome| {
        let mut told = Told {
            remaining: outcome.remaining(),
            reset_ms: ms(outcome.reset_after()),
            retry_after: outcome.retry_after(),
            charged_at_ms: outcome.charged_at_ms(),
        };
        tell(outcome, &mut told);
        let place = outcome.charge();
        let retold = match told.retry_after {
            None => Outcome::fitting(place, told.remaining, told.reset_ms),
            Some(retry) => Outcome::refused(place, told.remaining, told.reset_ms, retry.after().map(ms)),
        };
        told.charged_at_ms.map_or(retold, |charged_at_ms| retold.charged_at(charged_at_ms))
    };
    Decision::new(decision.source(), decision.outcomes().iter().map(retell))
}

pub(crate) fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

#[derive(Debug)]
struct Wrong<C> {
    right: Model,
    fault: C,
}

#[async_trait]
impl<C: Calls> RateLimiter for Wrong<C> {
    async fn hit(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.fault.hit(&self.right, charges).await
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.fault.peek(&self.right, charges).await
    }

    async fn refund(&self, receipt: Receipt) -> Result<()> {
        self.fault.refund(&self.right, receipt).await
    }

    async fn reset(&self, key: &Key, limit: &Limit) -> Result<()> {
        self.fault.reset(&self.right, key, limit).await
    }

    fn hit_now(&self, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        self.fault.hit_now(&self.right, charges)
    }
}

#[derive(Debug)]
struct Can(Capabilities);

#[async_trait]
impl Control for Can {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "the model with one fault".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        self.0
    }
}
