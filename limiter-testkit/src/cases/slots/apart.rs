//! Leases over several scopes where the store can't take them in one step.

use std::sync::Arc;

use limiter_core::{ErrorKind, Key, Lease, SlotLimiter};

use super::ask::{AskSlots, wanting};
use crate::broken::Kept;
use crate::cases::crowd::at_once;
use crate::trial::{Promise, Trial};

/// A lease over several scopes stands in all of them, or the answer is [`Unsupported`](ErrorKind::Unsupported) and it
/// stands in none.
pub async fn a_lease_over_scopes_apart_stands_in_all_or_is_unsupported(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let words = "a lease over scopes apart stands in all or is unsupported";
    let ask = AskSlots::new(slots, trial.promise(words));
    let (one, two) = (ask.key("one")?, ask.key("two")?);
    let answer = ask.acquire(&wanting(&[(&one, 1), (&two, 1)])?).await;
    let held = u64::from(!answer.is(ErrorKind::Unsupported));
    if held == 1 {
        answer.granted()?;
    }
    ask.in_use(&one).await.permits(held)?;
    ask.in_use(&two).await.permits(held)
}

/// What was taken of one scope is given back when another refuses.
pub async fn what_a_scope_apart_refuses_is_given_back(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("what a scope apart refuses is given back"));
    for full in [0, 1] {
        let keys = [ask.key("one")?, ask.key("two")?];
        ask.take(&keys[full], 1).await?;
        let answer = ask.acquire(&wanting(&[(&keys[0], 1), (&keys[1], 1)])?).await;
        if !answer.is(ErrorKind::Unsupported) {
            answer.refused()?;
        }
        ask.take(&keys[1 - full], 1).await?;
    }
    Ok(())
}

/// Of callers at once over the same scopes never more get in than a cap says, and when they have gone nothing is held.
pub async fn callers_over_scopes_apart_are_never_more_than_a_cap(
    slots: &Arc<dyn SlotLimiter>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("callers over scopes apart are never more than a cap");
    let ask = AskSlots::new(slots, promise.clone());
    for _ in 0..8 {
        let keys = [promise.key("one")?, promise.key("two")?];
        let caller = |caller: usize| {
            let order = [keys[caller % 2].clone(), keys[1 - caller % 2].clone()];
            get_in_apart(slots.clone(), promise.clone(), order)
        };
        let granted: Vec<_> = at_once(&promise, 8, caller).await?.into_iter().flatten().collect();
        if granted.len() > 1 {
            let got = format!("{} granted", granted.len());
            return Err(promise.broken(
                "8 acquires over two scopes at once, cap 1",
                "1 granted at most",
                got,
            ));
        }
        for lease in &granted {
            ask.release_one(lease).await.is_live()?;
        }
        ask.in_use(&keys[0]).await.permits(0)?;
        ask.in_use(&keys[1]).await.permits(0)?;
    }
    Ok(())
}

async fn get_in_apart(slots: Arc<dyn SlotLimiter>, promise: Promise, keys: [Key; 2]) -> Kept<Option<Lease>> {
    let ask = AskSlots::new(&slots, promise);
    let answer = ask.acquire(&wanting(&[(&keys[0], 1), (&keys[1], 1)])?).await;
    if answer.is(ErrorKind::Unsupported) || !answer.is_granted()? {
        Ok(None)
    } else {
        answer.lease().map(Some)
    }
}
