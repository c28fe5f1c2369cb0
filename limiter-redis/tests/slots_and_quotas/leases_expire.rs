//! Leases on a server: every key expires, none before the last of its leases, and reads keep none alive.

use std::time::Duration;

use limiter_core::{ErrorKind, Key, Lease, LeaseRequest, SlotLimiter, SlotLimiterExt};

use crate::store::{Store, key, lease_id, wanting};

const LONG_MS: u64 = 600_000;
const SHORT_MS: u64 = 1_000;
/// A set of expiries and a hash of permits belong to a key with leases.
const KEYS: usize = 2;

async fn take(store: &Store, request: &LeaseRequest) -> Lease {
    store.limiter.acquire(request).await.unwrap().into_result().unwrap()
}

async fn last_expiry(store: &Store, key: &Key) -> u64 {
    store.limiter.leases(key).await.unwrap().last().unwrap().expires_ms
}

#[tokio::test]
async fn keys_go_a_minute_after_their_last_lease() {
    let store = Store::new().await;
    let user = key("streams", "u1");
    take(&store, &wanting(&[(&user, 9)], LONG_MS)).await;
    let last = last_expiry(&store, &user).await;
    store.assert_kept_until(last, KEYS);

    let short = take(&store, &wanting(&[(&user, 9)], SHORT_MS)).await;
    store.assert_kept_until(last, KEYS);
    assert!(store.limiter.renew_one(&short).await.unwrap());
    store.assert_kept_until(last, KEYS);
    assert!(store.limiter.release_one(&short).await.unwrap());
    store.assert_kept_until(last, KEYS);
}

#[tokio::test]
async fn a_renewal_keeps_keys_for_longer() {
    let store = Store::new().await;
    let user = key("streams", "u1");
    let lease = take(&store, &wanting(&[(&user, 9)], SHORT_MS)).await;
    let longer = Lease::new(lease.id().clone(), [user.clone()], Duration::from_millis(LONG_MS)).unwrap();
    assert!(store.limiter.renew_one(&longer).await.unwrap());
    store.assert_kept_until(last_expiry(&store, &user).await, KEYS);
}

#[tokio::test]
async fn a_lease_asked_for_again_keeps_keys_for_longer() {
    let store = Store::new().await;
    let user = key("streams", "u1");
    let lease = take(&store, &wanting(&[(&user, 1)], SHORT_MS)).await;
    take(&store, &wanting(&[(&user, 1)], LONG_MS).with_id(lease.id().clone())).await;
    store.assert_kept_until(last_expiry(&store, &user).await, KEYS);
}

#[tokio::test]
async fn each_scope_has_keys_that_go() {
    let store = Store::new().await;
    let (all, user) = (key("streams", ""), key("streams", "u1"));
    take(&store, &wanting(&[(&all, 9), (&user, 9)], LONG_MS)).await;
    store.assert_kept_until(last_expiry(&store, &all).await, 2 * KEYS);
}

