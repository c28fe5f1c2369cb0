//! Many clients through PgBouncer in transaction mode, over few connections.

use std::time::Duration;

use limiter_core::{Charge, QuotaTracker, RateLimiter, SlotLimiter};
use limiter_postgres::PostgresBackend;
use testservers::postgres::{PgBouncer, Postgres};
use tokio::task::JoinSet;

use crate::operations::*;

const CLIENTS: u64 = 64;
const ROUNDS: u64 = 12;

/// Calls of all kinds, whose answers hold numbers that are this client's alone.
async fn call_on(backend: PostgresBackend, client: u64) {
    let who = format!("client-{client}");
    let key = key(&who);
    // No two clients have the same maximum, cap, quota or cost.
    let (limit, cap, quota) = (limit(1_000_000 + client), 100 + client, yearly(5_000_000 + client));
    let cost = 1000 + client;
    let charges = [Charge::new(&key, &limit).with_cost(1 + client)];
    for round in 1..=ROUNDS {
        let remaining = backend.hit(&charges).await.unwrap().outcomes()[0].remaining();
        assert_eq!(remaining, 1_000_000 + client - round * (1 + client), "{who}");
        let recorded = backend.record(&key, &quota, cost).await.unwrap();
        assert_eq!(
            (recorded.used, recorded.used + recorded.remaining),
            (round * cost, 5_000_000 + client),
            "{who}"
        );
        let request = lease(&who, cap);
        assert!(backend.acquire(&request).await.unwrap().is_acquired(), "{who}");
        assert_eq!(backend.in_use(&key).await.unwrap(), 1, "{who}");
        let held = backend.leases(&key).await.unwrap();
        assert_eq!(&held[0].id, request.id(), "{who}");
        assert_eq!(backend.renew(&[request.lease()]).await.unwrap(), [true], "{who}");
        assert_eq!(backend.release(&[request.lease()]).await.unwrap(), [true], "{who}");
        let reserved = reservation(&format!("held-{client}"), 9_000_000 + client, cost);
        assert!(backend.reserve(&reserved).await.unwrap().is_granted(), "{who}");
        let settled = backend.settle(&reserved.settlement(&[cost - 1]).unwrap()).await.unwrap();
        assert_eq!(settled[0].used, round * (cost - 1), "{who}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_client_gets_the_answers_to_its_own_calls() {
    let server = Postgres::start().unwrap();
    let bouncer = PgBouncer::before(&server, 4).unwrap();
    let options = options().with_pgbouncer(true).with_pool_size(16).unwrap();
    let options = options.with_response_timeout(Duration::from_secs(20)).unwrap();
    // Several programs, each with a pool of its own.
    let mut backends = Vec::new();
    for _ in 0..4 {
        backends.push(client_at(bouncer.address(), options.clone()).await.unwrap());
    }
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(call_on(backends[usize::try_from(client % 4).unwrap()].clone(), client));
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let sessions = "select count(*) from pg_stat_activity where application_name = 'limiter'";
    let sessions: u32 = server.psql("postgres", &["-c", sessions]).unwrap().parse().unwrap();
    assert!((1..=4).contains(&sessions), "{sessions}");
    let prepared = "select count(*) from pg_prepared_statements";
    assert_eq!(bouncer.psql("postgres", &["-c", prepared]).unwrap(), "0");
}

#[tokio::test]
async fn a_pgbouncer_that_nobody_named_is_told_how_to_name_it() {
    let server = Postgres::start().unwrap();
    let bouncer = PgBouncer::before(&server, 4).unwrap();
    let error = client_at(bouncer.address(), options()).await.unwrap_err();
    assert!(error.to_string().contains("LIMITER_PGBOUNCER=true"), "{error}");
}

#[tokio::test]
async fn a_pgbouncer_that_is_killed_or_frozen_is_found_again() {
    let server = Postgres::start().unwrap();
    let bouncer = PgBouncer::before(&server, 4).unwrap();
    let backend = client_at(bouncer.address(), options().with_pgbouncer(true)).await.unwrap();
    operate_all(&backend).await.unwrap();
    bouncer.freeze();
    for (name, _, error) in all_fail_in_time(&backend).await {
        assert!(error.is_transient(), "{name}: {error}");
    }
    bouncer.thaw();
    until_it_works(&backend, Duration::from_secs(3)).await;
    bouncer.kill();
    let _ = all_fail_in_time(&backend).await;
    bouncer.start_again().unwrap();
    until_it_works(&backend, Duration::from_secs(3)).await;
    operate_all(&backend).await.unwrap();
}
