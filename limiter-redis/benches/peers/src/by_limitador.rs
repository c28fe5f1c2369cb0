//! limitador's counters in Redis, without its evaluation of which limits apply: one limit, counters made beforehand.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use limitador::counter::Counter;
use limitador::limit::{Context, Expression, Limit};
use limitador::storage::redis::{AsyncRedisStorage, CachedRedisStorageBuilder};
use limitador::storage::{AsyncCounterStorage, Authorization};

use crate::race::{Contender, PATIENCE, Turns};

struct Limitador {
    name: &'static str,
    storage: Box<dyn AsyncCounterStorage>,
    counters: Vec<Counter>,
}

pub(crate) async fn exact(url: &str, keys: usize) -> Arc<dyn Contender> {
    let storage = AsyncRedisStorage::new(url).await.unwrap();
    Arc::new(Limitador::new("limitador", Box::new(storage), keys))
}

pub(crate) async fn approximate(url: &str, keys: usize) -> Arc<dyn Contender> {
    let storage = CachedRedisStorageBuilder::new(url)
        .max_cached_counters(2 * keys)
        .response_timeout(PATIENCE)
        .build()
        .await
        .unwrap();
    Arc::new(Limitador::new("limitador, cached (approximate)", Box::new(storage), keys))
}

impl Limitador {
    fn new(name: &'static str, storage: Box<dyn AsyncCounterStorage>, keys: usize) -> Self {
        let user = Expression::parse("user").unwrap();
        let limit = Arc::new(Limit::with_id(name, "chat", 1_000_000_000, 60, [], [user]));
        let counter = |key| {
            let values = HashMap::from([("user".to_owned(), format!("user-{key}"))]);
            Counter::new(Arc::clone(&limit), &Context::from(values)).unwrap().unwrap()
        };
        Self { name, storage, counters: (0..keys).map(counter).collect() }
    }
}

#[async_trait]
impl Contender for Limitador {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn hit_all(&self, turns: &Turns) {
        while let Some(key) = turns.next() {
            let mut counters = vec![self.counters[key].clone()];
            let answer = self.storage.check_and_update(&mut counters, 1).await.unwrap();
            assert!(matches!(answer, Authorization::Ok));
        }
    }
}
