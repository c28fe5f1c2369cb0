//! All that take part, and ours.

use std::array;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{Charge, Key, Limit, RateLimiter, limit};
use limiter_postgres::{Config, Durability, Options, PostgresBackend};

use super::bare::{Bare, Way};
use super::{Contender, PATIENCE, Turns};

/// All that take part, each with connections and counters of its own.
pub(crate) struct Field {
    /// The bare upsert, through pools of several sizes: whichever is the fastest is the floor.
    pub(crate) floors: Vec<Arc<dyn Contender>>,
    pub(crate) others: Vec<Arc<dyn Contender>>,
}

/// Ours with so many limits, on keys of which each has a space of its own or shares it.
struct Ours<const LIMITS: usize> {
    name: &'static str,
    backend: PostgresBackend,
    keys: Vec<[Key; LIMITS]>,
    limits: [Limit; LIMITS],
}

impl Field {
    pub(crate) async fn new(url: &str, durability: Durability, keys: usize) -> Self {
        let (bucket, fixed) = (limit!("bucket 1000000000/min"), limit!("fixed 1000000000/min"));
        let (minute, hour) = (limit!("1000000000/min"), limit!("1000000000/hour"));
        let gateway = [minute, hour, minute];
        let spaces = ["chat", "chat", "address"];
        let bare = async |way, size| Bare::connected(url, durability, way, size, keys).await;
        let backend = async |schema| connected(url, schema, durability).await;
        Self {
            floors: vec![
                bare(Way::Upsert, 4).await,
                bare(Way::Upsert, 16).await,
                bare(Way::Upsert, 32).await,
            ],
            others: vec![
                bare(Way::SelectOne, 16).await,
                bare(Way::UpsertHeld, 16).await,
                bare(Way::LockAndUpdate, 16).await,
                Ours::ready("ours, token bucket", backend("bucket").await, ["one"], [bucket], keys).await,
                Ours::ready("ours, sliding window", backend("sliding").await, ["one"], [minute], keys).await,
                Ours::ready("ours, fixed window", backend("fixed").await, ["one"], [fixed], keys).await,
                Ours::ready("ours, three limits on two keys", backend("three").await, spaces, gateway, keys)
                    .await,
            ],
        }
    }
}

async fn connected(url: &str, schema: &str, durability: Durability) -> PostgresBackend {
    let options = Options::default().with_schema(schema).unwrap().with_durability(durability);
    let config = Config::new(url).unwrap().with_options(options.with_response_timeout(PATIENCE).unwrap());
    PostgresBackend::connect(config).await.unwrap()
}

impl<const LIMITS: usize> Ours<LIMITS> {
    /// With a row for each counter already.
    async fn ready(
        name: &'static str,
        backend: PostgresBackend,
        spaces: [&str; LIMITS],
        limits: [Limit; LIMITS],
        keys: usize,
    ) -> Arc<dyn Contender> {
        let subject = |key| format!("user-{key}");
        let keys = (0..keys).map(|key| spaces.map(|space| Key::new(space, &subject(key)).unwrap()));
        let ours = Arc::new(Self { name, backend, keys: keys.collect(), limits });
        for some in (0..ours.keys.len()).collect::<Vec<_>>().chunks(500) {
            let hits = some.iter().map(|&key| {
                let ours = Arc::clone(&ours);
                tokio::spawn(async move { ours.hit(key).await })
            });
            for hit in hits.collect::<Vec<_>>() {
                hit.await.unwrap();
            }
        }
        ours
    }

    async fn hit(&self, key: usize) {
        let charges: [_; LIMITS] =
            array::from_fn(|place| Charge::new(&self.keys[key][place], &self.limits[place]));
        let decision = self.backend.hit(&charges).await.unwrap();
        assert!(decision.is_allowed(), "{}", self.name);
    }
}

#[async_trait]
impl<const LIMITS: usize> Contender for Ours<LIMITS> {
    fn name(&self) -> &str {
        self.name
    }

    async fn hit_all(&self, turns: &Turns) {
        while let Some(key) = turns.next() {
            self.hit(key).await;
        }
    }
}
