//! Calls and sweeps at once: nothing that is in use goes, and nobody is locked out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use limiter_core::{LeaseRequest, Limit, RateLimiterExt, Scope, SlotLimiter};
use limiter_postgres::PostgresBackend;
use tokio::task::{JoinHandle, JoinSet};

use crate::store::{LATER, Store, key};

/// Longer than any call may take.
const LONG: Duration = Duration::from_mins(10);

/// Sweeps without a pause until it is told to stop; tells how many rows were removed.
fn sweep_on(backend: &PostgresBackend, stop: &Arc<AtomicBool>) -> JoinHandle<u64> {
    let (backend, stop) = (backend.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut removed = 0;
        while !stop.load(Ordering::Relaxed) {
            removed += backend.sweep().await.unwrap();
        }
        removed
    })
}

/// Lets a sweep see a row that is gone, and writes it again before the sweep can have it: one that locks rows waits here,
/// one that reads them doesn't.
fn write_between(store: &Store, table: &str) -> thread::JoinHandle<String> {
    let locks = format!("select from pg_locks where relation = 'limiter.{table}'::regclass");
    let text = format!(
        "begin; lock table limiter.{table} in exclusive mode; \
         do $$ begin while not exists ({locks} and not granted) loop perform pg_sleep(0.01); end loop; end $$; \
         update limiter.{table} set gone = {LATER}; commit"
    );
    let writing = store.clone();
    let writing = thread::spawn(move || writing.ask(&text));
    let locked = format!("select count(*) from ({locks} and mode = 'ExclusiveLock' and granted) l");
    while store.number(&locked) == 0 {
        assert!(!writing.is_finished(), "it could not be locked");
    }
    writing
}

#[tokio::test]
async fn what_was_written_again_after_it_was_seen_to_be_gone_stays() {
    let (store, backend) = Store::new().await;
    for (table, row) in [
        ("rate", "(key, gone) values ('k', 1)"),
        ("quota", "(key, gone) values ('k', 1)"),
        ("lease", "values ('k', 'l', 1, 1, 1)"),
        ("settled", "values ('k', 's', 1, 1)"),
    ] {
        store.ask(&format!("insert into limiter.{table} {row}"));
        let writing = write_between(&store, table);
        assert_eq!(backend.sweep().await.unwrap(), 0, "of {table}");
        writing.join().unwrap();
        assert_eq!(store.count(table), 1, "of {table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_goes_under_who_is_about_to_have_a_lease() {
    let (store, backend) = Store::new().await;
    // So many others that a moment lies between looking at keys and locking them.
    store.ask("insert into limiter.slot select int8send(i) from generate_series(1, 900) i");
    store.ask(&format!("insert into limiter.lease select key, 'l', 1, {LATER}, {LATER} from limiter.slot"));
    let stop = Arc::new(AtomicBool::new(false));
    let sweeping = sweep_on(&backend, &stop);
    let mut holders = JoinSet::new();
    for holder in 0..4 {
        let (backend, stop) = (backend.clone(), Arc::clone(&stop));
        holders.spawn(async move {
            let mut had = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                // Two keys next to each other, in one order or the other.
                let keys = [0, 1].map(|place| key(&format!("{}", (had + (holder + place) % 2) % 6)));
                let scopes = keys.clone().map(|key| Scope::new(key, 2));
                let request = LeaseRequest::new(scopes, LONG).unwrap();
                if let Ok(lease) = backend.acquire(&request).await.unwrap().into_result() {
                    assert!(backend.in_use(&keys[0]).await.unwrap() <= 2);
                    assert_eq!(backend.renew(std::slice::from_ref(&lease)).await.unwrap(), [true]);
                    assert_eq!(backend.release(&[lease]).await.unwrap(), [true]);
                }
                had += 1;
            }
            had
        });
    }
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        let orphans = "select count(*) from limiter.lease l where not exists (select from limiter.slot s where s.key = l.key)";
        assert_eq!(store.number(orphans), 0);
    }
    stop.store(true, Ordering::Relaxed);
    let had: u64 = holders.join_all().await.iter().sum();
    let removed = sweeping.await.unwrap();
    assert!(had > 10 && removed > 0, "{had} leases, {removed} rows removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_go_on_and_count_to_the_last_while_thousands_of_rows_go() {
    const MAX: u64 = 400;
    let (store, backend) = Store::new().await;
    store.expired_counters(20_000);
    let stop = Arc::new(AtomicBool::new(false));
    let sweeping = sweep_on(&backend, &stop);
    let limits = [
        Limit::fixed_window(MAX, Duration::from_hours(366 * 24)).unwrap(),
        Limit::sliding_window(MAX, Duration::from_hours(366 * 24)).unwrap(),
        Limit::sliding_log(MAX, LONG).unwrap(),
    ];
    let mut callers = JoinSet::new();
    for caller in 0..6 {
        let (backend, limit) = (backend.clone(), limits[caller % 3]);
        callers.spawn(async move {
            let (mut admitted, mut slowest) = (0, Duration::ZERO);
            for number in 0..MAX {
                let begun = Instant::now();
                admitted += u64::from(backend.hit_one(&key("hot"), &limit).await.unwrap().is_allowed());
                slowest = slowest.max(begun.elapsed());
                // One that nobody comes back to.
                let brief = Limit::fixed_window(1, Duration::from_millis(1)).unwrap();
                assert!(
                    backend.hit_one(&key(&format!("{caller}.{number}")), &brief).await.unwrap().is_allowed()
                );
            }
            (admitted, slowest)
        });
    }
    let told = callers.join_all().await;
    stop.store(true, Ordering::Relaxed);
    let removed = sweeping.await.unwrap();
    assert_eq!(told.iter().map(|(admitted, _)| admitted).sum::<u64>(), 3 * MAX);
    assert!(removed >= 20_000, "{removed}");
    let slowest = told.iter().map(|(_, slowest)| *slowest).max().unwrap();
    assert!(slowest < Duration::from_secs(1), "a hit took {slowest:?}");
}
