use limiter_core::{
    Charge, Decision, Error, ErrorKind, Limit, RateLimiter, RateLimiterExt, Retry, Source, limit,
};
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};

use crate::rig::{CHOICES, FIVE, Rig, chat};
use crate::store::State;

async fn hit(rig: &Rig, limit: &Limit) -> Result<Decision, Error> {
    rig.backend.rates.hit_one(&chat(), limit).await
}

async fn counted(limiter: &impl RateLimiter) -> u64 {
    let key = chat();
    let peeked = limiter.peek(&[Charge::new(&key, &FIVE)]).await.unwrap();
    5 - peeked.outcomes()[0].remaining()
}

#[tokio::test(start_paused = true)]
async fn refused_hits_err_as_the_store_does_and_are_counted_nowhere() {
    let rig = Rig::new(Refuse);
    for (state, kind) in [(State::Down, ErrorKind::Unavailable), (State::RequestsLost, ErrorKind::Timeout)] {
        rig.store.set(state);
        let error = hit(&rig, &FIVE).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (kind, "planted"));
    }
    assert_eq!((counted(&rig.store.memory).await, counted(&rig.fallback.memory).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn hits_that_are_let_through_say_that_nobody_counted() {
    let rig = Rig::new(Allow);
    for state in [State::Down, State::RequestsLost] {
        rig.store.set(state);
        for _ in 0..20 {
            let decision = hit(&rig, &FIVE).await.unwrap();
            assert!(decision.is_allowed());
            assert_eq!((decision.source(), decision.outcomes().len()), (Source::Uncounted, 0));
        }
    }
    rig.store.set(State::Well);
    let decision = hit(&rig, &FIVE).await.unwrap();
    assert_eq!((decision.source(), decision.outcomes()[0].remaining()), (Source::Store, 4));
    assert_eq!(counted(&rig.fallback.memory).await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_fallback_limits_as_the_store_would_and_its_decisions_say_so() {
    let rig = Rig::new(Fallback);
    for state in [State::Down, State::RequestsLost] {
        rig.store.set(state);
        rig.fallback.memory.reset(&chat(), &FIVE).await.unwrap();
        for left in (0..5).rev() {
            let decision = hit(&rig, &FIVE).await.unwrap();
            assert_eq!((decision.source(), decision.outcomes()[0].remaining()), (Source::Fallback, left));
        }
        let denied = hit(&rig, &FIVE).await.unwrap();
        assert!(!denied.is_allowed());
        assert!(matches!(denied.retry_after(), Some(Retry::After(_))));
        assert_eq!(denied.source(), Source::Fallback);
    }
    assert_eq!(counted(&rig.store.memory).await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_answered_at_once_is_dealt_with_alike() {
    let key = chat();
    let charges = [Charge::new(&key, &FIVE)];
    for choice in CHOICES {
        let rig = Rig::new(choice);
        assert!(rig.backend.rates.hit_now(&charges).is_none(), "a well store is asked");
        rig.store.set(State::Down);
        rig.fallback.set(State::Down);
        let answer = rig.backend.rates.hit_now(&charges).unwrap();
        match choice {
            Refuse | Fallback => assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unavailable),
            Allow => assert_eq!(answer.unwrap().source(), Source::Uncounted),
        }
    }
    let rig = Rig::new(Fallback);
    rig.store.set(State::Down);
    assert!(rig.backend.rates.hit_now(&charges).is_none(), "the fallback wants to be waited for");
    assert_eq!(counted(&rig.fallback.memory).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_peek_is_dealt_with_alike() {
    let key = chat();
    let charges = [Charge::new(&key, &FIVE)];
    for choice in CHOICES {
        let rig = Rig::new(choice);
        rig.store.set(State::Down);
        let answer = rig.backend.rates.peek(&charges).await;
        match choice {
            Refuse => assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unavailable),
            Allow => assert_eq!(answer.unwrap().source(), Source::Uncounted),
            Fallback => assert_eq!(answer.unwrap().source(), Source::Fallback),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_other_failure_is_the_callers() {
    for choice in CHOICES {
        for kind in [
            ErrorKind::Capacity,
            ErrorKind::Protocol,
            ErrorKind::Conflict,
            ErrorKind::InvalidRequest,
            ErrorKind::Unsupported,
            ErrorKind::Config,
            ErrorKind::LeaseLost,
            ErrorKind::Internal,
        ] {
            let rig = Rig::new(choice);
            rig.store.set(State::Fails(kind));
            assert_eq!(hit(&rig, &FIVE).await.unwrap_err().kind(), kind);
            let acquired = rig.backend.slots.acquire(&crate::rig::request(1)).await;
            assert_eq!(acquired.unwrap_err().kind(), kind);
            let reserved = rig.backend.quotas.reserve(&crate::rig::reservation(1)).await;
            assert_eq!(reserved.unwrap_err().kind(), kind);
            let settled = rig.backend.quotas.settle(&crate::rig::reservation(1).cancellation()).await;
            assert_eq!(settled.unwrap_err().kind(), kind);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalid_call_errs_also_where_the_store_is_down() {
    let key = chat();
    let twice = [Charge::new(&key, &FIVE), Charge::new(&key, &FIVE)];
    for choice in CHOICES {
        let rig = Rig::new(choice);
        rig.store.set(State::Down);
        for charges in [&twice[..], &[]] {
            assert_eq!(rig.backend.rates.hit(charges).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
            assert_eq!(rig.backend.rates.peek(charges).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
            let at_once = rig.backend.rates.hit_now(charges).unwrap();
            assert_eq!(at_once.unwrap_err().kind(), ErrorKind::InvalidRequest);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_fits_is_never_let_through() {
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    let blocked = Limit::fixed_window(0, std::time::Duration::from_secs(1)).unwrap();
    let key = chat();
    let unlimited = Limit::UNLIMITED;
    let charges = [Charge::new(&key, &FIVE), Charge::new(&key, &blocked), Charge::new(&key, &unlimited)];
    let Decision::Denied(denied) = rig.backend.rates.hit(&charges).await.unwrap() else {
        panic!("let through")
    };
    assert_eq!((denied.charge(), denied.retry_after()), (1, Retry::Never));
    let burst = limit!("bucket 10/s burst 20");
    for (cost, fits) in [(20, true), (21, false)] {
        let decision = rig.backend.rates.hit_cost(&key, &burst, cost).await.unwrap();
        assert_eq!(decision.is_allowed(), fits, "{cost} of a burst of 20");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_refunded_where_it_was_charged() {
    let rig = Rig::new(Fallback);
    let key = chat();
    let charges = [Charge::new(&key, &FIVE)];
    let of_store = hit(&rig, &FIVE).await.unwrap().into_receipt(&charges).unwrap();
    rig.store.set(State::Down);
    let of_fallback = hit(&rig, &FIVE).await.unwrap().into_receipt(&charges).unwrap();
    rig.backend.rates.refund(of_fallback).await.unwrap();
    assert_eq!((counted(&rig.store.memory).await, counted(&rig.fallback.memory).await), (1, 0));
    rig.store.set(State::Well);
    rig.backend.rates.refund(of_store).await.unwrap();
    assert_eq!(counted(&rig.store.memory).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refund_or_reset_that_the_store_wasnt_told_errs() {
    let key = chat();
    let charges = [Charge::new(&key, &FIVE)];
    for choice in CHOICES {
        let rig = Rig::new(choice);
        let receipt = hit(&rig, &FIVE).await.unwrap().into_receipt(&charges).unwrap();
        rig.store.set(State::Down);
        assert_eq!(rig.backend.rates.refund(receipt).await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(rig.backend.rates.reset(&key, &FIVE).await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    let uncounted = hit(&rig, &FIVE).await.unwrap().into_receipt(&charges).unwrap();
    rig.backend.rates.refund(uncounted).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reset_resets_the_fallback_too() {
    let rig = Rig::new(Fallback);
    rig.store.set(State::Down);
    let _ = hit(&rig, &FIVE).await.unwrap();
    rig.store.set(State::Well);
    rig.backend.rates.reset(&chat(), &FIVE).await.unwrap();
    assert_eq!(counted(&rig.fallback.memory).await, 0);
}

#[tokio::test(start_paused = true)]
async fn when_the_fallback_fails_too_both_are_named() {
    let rig = Rig::new(Fallback);
    rig.store.set(State::RequestsLost);
    rig.fallback.set(State::Fails(ErrorKind::Capacity));
    let error = hit(&rig, &FIVE).await.unwrap_err();
    let text = error.to_string();
    assert!(error.kind() == ErrorKind::Capacity && error.may_have_charged(), "{text}");
    assert!(text.contains("no room") && text.contains("timed out"), "{text}");
}
