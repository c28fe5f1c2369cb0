//! Many leases in one call, and many on one key.

use std::time::Duration;

use limiter_core::{Lease, SlotLimiter};

use crate::store::{LONG, Store, client, key, take, wanting};

#[tokio::test]
async fn many_leases_are_renewed_and_released_in_their_order() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let mut leases = Vec::new();
    for number in 0..250 {
        leases.push(take(&slots, &wanting(&[key(&format!("u{}", number % 7)), key("")], 999, LONG)).await);
    }
    let odd = leases.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>();
    assert_eq!(slots.release(&odd).await.unwrap(), [true; 125]);
    let live = slots.renew(&leases).await.unwrap();
    let expected: Vec<_> = (0..250).map(|number| number % 2 == 0).collect();
    assert_eq!(live, expected);
    assert_eq!(slots.release(&leases).await.unwrap(), expected);
    assert_eq!(store.number("select count(*) from limiter.lease"), 0);
}

#[tokio::test]
async fn each_lease_of_a_call_goes_by_its_own_keys_and_time() {
    let store = Store::new();
    let slots = client(&store.url).await;
    let keys = [vec![key("a"), key("b"), key("c")], vec![key("b")], vec![key("c"), key("a")]];
    let mut leases = Vec::new();
    for (place, keys) in keys.iter().enumerate() {
        let lease = take(&slots, &wanting(keys, 9, LONG)).await;
        let ttl = LONG * (u32::try_from(place).unwrap() + 2);
        leases.push(Lease::new(lease.id().clone(), keys.clone(), ttl).unwrap());
    }
    let before = store.now_ms();
    assert_eq!(slots.renew(&leases).await.unwrap(), [true; 3]);
    for (lease, keys) in leases.iter().zip(&keys) {
        for key in keys {
            let held = slots.leases(key).await.unwrap();
            let expires_ms = held.iter().find(|held| held.id == *lease.id()).unwrap().expires_ms;
            let ttl_ms = expires_ms - before;
            assert!((lease.ttl_ms()..lease.ttl_ms() + 20_000).contains(&ttl_ms), "{ttl_ms}");
        }
    }
    // The same lease twice in a call: in their order.
    let twice = [leases[1].clone(), leases[0].clone(), leases[1].clone()];
    assert_eq!(slots.release(&twice).await.unwrap(), [true, true, false]);
    assert_eq!(store.number("select count(*) from limiter.lease"), 2);
}

#[tokio::test]
async fn a_thousand_leases_of_a_key_are_counted_to_the_last() {
    let store = Store::new();
    let slots = client(&store.url).await;
    take(&slots, &wanting(&[key("a")], 1, Duration::from_millis(1))).await;
    let name = store.ask("select key from limiter.slot");
    store.ask(&format!(
        "insert into limiter.lease select '{name}', 'x' || i, 1, 9e15, 9e15 from generate_series(1, 999) i"
    ));
    tokio::time::sleep(Duration::from_millis(5)).await;
    let last = take(&slots, &wanting(&[key("a")], 1000, LONG)).await;
    let full = slots.acquire(&wanting(&[key("a")], 1000, LONG)).await.unwrap();
    assert_eq!((full.is_acquired(), full.in_use()), (false, [1000].as_slice()));
    assert_eq!(slots.leases(&key("a")).await.unwrap().len(), 1000);
    assert_eq!(slots.release(&[last]).await.unwrap(), [true]);
    take(&slots, &wanting(&[key("a")], 1000, LONG)).await;
}
