//! Clients of servers, and the servers seen past them.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use limiter_redis::{Config, Options, RedisBackend};
use redis::aio::MultiplexedConnection;
use testservers::redis::{Cluster, Redis};

/// The prefix of every key.
pub(crate) const PREFIX: &str = "limiter";

/// A cluster that tests share which leave it as it is, each with keys of its own.
pub(crate) static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(3, 0).unwrap());

/// A client that is patient with a busy machine.
pub(crate) async fn client(url: &str) -> RedisBackend {
    client_within(url, Duration::from_secs(20)).await
}

/// A client whose calls end within a time.
pub(crate) async fn client_within(url: &str, timeout: Duration) -> RedisBackend {
    RedisBackend::connect(config(url, timeout)).await.unwrap()
}

/// The store of a URL, with that response timeout.
pub(crate) fn config(url: &str, timeout: Duration) -> Config {
    let options = Options::default().with_response_timeout(timeout).unwrap();
    Config::new(url).unwrap().with_options(options.with_connect_timeout(Duration::from_secs(20)).unwrap())
}

/// A connection for commands of any kind.
pub(crate) async fn raw(server: &Redis) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).unwrap();
    let settings = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&settings).await.unwrap()
}

/// What the server answers to words.
pub(crate) async fn ask<T: redis::FromRedisValue>(raw: &mut MultiplexedConnection, words: &[&str]) -> T {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(raw).await.unwrap()
}

/// A key as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its value, whatever kind it is of.
    pub(crate) value: Vec<u8>,
    /// When it expires in ms since the Unix epoch; −1 for never.
    pub(crate) expires_ms: i64,
}

/// Everything that the server keeps under the prefix.
pub(crate) async fn kept(raw: &mut MultiplexedConnection) -> BTreeMap<String, Kept> {
    let names: Vec<String> = ask(raw, &["KEYS", &format!("{PREFIX}:*")]).await;
    let mut kept = BTreeMap::new();
    for name in names {
        let value = ask(raw, &["DUMP", &name]).await;
        let expires_ms = ask(raw, &["PEXPIRETIME", &name]).await;
        kept.insert(name, Kept { value, expires_ms });
    }
    kept
}

/// The server's time in ms.
pub(crate) async fn now_ms(raw: &mut MultiplexedConnection) -> i64 {
    let (seconds, micros): (i64, i64) = ask(raw, &["TIME"]).await;
    seconds * 1000 + micros / 1000
}
