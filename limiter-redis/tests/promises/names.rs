//! Names of keys on a real server, who meets whom there, and what a counter costs.

use std::collections::BTreeSet;

use limiter_core::{Charge, Key, RateLimiter, RateLimiterExt, SlotLimiter};
use limiter_redis::{Config, Options, RedisBackend};
use testservers::redis::Redis;

use crate::everything::everything;
use crate::operations::{LONG, key, lease, one_of_each};
use crate::server::{CLUSTER, ask, client, raw};

/// Texts that somebody could take for a part of a name, or for another text.
fn odd_texts() -> Vec<String> {
    let short = [
        "a",
        "A",
        "a:",
        ":a",
        "a:b",
        "a}b",
        "a{b",
        "{a}",
        "}{",
        "{}",
        "{",
        "}",
        "%61",
        "%",
        "a%3Ab",
        "#",
        "#a",
        "\0",
        "a\0",
        "\n",
        "a\r\nb",
        " ",
        "a b",
        "\t",
        "ü",
        "u\u{308}",
        "é",
        "\u{202e}a",
        "日本",
        "🦀",
        "\u{feff}a",
        "*",
        "?",
        "[a]",
        "\\",
        "\"",
        "'",
        "w:60000",
        "limiter:{a}",
    ];
    let long =
        ["x".repeat(40), "x".repeat(41), "x".repeat(512), "ü".repeat(256), "%41".repeat(14), "{".repeat(512)];
    short.into_iter().map(str::to_owned).chain(long).collect()
}

#[tokio::test]
async fn no_two_keys_share_a_counter_and_no_name_is_long() {
    let server = Redis::start().unwrap();
    let (backend, mut raw) = (client(&server.url()).await, raw(&server).await);
    let mut keys = vec![Key::all("a").unwrap(), Key::all("a.a").unwrap()];
    for text in odd_texts() {
        let key = Key::new("a", &text).unwrap();
        keys.extend(["a", "{a}", text.as_str()].map(|partition| key.with_partition(partition).unwrap()));
        keys.push(Key::new(&"s".repeat(64), &text).unwrap());
        keys.push(key);
    }
    let distinct: BTreeSet<_> = keys.iter().collect();
    let limits = one_of_each(9, LONG);
    for key in &distinct {
        for limit in &limits {
            let decision = backend.hit_one(key, limit).await.unwrap();
            assert_eq!(decision.outcomes()[0].remaining(), 8, "{key:?} shares its counter");
        }
        let acquired = backend.acquire(&lease(&[(*key).clone()], 9, LONG / 20)).await.unwrap();
        assert_eq!(acquired.in_use(), [1], "{key:?} shares its slots");
    }
    // A counter for each limit, the list of the log, and the two keys of the slots.
    let size: usize = ask(&mut raw, &["DBSIZE"]).await;
    assert_eq!(size, distinct.len() * 7);
    let names: Vec<String> = ask(&mut raw, &["KEYS", "*"]).await;
    for name in names {
        assert!(name.starts_with("limiter:{") && name.len() <= 200 && name.is_ascii(), "{name}");
        assert!(!name.contains(char::is_whitespace) && !name.contains('\0'), "{name}");
    }
}

#[tokio::test]
async fn prefixes_keep_services_apart() {
    let server = Redis::start().unwrap();
    let mut backends = Vec::new();
    for prefix in ["limiter", "limiter:a", "a", "A", "limiter:"] {
        let options = Options::default().with_prefix(prefix).unwrap();
        let config = Config::new(&server.url()).unwrap().with_options(options);
        backends.push(RedisBackend::connect(config).await.unwrap());
    }
    for limit in &one_of_each(1, LONG) {
        for backend in &backends {
            assert!(backend.hit_one(&key("a"), limit).await.unwrap().is_allowed());
        }
        for backend in &backends {
            assert!(!backend.hit_one(&key("a"), limit).await.unwrap().is_allowed());
        }
    }
    for backend in &backends {
        assert!(backend.acquire(&lease(&[key("a")], 1, LONG / 20)).await.unwrap().is_acquired());
    }
}

#[tokio::test]
async fn a_client_of_the_application_does_all_that_our_own_does() {
    let server = Redis::start().unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let backend = RedisBackend::from_client(client, Options::default()).await.unwrap();
    everything(&backend, "client").await.unwrap();
}

#[tokio::test]
async fn text_of_users_never_chooses_the_slot() {
    let backend = client(&CLUSTER.url()).await;
    let node = &CLUSTER.nodes()[0];
    let slot_of = |name: &str| node.cli(&["CLUSTER", "KEYSLOT", name]).unwrap();
    let chosen = slot_of("victim");
    let mut slots = BTreeSet::new();
    for subject in ["{victim}", "{victim}a", "a{victim}", "}{victim}", "{}{victim}", "a:{victim}:b"] {
        let key = Key::new("tags", subject).unwrap();
        let limit = &one_of_each(9, LONG)[0];
        let limits = [Charge::new(&key, limit)];
        assert!(backend.hit(&limits).await.unwrap().is_allowed());
    }
    let mut names = Vec::new();
    for node in CLUSTER.nodes() {
        names.extend(node.cli(&["KEYS", "limiter:*tags*"]).unwrap().lines().map(str::to_owned));
    }
    names.retain(|name| !name.is_empty());
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names {
        assert_ne!(slot_of(&name), chosen, "{name}");
        slots.insert(slot_of(&name));
    }
    assert_eq!(slots.len(), 6, "each key is its own tag");
    // A partition is one by intent.
    let key = Key::new("tags", "a").unwrap().with_partition("victim").unwrap();
    assert!(backend.hit_one(&key, &one_of_each(9, LONG)[0]).await.unwrap().is_allowed());
    assert_eq!(slot_of("limiter:{victim}tags:a:f:31622400000"), chosen);
}

#[tokio::test]
async fn a_counter_costs_little_memory() {
    let server = Redis::start().unwrap();
    let (backend, mut raw) = (client(&server.url()).await, raw(&server).await);
    let user = Key::new("chat", "user-123456").unwrap();
    for limit in &one_of_each(9, LONG) {
        assert!(backend.hit_one(&user, limit).await.unwrap().is_allowed());
    }
    let mut bytes = Vec::new();
    let mut names: Vec<String> = ask(&mut raw, &["KEYS", "*"]).await;
    names.sort();
    for name in &names {
        let used: u64 = ask(&mut raw, &["MEMORY", "USAGE", name]).await;
        bytes.push(used);
    }
    println!("{names:?}: {bytes:?} bytes");
    // Redis' own share, for the key, its expiry and the value's object, is about a hundred.
    assert_eq!(bytes.len(), 5);
    assert!(bytes.iter().all(|bytes| *bytes <= 200), "{names:?}: {bytes:?}");
}
