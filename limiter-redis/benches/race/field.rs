//! The floor and ours.

use std::array;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{Charge, Key, Limit, RateLimiter, limit};
use limiter_redis::{Config, RedisBackend};
use redis::aio::MultiplexedConnection;

use super::server::connection;
use super::{Contender, PATIENCE, Turns};

/// The floor's two ways and ours, each with a connection and counters of its own.
pub(crate) struct Field {
    pub(crate) contenders: Vec<Arc<dyn Contender>>,
}

/// The least token bucket with the server's time and an expiry: it answers yes or no, in floating point.
struct Floor {
    name: &'static str,
    connection: MultiplexedConnection,
    sha: String,
    keys: Vec<String>,
}

/// Ours with so many limits, on keys of which each has a space of its own or shares it.
struct Ours<const LIMITS: usize> {
    name: &'static str,
    backend: RedisBackend,
    keys: Vec<[Key; LIMITS]>,
    limits: [Limit; LIMITS],
    allowed: bool,
}

impl Field {
    pub(crate) async fn new(url: String, keys: usize) -> Self {
        let hash = Floor::new("least bucket, hash", &url, include_str!("floor_hash.lua"), keys).await;
        let string =
            Floor::new("least bucket, packed string", &url, include_str!("floor_string.lua"), keys).await;
        let (bucket, fixed) = (limit!("bucket 1000000000/min"), limit!("fixed 1000000000/min"));
        let (minute, hour) = (limit!("1000000000/min"), limit!("1000000000/hour"));
        let gateway = [minute, hour, minute];
        let denied = [limit!("1/day"), hour, minute];
        let three = array::from_fn(|_| minute);
        let (spaces, apart) = (["chat", "chat", "address"], ["chat", "images", "address"]);
        Self {
            contenders: vec![
                Arc::new(hash),
                Arc::new(string),
                Arc::new(Ours::new("ours, token bucket", &url, ["one"], [bucket], keys).await),
                Arc::new(Ours::new("ours, sliding window", &url, ["one"], [minute], keys).await),
                Arc::new(Ours::new("ours, fixed window", &url, ["one"], [fixed], keys).await),
                Arc::new(Ours::new("ours, three limits on two keys", &url, spaces, gateway, keys).await),
                Arc::new(Ours::new("ours, the same denied", &url, spaces, denied, keys).await.filled().await),
                Arc::new(Ours::new("ours, three limits on three keys", &url, apart, three, keys).await),
            ],
        }
    }
}

impl Floor {
    async fn new(name: &'static str, url: &str, script: &str, keys: usize) -> Self {
        let mut connection = connection(url).await;
        let sha = redis::cmd("SCRIPT").arg("LOAD").arg(script).query_async(&mut connection).await.unwrap();
        let keys = (0..keys).map(|key| format!("{name}:{{chat:user-{key}}}:1000")).collect();
        Self { name, connection, sha, keys }
    }
}

#[async_trait]
impl Contender for Floor {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn hit_all(&self, turns: &Turns) {
        let mut connection = self.connection.clone();
        while let Some(key) = turns.next() {
            let mut call = redis::cmd("EVALSHA");
            call.arg(&self.sha).arg(1).arg(&self.keys[key]).arg(1_000_000).arg(1_000_000_000).arg(1);
            let allowed: bool = call.query_async(&mut connection).await.unwrap();
            assert!(allowed);
        }
    }
}

impl<const LIMITS: usize> Ours<LIMITS> {
    async fn new(
        name: &'static str,
        url: &str,
        spaces: [&str; LIMITS],
        limits: [Limit; LIMITS],
        keys: usize,
    ) -> Self {
        let prefix: String = name.bytes().filter(u8::is_ascii_lowercase).map(char::from).collect();
        let mut config = Config::new(url).unwrap();
        let options = config.options().clone().with_prefix(&prefix[4..]).unwrap();
        config = config.with_options(options.with_response_timeout(PATIENCE).unwrap());
        let backend = RedisBackend::connect(config).await.unwrap();
        let subject = |key| format!("user-{key}");
        let keys = (0..keys).map(|key| spaces.map(|space| Key::new(space, &subject(key)).unwrap())).collect();
        Self { name, backend, keys, limits, allowed: true }
    }

    /// With every key's limits used up: all that follow are denied.
    async fn filled(mut self) -> Self {
        for key in 0..self.keys.len() {
            let charge = Charge::new(&self.keys[key][0], &self.limits[0]);
            let _ = self.backend.hit(&[charge]).await.unwrap();
        }
        self.allowed = false;
        self
    }

    async fn hit(&self, key: usize) {
        let charges: [_; LIMITS] =
            array::from_fn(|place| Charge::new(&self.keys[key][place], &self.limits[place]));
        let decision = self.backend.hit(&charges).await.unwrap();
        assert_eq!(decision.is_allowed(), self.allowed, "{}", self.name);
    }
}

#[async_trait]
impl<const LIMITS: usize> Contender for Ours<LIMITS> {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn hit_all(&self, turns: &Turns) {
        while let Some(key) = turns.next() {
            self.hit(key).await;
        }
    }
}
