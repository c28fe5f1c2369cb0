//! Faults that show when calls come at the same time, and in answers without waiting.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use limiter_core::{Algorithm, Charge, Decision, Limit, ManualClock, RateLimiter, Receipt, Result};
use limiter_testkit::Model;
use tokio::task::yield_now;

use super::calls::{Calls, calls};
use crate::judge::{START_MS, caught_by};

/// Which calls are made wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    One,
    SeveralLimits,
    SeveralKeys,
}

fn shape(charges: &[Charge<'_>]) -> Shape {
    match charges {
        [] | [_] => Shape::One,
        [first, others @ ..] if others.iter().all(|other| other.key() == first.key()) => Shape::SeveralLimits,
        _ => Shape::SeveralKeys,
    }
}

/// Looks whether a call fits, and then counts it: others come between.
#[derive(Debug)]
struct CheckThenWrite {
    wrong: Shape,
    calls: AtomicUsize,
}

#[async_trait]
impl Calls for CheckThenWrite {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        if shape(charges) != self.wrong {
            return right.hit(charges).await;
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        let decision = if self.calls.load(Ordering::SeqCst) == 1 {
            right.hit(charges).await
        } else {
            check_then_write(right, charges).await
        };
        self.calls.fetch_sub(1, Ordering::SeqCst);
        decision
    }
}

async fn check_then_write(right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
    let peeked = right.peek(charges).await?;
    yield_now().await;
    if peeked.is_allowed() {
        let unchecked: Vec<_> = charges.iter().map(|charge| unchecked(charge.limit())).collect();
        let pairs = charges.iter().zip(&unchecked);
        let writes = pairs.map(|(charge, limit)| Charge::new(charge.key(), limit).with_cost(charge.cost()));
        return right.hit(&writes.collect::<Vec<_>>()).await;
    }
    Ok(peeked)
}

/// The same counter without a limit worth the name.
fn unchecked(limit: &Limit) -> Limit {
    match limit.algorithm() {
        Algorithm::FixedWindow => Limit::fixed_window(10_000, limit.window()),
        Algorithm::SlidingWindow => Limit::sliding_window(10_000, limit.window()),
        Algorithm::SlidingLog => Limit::sliding_log(10_000, limit.window()),
        _ => Ok(*limit),
    }
    .unwrap()
}

fn check_then_write_in(wrong: Shape) -> CheckThenWrite {
    CheckThenWrite { wrong, calls: AtomicUsize::new(0) }
}

#[test]
fn one_hit_checked_then_written() {
    let make = || calls(check_then_write_in(Shape::One));
    caught_by("rates::hits_at_once_admit_as_many_as_fit", make);
}

#[test]
fn several_limits_checked_then_written() {
    let make = || calls(check_then_write_in(Shape::SeveralLimits));
    caught_by("rates::calls_of_several_limits_at_once_add_up", make);
}

#[test]
fn several_keys_checked_then_written() {
    let make = || calls(check_then_write_in(Shape::SeveralKeys));
    caught_by("rates::calls_over_several_keys_at_once_add_up", make);
}

/// Reads, subtracts and writes: one of two refunds at once is lost.
#[derive(Debug, Default)]
struct RefundsLost(AtomicUsize);

#[async_trait]
impl Calls for RefundsLost {
    async fn refund(&self, right: &Model, receipt: Receipt) -> Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        let alone = self.0.fetch_sub(1, Ordering::SeqCst) == 1;
        if alone { right.refund(receipt).await } else { Ok(()) }
    }
}

#[test]
fn refunds_lost() {
    caught_by("rates::hits_and_refunds_at_once_add_up", || calls(RefundsLost::default()));
}

/// Writes a counter in two steps: who looks between them sees an empty one.
#[derive(Debug)]
struct WrittenInTwoSteps {
    writing: AtomicUsize,
    empty: Model,
}

#[async_trait]
impl Calls for WrittenInTwoSteps {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        self.writing.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        let decision = right.hit(charges).await;
        self.writing.fetch_sub(1, Ordering::SeqCst);
        decision
    }

    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let torn = self.writing.load(Ordering::SeqCst) > 0;
        if torn { self.empty.peek(charges).await } else { right.peek(charges).await }
    }
}

#[test]
fn written_in_two_steps() {
    let empty = || Model::new(ManualClock::new(START_MS));
    let make = || calls(WrittenInTwoSteps { writing: AtomicUsize::new(0), empty: empty() });
    caught_by("rates::a_look_never_sees_half_a_hit", make);
}

/// Tries without waiting, and then does it again.
#[derive(Debug)]
struct TriedAndDoneAgain;

impl Calls for TriedAndDoneAgain {
    fn hit_now(&self, right: &Model, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        right.hit_now(charges);
        None
    }
}

/// Charges both when it is asked and when it answers.
#[derive(Debug)]
struct ChargedTwice;

impl Calls for ChargedTwice {
    fn hit_now(&self, right: &Model, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let answer = right.hit_now(charges);
        right.hit_now(charges);
        answer
    }
}

/// Answers without waiting what it will charge later, and then doesn't.
#[derive(Debug)]
struct AnsweredAlone;

impl Calls for AnsweredAlone {
    fn hit_now(&self, right: &Model, charges: &[Charge<'_>]) -> Option<Result<Decision>> {
        let asked: Vec<_> = charges.iter().map(|charge| charge.with_cost(0)).collect();
        right.hit_now(&asked)
    }
}

#[test]
fn tried_and_done_again() {
    caught_by("rates::what_is_answered_at_once_is_charged_once", || calls(TriedAndDoneAgain));
}

#[test]
fn charged_twice() {
    caught_by("rates::what_is_answered_at_once_is_charged_once", || calls(ChargedTwice));
}

#[test]
fn answered_alone() {
    caught_by("rates::what_is_answered_at_once_is_charged_once", || calls(AnsweredAlone));
}
