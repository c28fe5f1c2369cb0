//! Calls over several counters that name them in any order.

use limiter_core::{EXACT, QuotaCharge, QuotaTracker, Reservation};
use limiter_postgres::PostgresBackend;
use tokio::task::JoinSet;

use crate::store::{LONG, Store, client, key, yearly};

const CALLERS: usize = 24;
const CALLS: usize = 15;
const COUNTERS: usize = 5;

/// Sets one unit aside in all counters and settles it, naming them in another order each time.
async fn reserve_and_settle(quotas: PostgresBackend, caller: usize) {
    for call in 0..CALLS {
        let place = |step: usize| (caller + step * (1 + (caller + call) % (COUNTERS - 1))) % COUNTERS;
        let charges: Vec<_> = (0..COUNTERS)
            .map(|step| QuotaCharge::new(key(&format!("c{}", place(step))), yearly(EXACT), 1))
            .collect();
        let reservation = Reservation::new(charges, LONG).unwrap();
        assert!(quotas.reserve(&reservation).await.unwrap().is_granted());
        let _ = quotas.settle(&reservation.settlement(&[1; COUNTERS]).unwrap()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_named_in_any_order_never_deadlock() {
    let store = Store::new();
    let clients = [client(&store.url).await, client(&store.url).await];
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(reserve_and_settle(clients[caller % 2].clone(), caller));
    }
    callers.join_all().await;
    let whole = "select count(*) from limiter.quota where used = 360 and reserved = 0";
    assert_eq!(store.number(whole), COUNTERS as u64);
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(store.number(deadlocks), 0);
}
