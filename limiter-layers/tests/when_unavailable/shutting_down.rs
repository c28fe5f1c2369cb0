use limiter_core::{ErrorKind, QuotaTrackerExt, SlotLimiterExt};
use limiter_layers::WhenUnavailable::{Fallback, Refuse};
use tokio::time::{Instant, sleep};

use crate::rig::{Rig, S, lease, reservation};
use crate::store::State;

async fn with_two_waiting() -> Rig {
    let rig = Rig::new(Refuse);
    let lease = lease(&rig).await;
    rig.store.set(State::Down);
    rig.backend.slots.release_one(&lease).await.unwrap();
    rig.settle(&reservation(5), 5).await;
    sleep(30 * S).await;
    rig
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_sends_what_waits_at_once() {
    let rig = with_two_waiting().await;
    rig.store.set(State::Well);
    let start = Instant::now();
    rig.backend.control.shutdown().await.unwrap();
    assert!(start.elapsed() < S / 4, "{:?}", start.elapsed());
    assert_eq!((rig.held().await, rig.used().await), ((0, 0), (5, 0)));
    rig.backend.control.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_a_store_that_comes_back() {
    let rig = with_two_waiting().await;
    let back = async {
        sleep(4 * S).await;
        rig.store.set(State::Well);
    };
    let (ended, ()) = tokio::join!(rig.backend.control.shutdown(), back);
    ended.unwrap();
    assert_eq!((rig.held().await, rig.used().await), ((0, 0), (5, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_in_5_s_and_tells_how_many_couldnt_be_sent() {
    for state in [State::Down, State::Hangs] {
        let rig = with_two_waiting().await;
        rig.store.set(state);
        let start = Instant::now();
        let error = rig.backend.control.shutdown().await.unwrap_err();
        assert!((5 * S..5 * S + S / 10).contains(&start.elapsed()), "{:?}", start.elapsed());
        let told = error.to_string();
        assert!(
            error.kind() == ErrorKind::Unavailable && told.contains("1 settlements and 1 releases"),
            "{told}"
        );
        rig.store.set(State::Down);
        let calls = rig.store.calls();
        sleep(60 * S).await;
        assert_eq!(rig.store.calls(), calls, "nothing runs on");
        let error = rig.backend.quotas.settle_one(&reservation(5), 5).await.unwrap_err();
        assert!(error.to_string().contains("shut down"), "nothing is taken in that nobody sends: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_queue_ends_with_the_backend() {
    let rig = with_two_waiting().await;
    let store = rig.store.clone();
    drop(rig);
    let calls = store.calls();
    sleep(60 * S).await;
    assert_eq!(store.calls(), calls);
    assert_eq!(std::sync::Arc::strong_count(&store), 1, "nothing holds on to it");
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_and_nothing_is_left_to_do() {
    let rig = Rig::new(Fallback);
    let start = Instant::now();
    rig.backend.control.shutdown().await.unwrap();
    assert!(start.elapsed() < S / 10);
}
