//! Leases over keys that don't live together.

use std::time::{Duration, Instant};

use limiter_core::{Acquisition, ErrorKind, Key, Lease, LeaseRequest, SlotLimiter, SlotLimiterExt};
use limiter_redis::RedisBackend;
use testservers::redis::Cluster;

use super::cluster::{give_up, key_on, limiter, limiter_on, names_of, three_keys, until};
use crate::store::{lease_id, wanting};

const TTL_MS: u64 = 60_000;

async fn take(limiter: &RedisBackend, request: &LeaseRequest) -> Lease {
    limiter.acquire(request).await.unwrap().into_result().unwrap()
}

async fn expiry(limiter: &RedisBackend, key: &Key) -> u64 {
    let leases = limiter.leases(key).await.unwrap();
    assert_eq!(leases.len(), 1);
    leases[0].expires_ms
}

fn in_partition(key: &Key, partition: &Key) -> Key {
    key.clone().with_partition(partition.subject()).unwrap()
}

#[tokio::test]
async fn what_is_refused_holds_nothing_anywhere() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    take(&limiter, &wanting(&[(&a, 9)], TTL_MS)).await;
    take(&limiter, &wanting(&[(&c, 9)], TTL_MS)).await;
    let request = wanting(&[(&a, 9), (&b, 9), (&c, 1)], TTL_MS);
    let Acquisition::Full(full) = limiter.acquire(&request).await.unwrap() else { panic!("it was granted") };
    assert_eq!((full.denied_by, full.in_use), (2, vec![1, 0, 1]));
    assert_eq!(limiter.in_use(&a).await.unwrap(), 1);
    assert_eq!(names_of(&b), [""; 0]);
}

#[tokio::test]
async fn the_first_scope_without_room_is_named_whichever_part_was_asked_first() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let (first, last) = (in_partition(&a, &a), in_partition(&b, &a));
    take(&limiter, &wanting(&[(&b, 9)], TTL_MS)).await;
    take(&limiter, &wanting(&[(&last, 9), (&c, 9)], TTL_MS)).await;
    let request = wanting(&[(&first, 9), (&b, 1), (&c, 9), (&last, 1)], TTL_MS);
    let Acquisition::Full(full) = limiter.acquire(&request).await.unwrap() else { panic!("it was granted") };
    assert_eq!((full.denied_by, full.in_use), (1, vec![0, 1, 1, 1]));
    assert_eq!(limiter.in_use(&c).await.unwrap(), 1);
}

#[tokio::test]
async fn a_refusal_leaves_a_lease_that_was_live_as_it_was() {
    let (limiter, [a, b, _]) = (limiter().await, three_keys());
    let lease = take(&limiter, &wanting(&[(&a, 9)], TTL_MS)).await;
    take(&limiter, &wanting(&[(&b, 9)], TTL_MS)).await;
    let before = expiry(&limiter, &a).await;
    let request = wanting(&[(&a, 9), (&b, 1)], 10 * TTL_MS).with_id(lease.id().clone());
    let Acquisition::Full(full) = limiter.acquire(&request).await.unwrap() else { panic!("it was granted") };
    assert_eq!((full.denied_by, full.in_use), (1, vec![1, 1]));
    assert_eq!(expiry(&limiter, &a).await, before);
}

#[tokio::test]
async fn a_lease_asked_for_again_is_granted_whatever_the_caps() {
    let (limiter, [a, b, _]) = (limiter().await, three_keys());
    let request = wanting(&[(&a, 1), (&b, 1)], TTL_MS);
    take(&limiter, &request).await;
    let again = wanting(&[(&a, 0), (&b, 0)], TTL_MS).with_id(request.id().clone());
    assert_eq!(limiter.acquire(&again).await.unwrap().in_use(), [1, 1]);
}

