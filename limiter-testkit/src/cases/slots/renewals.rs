//! What a renewal does, and what it doesn't. In real time what is looked at just before an end is looked at a
//! quarter of the TTL before.

use limiter_core::{Lease, SlotLimiter};

use super::ask::{AskSlots, part_of, stranger, wanting_for};
use crate::broken::Kept;
use crate::trial::Trial;

/// A renewal moves the expiry to its TTL from now: not to that after the old expiry, and not to the TTL that the
/// lease was acquired with.
pub async fn a_renewal_moves_the_expiry_to_its_ttl_from_now(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a renewal moves the expiry to its TTL from now"));
    ask.decided(|ttl_ms| moves(&ask, ttl_ms)).await
}

async fn moves(ask: &AskSlots<'_>, ttl_ms: u64) -> Kept<bool> {
    let (before, after, shortened) = (ask.key("before")?, ask.key("after")?, ask.key("shortened")?);
    let (first, ends_ms) = ask.take_for(&before, 1, ttl_ms).await?;
    let (second, _) = ask.take_for(&after, 1, ttl_ms).await?;
    let (third, _) = ask.take_for(&shortened, 1, 9 * ttl_ms).await?;
    ask.until(ends_ms.start() - ttl_ms / 2).await?;
    let mut ends_again_ms = 0..=0;
    for lease in [&first, &second, &part_of(&third, &[&shortened], ttl_ms)?] {
        let (answer, at_ms) = ask.timed(async { Ok(ask.renew_one(lease).await) }).await?;
        if at_ms.end() >= ends_ms.start() {
            return Ok(false);
        }
        answer.is_live()?;
        ends_again_ms = at_ms.start() + ttl_ms..=at_ms.end() + ttl_ms;
    }
    let told = ask.runs_out_between(&shortened, &ends_again_ms).await?;
    if !told || !ask.is_taken_before(&before, ends_ms.start() + ttl_ms / 2, ttl_ms / 4).await? {
        return Ok(false);
    }
    ask.is_free_after(&after, *ends_again_ms.end()).await?;
    ask.is_free_after(&shortened, *ends_again_ms.end()).await?;
    Ok(true)
}

/// A lease that ran out is lost: a renewal tells so, and never brings it back.
pub async fn a_renewal_never_brings_a_lost_lease_back(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a renewal never brings a lost lease back"));
    let key = ask.key("user")?;
    let (lease, ends_ms) = ask.take_for(&key, 1, ask.short_ms()).await?;
    ask.until(*ends_ms.end()).await?;
    ask.renew_one(&lease).await.is_lost()?;
    ask.is_free_after(&key, *ends_ms.end()).await
}

/// A renewal of a lease that never was, or that was released, tells that it isn't live, and creates nothing.
pub async fn a_renewal_creates_nothing(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a renewal creates nothing"));
    let (unused, left) = (ask.key("unused")?, ask.key("left")?);
    ask.renew_one(&stranger(&unused)?).await.is_lost()?;
    ask.take(&unused, 1).await?;
    let lease = ask.take(&left, 1).await?;
    ask.release_one(&lease).await.is_live()?;
    ask.renew_one(&lease).await.is_lost()?;
    ask.take(&left, 1).await.map(drop)
}

/// A renewal doesn't change how many permits a lease holds.
pub async fn a_renewal_keeps_the_permits(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a renewal keeps the permits"));
    let key = ask.key("user")?;
    let lease = ask.take_permits(&key, 3, 3).await?;
    let bare = part_of(&lease, &[&key], lease.ttl_ms())?;
    ask.renew_one(&bare).await.is_live()?;
    ask.refused(&key, 3).await
}

/// Many leases are renewed in one call: each by itself, in the order given, whatever becomes of the others.
pub async fn many_leases_are_renewed_in_one_call_each_by_itself(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let words = "many leases are renewed in one call, each by itself";
    let ask = AskSlots::new(slots, trial.promise(words));
    ask.decided(|ttl_ms| each_by_itself(&ask, ttl_ms)).await
}

async fn each_by_itself(ask: &AskSlots<'_>, ttl_ms: u64) -> Kept<bool> {
    let (first, last) = (ask.key("first")?, ask.key("last")?);
    let (one, ends_ms) = ask.take_for(&first, 1, ttl_ms).await?;
    let (other, _) = ask.take_for(&last, 1, ttl_ms).await?;
    let leases: [Lease; 4] = [one, stranger(&ask.key("unused")?)?, stranger(&first)?, other];
    ask.until(ends_ms.start() - ttl_ms / 2).await?;
    let (answer, at_ms) = ask.timed(async { Ok(ask.renew(&leases).await) }).await?;
    if at_ms.end() >= ends_ms.start() {
        return Ok(false);
    }
    answer.are(&[true, false, false, true])?;
    Ok(ask.is_taken_before(&first, at_ms.start() + ttl_ms, ttl_ms / 4).await?
        && ask.is_taken_before(&last, at_ms.start() + ttl_ms, ttl_ms / 4).await?)
}

/// An acquire that is sent again moves the expiry to its TTL from now, as a renewal does.
pub async fn an_acquire_sent_again_moves_the_expiry(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an acquire sent again moves the expiry"));
    ask.decided(|ttl_ms| moves_again(&ask, ttl_ms)).await
}

async fn moves_again(ask: &AskSlots<'_>, ttl_ms: u64) -> Kept<bool> {
    let (before, after) = (ask.key("before")?, ask.key("after")?);
    let requests = [wanting_for(&[(&before, 1)], ttl_ms)?, wanting_for(&[(&after, 1)], ttl_ms)?];
    let send = || async {
        for request in &requests {
            ask.acquire(request).await.granted()?;
        }
        Ok(())
    };
    let ((), first_ms) = ask.timed(send()).await?;
    ask.until(first_ms.start() + ttl_ms / 2).await?;
    let ((), again_ms) = ask.timed(send()).await?;
    if *again_ms.end() >= first_ms.start() + ttl_ms {
        return Ok(false);
    }
    let ends_ms = again_ms.start() + ttl_ms..=again_ms.end() + ttl_ms;
    let told = ask.runs_out_between(&after, &ends_ms).await?;
    if !told || !ask.is_taken_before(&before, *ends_ms.start(), ttl_ms / 4).await? {
        return Ok(false);
    }
    ask.is_free_after(&after, *ends_ms.end()).await?;
    Ok(true)
}
