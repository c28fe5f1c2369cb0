//! Settles that wait: each counter of an id counts, and none twice.

use std::time::Duration;

use limiter_core::{ErrorKind, Key, QuotaCharge, QuotaTracker, Reservation, ReservationId, Settlement};
use limiter_layers::WhenUnavailable::Refuse;
use tokio::time::{sleep, timeout};

use crate::rig::{Rig, S, bytes, day, reservation};
use crate::store::State;

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

fn requests() -> Key {
    Key::new("requests", "u1").unwrap()
}

/// What settles so many of each key.
fn settlement(id: &ReservationId, amounts: &[(Key, u64)]) -> Settlement {
    let charge = |(key, amount): &(Key, u64)| QuotaCharge::new(key.clone(), day(), *amount);
    Settlement::new(id.clone(), amounts.iter().map(charge).collect::<Vec<_>>()).unwrap()
}

/// Units of bytes and of requests that are used in the store.
async fn used(rig: &Rig) -> (u64, u64) {
    (rig.used().await.0, rig.store.memory.check(&requests(), &day()).await.unwrap().used)
}

#[tokio::test(start_paused = true)]
async fn an_id_may_be_settled_counter_by_counter_also_while_the_store_is_down() {
    let (a, b) = ((bytes(), 5), (requests(), 7));
    for calls in [[vec![a.clone()], vec![b.clone()]], [vec![a.clone()], vec![(bytes(), 900), b.clone()]]] {
        let (rig, id) = (Rig::new(Refuse), ReservationId::random().unwrap());
        rig.store.set(State::Down);
        for call in calls.iter().chain(&calls) {
            let outcomes = rig.backend.quotas.settle(&settlement(&id, call)).await.unwrap();
            assert_eq!(outcomes.len(), call.len());
        }
        rig.recover().await;
        assert_eq!(used(&rig).await, (5, 7), "{calls:?}");
        assert!(rig.backend.control.shutdown().await.is_ok(), "nothing waits any more");
    }
}

#[tokio::test(start_paused = true)]
async fn each_part_of_an_id_takes_a_place() {
    let (rig, id) = (Rig::with_queue(Refuse, 1), ReservationId::random().unwrap());
    rig.store.set(State::Down);
    let settle = async |key: Key, units| rig.backend.quotas.settle(&settlement(&id, &[(key, units)])).await;
    assert!(settle(bytes(), 5).await.is_ok());
    assert!(settle(requests(), 7).await.is_err(), "there is no room for another");
    assert!(settle(bytes(), 5).await.is_ok(), "it waits already");
    rig.recover().await;
    assert_eq!(used(&rig).await, (5, 0));
    assert!(settle(requests(), 7).await.is_ok());
    assert_eq!(used(&rig).await, (5, 7));
}

#[tokio::test(start_paused = true)]
async fn one_that_another_call_may_have_executed_isnt_sent_once_it_could_count_twice() {
    let (rig, reservation) = (Rig::new(Refuse), reservation(100));
    rig.store.takes(20 * MS);
    let first = tokio::spawn({
        let (quotas, settlement) = (rig.backend.quotas.clone(), reservation.settlement(&[40]).unwrap());
        async move { quotas.settle(&settlement).await }
    });
    sleep(10 * MS).await;
    rig.store.takes(Duration::ZERO);
    rig.store.set(State::Down);
    rig.settle(&reservation, 40).await;
    // The queue hasn't tried yet when the first call's answer is lost.
    rig.store.set(State::AnswersLost);
    assert!(first.await.unwrap().is_ok(), "it waits with the second");
    rig.store.set(State::Down);
    assert_eq!(used(&rig).await.0, 40);
    sleep(30 * MINUTE).await;
    rig.recover().await;
    assert_eq!(used(&rig).await.0, 40);
}

#[tokio::test(start_paused = true)]
async fn nor_while_those_before_it_are_being_sent() {
    let rig = Rig::new(Refuse);
    rig.store.set(State::AnswersLost);
    rig.settle(&reservation(1000), 1000).await;
    rig.store.set(State::Down);
    for _ in 0..1000 {
        rig.settle(&reservation(1), 1).await;
    }
    sleep(535 * S).await;
    rig.store.takes(2 * S);
    rig.store.set(State::Well);
    sleep(5 * MINUTE).await;
    rig.store.takes(Duration::ZERO);
    assert_eq!(used(&rig).await.0, 2000);
}

