//! The least that a user must be allowed, as docs/redis-protocol.md lists it: with it everything works, with one command
//! less something is refused, and says so.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Backend, Charge, Control, ErrorKind, Key, Limit, ManualClock, QuotaTracker, RateLimiter, Result,
    SlotLimiter,
};
use limiter_redis::{Config, Options, RedisBackend};
use limiter_testkit::{Broken, Candidate, cases};
use testservers::redis::{Cluster, Redis, Sentinels};
use tokio::task::JoinSet;

use crate::everything::{everything, everything_in};
use crate::operations::{LONG, key, lease, one_of_each, reservation, yearly};
use crate::server::config;

const TTL: Duration = Duration::from_secs(60);
/// The page that tells users what to allow.
const PAGE: &str = include_str!("../../../docs/redis-protocol.md");
/// What is needed on a cluster alone.
const ON_A_CLUSTER: [&str; 3] = ["+cluster|slots", "+asking", "+exists"];

/// The rules of the page.
fn rules() -> Vec<&'static str> {
    let line = PAGE.lines().find(|line| line.starts_with("ACL SETUSER ")).unwrap();
    line.split_whitespace().skip(3).filter(|rule| rule.starts_with(['+', '~'])).collect()
}

/// A user with these rules, and the URL by which it comes in.
fn user(server: &Redis, name: &str, rules: &[&str]) -> String {
    let words = [&["ACL", "SETUSER", name, "on", ">secret", "resetchannels", "-@all"], rules].concat();
    assert_eq!(server.cli(&words).unwrap(), "OK");
    server.url().replace("redis://", &format!("redis://{name}:secret@"))
}

/// The same user on all nodes.
fn user_of_cluster(cluster: &Cluster, name: &str, rules: &[&str]) -> String {
    for node in cluster.nodes() {
        user(node, name, rules);
    }
    cluster.url().replace("redis+cluster://", &format!("redis+cluster://{name}:secret@"))
}

fn all_but<'a>(rules: &[&'a str], left_out: &str) -> Vec<&'a str> {
    rules.iter().copied().filter(|rule| *rule != left_out).collect()
}

/// Connects where asking is obligatory, and does everything.
async fn all_operations(url: &str, who: &str) -> Result<()> {
    let strict = Options::default().with_strict(true).with_response_timeout(Duration::from_secs(20))?;
    let backend = RedisBackend::connect(Config::new(url)?.with_options(strict)).await?;
    everything(&backend, who).await.map(drop)
}

/// The same on a cluster, in one partition and over several, where what was granted has to be taken back.
async fn all_operations_on_a_cluster(url: &str, who: &str, moving: &Key) -> Result<()> {
    let backend = RedisBackend::connect(config(url, Duration::from_secs(20))).await?;
    backend.ping().await?;
    let limits = one_of_each(1_000, LONG);
    let _ = backend.hit(&[Charge::new(moving, &limits[0])]).await?;
    everything_in(&backend, who, who).await?;
    let keys = ["a", "b", "c"].map(|which| key(&format!("{who}.{which}")));
    let full = Limit::fixed_window(0, LONG).unwrap();
    for limit in &limits {
        let charges =
            [Charge::new(&keys[0], limit), Charge::new(&keys[1], limit), Charge::new(&keys[2], &full)];
        assert!(!backend.hit(&charges).await?.is_allowed());
    }
    assert!(backend.acquire(&lease(&keys[2..], 1, TTL)).await?.is_acquired());
    assert!(!backend.acquire(&lease(&keys, 1, TTL)).await?.is_acquired());
    assert_eq!(backend.record(&keys[2], &yearly(9), 9).await?.used, 9);
    assert!(!backend.reserve(&reservation(&keys, 9, 5, TTL)).await?.is_granted());
    Ok(())
}

fn assert_says_so(answer: Result<()>, left_out: &str) {
    let error = answer.expect_err(&format!("everything works without {left_out}"));
    assert_eq!(error.kind(), ErrorKind::Config, "without {left_out}: {error}");
    assert!(error.to_string().contains("ACL"), "without {left_out}: {error}");
}

