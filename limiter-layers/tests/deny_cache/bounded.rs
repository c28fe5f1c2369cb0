//! Denials that are answered from the cache for no longer than is said.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{
    Backend, Capabilities, Charge, Control, Limit, ManualClock, RateLimiter, Result, Retry, Source,
};
use limiter_layers::{DenyCacheLayer, Layer};
use limiter_testkit::Model;

use crate::store::{NOW_MS, key};

const S: Duration = Duration::from_secs(1);

/// What a store says of itself.
#[derive(Debug)]
struct Says(Capabilities);

#[async_trait]
impl Control for Says {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "a store".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        self.0
    }
}

/// Around a store that can do so much.
fn around(can: Capabilities, layer: DenyCacheLayer) -> (Backend, ManualClock) {
    let clock = ManualClock::new(NOW_MS);
    let mut store = Backend::new("store", Arc::new(Model::new(clock.clone())));
    store.control = Arc::new(Says(can));
    (layer.with_clock(clock.clone()).wrap(store), clock)
}

/// For how long the cache answers, to the tenth of a second, when the store has denied for a minute.
async fn lasts((backend, clock): (Backend, ManualClock)) -> Duration {
    let (limit, user) = (Limit::sliding_log(1, 60 * S).unwrap(), key("u1"));
    let charges = [Charge::new(&user, &limit)];
    assert!(backend.rates.hit(&charges).await.unwrap().is_allowed());
    assert_eq!(backend.rates.hit(&charges).await.unwrap().source(), Source::Store);
    let mut lasts = Duration::ZERO;
    loop {
        let answer = backend.rates.hit(&charges).await.unwrap();
        if answer.source() == Source::Store {
            return lasts;
        }
        assert_eq!(
            answer.retry_after(),
            Some(Retry::After((60 * S).saturating_sub(lasts))),
            "the wait is the store's"
        );
        lasts += S / 10;
        clock.advance(S / 10);
    }
}

#[tokio::test]
async fn a_denial_is_answered_for_as_long_as_is_said() {
    let can = Capabilities::NONE.with_atomic_keys();
    assert_eq!(lasts(around(can, DenyCacheLayer::new(10).with_longest(5 * S))).await, 5 * S);
    assert!(lasts(around(can, DenyCacheLayer::new(10))).await > 59 * S);
    assert_eq!(
        lasts(around(can, DenyCacheLayer::new(10).with_longest(Duration::ZERO))).await,
        Duration::ZERO
    );
}

#[tokio::test]
async fn a_store_that_gives_back_by_itself_is_asked_again_after_a_second() {
    let apart = Capabilities::NONE;
    let early = Capabilities::NONE.with_atomic_keys().with_early_refusals();
    for can in [apart, early] {
        assert_eq!(lasts(around(can, DenyCacheLayer::new(10))).await, S);
        assert_eq!(lasts(around(can, DenyCacheLayer::new(10).with_longest(5 * S))).await, S);
        assert_eq!(lasts(around(can, DenyCacheLayer::new(10).with_longest(S / 2))).await, S / 2);
    }
}

#[tokio::test]
async fn it_says_for_how_long() {
    let words = |can, layer| around(can, layer).0.control.describe();
    let (atomic, cached) =
        (Capabilities::NONE.with_atomic_keys(), "a store, denials of up to 10 counters cached");
    assert_eq!(words(atomic, DenyCacheLayer::new(10)), cached);
    assert_eq!(words(Capabilities::NONE, DenyCacheLayer::new(10)), format!("{cached} for up to 1s"));
}