/// Settles 40 again seconds later, when the store is down, and asserts that they count once.
async fn counts_once_when_repeated(rig: Rig, reservation: &Reservation, case: &str) {
    rig.recover().await;
    assert_eq!(used(&rig).await, (40, 0), "{case}");
    rig.store.set(State::Down);
    rig.settle(reservation, 40).await;
    let of_requests = settlement(reservation.id(), &[(requests(), 7)]);
    assert!(rig.backend.quotas.settle(&of_requests).await.is_ok());
    sleep(30 * MINUTE).await;
    rig.recover().await;
    assert_eq!(used(&rig).await, (40, 7), "{case}: what was certainly never sent counts");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_repeated_after_an_uncertain_answer_counts_once() {
    let (rig, lost) = (Rig::with_queue(Refuse, 2), reservation(100));
    rig.store.set(State::Down);
    for _ in 0..2 {
        let nothing = reservation(0);
        rig.settle(&nothing, 0).await;
    }
    rig.store.set(State::AnswersLost);
    let error = rig.backend.quotas.settle(&lost.settlement(&[40]).unwrap()).await.unwrap_err();
    assert!(error.may_have_charged(), "the queue is full: {error}");
    counts_once_when_repeated(rig, &lost, "answer lost").await;

    let (rig, dropped) = (Rig::new(Refuse), reservation(100));
    let settlement = dropped.settlement(&[40]).unwrap();
    rig.store.memory.settle(&settlement).await.unwrap();
    rig.store.set(State::Hangs);
    assert!(timeout(S, rig.backend.quotas.settle(&settlement)).await.is_err());
    counts_once_when_repeated(rig, &dropped, "dropped").await;
}

#[tokio::test(start_paused = true)]
async fn one_that_certainly_wasnt_executed_is_repeated_however_late() {
    let (rig, failed) = (Rig::new(Refuse), reservation(100));
    rig.store.set(State::Fails(ErrorKind::Capacity));
    assert!(rig.backend.quotas.settle(&failed.settlement(&[40]).unwrap()).await.is_err());
    rig.store.set(State::Down);
    rig.settle(&failed, 40).await;
    sleep(30 * MINUTE).await;
    rig.recover().await;
    assert_eq!(used(&rig).await, (40, 0));
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_answer_is_remembered_for_as_long_as_the_store_remembers() {
    let (rig, late) = (Rig::with_queue(Refuse, 1), reservation(100));
    rig.store.set(State::Fails(ErrorKind::Protocol));
    assert!(rig.backend.quotas.settle(&late.settlement(&[40]).unwrap()).await.is_err());
    sleep(10 * MINUTE).await;
    rig.store.set(State::Down);
    rig.settle(&late, 40).await;
    sleep(30 * MINUTE).await;
    rig.recover().await;
    assert_eq!(used(&rig).await, (40, 0));
}

#[tokio::test(start_paused = true)]
async fn one_is_told_to_what_waits_also_when_it_is_dropped_or_fails_otherwise() {
    for fails in [false, true] {
        let (rig, reservation) = (Rig::new(Refuse), reservation(100));
        let settlement = reservation.settlement(&[40]).unwrap();
        rig.store.memory.settle(&settlement).await.unwrap();
        rig.store.takes(20 * MS);
        let first = tokio::spawn({
            let quotas = rig.backend.quotas.clone();
            async move { quotas.settle(&settlement).await }
        });
        sleep(10 * MS).await;
        rig.store.takes(Duration::ZERO);
        rig.store.set(State::Down);
        rig.settle(&reservation, 40).await;
        if fails {
            rig.store.set(State::Fails(ErrorKind::Protocol));
        } else {
            first.abort();
        }
        assert!(first.await.is_ok_and(|answer| answer.is_err()) == fails);
        rig.store.set(State::Down);
        sleep(30 * MINUTE).await;
        rig.recover().await;
        assert_eq!(used(&rig).await.0, 40, "fails: {fails}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_would_be_given_up_at_once_errs() {
    let (rig, late) = (Rig::new(Refuse), reservation(100));
    let settle = async || rig.backend.quotas.settle(&late.settlement(&[40]).unwrap()).await;
    rig.store.set(State::Fails(ErrorKind::Protocol));
    assert!(settle().await.is_err());
    rig.store.set(State::Down);
    sleep(9 * MINUTE).await;
    assert_eq!(settle().await.unwrap_err().kind(), ErrorKind::Unavailable);
    rig.store.set(State::Well);
    sleep(50 * S).await;
    assert!(settle().await.is_ok(), "the store may be back in time");
    assert_eq!(used(&rig).await, (40, 0));
}

#[tokio::test(start_paused = true)]
async fn nor_is_one_told_to_wait_by_what_is_about_to_be_given_up() {
    let (rig, late) = (Rig::new(Refuse), reservation(100));
    let settle = async || rig.backend.quotas.settle(&late.settlement(&[40]).unwrap()).await;
    rig.store.set(State::RequestsLost);
    assert!(settle().await.is_ok());
    rig.store.set(State::Down);
    sleep(9 * MINUTE).await;
    let error = settle().await.unwrap_err();
    assert!(error.to_string().contains("could count twice"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_may_have_been_executed_takes_no_other_along() {
    let (rig, id) = (Rig::new(Refuse), ReservationId::random().unwrap());
    let (a, b) = ((bytes(), 5), (requests(), 7));
    let settle = async |parts: &[(Key, u64)]| rig.backend.quotas.settle(&settlement(&id, parts)).await;
    rig.store.set(State::Fails(ErrorKind::Protocol));
    assert!(settle(std::slice::from_ref(&a)).await.is_err());
    rig.store.set(State::Down);
    assert_eq!(settle(&[a, b]).await.unwrap().len(), 2);
    sleep(30 * MINUTE).await;
    rig.recover().await;
    assert_eq!(used(&rig).await, (0, 7));
}