#[tokio::test]
async fn the_end_of_a_short_lease_takes_no_long_one_along() {
    let store = Store::new().await;
    let user = key("streams", "u1");
    take(&store, &wanting(&[(&user, 2)], LONG_MS)).await;
    take(&store, &wanting(&[(&user, 2)], 20)).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(store.limiter.in_use(&user).await.unwrap(), 1);
    take(&store, &wanting(&[(&user, 2)], 20)).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(store.limiter.in_use(&user).await.unwrap(), 1);
    assert_eq!(store.limiter.leases(&user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let store = Store::new().await;
    let (user, other) = (key("streams", "u1"), key("streams", "u2"));
    let lease = take(&store, &wanting(&[(&user, 1)], LONG_MS)).await;
    // One that has ended, and that nothing has removed yet.
    take(&store, &wanting(&[(&other, 1)], 1)).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (writes, last) = (store.writes(), last_expiry(&store, &user).await);

    for key in [&user, &other, &key("streams", "nobody")] {
        store.limiter.in_use(key).await.unwrap();
        store.limiter.leases(key).await.unwrap();
    }
    let refused = store.limiter.acquire(&wanting(&[(&other, 1), (&user, 1)], LONG_MS)).await.unwrap();
    assert!(!refused.is_acquired());
    let other_permits = wanting(&[(&user, 9)], LONG_MS).with_permits(2).unwrap().with_id(lease.id().clone());
    let conflict = store.limiter.acquire(&other_permits).await.unwrap_err();
    assert_eq!((conflict.kind(), conflict.operation()), (ErrorKind::Conflict, Some("acquire")));
    assert!(conflict.message().ends_with("holds 1 permits, asked for again with 2"), "{conflict}");
    let stranger = Lease::new(lease_id("stranger"), [user.clone()], Duration::from_secs(9)).unwrap();
    assert!(!store.limiter.renew_one(&stranger).await.unwrap());
    assert!(!store.limiter.release_one(&stranger).await.unwrap());
    assert_eq!(store.limiter.renew(&[]).await.unwrap(), []);

    assert_eq!(store.writes(), writes);
    assert_eq!(last_expiry(&store, &user).await, last);
}

#[tokio::test]
async fn the_last_lease_leaves_no_key() {
    let store = Store::new().await;
    let (all, user) = (key("streams", ""), key("streams", "u1"));
    let first = take(&store, &wanting(&[(&all, 9), (&user, 9)], LONG_MS)).await;
    let second = take(&store, &wanting(&[(&all, 9)], LONG_MS)).await;
    assert!(store.limiter.release_one(&first).await.unwrap());
    assert_eq!(store.keys().len(), KEYS, "{:?}", store.keys());
    assert!(store.limiter.release_one(&second).await.unwrap());
    assert_eq!(store.keys(), [""; 0]);
}

#[tokio::test]
async fn a_lost_lease_leaves_no_key() {
    let store = Store::new().await;
    let (all, user) = (key("streams", ""), key("streams", "u1"));
    let lease = take(&store, &wanting(&[(&all, 9), (&user, 9)], LONG_MS)).await;
    let of_user = Lease::new(lease.id().clone(), [user], Duration::from_secs(9)).unwrap();
    assert!(store.limiter.release_one(&of_user).await.unwrap());
    assert!(!store.limiter.renew_one(&lease).await.unwrap());
    assert_eq!(store.keys(), [""; 0]);
}

#[tokio::test]
async fn what_has_ended_goes_with_the_next_change() {
    let store = Store::new().await;
    let user = key("streams", "u1");
    let held = take(&store, &wanting(&[(&user, 3)], LONG_MS)).await;
    let ended =
        [take(&store, &wanting(&[(&user, 3)], 1)).await, take(&store, &wanting(&[(&user, 3)], 1)).await];
    tokio::time::sleep(Duration::from_millis(20)).await;
    let now = take(&store, &wanting(&[(&user, 3)], LONG_MS)).await;
    let leases = store.limiter.leases(&user).await.unwrap();
    assert_eq!(leases.iter().map(|held| &held.id).collect::<Vec<_>>(), [held.id(), now.id()]);
    assert_eq!(store.limiter.release(&[held, now]).await.unwrap(), [true, true]);
    assert_eq!(store.keys(), [""; 0]);
    assert_eq!(store.limiter.release(&ended).await.unwrap(), [false, false]);
}

#[tokio::test]
async fn many_leases_are_renewed_and_released_in_their_order() {
    let store = Store::new().await;
    let mut leases = Vec::new();
    for number in 0..250 {
        let user = key("streams", &format!("u{}", number % 7));
        leases.push(take(&store, &wanting(&[(&user, 99)], LONG_MS)).await);
    }
    let odd = leases.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>();
    assert_eq!(store.limiter.release(&odd).await.unwrap(), [true; 125]);
    let live = store.limiter.renew(&leases).await.unwrap();
    let expected: Vec<_> = (0..250).map(|number| number % 2 == 0).collect();
    assert_eq!(live, expected);
    assert_eq!(store.limiter.release(&leases).await.unwrap(), expected);
    assert_eq!(store.keys(), [""; 0]);
}

#[tokio::test]
async fn half_of_a_keys_state_holds_nobodys_permits() {
    let store = Store::new().await;
    let user = key("streams", "u1");
    for half in ["limiter:{streams:u1}:s", "limiter:{streams:u1}:s:p"] {
        take(&store, &wanting(&[(&user, 1)], LONG_MS)).await;
        store.delete(half);
        assert_eq!(store.limiter.in_use(&user).await.unwrap(), 0, "without {half}");
        let lease = take(&store, &wanting(&[(&user, 1)], LONG_MS)).await;
        assert_eq!(store.limiter.in_use(&user).await.unwrap(), 1, "without {half}");
        assert!(store.limiter.release_one(&lease).await.unwrap());
        assert_eq!(store.limiter.in_use(&user).await.unwrap(), 0, "without {half}");
    }
}
