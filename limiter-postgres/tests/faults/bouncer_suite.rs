//! The public suite through PgBouncer in transaction mode.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use limiter_core::Backend;
use limiter_postgres::{Config, Options, PostgresBackend};
use limiter_testkit::{Candidate, processes};
use testservers::postgres::{PgBouncer, Postgres};

static SERVERS: LazyLock<(Postgres, PgBouncer)> = LazyLock::new(|| {
    let server = Postgres::start().unwrap();
    let bouncer = PgBouncer::before(&server, 4).unwrap();
    (server, bouncer)
});
static STORES: AtomicU64 = AtomicU64::new(0);

/// A client of a store, which is a prefix and a URL.
async fn client(store: &str) -> Backend {
    let (prefix, url) = store.split_once(' ').unwrap();
    let options = Options::default().with_prefix(prefix).unwrap().with_pgbouncer(true);
    let options = options.with_response_timeout(Duration::from_secs(20)).unwrap().with_pool_size(4).unwrap();
    let backend = PostgresBackend::connect(Config::new(url).unwrap().with_options(options)).await;
    Backend::new("postgres", Arc::new(backend.unwrap()))
}

/// The store of the test that this process is a copy for; else a new one.
async fn through_a_pgbouncer() -> Candidate {
    let store = processes::store().unwrap_or_else(|| {
        let number = STORES.fetch_add(1, Ordering::Relaxed);
        format!("p{}.{number} {}", std::process::id(), SERVERS.1.url())
    });
    Candidate::new(client(&store).await).with_other_client(client(&store).await).with_store(store)
}

limiter_testkit::suite!(through_a_pgbouncer, real_time, shared);
