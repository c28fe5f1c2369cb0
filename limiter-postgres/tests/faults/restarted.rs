//! Servers that go and come back while many call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use limiter_core::{Charge, ErrorKind, QuotaTracker, RateLimiter, SlotLimiter};
use limiter_postgres::{Durability, PostgresBackend};
use testservers::postgres::Postgres;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::operations::*;

const CALLERS: u64 = 24;

/// What callers were told of what they counted.
#[derive(Debug, Default)]
struct Told {
    done: AtomicU64,
    perhaps: AtomicU64,
    ended: AtomicBool,
}

impl Told {
    fn note<T>(&self, answer: &limiter_core::Result<T>) {
        match answer {
            Ok(_) => self.done.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout), "{error}");
                self.perhaps.fetch_add(u64::from(error.may_have_charged()), Ordering::Relaxed)
            }
        };
    }

    fn assert_explains(&self, counted: u64, what: &str) {
        let done = self.done.load(Ordering::Relaxed);
        let most = done + self.perhaps.load(Ordering::Relaxed);
        assert!((done..=most).contains(&counted), "{what}: {counted} counted, {self:?}");
        assert!(done > 0, "{what}");
    }
}

/// Hits, records and leases until told to end.
async fn call_on(backend: PostgresBackend, caller: u64, told: Arc<[Told; 2]>) {
    let (key, limit, quota) = (key("all"), limit(1 << 40), yearly(1 << 40));
    let charges = [Charge::new(&key, &limit)];
    while !told[0].ended.load(Ordering::Relaxed) {
        let failed = if caller.is_multiple_of(3) {
            let answer = in_time(RESPONSE, backend.record(&key, &quota, 1)).await;
            told[1].note(&answer);
            answer.is_err()
        } else {
            let answer = in_time(RESPONSE, backend.hit(&charges)).await;
            told[0].note(&answer);
            answer.is_err()
        };
        if failed {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Lets callers call while something is done to the server, waits until calls succeed again, and compares.
async fn under_load(server: Arc<Postgres>, harm: impl Fn(&Postgres) + Clone + Send + 'static) {
    let backend = client_at(server.address(), options().with_durability(Durability::Strict)).await.unwrap();
    let told = Arc::new([Told::default(), Told::default()]);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call_on(backend.clone(), caller, Arc::clone(&told)));
    }
    for _ in 0..2 {
        sleep(Duration::from_millis(400)).await;
        let (server, harm) = (Arc::clone(&server), harm.clone());
        tokio::task::spawn_blocking(move || harm(&server)).await.unwrap();
        let took = until_it_works(&backend, Duration::from_secs(5)).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    sleep(Duration::from_millis(200)).await;
    told[0].ended.store(true, Ordering::Relaxed);
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    let (key, limit, quota) = (key("all"), limit(1 << 40), yearly(1 << 40));
    let left = backend.peek(&[Charge::new(&key, &limit)]).await.unwrap().outcomes()[0].remaining();
    told[0].assert_explains((1 << 40) - left, "hits");
    told[1].assert_explains(backend.check(&key, &quota).await.unwrap().used, "quota");
    assert_eq!(backend.in_use(&key).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_and_started_under_load_is_found_again() {
    let server = Arc::new(Postgres::start().unwrap());
    under_load(server, |server| {
        server.stop();
        std::thread::sleep(Duration::from_millis(300));
        server.start_again().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_started_under_load_is_found_again() {
    let server = Arc::new(Postgres::start().unwrap());
    under_load(server, |server| {
        server.kill();
        std::thread::sleep(Duration::from_millis(300));
        server.start_again().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_ended_under_load_cost_no_call() {
    let server = Postgres::start().unwrap();
    let backend = client(&server).await;
    let (key, quota) = (key("ended"), yearly(1 << 40));
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let (backend, key) = (backend.clone(), key.clone());
        callers.spawn(async move {
            for _ in 0..100 {
                let _ = backend.record(&key, &quota, 1).await.unwrap();
            }
        });
    }
    let end =
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'limiter'";
    let server = Arc::new(server);
    let harm = Arc::clone(&server);
    let harm = tokio::task::spawn_blocking(move || {
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(30));
            harm.psql("postgres", &["-c", end]).unwrap();
        }
    });
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    harm.await.unwrap();
    // Nothing was charged twice either.
    assert_eq!(backend.check(&key, &quota).await.unwrap().used, 800);
}

#[tokio::test]
async fn a_failover_to_a_standby_is_followed_without_a_restart() {
    let primary = Postgres::start().unwrap();
    let standby = primary.standby().unwrap();
    // A name that leads to the primary, as a proxy or a record of names does.
    let to_primary = limiter_testkit::proxy::Proxy::start(primary.address()).await.unwrap();
    let error = client_at(standby.address(), options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("standby"), "{error}");
    let backend = client_at(to_primary.address(), options()).await.unwrap();
    operate_all(&backend).await.unwrap();
    // A primary that is made read only, as when it is demoted, is left, and found again.
    let set = |to: &str| {
        let text = format!("alter system set default_transaction_read_only to {to}");
        primary.psql("postgres", &["-c", &text, "-c", "select pg_reload_conf()"]).unwrap();
    };
    set("on");
    sleep(Duration::from_millis(300)).await;
    for (name, changes, error) in writes_fail(&backend).await {
        assert_eq!(
            (error.kind(), error.may_have_charged()),
            (ErrorKind::Unavailable, false),
            "{name} {changes}: {error}"
        );
    }
    set("off");
    until_it_works(&backend, Duration::from_secs(3)).await;
    operate_all(&backend).await.unwrap();
}

/// All operations that change something, one after the other.
async fn writes_fail(backend: &PostgresBackend) -> Vec<(&'static str, bool, limiter_core::Error)> {
    let mut errors = Vec::new();
    for (name, changes) in OPERATIONS {
        if changes && !["renew", "release", "settle", "reset"].contains(&name) {
            errors.push((name, changes, operate(backend, name).await.unwrap_err()));
        }
    }
    errors
}
