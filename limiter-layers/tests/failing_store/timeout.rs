use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Charge, Decision, ErrorKind, Key, Limit, RateLimiter, RateLimiterExt, Receipt, Result, Source,
};
use limiter_layers::{Layer, Timeout, TimeoutLayer};
use tokio::task::consume_budget;
use tokio::time::{Instant, timeout};

use crate::operations::{ALL, LIMIT, ask, key};
use crate::store::{Fault, Store, poll_once};

const MS: Duration = Duration::from_millis(1);
const TIME: Duration = Duration::from_millis(250);

#[tokio::test(start_paused = true)]
async fn each_call_on_a_store_that_hangs_errs_in_time_and_tells_what_that_means() {
    let store = Store::new();
    let backend = TimeoutLayer::new(TIME).wrap(store.backend());
    store.always(Fault::Hangs);
    for (operation, changes) in ALL {
        let start = Instant::now();
        let answer = timeout(2 * TIME, ask(&backend, operation)).await;
        let error = answer.expect(operation).expect_err(operation);
        let took = start.elapsed();
        assert!((TIME..=TIME + MS).contains(&took), "{operation}: {took:?}");
        assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, changes), "{error}");
        assert_eq!(error.operation(), operation.split(' ').next());
        let text = error.to_string();
        let told = ["nothing was changed", "done twice it comes to the same", "it may count twice"];
        assert_eq!(told.iter().filter(|told| text.contains(**told)).count(), 1, "{text}");
        assert!(text.contains("250ms") && !text.contains("u1"), "{text}");
        assert_eq!(text.contains("nothing was changed"), !changes, "{text}");
        let counts_twice = ["hit", "refund", "record"].contains(&operation);
        assert_eq!(text.contains("it may count twice"), counts_twice, "{text}");
        assert_eq!(store.under_way(), 0, "{operation} was dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_timed_and_a_shutdown_has_a_time_of_its_own() {
    let store = Store::new();
    let backend = TimeoutLayer::new(TIME).wrap(store.backend());
    store.next([Fault::Hangs, Fault::Slow(2 * TIME, 2 * TIME)]);
    let error = backend.control.ping().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, false));
    backend.control.shutdown().await.unwrap();
    assert!(backend.control.describe().ends_with("answers within 250ms"));
    assert_eq!(backend.control.capabilities(), store.backend().control.capabilities());
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_time_is_passed_on_as_it_is() {
    let store = Store::new();
    let backend = TimeoutLayer::new(TIME).wrap(store.backend());
    let at_the_last_moment = Fault::Slow(TIME / 2, TIME / 2);
    for (operation, _) in ALL {
        for fault in [Fault::None, Fault::Slow(TIME / 2, TIME / 2 - MS), at_the_last_moment] {
            store.next([fault]);
            ask(&backend, operation).await.unwrap();
        }
        store.next([Fault::FailsAfter(TIME - MS, ErrorKind::Protocol)]);
        let error = ask(&backend, operation).await.unwrap_err();
        assert_eq!(error.to_string(), "unexpected reply: planted");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_executed_too_late_was_charged_as_the_error_says() {
    let store = Store::new();
    let backend = TimeoutLayer::new(TIME).wrap(store.backend());
    store.next([Fault::Slow(Duration::ZERO, TIME * 2)]);
    let key = key();
    let error = backend.rates.hit_one(&key, &LIMIT).await.unwrap_err();
    assert!(error.may_have_charged());
    let decision = backend.rates.peek(&[Charge::new(&key, &LIMIT)]).await.unwrap();
    assert_eq!(decision.outcomes()[0].remaining(), 4, "charged once");
}

#[test]
fn what_needs_no_waiting_needs_no_timer_and_no_runtime() {
    let store = Store::new();
    let backend = TimeoutLayer::new(TIME).wrap(store.backend());
    for (operation, _) in ALL {
        assert!(matches!(poll_once(pin!(ask(&backend, operation))), Poll::Ready(Ok(()))), "{operation}");
    }
    store.answer_at_once();
    let (key, limit) = (key(), LIMIT);
    let decision = backend.rates.hit_now(&[Charge::new(&key, &limit)]).unwrap().unwrap();
    assert_eq!(decision.source(), Source::Store);
}

#[tokio::test(start_paused = true)]
async fn a_time_without_end_never_comes() {
    let store = Store::new();
    let backend = TimeoutLayer::new(Duration::MAX).wrap(store.backend());
    store.always(Fault::Slow(3600 * 1000 * MS, MS));
    ask(&backend, "hit").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_any_time_only_what_is_answered_at_once_gets_through() {
    let store = Store::new();
    let backend = TimeoutLayer::new(Duration::ZERO).wrap(store.backend());
    ask(&backend, "hit").await.unwrap();
    store.next([Fault::Slow(2 * MS, MS)]);
    assert_eq!(ask(&backend, "hit").await.unwrap_err().kind(), ErrorKind::Timeout);
}

/// A store whose client is busy without end, and lets others run.
#[derive(Debug)]
struct Busy;

#[async_trait]
impl RateLimiter for Busy {
    async fn hit(&self, _: &[Charge<'_>]) -> Result<Decision> {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            consume_budget().await;
        }
        Ok(Decision::new(Source::Uncounted, []))
    }

    async fn peek(&self, charges: &[Charge<'_>]) -> Result<Decision> {
        self.hit(charges).await
    }

    async fn refund(&self, _: Receipt) -> Result<()> {
        Ok(())
    }

    async fn reset(&self, _: &Key, _: &Limit) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_call_that_uses_up_its_tasks_budget_is_timed_out_too() {
    let limiter = Timeout::new(Busy, 50 * MS);
    let start = Instant::now();
    let error = limiter.hit(&[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(start.elapsed() < 1000 * MS, "{:?}", start.elapsed());
}
