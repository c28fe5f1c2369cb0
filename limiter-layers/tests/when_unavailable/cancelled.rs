//! Calls that are dropped at each of their awaits.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use limiter_core::{QuotaTrackerExt, SlotLimiterExt};
use limiter_layers::WhenUnavailable::Fallback;
use tokio::time::sleep;

use crate::rig::{CHOICES, Rig, lease, request, reservation};
use crate::store::State;

const SLOW: Duration = Duration::from_millis(100);

/// Polls a call until it waits for the so-manieth time, and drops it. `false`: it ended before.
async fn dropped_at<T>(wait: usize, call: impl Future<Output = T>) -> bool {
    let mut call = pin!(call);
    for _ in 0..wait {
        if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return false;
        }
        sleep(SLOW).await;
    }
    true
}

/// A rig of which store and fallback take a while.
fn slow(choice: limiter_layers::WhenUnavailable) -> Rig {
    let rig = Rig::new(choice);
    rig.store.takes(SLOW / 2);
    rig.fallback.takes(SLOW / 2);
    rig
}

#[tokio::test(start_paused = true)]
async fn an_acquire_leaves_nothing_once_what_was_asked_for_is_released() {
    for choice in CHOICES {
        for state in [State::Well, State::Down, State::AnswersLost, State::RequestsLost] {
            let mut waits = 1;
            loop {
                let rig = slow(choice);
                rig.store.set(state);
                let request = request(5);
                let dropped = dropped_at(waits, rig.backend.slots.acquire(&request)).await;
                rig.backend.slots.release_one(&request.lease()).await.unwrap();
                rig.recover().await;
                assert_eq!(rig.held().await, (0, 0), "{choice:?} {state:?} dropped at {waits}");
                if !dropped {
                    break;
                }
                waits += 1;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reserve_leaves_nothing_once_it_is_settled_and_counts_once() {
    for choice in CHOICES {
        for state in [State::Well, State::Down, State::AnswersLost, State::RequestsLost] {
            let mut waits = 1;
            loop {
                let rig = slow(choice);
                rig.store.set(state);
                let reservation = reservation(100);
                let dropped = dropped_at(waits, rig.backend.quotas.reserve(&reservation)).await;
                rig.settle(&reservation, 40).await;
                rig.recover().await;
                let (store, fallback) = rig.used().await;
                assert_eq!(store + fallback, 40, "{choice:?} {state:?} dropped at {waits}");
                assert_eq!(rig.reserved().await, (0, 0), "{choice:?} {state:?} dropped at {waits}");
                if !dropped {
                    break;
                }
                waits += 1;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_or_settle_may_be_repeated() {
    for choice in CHOICES {
        for state in [State::Down, State::AnswersLost, State::RequestsLost] {
            let rig = slow(choice);
            let (lease, reservation) = (lease(&rig).await, reservation(100));
            assert!(rig.backend.quotas.reserve(&reservation).await.unwrap().is_granted());
            rig.store.set(state);
            assert!(dropped_at(1, rig.backend.slots.release_one(&lease)).await);
            assert!(dropped_at(1, rig.backend.quotas.settle_one(&reservation, 40)).await);
            rig.backend.slots.release_one(&lease).await.unwrap();
            rig.settle(&reservation, 40).await;
            rig.recover().await;
            assert_eq!((rig.held().await, rig.used().await), ((0, 0), (40, 0)), "{choice:?} {state:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_sent_whoever_has_gone() {
    let rig = slow(Fallback);
    rig.store.set(State::AnswersLost);
    let (request, reservation) = (request(5), reservation(100));
    // The second wait is for the fallback: by then the store is to be told.
    assert!(dropped_at(2, rig.backend.slots.acquire(&request)).await);
    assert!(dropped_at(2, rig.backend.quotas.reserve(&reservation)).await);
    rig.recover().await;
    assert_eq!((rig.held().await.0, rig.reserved().await.0), (0, 0));
}
