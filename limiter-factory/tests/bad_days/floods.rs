//! Floods of new keys, while the process counts for itself and while it remembers denials.

use limiter_factory::{Key, Limiters, RateLimiterExt, limit};
use limiter_testkit::proxy::Mode;

use crate::calls::key;
use crate::stage::Stage;

async fn allowed(limiters: &Limiters, key: &Key) -> bool {
    limiters.rates().hit_one(key, &limit!("5/hour")).await.is_ok_and(|decision| decision.is_allowed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_frees_nobody_while_the_process_counts() {
    for when_full in ["refuse", "share"] {
        let vars = [
            ("LIMITER_WHEN_UNAVAILABLE", "memory"),
            ("LIMITER_MEMORY_CAPACITY", "100"),
            ("LIMITER_MEMORY_WHEN_FULL", when_full),
            ("LIMITER_BREAKER_FAILURES", "1"),
            ("LIMITER_BREAKER_OPEN_MS", "60000"),
        ];
        let stage = Stage::with(&vars).await;
        stage.fail(Mode::Down).await;
        let (exhausted, fresh) = (key("exhausted"), key("fresh"));
        for _ in 0..5 {
            assert!(allowed(&stage.limiters, &exhausted).await);
        }
        assert!(allowed(&stage.limiters, &fresh).await);
        for number in 0..1000 {
            allowed(&stage.limiters, &key(&format!("flood-{number}"))).await;
        }
        assert!(!allowed(&stage.limiters, &exhausted).await, "{when_full}: let in again");
        let more = [0; 6].map(|_| ());
        let mut got = 1;
        for () in more {
            got += usize::from(allowed(&stage.limiters, &fresh).await);
        }
        assert_eq!(got, 5, "{when_full}: a live counter was dropped");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_denials_frees_nobody() {
    let stage = Stage::with(&[("LIMITER_DENY_CACHE", "100")]).await;
    let exhausted = key("exhausted");
    for _ in 0..5 {
        assert!(allowed(&stage.limiters, &exhausted).await);
    }
    for number in 0..300 {
        let flood = key(&format!("flood-{number}"));
        for _ in 0..6 {
            allowed(&stage.limiters, &flood).await;
        }
        assert!(!allowed(&stage.limiters, &exhausted).await, "let in after {number} others");
    }
}
