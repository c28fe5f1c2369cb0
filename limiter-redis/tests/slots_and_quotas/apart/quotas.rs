//! Quotas of keys that don't live together.

use std::time::{Duration, Instant};

use limiter_core::{
    ErrorKind, Key, Period, Quota, QuotaCharge, QuotaTracker, Reservation, ReservationId, Reserved,
    Settlement,
};
use limiter_redis::RedisBackend;
use testservers::redis::Cluster;

use super::cluster::{give_up, key_on, limiter, limiter_on, names_of, three_keys, until};

const TTL: Duration = Duration::from_secs(60);

fn quota() -> Quota {
    Quota::new(10, Period::Year).unwrap()
}

fn reservation(charges: &[(&Key, u64)], ttl: Duration) -> Reservation {
    Reservation::new(lines(charges), ttl).unwrap()
}

fn lines(charges: &[(&Key, u64)]) -> Vec<QuotaCharge> {
    charges.iter().map(|(key, amount)| QuotaCharge::new((*key).clone(), quota(), *amount)).collect()
}

fn settlement(id: &ReservationId, charges: &[(&Key, u64)]) -> Settlement {
    Settlement::new(id.clone(), lines(charges)).unwrap()
}

async fn stands(limiter: &RedisBackend, key: &Key) -> (u64, u64) {
    let check = limiter.check(key, &quota()).await.unwrap();
    (check.used, check.reserved)
}

fn told(reserved: &Reserved) -> Vec<(bool, u64, u64, u64)> {
    let outcomes = reserved.outcomes().iter();
    outcomes.map(|told| (told.is_allowed(), told.used, told.reserved, told.remaining)).collect()
}

#[tokio::test]
async fn what_is_refused_sets_nothing_aside_and_nothing_is_remembered() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    assert!(limiter.record(&b, &quota(), 8).await.unwrap().is_allowed());
    assert!(limiter.record(&c, &quota(), 1).await.unwrap().is_allowed());
    let refused = reservation(&[(&a, 4), (&b, 4), (&c, 4)], TTL);
    let answer = limiter.reserve(&refused).await.unwrap();
    assert!(!answer.is_granted());
    assert_eq!(told(&answer), [(true, 0, 0, 10), (false, 8, 0, 2), (true, 1, 0, 9)]);
    assert_eq!(names_of(&a), [""; 0]);
    let again = reservation(&[(&a, 3), (&b, 1), (&c, 9)], TTL).with_id(refused.id().clone());
    let answer = limiter.reserve(&again).await.unwrap();
    assert_eq!(told(&answer), [(true, 0, 3, 7), (true, 8, 1, 1), (true, 1, 9, 0)]);
}

#[tokio::test]
async fn what_others_hold_of_a_counter_stays_when_a_reserve_is_taken_back() {
    let (limiter, [a, b, _]) = (limiter().await, three_keys());
    let other = reservation(&[(&a, 2)], TTL);
    assert!(limiter.reserve(&other).await.unwrap().is_granted());
    let answer = limiter.reserve(&reservation(&[(&a, 3), (&b, 11)], TTL)).await.unwrap();
    assert_eq!(told(&answer), [(true, 0, 2, 8), (false, 0, 0, 10)]);
    assert_eq!(stands(&limiter, &a).await, (0, 2));
    limiter.settle(&other.cancellation()).await.unwrap();
    assert_eq!(stands(&limiter, &a).await, (0, 0));
}

#[tokio::test]
async fn a_refusal_leaves_what_was_held_before_as_it_was() {
    let (limiter, [a, b, _]) = (limiter().await, three_keys());
    let held = reservation(&[(&a, 4)], TTL);
    assert!(limiter.reserve(&held).await.unwrap().is_granted());
    let longer = reservation(&[(&a, 4), (&b, 11)], 10 * TTL).with_id(held.id().clone());
    let answer = limiter.reserve(&longer).await.unwrap();
    assert_eq!(told(&answer), [(true, 0, 4, 6), (false, 0, 0, 10)]);
    let wait = limiter.reserve(&reservation(&[(&a, 7)], TTL)).await.unwrap().retry_after().unwrap();
    assert!(wait.after().unwrap() <= TTL, "{wait}");
    assert_eq!(stands(&limiter, &a).await, (0, 4));
}

