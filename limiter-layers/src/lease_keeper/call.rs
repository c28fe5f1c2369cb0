//! Calls on the store. Each runs in a task of its own, ends in time, and brings back what it was about.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use limiter_core::{Acquisition, Error, ErrorKind, Lease, Result, SlotLimiter};
use tokio::time::{Instant, timeout_at};

use super::held::Due;
use super::order::Ask;
use super::releases::Release;

/// How a call ended.
#[derive(Debug)]
pub(super) enum Ended {
    Acquire { ask: Ask, sent: Instant, answer: Result<Acquisition> },
    Renew { due: Due, sent: Instant, answer: Result<Vec<bool>> },
    Release { batch: Vec<Release>, answer: Result<Vec<bool>> },
}

pub(super) async fn acquire(slots: Arc<dyn SlotLimiter>, ask: Ask, sent: Instant, until: Instant) -> Ended {
    let answer = in_time("acquire", until, async { slots.acquire(ask.request()).await }).await;
    Ended::Acquire { ask, sent, answer }
}

pub(super) async fn renew(slots: Arc<dyn SlotLimiter>, due: Due, sent: Instant) -> Ended {
    let answer = in_time("renew", due.until, async { slots.renew(&due.leases).await }).await;
    let answer = answer.and_then(|live| one_for_each("renew", &due.leases, live));
    Ended::Renew { due, sent, answer }
}

pub(super) async fn release(slots: Arc<dyn SlotLimiter>, batch: Vec<Release>, until: Instant) -> Ended {
    let leases: Vec<Lease> = batch.iter().map(|release| release.lease().clone()).collect();
    let answer = in_time("release", until, async { slots.release(&leases).await }).await;
    let answer = answer.and_then(|live| one_for_each("release", &leases, live));
    Ended::Release { batch, answer }
}

/// Whether the store may have done what was asked although it failed.
pub(super) fn may_be_done(error: &Error) -> bool {
    let unknown = [ErrorKind::Timeout, ErrorKind::Protocol, ErrorKind::Internal];
    error.may_have_charged() || unknown.contains(&error.kind())
}

/// The call's answer, or an error when it isn't there in time or the store panics.
async fn in_time<T>(
    operation: &'static str,
    until: Instant,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut call = pin!(call);
    let caught = poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)))
            .unwrap_or_else(|_| Poll::Ready(Err(panicked(operation))))
    });
    match timeout_at(until, caught).await {
        Ok(answer) => answer,
        Err(_) => Err(late(operation)),
    }
}

fn one_for_each(operation: &'static str, leases: &[Lease], live: Vec<bool>) -> Result<Vec<bool>> {
    if leases.len() == live.len() {
        return Ok(live);
    }
    let message = format!("{} answers for {} leases", live.len(), leases.len());
    Err(Error::new(ErrorKind::Protocol, message).with_operation(operation))
}

fn panicked(operation: &'static str) -> Error {
    Error::new(ErrorKind::Internal, "the slot limiter panicked").with_operation(operation).possibly_charged()
}

fn late(operation: &'static str) -> Error {
    let message = "no answer from the store while the lease could still be used";
    Error::new(ErrorKind::Timeout, message).with_operation(operation).possibly_charged()
}
