//! How the server looks counters up: calls stay fast whatever it believes of its tables, and however much is held.

use limiter_core::{Control, QuotaTracker, QuotaTrackerExt};

use crate::store::{LONG, Store, client, key, yearly};

const TABLES: &str = "('quota', 'held', 'settled')";

impl Store {
    /// What the tables' statistics say of rows that were read.
    fn statistic(&self, column: &str, view: &str) -> u64 {
        self.figure(&format!("select sum({column}) from pg_stat_user_{view} where relname in {TABLES}"))
    }
}

/// Each function once.
async fn everything(store: &Store, times: usize) {
    let quotas = client(&store.url).await;
    let (key, quota) = (key("u1"), yearly(1_000_000));
    assert!(quotas.reserve_one(&key, &quota, 1, 2 * LONG).await.unwrap().1.is_granted());
    for _ in 0..times {
        let (reservation, reserved) = quotas.reserve_one(&key, &quota, 1, LONG).await.unwrap();
        assert!(reserved.is_granted());
        let _ = quotas.settle_one(&reservation, 1).await.unwrap();
        let _ = quotas.record(&key, &quota, 1).await.unwrap();
        let outcome = quotas.check(&key, &quota).await.unwrap();
        // What runs out first would make room.
        let full = yearly(outcome.used + outcome.reserved);
        assert!(!quotas.check(&key, &full).await.unwrap().is_allowed());
        assert!(!quotas.reserve_one(&key, &full, 1, LONG).await.unwrap().1.is_granted());
    }
    QuotaTracker::reset(&quotas, &crate::store::key("other"), &quota).await.unwrap();
    quotas.shutdown().await.unwrap();
}

#[tokio::test]
async fn rows_are_looked_up_by_their_keys_even_in_tables_that_seem_to_be_tiny() {
    let store = Store::new();
    everything(&store, 1).await;
    // The server now believes that there is one row, and always will be.
    store.ask("vacuum analyze limiter.quota, limiter.held, limiter.settled");
    store.statistic("idx_scan", "tables");
    store.ask("select pg_stat_reset()");
    everything(&store, 20).await;
    assert!(store.statistic("idx_scan", "tables") > 100);
    assert_eq!(store.statistic("seq_scan", "tables"), 0);
}

#[tokio::test]
async fn reservations_of_others_cost_a_call_nothing() {
    let store = Store::new();
    everything(&store, 1).await;
    let held = 5_000;
    // As many reservations as nobody makes in a test.
    store.ask(&format!(
        "insert into limiter.held select key || int8send(end_ms), 'h' || i, 1, written + 3600000 + i \
           from limiter.quota, generate_series(1, {held}) i where used > 0; \
         update limiter.quota set reserved = reserved + {held}, gone = gone + 7200000"
    ));
    let quotas = client(&store.url).await;
    let outcome = quotas.check(&key("u1"), &yearly(held)).await.unwrap();
    assert_eq!(outcome.reserved, held + 1);
    quotas.shutdown().await.unwrap();
    store.statistic("idx_scan", "tables");
    store.ask("select pg_stat_reset()");
    everything(&store, 10).await;
    let read = store.statistic("idx_tup_read", "indexes");
    assert!(read < 1_000, "{read} index entries were read in 60 calls");
}
