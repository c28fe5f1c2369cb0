//! One cluster for all tests, and keys on the masters one asks for.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use limiter_core::Key;
use limiter_redis::{Config, RedisBackend};
use testservers::redis::Cluster;

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(3, 0).unwrap());

pub(crate) async fn limiter() -> RedisBackend {
    limiter_on(&CLUSTER).await
}

pub(crate) async fn limiter_on(cluster: &Cluster) -> RedisBackend {
    RedisBackend::connect(Config::new(&cluster.url()).unwrap()).await.unwrap()
}

/// Begins a call and gives it up before it can be answered.
pub(crate) async fn give_up(call: impl Future) {
    let mut call = pin!(call);
    let answered = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
    assert!(!answered, "it was answered at once");
}

/// Three keys that nobody has used, each on a master of its own, in the order of the masters.
pub(crate) fn three_keys() -> [Key; 3] {
    [0, 1, 2].map(|master| key_on(&CLUSTER, master))
}

/// A key on one of the masters that nobody has used.
pub(crate) fn key_on(cluster: &Cluster, master: usize) -> Key {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    loop {
        let subject = format!("u{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let here =
            cluster.nodes()[master].cli(&["EXISTS", &format!("limiter:{{apart:{subject}}}:s")]).unwrap();
        if here == "0" {
            return Key::new("apart", &subject).unwrap();
        }
    }
}

/// The keys in Redis that belong to a key.
pub(crate) fn names_of(key: &Key) -> Vec<String> {
    let pattern = format!("limiter:{{apart:{}}}*", key.subject());
    let nodes = CLUSTER.nodes().iter();
    let lists: Vec<_> = nodes.map(|node| node.cli(&["KEYS", &pattern]).unwrap()).collect();
    lists.iter().flat_map(|list| list.lines()).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Asks again until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    for _ in 0..500 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("after 10 s it isn't so that {what}");
}
