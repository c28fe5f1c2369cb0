//! Many callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use limiter_core::{Key, Lease, SlotLimiter};

use super::ask::{AskSlots, wanting};
use crate::broken::Kept;
use crate::cases::crowd::at_once;
use crate::trial::{Promise, Trial};

/// How often callers meet on keys that are new.
const ROUNDS: usize = 8;

/// Of many callers at once exactly as many get in as the cap says, every time.
pub async fn of_many_callers_at_once_exactly_the_cap_get_in(
    slots: &Arc<dyn SlotLimiter>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("of many callers at once exactly the cap get in");
    for _ in 0..ROUNDS {
        let key = promise.key("user")?;
        let caller = |_| get_in(slots.clone(), promise.clone(), vec![key.clone()], 2);
        let granted = at_once(&promise, 24, caller).await?.into_iter().flatten().count();
        if granted != 2 {
            return Err(promise.broken(
                "24 acquires at once, cap 2",
                "2 granted",
                format!("{granted} granted"),
            ));
        }
    }
    Ok(())
}

/// Callers that come and go at once are never more than the cap, and when all have gone nothing is held.
pub async fn callers_that_come_and_go_are_never_more_than_the_cap(
    slots: &Arc<dyn SlotLimiter>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("callers that come and go are never more than the cap");
    let (key, inside) = (promise.key("user")?, Arc::new(AtomicU64::new(0)));
    let caller = |_| come_and_go(slots.clone(), promise.clone(), key.clone(), inside.clone());
    at_once(&promise, 12, caller).await?;
    AskSlots::new(slots, promise).in_use(&key).await.permits(0)
}

async fn come_and_go(
    slots: Arc<dyn SlotLimiter>,
    promise: Promise,
    key: Key,
    inside: Arc<AtomicU64>,
) -> Kept {
    for _ in 0..ROUNDS {
        let Some(lease) = get_in(slots.clone(), promise.clone(), vec![key.clone()], 2).await? else {
            tokio::task::yield_now().await;
            continue;
        };
        let holders = inside.fetch_add(1, Ordering::SeqCst) + 1;
        if holders > 2 {
            return Err(promise.broken("acquires and releases at once, cap 2", "2 holders", holders));
        }
        tokio::task::yield_now().await;
        inside.fetch_sub(1, Ordering::SeqCst);
        AskSlots::new(&slots, promise.clone()).release_one(&lease).await.is_live()?;
    }
    Ok(())
}

/// Callers that name the same scopes in different orders neither wait for each other forever nor get half of what they
/// ask for: exactly one gets the last place in both, and when it has gone nothing is held.
pub async fn of_callers_in_different_orders_exactly_one_gets_in(
    slots: &Arc<dyn SlotLimiter>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("of callers in different orders exactly one gets in");
    let ask = AskSlots::new(slots, promise.clone());
    for _ in 0..ROUNDS {
        let keys = [promise.key("a")?, promise.key("b")?];
        let order = |caller: usize| vec![keys[caller % 2].clone(), keys[1 - caller % 2].clone()];
        let caller = |caller| get_in(slots.clone(), promise.clone(), order(caller), 1);
        let granted: Vec<_> = at_once(&promise, 8, caller).await?.into_iter().flatten().collect();
        let [lease] = granted.as_slice() else {
            let got = format!("{} granted", granted.len());
            return Err(promise.broken("8 acquires over two scopes at once, cap 1", "1 granted", got));
        };
        ask.release_one(lease).await.is_live()?;
        ask.in_use(&keys[0]).await.permits(0)?;
        ask.in_use(&keys[1]).await.permits(0)?;
    }
    Ok(())
}

/// An acquire that is sent several times at once is granted each time, and counted once.
pub async fn an_acquire_sent_several_times_at_once_is_counted_once(
    slots: &Arc<dyn SlotLimiter>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("an acquire sent several times at once is counted once");
    for _ in 0..ROUNDS {
        let request = wanting(&[(&promise.key("user")?, 2)])?;
        let sender = |_| {
            let (slots, promise, request) = (slots.clone(), promise.clone(), request.clone());
            async move { AskSlots::new(&slots, promise).acquire(&request).await.lease() }
        };
        at_once(&promise, 4, sender).await?;
        AskSlots::new(slots, promise.clone()).take(request.scopes()[0].key(), 2).await?;
    }
    Ok(())
}

/// A renewal that meets the release of its lease doesn't bring it back.
pub async fn a_renewal_that_meets_a_release_brings_nothing_back(
    slots: &Arc<dyn SlotLimiter>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("a renewal that meets a release brings nothing back");
    let ask = AskSlots::new(slots, promise.clone());
    for _ in 0..ROUNDS {
        let key = promise.key("user")?;
        let lease = ask.take(&key, 1).await?;
        let caller = |caller| {
            let (slots, promise, lease) = (slots.clone(), promise.clone(), lease.clone());
            async move {
                let ask = AskSlots::new(&slots, promise);
                match caller {
                    2 => ask.release_one(&lease).await.is_live(),
                    _ => ask.renew_one(&lease).await.is_one_answer(),
                }
            }
        };
        at_once(&promise, 5, caller).await?;
        ask.take(&key, 1).await?;
    }
    Ok(())
}

/// One permit in each of the keys, or none.
async fn get_in(
    slots: Arc<dyn SlotLimiter>,
    promise: Promise,
    keys: Vec<Key>,
    cap: u64,
) -> Kept<Option<Lease>> {
    let scopes: Vec<_> = keys.iter().map(|key| (key, cap)).collect();
    let answer = AskSlots::new(&slots, promise).acquire(&wanting(&scopes)?).await;
    if answer.is_granted()? { answer.lease().map(Some) } else { Ok(None) }
}
