//! What a service would write by itself, over a pool of sqlx.

use std::sync::Arc;

use async_trait::async_trait;
use limiter_postgres::Durability;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _};

use super::{Contender, PATIENCE, Turns};

const UPSERT: &str =
    "insert into bare (key, n) values ($1, 1) on conflict (key) do update set n = bare.n + 1 returning n";

/// A pool, and what is done over it.
pub(crate) struct Bare {
    name: String,
    pool: PgPool,
    keys: Vec<String>,
    way: Way,
}

/// What is done with a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing: a round trip.
    SelectOne,
    /// The least that counts.
    Upsert,
    /// The same, each caller on a connection that it keeps.
    UpsertHeld,
    /// Read under a lock, decided here and written: four round trips.
    LockAndUpdate,
}

impl Bare {
    pub(crate) async fn connected(
        url: &str,
        durability: Durability,
        way: Way,
        size: u32,
        keys: usize,
    ) -> Arc<dyn Contender> {
        let options: PgConnectOptions = url.parse().unwrap();
        let commit = if durability == Durability::Relaxed { "off" } else { "on" };
        let options = options.options([("synchronous_commit", commit)]);
        let pool = PgPoolOptions::new().max_connections(size).acquire_timeout(PATIENCE);
        let pool = pool.test_before_acquire(false).connect_with(options).await.unwrap();
        let create = "create table if not exists bare (key text primary key, n bigint not null) with (fillfactor = 70)";
        pool.execute(sqlx::raw_sql(AssertSqlSafe(create))).await.unwrap();
        let name = match way {
            Way::SelectOne => "SELECT 1".to_owned(),
            Way::Upsert => format!("bare upsert, pool of {size}"),
            Way::UpsertHeld => "bare upsert, kept connections".to_owned(),
            Way::LockAndUpdate => "SELECT FOR UPDATE, UPDATE".to_owned(),
        };
        let keys = (0..keys).map(|key| format!("{name}:chat:user-{key}")).collect();
        let bare = Self { name, pool, keys, way };
        bare.fill().await;
        Arc::new(bare)
    }

    async fn fill(&self) {
        let fill =
            sqlx::query("insert into bare select k, 0 from unnest($1::text[]) k on conflict do nothing");
        fill.bind(&self.keys).execute(&self.pool).await.unwrap();
        self.pool.execute(sqlx::raw_sql("analyze bare")).await.unwrap();
    }

    async fn hit(&self, key: &str) -> i64 {
        match self.way {
            Way::SelectOne => sqlx::query_scalar("select 1::bigint").fetch_one(&self.pool).await.unwrap(),
            Way::LockAndUpdate => self.lock_and_update(key).await,
            Way::Upsert | Way::UpsertHeld => {
                sqlx::query_scalar(UPSERT).bind(key).fetch_one(&self.pool).await.unwrap()
            }
        }
    }

    async fn lock_and_update(&self, key: &str) -> i64 {
        let mut transaction = self.pool.begin().await.unwrap();
        let read = sqlx::query_scalar("select n from bare where key = $1 for update").bind(key);
        let n: i64 = read.fetch_one(&mut *transaction).await.unwrap();
        let write = sqlx::query("update bare set n = $2 where key = $1").bind(key).bind(n + 1);
        write.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        n + 1
    }

    async fn hit_all_over_one(&self, turns: &Turns) {
        let mut connection = self.pool.acquire().await.unwrap();
        while let Some(key) = turns.next() {
            let upsert = sqlx::query_scalar(UPSERT).bind(&self.keys[key]);
            let n: i64 = upsert.fetch_one(&mut *connection).await.unwrap();
            assert!(n > 0);
        }
    }
}

#[async_trait]
impl Contender for Bare {
    fn name(&self) -> &str {
        &self.name
    }

    fn takes(&self, callers: usize) -> bool {
        self.way != Way::UpsertHeld || callers <= 16
    }

    async fn hit_all(&self, turns: &Turns) {
        if self.way == Way::UpsertHeld {
            return self.hit_all_over_one(turns).await;
        }
        while let Some(key) = turns.next() {
            assert!(self.hit(&self.keys[key]).await > 0);
        }
    }
}
