//! Reservations that have run out by the thousands, as after an outage: no call takes long over them, and none counts.

use limiter_core::QuotaTracker;

use crate::store::{LONG, Store, client, key, record, reservation, reserve, settle, settlement, yearly};

impl Store {
    /// How many reservations stand in the table; the counter's sum must be theirs.
    fn held(&self) -> u64 {
        let sums = "select q.reserved = coalesce(sum(h.amount), 0) from limiter.quota q \
            left join limiter.held h on h.key = q.key || int8send(q.end_ms) group by q.key, q.reserved";
        assert_eq!(self.ask(sums).trim(), "t");
        self.number("select count(*) from limiter.held")
    }
}

#[tokio::test]
async fn a_call_drops_ten_thousand_that_have_run_out_and_counts_none_of_the_others() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    assert_eq!(record(&quotas, 1).await.used, 1);
    store.ask(
        "insert into limiter.held select key || int8send(end_ms), 'h' || i, 1, written - 25000 + i \
           from limiter.quota, generate_series(1, 25000) i; \
         update limiter.quota set reserved = 25000, next_end = 1",
    );
    assert_eq!(quotas.check(&key("u1"), &yearly(10)).await.unwrap().reserved, 0);
    let recorded = record(&quotas, 1).await;
    assert_eq!((recorded.used, recorded.reserved, store.held()), (2, 0, 15_000));
    // The last of them is still there, and is another one from now on.
    assert!(reserve(&quotas, &reservation("h25000", 3, LONG)).await);
    assert_eq!(store.held(), 5_000);
    assert_eq!(quotas.check(&key("u1"), &yearly(10)).await.unwrap().reserved, 3);
    let settled = settle(&quotas, &settlement("h25000", 2)).await;
    assert_eq!((settled.used, settled.reserved, store.held()), (4, 0, 0));
}

#[tokio::test]
async fn a_period_that_turns_deletes_nothing_at_once() {
    let store = Store::new();
    let quotas = client(&store.url).await;
    assert!(reserve(&quotas, &reservation("r1", 4, LONG)).await);
    // As if it had been set aside in a period that is over.
    store.ask(
        "update limiter.held set key = substr(key, 1, length(key) - 8) || int8send(1); update limiter.quota set end_ms = 1",
    );
    assert_eq!(record(&quotas, 1).await.reserved, 0);
    assert_eq!(store.number("select count(*) from limiter.held"), 1);
    assert!(reserve(&quotas, &reservation("r1", 9, LONG)).await);
    assert_eq!(store.number("select count(*) from limiter.held"), 2);
    assert_eq!(quotas.sweep().await.unwrap(), 1);
    assert_eq!(quotas.check(&key("u1"), &yearly(10)).await.unwrap().reserved, 9);
}
