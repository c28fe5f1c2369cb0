//! Answers that are lost after the server has executed the call.

use std::time::Duration;

use limiter_core::{EXACT, QuotaCharge, QuotaTracker, Reservation, Result};
use limiter_postgres::PostgresBackend;
use limiter_testkit::proxy::{Mode, Proxy};
use tokio::time::{sleep, timeout};

use crate::store::{LONG, Store, client, client_of_two, key, yearly};

const KEYS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Record,
    Reserve,
    Settle,
}

fn reservation_for(keys: [&str; 3]) -> Reservation {
    Reservation::new(keys.map(|name| QuotaCharge::new(key(name), yearly(EXACT), 5)), LONG).unwrap()
}

async fn make(quotas: &PostgresBackend, operation: Operation, reservation: &Reservation) -> Result<()> {
    let first = reservation.charges()[0].key();
    match operation {
        Operation::Record => quotas.record(first, &yearly(EXACT), 4).await.map(drop),
        Operation::Reserve => quotas.reserve(reservation).await.map(|told| assert!(told.is_granted())),
        Operation::Settle => quotas.settle(&reservation.settlement(&[7, 7, 7]).unwrap()).await.map(drop),
    }
}

/// Units used and reserved of each key.
async fn counts(quotas: &PostgresBackend) -> [(u64, u64); 3] {
    let mut counts = [(0, 0); 3];
    for (count, name) in counts.iter_mut().zip(KEYS) {
        let outcome = quotas.check(&key(name), &yearly(EXACT)).await.unwrap();
        *count = (outcome.used, outcome.reserved);
    }
    counts
}

/// Ends the connections that a fault has left, and waits until calls are answered again.
async fn heal(proxy: &Proxy, quotas: &PostgresBackend) {
    proxy.set(Mode::Cut { after_bytes: 0 }).await;
    sleep(Duration::from_millis(20)).await;
    proxy.set(Mode::Forward).await;
    let answered = async {
        while quotas.check(&key("a"), &yearly(EXACT)).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), answered).await.unwrap();
}

async fn lose(mode: Mode) {
    let store = Store::new();
    let direct = client(&store.url).await;
    let address = store.url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
    let proxy = Proxy::start(address.as_str()).await.unwrap();
    let url = store.url.replace(&address, &proxy.address().to_string());
    let lossy = client_of_two(&url, Duration::from_millis(1500)).await;
    let reservation = reservation_for(KEYS);
    let wanted = [
        (Operation::Record, [(4, 0), (0, 0), (0, 0)]),
        (Operation::Reserve, [(4, 5), (0, 5), (0, 5)]),
        (Operation::Settle, [(11, 0), (7, 0), (7, 0)]),
    ];
    for (operation, once) in wanted {
        // The connections have prepared their statements then: what is lost is the answer to the call itself.
        for _ in 0..4 {
            make(&lossy, operation, &reservation_for(["x", "y", "z"])).await.unwrap();
        }
        proxy.set(mode).await;
        let error = make(&lossy, operation, &reservation).await.unwrap_err();
        assert!(error.may_have_charged(), "{operation:?}: {error}");
        assert_eq!(counts(&direct).await, once, "{operation:?}");
        heal(&proxy, &lossy).await;
        if operation != Operation::Record {
            make(&lossy, operation, &reservation).await.unwrap();
        }
        assert_eq!(counts(&direct).await, once, "{operation:?}, repeated");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_was_counted_once() {
    lose(Mode::DropReplies).await;
}

#[tokio::test]
async fn an_answer_before_which_the_connection_ends_was_counted_once() {
    lose(Mode::DropRepliesAndCut).await;
}
