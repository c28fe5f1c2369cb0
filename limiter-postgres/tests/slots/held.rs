//! Keys whose row somebody else holds.

use std::time::{Duration, Instant};

use limiter_core::{ErrorKind, SlotLimiter};

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