#[tokio::test]
async fn on_one_server_nothing_can_be_left_out() {
    let server = Redis::start().unwrap();
    let rules = rules();
    assert!(rules.contains(&"~limiter:*") && rules.contains(&"+evalsha"), "{rules:?}");
    let here: Vec<_> = rules.iter().copied().filter(|rule| !ON_A_CLUSTER.contains(rule)).collect();
    all_operations(&user(&server, "least", &here), "least").await.unwrap();

    let mut runs = JoinSet::new();
    for (place, left_out) in here.iter().copied().enumerate() {
        let name = format!("without-{place}");
        let url = user(&server, &name, &all_but(&here, left_out));
        if left_out == "+eval" {
            // Needed where the scripts aren't known yet.
            server.cli(&["SCRIPT", "FLUSH"]).unwrap();
            assert_says_so(all_operations(&url, &name).await, left_out);
            all_operations(&user(&server, "least", &here), "again").await.unwrap();
            continue;
        }
        runs.spawn(async move { (all_operations(&url, &name).await, left_out) });
    }
    for (answer, left_out) in runs.join_all().await {
        assert_says_so(answer, left_out);
    }
}

#[tokio::test]
async fn on_a_cluster_nothing_can_be_left_out() {
    let cluster = Cluster::start(3, 0).unwrap();
    let rules = rules();
    // A slot on its way from one node to another, so that the other is asked.
    let moving = key("moving").with_partition("moving").unwrap();
    let slot = cluster.nodes()[0].cli(&["CLUSTER", "KEYSLOT", "moving"]).unwrap();
    let owns = |node: &&Redis| node.cli(&["EXISTS", "moving"]).unwrap() == "0";
    let from = cluster.nodes().iter().find(owns).unwrap();
    let to = cluster.nodes().iter().find(|node| !owns(node)).unwrap();
    let id = |node: &Redis| node.cli(&["CLUSTER", "MYID"]).unwrap();
    assert_eq!(to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(from)]).unwrap(), "OK");
    assert_eq!(from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(to)]).unwrap(), "OK");

    let least = user_of_cluster(&cluster, "least", &rules);
    all_operations_on_a_cluster(&least, "least", &moving).await.unwrap();
    for left_out in ON_A_CLUSTER {
        assert!(rules.contains(&left_out), "{left_out}");
        let name = format!("without-{}", left_out.replace(['+', '|'], "-"));
        let url = user_of_cluster(&cluster, &name, &all_but(&rules, left_out));
        assert_says_so(all_operations_on_a_cluster(&url, &name, &moving).await, left_out);
    }
}

/// What the page says in words, of sentinels and databases.
#[tokio::test]
async fn with_sentinels_and_in_another_database_a_little_more_is_needed() {
    let servers = Sentinels::start().unwrap();
    let rules = [&rules()[..], &["+role", "+select"]].concat();
    for server in [servers.primary(), servers.replica()] {
        user(server, "least", &rules);
        user(server, "no-role", &all_but(&rules, "+role"));
        user(server, "no-select", &all_but(&rules, "+select"));
    }
    for sentinel in servers.sentinels() {
        user(sentinel, "watch", &["+sentinel|get-master-addr-by-name"]);
        user(sentinel, "blind", &["+ping"]);
    }
    let url = |user: &str, sentinel_user: &str| {
        let url = servers.url().replace("://", &format!("://{user}:secret@"));
        format!("{url}/2?sentinel_user={sentinel_user}&sentinel_password=secret")
    };
    for user in ["least", "no-role"] {
        all_operations(&url(user, "watch"), user).await.unwrap();
    }
    assert_says_so(all_operations(&url("no-select", "watch"), "no-select").await, "+select");
    assert_says_so(all_operations(&url("least", "blind"), "blind").await, "sentinels");
}

#[tokio::test]
async fn the_public_suite_needs_no_more() -> Result<(), Broken> {
    let server = Redis::start().unwrap();
    let url = user(&server, "least", &rules());
    let make = async || {
        let clock = ManualClock::new(1_700_000_000_000);
        let settings = config(&url, Duration::from_secs(20));
        let backend = RedisBackend::with_clock(settings, Arc::new(clock.clone())).await.unwrap();
        Candidate::new(Backend::new("redis", Arc::new(backend))).with_clock(clock)
    };
    for group in ["rates", "slots", "quotas", "control"] {
        cases::prove(group, || Box::pin(make())).await?;
    }
    Ok(())
}
