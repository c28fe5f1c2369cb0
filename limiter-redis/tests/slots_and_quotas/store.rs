//! A server of one's own, and what it says of its keys.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Key, LeaseId, LeaseRequest, ManualClock, ReservationId, Scope};
use limiter_redis::{Config, RedisBackend};
use testservers::redis::Redis;

/// How much longer than its meaning a key is to be kept.
const GRACE_MS: u64 = 60_000;
/// What a busy machine may lie between two readings of the clock.
const SLACK_MS: u64 = 5_000;

/// A server and a limiter on it.
pub(crate) struct Store {
    server: Redis,
    pub(crate) limiter: RedisBackend,
}

impl Store {
    pub(crate) async fn new() -> Self {
        let server = Redis::start().unwrap();
        let limiter = RedisBackend::connect(Config::new(&server.url()).unwrap()).await.unwrap();
        Self { server, limiter }
    }

    /// One whose time is handed in.
    pub(crate) async fn by(clock: &ManualClock) -> Self {
        let server = Redis::start().unwrap();
        let config = Config::new(&server.url()).unwrap();
        let limiter = RedisBackend::with_clock(config, Arc::new(clock.clone())).await.unwrap();
        Self { server, limiter }
    }

    /// The server's time.
    pub(crate) fn now_ms(&self) -> u64 {
        let time = self.ask(&["TIME"]);
        let (seconds, micros) = time.split_once('\n').unwrap();
        seconds.parse::<u64>().unwrap() * 1000 + micros.parse::<u64>().unwrap() / 1000
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.ask(&["KEYS", "*"]).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Holds when every key of these is kept until 60 s after a time, and not for longer.
    #[track_caller]
    pub(crate) fn assert_kept_until(&self, life_ms: u64, count: usize) {
        let keys = self.keys();
        assert_eq!(keys.len(), count, "{keys:?}");
        for key in keys {
            let before_ms = self.now_ms();
            let left_ms = self.ask(&["PTTL", &key]).parse::<u64>();
            let left_ms = left_ms.unwrap_or_else(|_| panic!("{key} stays for ever"));
            let (due_ms, after_ms) = (life_ms + GRACE_MS, self.now_ms());
            assert!(after_ms + left_ms >= due_ms, "{key} goes {} ms too early", due_ms - after_ms - left_ms);
            let long = (before_ms + left_ms).saturating_sub(due_ms);
            assert!(long <= SLACK_MS, "{key} stays {long} ms too long");
        }
    }

    /// How many writes the server has seen, those that only move an expiry among them.
    pub(crate) fn writes(&self) -> u64 {
        let info = self.ask(&["INFO", "persistence"]);
        let count = info.lines().find_map(|line| line.strip_prefix("rdb_changes_since_last_save:"));
        count.unwrap().trim().parse().unwrap()
    }

    pub(crate) fn delete(&self, key: &str) {
        assert_eq!(self.ask(&["DEL", key]), "1", "{key}");
    }

    fn ask(&self, words: &[&str]) -> String {
        self.server.cli(words).unwrap()
    }
}

pub(crate) fn key(space: &str, subject: &str) -> Key {
    Key::new(space, subject).unwrap()
}

pub(crate) fn lease_id(text: &str) -> LeaseId {
    LeaseId::parse(text).unwrap()
}

pub(crate) fn reservation_id(text: &str) -> ReservationId {
    ReservationId::parse(text).unwrap()
}

/// A request for one permit in each scope.
pub(crate) fn wanting(scopes: &[(&Key, u64)], ttl_ms: u64) -> LeaseRequest {
    let scopes: Vec<_> = scopes.iter().map(|(key, cap)| Scope::new((*key).clone(), *cap)).collect();
    LeaseRequest::new(scopes, Duration::from_millis(ttl_ms)).unwrap()
}
