//! Keys whose row somebody else holds.

use std::time::{Duration, Instant};

use limiter_core::{ErrorKind, Lease, SlotLimiter};

use crate::store::{LONG, Store, client_within, key, take, wanting};

const TIMEOUT: Duration = Duration::from_millis(800);

#[tokio::test]
async fn a_key_that_somebody_holds_holds_up_no_other() {
    let store = Store::new();
    let slots = client_within(&store.url, TIMEOUT).await;
    let held = take(&slots, &wanting(&[key("held")], 9, LONG)).await;
    let free = take(&slots, &wanting(&[key("free")], 9, LONG)).await;
    let holder = store.hold(&held, 2.5);

    let begun = Instant::now();
    let (held, other) = (wanting(&[key("held")], 9, LONG), wanting(&[key("free")], 9, LONG));
    let others = async {
        let granted = slots.acquire(&other).await.unwrap().is_acquired();
        (granted, slots.renew(std::slice::from_ref(&free)).await.unwrap(), begun.elapsed())
    };
    let (held, (granted, renewed, others_after)) = tokio::join!(slots.acquire(&held), others);
    let held_after = begun.elapsed();
    holder.join().unwrap();

    assert!(granted && renewed == [true] && others_after < TIMEOUT / 2, "{renewed:?} after {others_after:?}");
    let error = held.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, false), "{error}");
    assert!(held_after < TIMEOUT + Duration::from_millis(100), "{held_after:?}");
    assert_eq!(slots.in_use(&key("held")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_lease_lives_from_when_its_key_was_free() {
    let store = Store::new();
    let slots = client_within(&store.url, Duration::from_secs(20)).await;
    let lease = take(&slots, &wanting(&[key("held")], 9, LONG)).await;
    let ttl_ms = lease.ttl_ms();
    let expiry = async || slots.leases(&key("held")).await.unwrap().last().unwrap().expires_ms;

    let holder = store.hold(&lease, 0.5);
    assert_eq!(slots.renew(std::slice::from_ref(&lease)).await.unwrap(), [true]);
    let free_ms = holder.join().unwrap();
    assert!(expiry().await >= free_ms + ttl_ms, "a renewal lost time to waiting");

    let holder = store.hold(&lease, 0.5);
    take(&slots, &wanting(&[key("held")], 9, LONG)).await;
    let free_ms = holder.join().unwrap();
    assert!(expiry().await >= free_ms + ttl_ms, "a lease lost time to waiting");
}

#[tokio::test]
async fn leases_whose_row_is_held_hold_up_none_of_those_in_the_same_call() {
    let store = Store::new();
    let slots = client_within(&store.url, TIMEOUT).await;
    let mut leases = Vec::new();
    for number in 0..30 {
        let user = if number % 10 == 3 { "held".to_owned() } else { format!("u{}", number % 7) };
        leases.push(take(&slots, &wanting(&[key(&user)], 99, LONG)).await);
    }
    let longer = leases.iter().map(|lease| Lease::new(lease.id().clone(), lease.keys(), LONG * 2).unwrap());
    let longer: Vec<_> = longer.collect();
    let holder = store.hold(&leases[3], 2.5);
    let begun = Instant::now();
    let error = slots.renew(&longer).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_charged()), (ErrorKind::Timeout, true), "{error}");
    assert!(begun.elapsed() < TIMEOUT + Duration::from_millis(100), "{:?}", begun.elapsed());
    let moved = format!("select count(*) from limiter.lease where expires > {}", store.now_ms() + 900_000);
    assert_eq!(store.number(&moved), 27);
    holder.join().unwrap();

    // One that is free again within its time is waited for.
    let holder = store.hold(&leases[3], 0.4);
    let expected: Vec<_> = (0..30).map(|number| number != 5).collect();
    assert!(slots.release(&leases[5..6]).await.unwrap()[0]);
    assert_eq!(slots.renew(&longer).await.unwrap(), expected);
    holder.join().unwrap();
    assert_eq!(slots.release(&leases).await.unwrap(), expected);
}
