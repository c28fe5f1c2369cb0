//! Several servers that belong together.
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::thread;
use std::time::{Duration, Instant};

use testservers::redis::{Cluster, Redis, Sentinels};

/// Waits for it, and tells how long it took.
fn within(limit: Duration, what: &str, is_so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "{what}: not within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

fn role(server: &Redis) -> String {
    server.cli(&["ROLE"]).unwrap().lines().next().unwrap().to_owned()
}

#[test]
fn a_cluster_serves_every_slot_and_fails_over() {
    let cluster = Cluster::start(3, 1).unwrap();
    let nodes = cluster.nodes();
    assert_eq!(nodes.len(), 6);
    assert_eq!(cluster.url().matches("127.0.0.1:").count(), 6);
    assert!(cluster.url().starts_with(&format!("redis+cluster://{}", nodes[0].address())));
    for node in nodes {
        let info = node.cli(&["CLUSTER", "INFO"]).unwrap();
        assert!(info.contains("cluster_state:ok") && info.contains("cluster_size:3"), "{info}");
    }
    let roles: Vec<String> = nodes.iter().map(role).collect();
    assert_eq!(roles, ["master", "master", "master", "slave", "slave", "slave"]);
    for key in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(nodes[0].cli(&["-c", "SET", key, key]).unwrap(), "OK");
        assert_eq!(nodes[2].cli(&["-c", "GET", key]).unwrap(), key);
    }
    // The slot of `b` is among the first master's.
    assert_eq!(nodes[0].cli(&["SET", "b", "kept"]).unwrap(), "OK");
    assert_eq!(nodes[0].cli(&["WAIT", "1", "5000"]).unwrap(), "1");

    nodes[0].kill();
    within(Duration::from_secs(30), "the replica takes over", || role(&nodes[3]) == "master");
    within(Duration::from_secs(10), "the others see it", || {
        nodes[1].cli(&["CLUSTER", "INFO"]).unwrap().contains("cluster_state:ok")
    });
    assert_eq!(nodes[1].cli(&["-c", "GET", "b"]).unwrap(), "kept");
    nodes[0].start_again().unwrap();
    within(Duration::from_secs(30), "the old master follows", || role(&nodes[0]) == "slave");
}

#[test]
fn a_cluster_without_replicas_is_well_too() {
    let cluster = Cluster::start(2, 0).unwrap();
    assert_eq!(cluster.nodes().len(), 2);
    assert_eq!(cluster.nodes()[0].cli(&["-c", "SET", "a", "b"]).unwrap(), "OK");
    assert!(Cluster::start(0, 1).is_err());
}

#[test]
fn sentinels_promote_the_replica_of_a_killed_primary() {
    let all = Sentinels::start().unwrap();
    let sentinels = all.sentinels();
    assert_eq!(sentinels.len(), 3);
    let expected = format!("redis+sentinel://{}", sentinels[0].address());
    assert!(all.url().starts_with(&expected) && all.url().ends_with("/limits"), "{}", all.url());
    let master = |sentinel: &Redis| sentinel.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "limits"]).unwrap();
    let told = |server: &Redis| format!("127.0.0.1\n{}", server.port());
    assert!(sentinels.iter().all(|sentinel| master(sentinel) == told(all.primary())));
    all.primary().cli(&["SET", "a", "b"]).unwrap();
    assert_eq!(all.primary().cli(&["WAIT", "1", "5000"]).unwrap(), "1");

    all.primary().kill();
    let took = within(Duration::from_secs(20), "a failover", || role(all.replica()) == "master");
    assert!(took >= Duration::from_secs(1), "nobody waited for the primary to be down: {took:?}");
    within(Duration::from_secs(10), "all sentinels agree", || {
        sentinels.iter().all(|sentinel| master(sentinel) == told(all.replica()))
    });
    assert_eq!(all.replica().cli(&["GET", "a"]).unwrap(), "b");
    all.primary().start_again().unwrap();
    within(Duration::from_secs(30), "the old primary follows", || role(all.primary()) == "slave");
}
