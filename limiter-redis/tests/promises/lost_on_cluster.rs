//! Answers that a cluster's nodes lose after they have done what was asked.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Backend, Charge, Key, Limit};
use limiter_redis::RedisBackend;
use limiter_testkit::lost::{Operation, Ready, heal};
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::redis::{Cluster, Redis};
use tokio::time::sleep;

use crate::everything::everything_in;
use crate::operations::{LONG, key, one_of_each};
use crate::server::client_within;

/// A cluster of which each node is reached through a proxy of its own.
pub(crate) struct Proxied {
    cluster: Cluster,
    pub(crate) proxies: Vec<Proxy>,
}

impl Proxied {
    pub(crate) async fn start() -> Self {
        let cluster = Cluster::start(3, 0).unwrap();
        let mut proxies = Vec::new();
        for node in cluster.nodes() {
            let proxy = Proxy::start(node.address()).await.unwrap();
            let port = proxy.address().port().to_string();
            assert_eq!(node.cli(&["CONFIG", "SET", "cluster-announce-port", &port]).unwrap(), "OK");
            proxies.push(proxy);
        }
        // Until all have heard of it from each other.
        for node in cluster.nodes() {
            let knows =
                |told: &str| proxies.iter().all(|proxy| told.contains(&proxy.address().port().to_string()));
            while !knows(&node.cli(&["CLUSTER", "SLOTS"]).unwrap()) {
                sleep(Duration::from_millis(50)).await;
            }
        }
        Self { cluster, proxies }
    }

    pub(crate) async fn client(&self, timeout: Duration) -> RedisBackend {
        let nodes: Vec<_> = self.proxies.iter().map(|proxy| proxy.address().to_string()).collect();
        client_within(&format!("redis+cluster://{}", nodes.join(",")), timeout).await
    }

    /// A key on each node.
    pub(crate) fn keys(&self, who: &str) -> Vec<Key> {
        let partitions = self.cluster.nodes().iter().map(partition_on);
        partitions.map(|partition| key(who).with_partition(&partition).unwrap()).collect()
    }
}

/// A partition that lives on this node.
fn partition_on(node: &Redis) -> String {
    let lives_here = |name: &String| node.cli(&["EXISTS", name]).unwrap() == "0";
    (0..1000).map(|number| format!("partition-{number}")).find(lives_here).unwrap()
}

#[tokio::test]
async fn what_a_partition_loses_was_executed_once() {
    let proxied = Proxied::start().await;
    let (proxy, partition) = (&proxied.proxies[1], partition_on(&proxied.cluster.nodes()[1]));
    let direct = proxied.client(Duration::from_secs(20)).await;
    everything_in(&direct, "warm", &partition).await.unwrap();
    let lossy = proxied.client(Duration::from_millis(400)).await;
    let (direct, lossy) = (backend(direct), backend(lossy));
    for mode in [Mode::DropRepliesAndCut, Mode::DropReplies] {
        for operation in Operation::ALL {
            let key = |which| -> Key {
                let key = key(&format!("{mode:?}.{operation:?}.{which}"));
                key.with_partition(&partition).unwrap()
            };
            let mut ready = Ready::new(operation, [key("a"), key("b"), key("c")], &direct).await.unwrap();
            // Nodes are connected to when they are needed.
            lossy.slots.in_use(&key("a")).await.unwrap();
            proxy.set(mode).await;
            ready.lose(&lossy).await.unwrap();
            heal(proxy, &lossy, &key("a")).await.unwrap();
            heal(proxy, &direct, &key("a")).await.unwrap();
            ready.was_executed_once(&direct).await.unwrap();
            if operation.is_repeatable() {
                ready.make(&lossy).await.unwrap();
            }
            ready.was_executed_once(&direct).await.unwrap();
        }
    }
}

fn backend(client: RedisBackend) -> Backend {
    Backend::new("redis", Arc::new(client))
}

/// One part's answer is lost, the parts before it have charged: they are given back, and never twice.
#[tokio::test]
async fn what_one_of_several_partitions_loses_leaves_the_others_as_they_were() {
    let proxied = Proxied::start().await;
    let keys = proxied.keys("apart");
    let lossy = backend(proxied.client(Duration::from_millis(400)).await);
    let limits: [Limit; 4] = one_of_each(100, LONG);
    for (place, limit) in limits.iter().enumerate() {
        let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, limit)).collect();
        for _ in 0..2 {
            assert!(lossy.rates.hit(&charges).await.unwrap().is_allowed());
        }
        proxied.proxies[1].set(Mode::DropRepliesAndCut).await;
        let error = lossy.rates.hit(&charges).await.unwrap_err();
        assert!(error.may_have_charged(), "{error}");
        heal(&proxied.proxies[1], &lossy, &keys[1]).await.unwrap();
        for (key, remaining) in keys.iter().zip([98, 97, 98]) {
            let peeked = lossy.rates.peek(&[Charge::new(key, limit)]).await.unwrap();
            assert_eq!(peeked.outcomes()[0].remaining(), remaining, "{place}");
        }
    }
}
