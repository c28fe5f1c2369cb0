//! Acquires that are sent again under the same id, as when an answer was lost.

use limiter_core::SlotLimiter;

use super::ask::{AskSlots, wanting, wanting_for};
use crate::broken::Kept;
use crate::trial::Trial;

/// An acquire that is sent again is granted, and isn't counted twice.
pub async fn an_acquire_sent_again_is_not_counted_twice(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an acquire sent again is not counted twice"));
    let key = ask.key("user")?;
    let request = wanting(&[(&key, 2)])?;
    ask.acquire(&request).await.granted()?;
    ask.acquire(&request).await.granted()?;
    ask.take(&key, 2).await.map(drop)
}

/// An acquire that is sent again is granted whatever the caps: full meanwhile, lowered, or zero.
pub async fn an_acquire_sent_again_is_granted_whatever_the_caps(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an acquire sent again is granted whatever the caps"));
    for cap in [2, 1, 0] {
        let key = ask.key("user")?;
        let lease = ask.take(&key, 2).await?;
        ask.take(&key, 2).await?;
        let again = wanting(&[(&key, cap)])?.with_id(lease.id().clone());
        ask.acquire(&again).await.granted()?;
    }
    Ok(())
}

/// A grant gives the lease that was asked for: its id, keys, permits and TTL, the second time too.
pub async fn a_grant_gives_the_lease_that_was_asked_for(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a grant gives the lease that was asked for"));
    let request = wanting(&[(&ask.key("user")?, 5)])?.with_permits(2)?;
    for _ in 0..2 {
        let got = ask.acquire(&request).await.lease()?;
        if got != request.lease() {
            let (wanted, got) = (format!("{:?}", request.lease()), format!("{got:?}"));
            return Err(ask.promise().broken("acquire", wanted, got));
        }
    }
    Ok(())
}

/// An id that is live with other permits, more or fewer, is a conflict.
pub async fn an_id_that_is_live_with_other_permits_is_a_conflict(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an id that is live with other permits is a conflict"));
    for permits in [1, 3] {
        let request = wanting(&[(&ask.key("user")?, 9)])?;
        ask.acquire(&request.clone().with_permits(2)?).await.granted()?;
        ask.acquire(&request.with_permits(permits)?).await.conflict()?;
    }
    Ok(())
}

/// A conflict changes nothing: neither how many permits are held, nor until when.
pub async fn a_conflict_changes_nothing(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a conflict changes nothing"));
    let held = ask.key("held")?;
    let request = wanting(&[(&held, 3)])?;
    ask.acquire(&request).await.granted()?;
    let _conflict = ask.acquire(&request.with_permits(2)?).await;
    ask.take_permits(&held, 3, 2).await?;
    ask.decided(|ttl_ms| conflicting(&ask, ttl_ms)).await
}

async fn conflicting(ask: &AskSlots<'_>, ttl_ms: u64) -> Kept<bool> {
    let key = ask.key("ending")?;
    let (lease, ends_ms) = ask.take_for(&key, 1, ttl_ms).await?;
    let again = wanting_for(&[(&key, 1)], 9 * ttl_ms)?.with_id(lease.id().clone());
    let _conflict = ask.acquire(&again.with_permits(2)?).await;
    if ask.now_ms().await? >= *ends_ms.start() {
        return Ok(false);
    }
    ask.is_free_after(&key, *ends_ms.end()).await?;
    Ok(true)
}
