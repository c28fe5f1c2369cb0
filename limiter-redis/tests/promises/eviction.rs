//! Servers that may forget counts to make room: warned of at the start, and refused where that is asked for.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use limiter_core::{Control, ErrorKind, Result};
use limiter_redis::{Config, Options, RedisBackend};
use testservers::redis::{Cluster, Redis};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

const EVICTING: [&str; 7] = [
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
];

/// Keeps the warnings of this thread.
#[derive(Clone, Debug, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

struct Message<'a>(&'a mut String);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Message(&mut text));
        self.0.lock().unwrap().push(text);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Connects, and tells what was warned of meanwhile.
async fn connect(url: &str, strict: bool) -> (Result<RedisBackend>, Vec<String>) {
    let warnings = Warnings::default();
    let guard = tracing::subscriber::set_default(warnings.clone());
    let config = Config::new(url).unwrap().with_options(Options::default().with_strict(strict));
    let connected = RedisBackend::connect(config).await;
    drop(guard);
    let warned = std::mem::take(&mut *warnings.0.lock().unwrap());
    (connected, warned)
}

async fn assert_refused(url: &str, says: &str) {
    let (connected, _) = connect(url, true).await;
    let error = connected.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let text = error.to_string();
    assert!(text.contains(says) && text.contains("noeviction"), "{text}");
}

async fn assert_warned(url: &str, says: &str) {
    let (connected, warned) = connect(url, false).await;
    assert!(connected.unwrap().describe().contains(says));
    let [warning] = warned.as_slice() else { panic!("{warned:?}") };
    assert!(warning.contains(says) && warning.contains("maxmemory-policy"), "{warning}");
}

#[tokio::test]
async fn a_server_that_evicts_is_warned_of_and_refused_when_strict() {
    let server = Redis::start().unwrap();
    for policy in EVICTING {
        assert_eq!(server.cli(&["CONFIG", "SET", "maxmemory-policy", policy]).unwrap(), "OK");
        assert_warned(&server.url(), policy).await;
        assert_refused(&server.url(), policy).await;
    }
}

#[tokio::test]
async fn a_server_that_refuses_writes_instead_is_none_to_warn_of() {
    let server = Redis::start().unwrap();
    for strict in [false, true] {
        let (connected, warned) = connect(&server.url(), strict).await;
        assert!(connected.unwrap().describe().contains("noeviction"));
        assert!(warned.is_empty(), "{warned:?}");
    }
}

#[tokio::test]
async fn a_server_that_may_not_be_asked_is_unknown() {
    let server = Redis::start().unwrap();
    let user = ["ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-info"];
    assert_eq!(server.cli(&user).unwrap(), "OK");
    let url = server.url().replace("redis://", "redis://app:secret@");
    assert_warned(&url, "unknown").await;
    let (connected, _) = connect(&url, true).await;
    let error = connected.unwrap_err();
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("+info"), "{error}");
}

#[tokio::test]
async fn one_node_of_a_cluster_that_evicts_is_enough() {
    let cluster = Cluster::start(3, 0).unwrap();
    let (connected, warned) = connect(&cluster.url(), true).await;
    assert!(connected.is_ok() && warned.is_empty(), "{connected:?}, {warned:?}");
    for node in cluster.nodes() {
        assert_eq!(node.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).unwrap(), "OK");
        // Whichever node is asked first.
        for _ in 0..5 {
            assert_warned(&cluster.url(), "allkeys-lru").await;
            assert_refused(&cluster.url(), "allkeys-lru").await;
        }
        assert_eq!(node.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).unwrap(), "OK");
    }
}
