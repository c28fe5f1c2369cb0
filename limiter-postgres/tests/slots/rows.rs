//! What stands in the tables: how long rows are kept, and that nothing is written that changes nothing.

use std::time::Duration;

use limiter_core::{ErrorKind, Lease, ManualClock, SlotLimiter, SlotLimiterExt};

use crate::store::{LONG, Store, client, client_by, key, lease_id, take, wanting};

const GRACE_MS: u64 = 60_000;

fn count(store: &Store) -> u64 {
    store.number("select count(*) from limiter.lease")
}

#[tokio::test]
async fn a_row_is_kept_for_a_minute_longer_than_its_lease_lives() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let kept =
        || store.number(&format!("select count(*) from limiter.lease where gone = expires + {GRACE_MS}"));
    let lease = take(&slots, &wanting(&[key("a"), key("b")], 9, LONG)).await;
    assert_eq!(kept(), 2);
    let longer = Lease::new(lease.id().clone(), [key("a"), key("b")], LONG * 2).unwrap();
    assert!(slots.renew_one(&longer).await.unwrap());
    assert_eq!(kept(), 2);
    take(&slots, &wanting(&[key("a"), key("b")], 9, LONG * 3).with_id(lease.id().clone())).await;
    assert_eq!(kept(), 2);
}

#[tokio::test]
async fn what_was_written_with_a_time_handed_in_is_kept_for_good() {
    let store = Store::new();
    let slots = client_by(&store.url, &ManualClock::new(1_000_000)).await;
    let lease = take(&slots, &wanting(&[key("a")], 9, LONG)).await;
    let kept = || store.number("select count(*) from limiter.lease where gone = 9223372036854775807");
    assert_eq!(kept(), 1);
    assert!(slots.renew_one(&lease).await.unwrap());
    assert_eq!(kept(), 1);
    assert_eq!(slots.leases(&key("a")).await.unwrap()[0].expires_ms, 1_000_000 + 600_000);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let lease = take(&slots, &wanting(&[key("a")], 1, LONG)).await;
    // One that has ended, and that nothing has removed yet.
    take(&slots, &wanting(&[key("b")], 1, Duration::from_millis(1))).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let rows = store.rows();

    for key in [key("a"), key("b"), key("nobody")] {
        slots.in_use(&key).await.unwrap();
        slots.leases(&key).await.unwrap();
    }
    let refused = slots.acquire(&wanting(&[key("b"), key("a")], 1, LONG)).await.unwrap();
    assert!(!refused.is_acquired());
    let others = wanting(&[key("a")], 9, LONG).with_permits(2).unwrap().with_id(lease.id().clone());
    let conflict = slots.acquire(&others).await.unwrap_err();
    assert_eq!((conflict.kind(), conflict.operation()), (ErrorKind::Conflict, Some("acquire")));
    assert!(conflict.message().ends_with("holds 1 permits, asked for again with 2"), "{conflict}");
    assert!(!conflict.may_have_charged());
    let stranger = Lease::new(lease_id("stranger"), [key("a")], LONG).unwrap();
    assert!(!slots.renew_one(&stranger).await.unwrap());
    assert!(!slots.release_one(&stranger).await.unwrap());
    assert!(slots.renew(&[]).await.unwrap().is_empty());

    assert_eq!(store.rows(), rows);
}

#[tokio::test]
async fn the_end_of_a_short_lease_takes_no_long_one_along() {
    let store = Store::new();
    let (slots, other) = (client(&store.url).await, client(&store.url).await);
    let long = take(&slots, &wanting(&[key("a")], 2, LONG)).await;
    for _ in 0..3 {
        let short = take(&other, &wanting(&[key("a")], 2, Duration::from_millis(20))).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
        assert!(!other.renew_one(&short).await.unwrap(), "its time was up");
        let left = slots.leases(&key("a")).await.unwrap();
        assert_eq!(left.iter().map(|held| &held.id).collect::<Vec<_>>(), [long.id()]);
    }
    assert!(slots.renew_one(&long).await.unwrap());
}

#[tokio::test]
async fn what_has_ended_goes_with_the_next_grant() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        ended.push(take(&slots, &wanting(&[key("a")], 9, Duration::from_millis(1))).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(count(&store), 1);
    let now = take(&slots, &wanting(&[key("a")], 1, LONG)).await;
    assert_eq!(count(&store), 1);
    assert_eq!(slots.release(&ended).await.unwrap(), [false; 3]);
    assert!(slots.release_one(&now).await.unwrap());
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_release_that_comes_too_late_removes_the_row_and_says_so() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let lease = take(&slots, &wanting(&[key("a"), key("b")], 9, Duration::from_millis(1))).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(count(&store), 2);
    assert!(!slots.release_one(&lease).await.unwrap());
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_lost_lease_leaves_no_row() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let lease = take(&slots, &wanting(&[key("a"), key("b")], 9, LONG)).await;
    let of_one = Lease::new(lease.id().clone(), [key("a")], LONG).unwrap();
    assert!(slots.release_one(&of_one).await.unwrap());
    assert!(!slots.renew_one(&lease).await.unwrap());
    assert_eq!(count(&store), 0);
}
