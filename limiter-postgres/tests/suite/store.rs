//! Stores for candidates: a prefix of its own for each, on servers that all tests share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use limiter_core::{Backend, ManualClock};
use limiter_postgres::{Config, Durability, Options, PostgresBackend};
use limiter_testkit::{Candidate, processes};

/// How many stores this process has made.
static STORES: AtomicU64 = AtomicU64::new(0);

/// A server and a prefix, as they are told to copies of this program.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    url: String,
    prefix: String,
    strict: bool,
}

impl Store {
    /// The store of the test that this process is a copy for; else a new one on the server.
    pub(crate) fn on(server: impl FnOnce() -> String) -> Self {
        if let Some(store) = processes::store() {
            let (prefix, url) = store.split_once(' ').unwrap();
            return Self { url: url.to_owned(), prefix: prefix.to_owned(), strict: false };
        }
        let number = STORES.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let prefix = format!("t{:x}.{:x}.{number}", now.as_micros(), std::process::id());
        Self { url: server(), prefix, strict: false }
    }

    /// The same store with everything on disk before it is acknowledged.
    pub(crate) fn with_strict_durability(self) -> Self {
        Self { strict: true, ..self }
    }

    /// A client of it, patient with a busy machine.
    pub(crate) async fn client(&self, clock: Option<&ManualClock>) -> Backend {
        let options = Options::default().with_prefix(&self.prefix).unwrap();
        let options = options.with_response_timeout(Duration::from_secs(20)).unwrap();
        // Many tests at once share the server's connections.
        let options = options.with_pool_size(4).unwrap();
        let options = if self.strict { options.with_durability(Durability::Strict) } else { options };
        let config = Config::new(&self.url).unwrap().with_options(options);
        let backend = match clock {
            Some(clock) => PostgresBackend::with_clock(config, Arc::new(clock.clone())).await,
            None => PostgresBackend::connect(config).await,
        };
        Backend::new("postgres", Arc::new(backend.unwrap()))
    }

    /// A candidate whose time is handed in.
    pub(crate) async fn candidate_by_clock(&self) -> Candidate {
        let clock = ManualClock::new(1_700_000_000_000);
        let other = self.client(Some(&clock)).await;
        let candidate = Candidate::new(self.client(Some(&clock)).await).with_clock(clock);
        candidate.with_other_client(other).with_store(self.to_string())
    }

    /// A candidate on the server's clock.
    pub(crate) async fn candidate(&self) -> Candidate {
        let candidate = Candidate::new(self.client(None).await);
        candidate.with_other_client(self.client(None).await).with_store(self.to_string())
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.prefix, self.url)
    }
}