#[tokio::test]
async fn a_conflict_in_a_later_part_changes_nothing() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let two = wanting(&[(&b, 9)], TTL_MS).with_permits(2).unwrap();
    take(&limiter, &two).await;
    let before = expiry(&limiter, &b).await;
    let request = wanting(&[(&a, 9), (&b, 9), (&c, 9)], 10 * TTL_MS).with_id(two.id().clone());
    let error = limiter.acquire(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Conflict, false), "{error}");
    assert_eq!((names_of(&a), names_of(&c)), (vec![], vec![]));
    assert_eq!(expiry(&limiter, &b).await, before);
}

#[tokio::test]
async fn a_conflict_is_told_where_an_earlier_part_is_full() {
    let (limiter, [a, b, _]) = (limiter().await, three_keys());
    let two = wanting(&[(&b, 9)], TTL_MS).with_permits(2).unwrap();
    take(&limiter, &two).await;
    let request = wanting(&[(&a, 0), (&b, 9)], TTL_MS).with_id(two.id().clone());
    assert_eq!(limiter.acquire(&request).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_lease_that_is_lost_in_one_part_is_released_in_the_others() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let lease = take(&limiter, &wanting(&[(&a, 9), (&b, 9), (&c, 9)], TTL_MS)).await;
    let other = take(&limiter, &wanting(&[(&a, 9), (&c, 9)], TTL_MS)).await;
    let of_b = Lease::new(lease.id().clone(), [b.clone()], Duration::from_secs(9)).unwrap();
    assert!(limiter.release_one(&of_b).await.unwrap());
    assert_eq!(limiter.renew(&[lease.clone(), other.clone()]).await.unwrap(), [false, true]);
    assert_eq!((limiter.in_use(&a).await.unwrap(), limiter.in_use(&c).await.unwrap()), (1, 1));
    assert_eq!(limiter.release(&[lease, other]).await.unwrap(), [false, true]);
    assert_eq!((names_of(&a), names_of(&b), names_of(&c)), (vec![], vec![], vec![]));
}

#[tokio::test]
async fn many_leases_on_many_nodes_are_answered_in_their_order() {
    let limiter = limiter().await;
    let mut leases = Vec::new();
    for number in 0..30 {
        let [a, b, c] = three_keys();
        let scopes = [(&a, 9), (&b, 9), (&c, 9)];
        leases.push(take(&limiter, &wanting(&scopes[..=number % 3], TTL_MS)).await);
    }
    let odd = leases.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>();
    assert_eq!(limiter.release(&odd).await.unwrap(), [true; 15]);
    let expected: Vec<_> = (0..30).map(|number| number % 2 == 0).collect();
    assert_eq!(limiter.renew(&leases).await.unwrap(), expected);
    assert_eq!(limiter.release(&leases).await.unwrap(), expected);
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_nothing_half_done() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let request = wanting(&[(&a, 9), (&b, 9), (&c, 9)], TTL_MS);
    give_up(limiter.acquire(&request)).await;
    until("the lease stands everywhere", || async {
        limiter.in_use(&a).await.unwrap() == 1 && limiter.in_use(&c).await.unwrap() == 1
    })
    .await;
    give_up(limiter.release_one(&request.lease())).await;
    until("the lease is gone everywhere", || async {
        limiter.in_use(&a).await.unwrap() == 0 && limiter.in_use(&c).await.unwrap() == 0
    })
    .await;
}

#[tokio::test]
async fn a_node_that_stalls_costs_one_timeout_and_what_others_granted_is_taken_back() {
    let cluster = Cluster::start(3, 0).unwrap();
    let limiter = limiter_on(&cluster).await;
    let (a, b) = (key_on(&cluster, 0), key_on(&cluster, 1));
    take(&limiter, &wanting(&[(&a, 9), (&b, 9)], TTL_MS).with_id(lease_id("first"))).await;

    cluster.nodes()[1].pause();
    let started = Instant::now();
    let answer = limiter.acquire(&wanting(&[(&a, 9), (&b, 9)], TTL_MS)).await;
    let took = started.elapsed();
    cluster.nodes()[1].resume();

    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, true), "{error}");
    assert!(took < Duration::from_secs(2), "it took {took:?}");
    until("what was granted is taken back", || async { limiter.in_use(&a).await.unwrap() == 1 }).await;
}
