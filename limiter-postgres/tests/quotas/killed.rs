//! A server that is killed while many reserve, settle and record.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{EXACT, QuotaTracker, QuotaTrackerExt, Settlement};
use limiter_postgres::PostgresBackend;
use testservers::postgres::Postgres;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::store::{LONG, key, strict_client, yearly};

const ACTUAL: u64 = 7;

/// What callers were told.
#[derive(Debug, Default)]
struct Told {
    settled: u64,
    last: Option<Settlement>,
    perhaps: Vec<Settlement>,
    recorded: u64,
    perhaps_recorded: u64,
}

async fn reserve_and_settle(quotas: PostgresBackend, told: Arc<Mutex<Told>>) {
    loop {
        let reserved = quotas.reserve_one(&key("settled"), &yearly(EXACT), 10, LONG).await;
        let Ok((reservation, reserved)) = reserved else { return };
        assert!(reserved.is_granted());
        let settlement = reservation.settlement(&[ACTUAL]).unwrap();
        match quotas.settle(&settlement).await {
            Ok(_) => {
                let mut told = told.lock().await;
                told.settled += 1;
                told.last = Some(settlement);
            }
            Err(_) => return told.lock().await.perhaps.push(settlement),
        }
    }
}

async fn record(quotas: PostgresBackend, told: Arc<Mutex<Told>>) {
    loop {
        match quotas.record(&key("recorded"), &yearly(EXACT), 1).await {
            Ok(_) => told.lock().await.recorded += 1,
            Err(error) => {
                told.lock().await.perhaps_recorded += u64::from(error.may_have_charged());
                return;
            }
        }
    }
}

/// Waits until calls are answered again, which they are within seconds and without a new client.
async fn answered_again(quotas: &PostgresBackend) {
    let start = Instant::now();
    while quotas.check(&key("settled"), &yearly(EXACT)).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(10), "not answered 10 s after the restart");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_and_what_is_repeated_counts_once() {
    let server = Postgres::start().unwrap();
    let quotas = strict_client(&server.url(), Duration::from_secs(5)).await;
    let told = Arc::<Mutex<Told>>::default();
    for _ in 0..2 {
        let mut callers = JoinSet::new();
        for _ in 0..16 {
            callers.spawn(reserve_and_settle(quotas.clone(), Arc::clone(&told)));
            callers.spawn(record(quotas.clone(), Arc::clone(&told)));
        }
        sleep(Duration::from_millis(500)).await;
        server.kill();
        callers.join_all().await;
        server.start_again().unwrap();
        answered_again(&quotas).await;
    }
    let told = told.lock().await;
    assert!(told.settled > 10 && told.recorded > 10, "{told:?}");
    let used = async |name| quotas.used(&key(name), &yearly(EXACT)).await;
    let recorded = used("recorded").await.unwrap();
    assert!(
        told.recorded <= recorded && recorded <= told.recorded + told.perhaps_recorded,
        "{recorded}, {told:?}"
    );
    let settled = used("settled").await.unwrap();
    let perhaps = told.perhaps.len() as u64;
    assert!(told.settled * ACTUAL <= settled, "{settled}, {told:?}");
    assert!(settled <= (told.settled + perhaps) * ACTUAL, "{settled}, {told:?}");
    for settlement in told.perhaps.iter().chain(&told.last) {
        let _ = quotas.settle(settlement).await.unwrap();
    }
    assert_eq!(used("settled").await.unwrap(), (told.settled + perhaps) * ACTUAL);
}
