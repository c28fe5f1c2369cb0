//! The queue of what couldn't be sent.

use std::time::Duration;

use limiter_core::{ErrorKind, Lease, SlotLimiter, SlotLimiterExt};
use limiter_core::{Key, QuotaCharge, QuotaTrackerExt, Reservation};
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};
use tokio::time::{Instant, sleep};

use crate::rig::{CHOICES, Rig, S, TTL, bytes, day, lease, request, reservation};
use crate::store::State;

const MINUTE: Duration = Duration::from_secs(60);

async fn leases(rig: &Rig, count: usize) -> Vec<Lease> {
    let mut leases = Vec::with_capacity(count);
    for _ in 0..count {
        leases.push(lease(rig).await);
    }
    leases
}

#[tokio::test(start_paused = true)]
async fn a_release_reaches_the_store_when_that_is_back() {
    for choice in CHOICES {
        for state in [State::Down, State::RequestsLost, State::AnswersLost] {
            let rig = Rig::new(choice);
            let leases = leases(&rig, 3).await;
            rig.store.set(state);
            assert_eq!(rig.backend.slots.release(&leases).await.unwrap(), [true; 3]);
            assert_eq!(rig.backend.slots.release(&leases).await.unwrap(), [false; 3], "a second time");
            rig.recover().await;
            assert_eq!(rig.held().await, (0, 0), "{choice:?} {state:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_release_waits_isnt_live_and_its_id_isnt_granted_by_the_store() {
    for choice in CHOICES {
        let rig = Rig::new(choice);
        let request = request(5);
        let lease = rig.backend.slots.acquire(&request).await.unwrap().into_result().unwrap();
        rig.store.set(State::Down);
        assert!(rig.backend.slots.release_one(&lease).await.unwrap());
        rig.store.set(State::Well);
        assert!(!rig.backend.slots.renew_one(&lease).await.unwrap(), "{choice:?}");
        let again = rig.backend.slots.acquire(&request).await;
        match choice {
            Refuse => assert_eq!(again.unwrap_err().kind(), ErrorKind::Unavailable),
            Allow | Fallback => assert!(again.unwrap().is_acquired()),
        }
        rig.recover().await;
        assert_eq!(rig.held().await.0, 0, "what was granted meanwhile isn't the store's");
        assert!(rig.backend.slots.acquire(&request).await.unwrap().is_acquired());
        assert_eq!(rig.held().await, (1, 0), "{choice:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_takes_in_nothing_of_a_call_and_the_call_errs() {
    for choice in CHOICES {
        let rig = Rig::with_queue(choice, 3);
        let leases = leases(&rig, 5).await;
        rig.store.set(State::Down);
        rig.backend.slots.release(&leases[..2]).await.unwrap();
        let error = rig.backend.slots.release(&leases[2..4]).await.unwrap_err();
        assert!(
            error.kind() == ErrorKind::Unavailable && error.to_string().contains("of at most 3"),
            "{error}"
        );
        assert!(rig.backend.slots.release_one(&leases[4]).await.unwrap(), "there is room for one");
        let settle = async |units| rig.backend.quotas.settle_one(&reservation(9), units).await;
        for units in [1, 20, 300] {
            assert!(settle(units).await.unwrap().is_allowed());
        }
        assert_eq!(settle(4000).await.unwrap_err().kind(), ErrorKind::Unavailable);
        rig.recover().await;
        assert_eq!((rig.held().await, rig.used().await), ((2, 0), (321, 0)), "{choice:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_answers_nothing_elsewhere_that_the_store_may_hold() {
    for choice in [Allow, Fallback] {
        let rig = Rig::with_queue(choice, 1);
        rig.store.set(State::AnswersLost);
        assert!(rig.backend.slots.acquire(&request(9)).await.unwrap().is_acquired());
        let error = rig.backend.slots.acquire(&request(9)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Timeout && error.may_have_charged(), "{error}");
        if choice == Fallback {
            rig.settle(&reservation(1), 1).await;
            let refused = reservation(1);
            assert_eq!(rig.backend.quotas.reserve(&refused).await.unwrap_err().kind(), ErrorKind::Timeout);
            rig.store.set(State::Well);
            rig.settle(&refused, 8).await;
            assert_eq!(rig.used().await, (9, 0), "its reservation is the store's");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_day_loses_no_settle_that_was_never_sent() {
    let rig = Rig::new(Refuse);
    rig.store.set(State::Down);
    for units in 1..=100 {
        rig.settle(&reservation(units), units).await;
    }
    sleep(1440 * MINUTE).await;
    rig.recover().await;
    assert_eq!(rig.used().await, (5050, 0));
}

#[tokio::test(start_paused = true)]
async fn a_settle_that_may_have_been_executed_isnt_sent_once_it_could_count_twice() {
    for (outage, used) in [(8 * MINUTE, 40), (30 * MINUTE, 40)] {
        let rig = Rig::new(Refuse);
        let reservation = reservation(100);
        rig.store.set(State::AnswersLost);
        rig.settle(&reservation, 40).await;
        rig.store.set(State::Down);
        sleep(outage).await;
        rig.recover().await;
        assert_eq!(rig.used().await, (used, 0), "after {outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nor_one_that_only_the_queue_has_sent() {
    let rig = Rig::new(Refuse);
    rig.store.set(State::Down);
    rig.settle(&reservation(100), 40).await;
    rig.store.set(State::AnswersLost);
    sleep(3 * S).await;
    rig.store.set(State::Down);
    sleep(30 * MINUTE).await;
    rig.recover().await;
    assert_eq!(rig.used().await, (40, 0));
}

#[tokio::test(start_paused = true)]
async fn a_release_waits_no_longer_than_the_ttl() {
    let rig = Rig::with_queue(Refuse, 10);
    let leases = leases(&rig, 10).await;
    rig.store.set(State::Down);
    rig.backend.slots.release(&leases).await.unwrap();
    sleep(TTL + 3 * S).await;
    let calls = rig.store.calls();
    sleep(TTL).await;
    assert_eq!(rig.store.calls(), calls, "nothing waits any more");
    rig.backend.slots.release(&leases).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_errs_for_good_is_given_up_and_holds_up_nothing() {
    for kind in [ErrorKind::InvalidRequest, ErrorKind::Unsupported, ErrorKind::Conflict] {
        let rig = Rig::with_queue(Refuse, 4);
        let leases = leases(&rig, 4).await;
        rig.store.set(State::Down);
        rig.backend.slots.release(&leases).await.unwrap();
        for _ in 0..4 {
            rig.settle(&reservation(1), 1).await;
        }
        rig.store.set(State::Fails(kind));
        sleep(10 * S).await;
        let calls = rig.store.calls();
        sleep(30 * S).await;
        assert_eq!(rig.store.calls(), calls, "nothing waits any more");
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_failure_is_tried_again() {
    for state in [
        State::Fails(ErrorKind::Config),
        State::Fails(ErrorKind::Capacity),
        State::Fails(ErrorKind::Protocol),
        State::Fails(ErrorKind::Internal),
        State::Hangs,
        State::Panics,
    ] {
        let rig = Rig::new(Refuse);
        let leases = leases(&rig, 4).await;
        rig.store.set(State::Down);
        rig.backend.slots.release(&leases).await.unwrap();
        for units in [1, 20] {
            rig.settle(&reservation(9), units).await;
        }
        rig.store.set(state);
        sleep(20 * S).await;
        rig.recover().await;
        sleep(10 * S).await;
        assert_eq!((rig.held().await, rig.used().await), ((0, 0), (21, 0)), "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_on_which_the_store_hangs_holds_up_no_other() {
    let rig = Rig::new(Refuse);
    let leases = leases(&rig, 100).await;
    let stuck = Key::new("bytes", "stuck").unwrap();
    rig.store.set(State::Down);
    rig.backend.slots.release(&leases).await.unwrap();
    for place in 0..100 {
        let key = if place == 0 { stuck.clone() } else { bytes() };
        let reservation = Reservation::new([QuotaCharge::new(key, day(), 1)], TTL).unwrap();
        rig.settle(&reservation, 1).await;
    }
    rig.store.hang_on(&[stuck], &leases[0]);
    rig.store.set(State::Well);
    sleep(55 * S).await;
    assert_eq!((rig.held().await, rig.used().await), ((1, 0), (99, 0)));
}

#[tokio::test(start_paused = true)]
async fn many_go_in_one_call_and_all_within_seconds() {
    let rig = Rig::new(Refuse);
    let leases = leases(&rig, 5000).await;
    rig.store.set(State::Down);
    for lease in &leases {
        rig.backend.slots.release_one(lease).await.unwrap();
        rig.settle(&reservation(1), 1).await;
    }
    sleep(10 * S).await;
    let calls = rig.store.calls();
    rig.store.takes(Duration::from_millis(10));
    rig.store.set(State::Well);
    rig.store.take_most_at_once();
    let start = Instant::now();
    while (rig.held().await.0, rig.used().await.0) != (0, 5000) {
        assert!(start.elapsed() < 8 * S, "{:?} left", (rig.held().await, rig.used().await));
        sleep(S / 20).await;
    }
    assert!(rig.store.calls() - calls <= 5000 + 30, "{} calls", rig.store.calls() - calls);
    let most = rig.store.take_most_at_once();
    assert!((2..=17).contains(&most), "{most} at once");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_one_call_at_a_time_looks_for_it() {
    let rig = Rig::new(Refuse);
    let leases = leases(&rig, 1000).await;
    rig.store.set(State::Down);
    rig.backend.slots.release(&leases).await.unwrap();
    let calls = rig.store.calls();
    rig.store.takes(Duration::from_millis(10));
    rig.store.take_most_at_once();
    sleep(30 * S).await;
    let made = rig.store.calls() - calls;
    assert!((12..=30).contains(&made), "{made} calls in 30 s");
    assert_eq!(rig.store.take_most_at_once(), 1);
}

#[test]
fn without_a_runtime_nothing_waits_and_the_call_errs() {
    let build = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let rig = Rig::new(Refuse);
    build().block_on(async {
        let lease = lease(&rig).await;
        rig.store.set(State::Down);
        let error = rig.backend.slots.release_one(&lease).await.unwrap_err();
        assert!(error.to_string().contains("runtime"), "{error}");
        assert!(rig.backend.quotas.settle_one(&reservation(1), 1).await.is_err());
        rig.backend.control.shutdown().await.unwrap();
    });
    let runtime = build();
    let rig = runtime.block_on(async { Rig::new(Refuse) });
    drop(runtime);
    build().block_on(async {
        let lease = lease(&rig).await;
        rig.store.set(State::Down);
        assert!(rig.backend.slots.release_one(&lease).await.is_err(), "its runtime has ended");
    });
}
