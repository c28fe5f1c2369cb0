//! The store down, and ten thousand calls at once.

use limiter_core::{Charge, QuotaTrackerExt, SlotLimiterExt, Source};
use limiter_layers::WhenUnavailable;
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::rig::{CHOICES, FIVE, Rig, S, chat, lease, request, reservation};
use crate::store::State;

const MANY: usize = 10_000;

/// Makes one call ten thousand times at once; answers how each ended.
async fn at_once<F: Future<Output = Option<Source>> + Send + 'static>(
    rig: &Arc<Rig>,
    call: impl Fn(Arc<Rig>) -> F,
) -> Vec<Option<Source>> {
    let mut calls = JoinSet::new();
    for _ in 0..MANY {
        calls.spawn(call(Arc::clone(rig)));
    }
    calls.join_all().await
}

/// How many were let through by whom, out of those that were answered with anything but an error.
fn by(source: Source, answers: &[Option<Source>]) -> usize {
    answers.iter().filter(|answer| **answer == Some(source)).count()
}

fn down(choice: WhenUnavailable, state: State) -> Arc<Rig> {
    let rig = Rig::new(choice);
    rig.store.set(state);
    Arc::new(rig)
}

#[tokio::test(start_paused = true)]
async fn hits_are_each_answered_as_chosen_and_the_store_is_asked_once_a_call() {
    for choice in CHOICES {
        let rig = down(choice, State::RequestsLost);
        let hit = async |rig: Arc<Rig>| {
            let key = chat();
            let decision = rig.backend.rates.hit(&[Charge::new(&key, &FIVE)]).await.ok()?;
            decision.is_allowed().then(|| decision.source())
        };
        let answers = at_once(&rig, hit).await;
        let allowed = (by(Source::Uncounted, &answers), by(Source::Fallback, &answers));
        let expected = match choice {
            Refuse => (0, 0),
            Allow => (MANY, 0),
            Fallback => (0, 5),
        };
        assert_eq!(allowed, expected, "{choice:?}");
        sleep(60 * S).await;
        assert_eq!(rig.store.calls(), MANY, "nothing is asked again by itself");
    }
}

#[tokio::test(start_paused = true)]
async fn acquires_are_each_answered_as_chosen_and_none_is_left_in_the_store() {
    for choice in CHOICES {
        let rig = down(choice, State::AnswersLost);
        let acquire = async |rig: Arc<Rig>| {
            let acquired = rig.backend.slots.acquire(&request(50)).await.ok()?;
            acquired.is_acquired().then(|| acquired.source())
        };
        let answers = at_once(&rig, acquire).await;
        let granted = (by(Source::Uncounted, &answers), by(Source::Fallback, &answers));
        let expected = match choice {
            Refuse => (0, 0),
            Allow => (MANY, 0),
            Fallback => (0, 50),
        };
        assert_eq!(granted, expected, "{choice:?}");
        assert!(rig.store.calls() <= MANY + 1, "{} calls", rig.store.calls());
        rig.recover().await;
        if choice != Refuse {
            assert_eq!(rig.held().await, (0, u64::try_from(expected.1).unwrap()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn settles_and_releases_wait_and_reach_the_store_in_few_calls() {
    for choice in CHOICES {
        let rig = Arc::new(Rig::new(choice));
        let mut leases = Vec::new();
        for _ in 0..1000 {
            leases.push(lease(&rig).await);
        }
        rig.store.set(State::Down);
        let settle = async |rig: Arc<Rig>| {
            rig.backend.quotas.settle_one(&reservation(1), 1).await.ok().map(|told| told.source)
        };
        assert_eq!(by(Source::Uncounted, &at_once(&rig, settle).await), MANY, "{choice:?}");
        let mut releases = JoinSet::new();
        for lease in leases {
            let rig = Arc::clone(&rig);
            releases.spawn(async move { rig.backend.slots.release_one(&lease).await.unwrap() });
        }
        assert!(releases.join_all().await.into_iter().all(|live| live));
        let calls = rig.store.calls();
        rig.store.takes(Duration::from_millis(1));
        rig.store.take_most_at_once();
        sleep(10 * S).await;
        assert!(rig.store.calls() - calls <= 40, "{} calls", rig.store.calls() - calls);
        assert!(rig.store.take_most_at_once() <= 2, "one for each part");
        rig.recover().await;
        assert_eq!((rig.held().await, rig.used().await), ((0, 0), (10_000, 0)), "{choice:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_and_what_is_remembered_is_bounded() {
    let rig = Arc::new(Rig::with_queue(Fallback, 100));
    rig.store.set(State::Down);
    let settle = async |rig: Arc<Rig>| {
        rig.backend.quotas.settle_one(&reservation(1), 1).await.ok().map(|told| told.source)
    };
    assert_eq!(by(Source::Uncounted, &at_once(&rig, settle).await), 100);
    let reserve = async |rig: Arc<Rig>| {
        let reserved = rig.backend.quotas.reserve(&reservation(1)).await.ok()?;
        Some(reserved.outcomes()[0].source)
    };
    assert_eq!(by(Source::Fallback, &at_once(&rig, reserve).await), 100);
    assert_eq!(rig.reserved().await, (0, 100));
}
