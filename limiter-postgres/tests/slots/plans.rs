//! How the server looks leases up: calls stay fast whatever it believes of its tables.

use limiter_core::{Control, SlotLimiter};

use crate::store::{LONG, Store, client, key, take, wanting};

#[tokio::test]
async fn rows_are_looked_up_by_their_keys_even_in_tables_that_seem_to_be_tiny() {
    let store = Store::new();
    let slots = client(&store.url).await;
    take(&slots, &wanting(&[key("a")], 99, LONG)).await;
    // The server now believes that there is one row, and always will be.
    store.ask("vacuum analyze limiter.lease, limiter.slot");
    let scans = "select sum(seq_scan) from pg_stat_user_tables where relname in ('lease', 'slot')";
    store.ask("select pg_stat_reset()");
    for _ in 0..20 {
        let lease = take(&slots, &wanting(&[key("a"), key("b")], 99, LONG)).await;
        assert_eq!(slots.renew(std::slice::from_ref(&lease)).await.unwrap(), [true]);
        slots.in_use(&key("a")).await.unwrap();
        slots.leases(&key("a")).await.unwrap();
        assert_eq!(slots.release(&[lease]).await.unwrap(), [true]);
    }
    slots.acquire(&wanting(&[key("a")], 0, LONG)).await.unwrap().into_result().unwrap_err();
    // A session tells what it did when it has been idle for a while, or ends.
    slots.shutdown().await.unwrap();
    let looked_up = "select sum(idx_scan) from pg_stat_user_tables where relname in ('lease', 'slot')";
    assert!(store.figure(looked_up) > 100);
    assert_eq!(store.figure(scans), 0);
}

#[tokio::test]
async fn leases_that_are_gone_cost_the_next_ones_of_their_key_nothing() {
    let store = Store::new();
    let slots = client(&store.url).await;
    store.ask("alter table limiter.lease set (autovacuum_enabled = off)");
    for _ in 0..200 {
        let lease = take(&slots, &wanting(&[key("a")], 9, LONG)).await;
        slots.release(&[lease]).await.unwrap();
    }
    slots.shutdown().await.unwrap();
    let slots = client(&store.url).await;
    let read = "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'lease_pkey'";
    assert!(store.figure(read) > 0);
    store.ask("select pg_stat_reset()");
    for _ in 0..10 {
        slots.acquire(&wanting(&[key("a")], 0, LONG)).await.unwrap().into_result().unwrap_err();
    }
    slots.shutdown().await.unwrap();
    let read = store.figure(read);
    assert!(read < 1000, "{read} index entries were read in 10 calls");
}