#[tokio::test]
async fn a_conflict_in_a_later_part_changes_nothing() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let held = reservation(&[(&b, 4)], TTL);
    assert!(limiter.reserve(&held).await.unwrap().is_granted());
    let other_amount = reservation(&[(&a, 4), (&b, 5), (&c, 4)], TTL).with_id(held.id().clone());
    let error = limiter.reserve(&other_amount).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Conflict, false));
    assert!(error.message().ends_with("holds 4, asked for again with 5"), "{error}");
    assert_eq!((names_of(&a), names_of(&c)), (vec![], vec![]));

    limiter.settle(&settlement(held.id(), &[(&b, 1)])).await.unwrap();
    let error = limiter.reserve(&other_amount).await.unwrap_err();
    assert!(error.message().ends_with("was settled less than ten minutes ago"), "{error}");
    assert_eq!((names_of(&a), names_of(&c)), (vec![], vec![]));
}

#[tokio::test]
async fn a_settle_counts_once_in_every_part() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let held = reservation(&[(&a, 4), (&b, 4), (&c, 4)], TTL);
    assert!(limiter.reserve(&held).await.unwrap().is_granted());
    for _ in 0..2 {
        let outcomes = limiter.settle(&settlement(held.id(), &[(&a, 1), (&b, 2), (&c, 30)])).await.unwrap();
        let told: Vec<_> = outcomes.iter().map(|told| (told.used, told.reserved, told.remaining)).collect();
        assert_eq!(told, [(1, 0, 9), (2, 0, 8), (30, 0, 0)]);
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_nothing_half_done() {
    let (limiter, [a, b, c]) = (limiter().await, three_keys());
    let held = reservation(&[(&a, 4), (&b, 4), (&c, 4)], TTL);
    give_up(limiter.reserve(&held)).await;
    until("it is set aside everywhere", || async {
        stands(&limiter, &a).await == (0, 4) && stands(&limiter, &c).await == (0, 4)
    })
    .await;
    let settlement = held.settlement(&[1, 1, 1]).unwrap();
    give_up(limiter.settle(&settlement)).await;
    until("it is settled everywhere", || async {
        stands(&limiter, &a).await == (1, 0) && stands(&limiter, &c).await == (1, 0)
    })
    .await;
}

#[tokio::test]
async fn a_node_that_stalls_costs_one_timeout_and_everything_can_be_repeated() {
    let cluster = Cluster::start(3, 0).unwrap();
    let limiter = limiter_on(&cluster).await;
    let (a, b) = (key_on(&cluster, 0), key_on(&cluster, 1));
    assert!(limiter.record(&a, &quota(), 1).await.unwrap().is_allowed());
    assert!(limiter.record(&b, &quota(), 1).await.unwrap().is_allowed());
    let held = reservation(&[(&a, 4), (&b, 4)], TTL);
    let settlement = held.settlement(&[2, 3]).unwrap();

    cluster.nodes()[1].pause();
    let started = Instant::now();
    let reserved = limiter.reserve(&held).await;
    let settled = limiter.settle(&settlement).await;
    let took = started.elapsed();
    cluster.nodes()[1].resume();

    let (reserved, settled) = (reserved.unwrap_err(), settled.unwrap_err());
    assert!(reserved.may_have_charged() && settled.may_have_charged(), "{reserved}, {settled}");
    assert!(took < Duration::from_secs(3), "it took {took:?}");
    assert_eq!(stands(&limiter, &a).await, (3, 0));
    // Repeating changes nothing, so it may be done until the cluster is well again, and once more.
    until("the settlement goes through", || async { limiter.settle(&settlement).await.is_ok() }).await;
    let outcomes = limiter.settle(&settlement).await.unwrap();
    assert_eq!(outcomes.iter().map(|told| (told.used, told.reserved)).collect::<Vec<_>>(), [(3, 0), (4, 0)]);
}
