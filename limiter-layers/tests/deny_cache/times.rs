//! When a remembered denial ends, and what it tells on the way.

use std::time::Duration;

use limiter_core::{Charge, Clock, Decision, Limit, RateLimiter, Source};
use limiter_layers::DenyCacheLayer;
use limiter_testkit::Model;
use tokio::time::{Instant, advance};

use crate::store::{NOW_MS, Rig, each, key};

const MS: Duration = Duration::from_millis(1);

fn wait(decision: &Decision) -> Duration {
    decision.retry_after().unwrap().after().unwrap()
}

/// The store decides somewhere on a call's way. Whenever that was, what fits by its clock is asked, and who waits as
/// long as told finds that it fits.
#[tokio::test]
async fn a_slow_way_neither_prolongs_a_denial_nor_shortens_the_wait() {
    for limit in each(1) {
        for [there, back] in [[300, 0], [0, 300], [200, 700]] {
            let (rig, user) = (Rig::new(), key("u1"));
            rig.hit(&user, &limit, 1).await.outcomes();
            rig.store.takes(there * MS, back * MS);
            let told_by_store = rig.asked(&user, &limit, 1).await;
            rig.store.takes(Duration::ZERO, Duration::ZERO);
            let fits_ms = rig.clock.now_ms() + millis(wait(&told_by_store)) - u64::from(back);
            while rig.clock.now_ms() < fits_ms {
                let (decision, asked) = rig.hit_asks(&user, &limit, 1).await;
                assert!(!decision.is_allowed());
                let told_ms = rig.clock.now_ms() + millis(wait(&decision));
                assert!(asked || told_ms >= fits_ms, "{limit}: told {told_ms}, fits at {fits_ms}");
                assert!(told_ms <= fits_ms + u64::from(back), "{limit}: told {told_ms}, fits at {fits_ms}");
                rig.clock.advance(
                    Duration::from_millis(97).min(Duration::from_millis(fits_ms - rig.clock.now_ms())),
                );
            }
            assert!(rig.asked(&user, &limit, 1).await.is_allowed(), "{limit}");
        }
    }
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap()
}

/// A clock that stepped back: the store's counters stand still, or start anew.
#[tokio::test]
async fn while_the_clock_is_behind_the_store_is_asked() {
    for limit in each(1) {
        for back_ms in [1, 5_000, 59_000, 61_000, 500_000] {
            let (rig, user) = (Rig::new(), key("u1"));
            rig.hit(&user, &limit, 1).await.outcomes();
            rig.hit(&user, &limit, 1).await.outcomes();
            rig.cached(&user, &limit, 1).await;
            rig.clock.set_ms(NOW_MS - back_ms);
            let behind = rig.asked(&user, &limit, 1).await;
            assert_eq!(behind.is_allowed(), back_ms > 60_000, "{limit}");
            rig.asked(&user, &limit, 1).await.outcomes();
            rig.clock.set_ms(NOW_MS);
            let fits = rig.truth(&user, &limit, 1).await.is_allowed();
            assert_eq!(rig.asked(&user, &limit, 1).await.is_allowed(), fits, "{limit}");
            rig.hit(&user, &limit, 1).await.outcomes();
            rig.clock.advance(100 * MS);
            assert_eq!(rig.cached(&user, &limit, 1).await, rig.truth(&user, &limit, 1).await);
        }
    }
}

/// A clock that was far ahead, and was set right.
#[tokio::test]
async fn a_clock_that_was_far_ahead_is_soon_gone_by_again() {
    let limit = Limit::fixed_window(1, Duration::from_secs(3600)).unwrap();
    let (rig, user, other) = (Rig::new(), key("u1"), key("u2"));
    rig.clock.set_ms(NOW_MS + 86_400_000);
    rig.hit(&other, &limit, 1).await.outcomes();
    rig.clock.set_ms(NOW_MS);
    rig.hit(&user, &limit, 1).await.outcomes();
    rig.asked(&user, &limit, 1).await.outcomes();
    rig.clock.advance(Duration::from_secs(61));
    rig.asked(&user, &limit, 1).await.outcomes();
    rig.cached(&user, &limit, 1).await;
}

/// The time of the paused runtime, for a store.
#[derive(Debug)]
struct Paused(Instant);

impl Clock for Paused {
    fn now_ms(&self) -> u64 {
        NOW_MS + millis(self.0.elapsed())
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_clock_it_goes_by_the_processs_own() {
    let limit = Limit::sliding_log(1, Duration::from_secs(10)).unwrap();
    let cache = DenyCacheLayer::new(10).around(Model::new(Paused(Instant::now())));
    let user = key("u1");
    let charges = [Charge::new(&user, &limit)];
    let mut sources = Vec::new();
    for step in [0, 0, 0, 9_900, 100] {
        advance(step * MS).await;
        let decision = cache.hit(&charges).await.unwrap();
        sources.push((decision.is_allowed(), decision.source()));
    }
    let wanted = [
        (true, Source::Store),
        (false, Source::Store),
        (false, Source::Cache),
        (false, Source::Cache),
        (true, Source::Store),
    ];
    assert_eq!(sources, wanted);
}
