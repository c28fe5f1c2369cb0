//! A counter that is hit all the time.

use std::time::Duration;

use limiter_core::{Control, Limit, RateLimiterExt};
use tokio::task::JoinSet;

use crate::store::{Store, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_counter_stays_on_its_page() {
    let (store, backend) = Store::new().await;
    let limits = [
        Limit::fixed_window(1_000_000, Duration::from_hours(24)).unwrap(),
        Limit::token_bucket(1_000_000, Duration::from_secs(1000)).unwrap(),
    ];
    let mut callers = JoinSet::new();
    for caller in 0..8 {
        let (backend, limit) = (backend.clone(), limits[caller % 2]);
        callers.spawn(async move {
            for _ in 0..400 {
                assert!(backend.hit_one(&key("hot"), &limit).await.unwrap().is_allowed());
            }
        });
    }
    callers.join_all().await;
    backend.shutdown().await.unwrap();
    let figures = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'rate'";
    let mut updates = (0, 0);
    for _ in 0..50 {
        let told = store.ask(figures);
        let (all, hot) = told.split_once('|').unwrap();
        updates = (all.parse::<u64>().unwrap(), hot.parse::<u64>().unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (all, hot) = updates;
    // Many hits are one update where they come at once.
    assert!(all >= 100 && hot * 100 >= all * 90, "{hot} of {all} updates stayed on their page");
    let bytes = store.number("select pg_relation_size('limiter.rate')");
    assert!(bytes <= 10 * 8192, "{bytes} bytes for two counters");
}
