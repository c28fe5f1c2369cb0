//! When leases run out. In real time what is looked at just before an end is looked at a quarter of the TTL before it.

use limiter_core::{MAX_TTL, SlotLimiter};

use super::ask::{AskSlots, part_of, wanting, wanting_for};
use crate::broken::Kept;
use crate::trial::Trial;

/// A lease holds its permits until its TTL ends, and not longer.
pub async fn a_lease_runs_out_when_its_ttl_ends(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lease runs out when its TTL ends"));
    ask.decided(|ttl_ms| runs_out(&ask, ttl_ms)).await
}

async fn runs_out(ask: &AskSlots<'_>, ttl_ms: u64) -> Kept<bool> {
    let close_ms = if ask.promise().clock().is_some() { 1 } else { ttl_ms / 4 };
    let (before, at) = (ask.key("before")?, ask.key("at")?);
    let (_, first_ms) = ask.take_for(&before, 1, ttl_ms).await?;
    let (_, second_ms) = ask.take_for(&at, 1, ttl_ms).await?;
    if !ask.is_taken_before(&before, *first_ms.start(), close_ms).await? {
        return Ok(false);
    }
    ask.is_free_at(&at, *second_ms.end()).await?;
    Ok(true)
}

/// The longest TTL, 30 days, is kept as it is: no clock and no field of the store is too small for it. By a clock
/// that is handed in the lease holds to its end.
pub async fn a_lease_of_thirty_days_lasts_thirty_days(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lease of thirty days lasts thirty days"));
    let (shown, held) = (ask.key("shown")?, ask.key("held")?);
    let ttl_ms = u64::try_from(MAX_TTL.as_millis()).unwrap_or(u64::MAX);
    let (_, ends_ms) = ask.take_for(&shown, 1, ttl_ms).await?;
    ask.runs_out_between(&shown, &ends_ms).await?;
    if ask.promise().clock().is_some() {
        let (_, ends_ms) = ask.take_for(&held, 1, ttl_ms).await?;
        ask.is_taken_before(&held, *ends_ms.start(), ask.short_ms()).await?;
    }
    Ok(())
}

/// A short lease that comes to an end takes no longer one of its key along, whichever was first.
pub async fn a_short_lease_takes_no_longer_one_along(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a short lease takes no longer one along"));
    let (before, after) = (ask.key("before")?, ask.key("after")?);
    let first = ask.take(&before, 2).await?;
    ask.take_for(&before, 2, ask.short_ms()).await?;
    let (_, ends_ms) = ask.take_for(&after, 2, ask.short_ms()).await?;
    let second = ask.take(&after, 2).await?;
    ask.until(*ends_ms.end()).await?;
    ask.renew_one(&first).await.is_live()?;
    ask.renew_one(&second).await.is_live()
}

/// A short renewal moves the end of its own lease alone.
pub async fn a_short_renewal_shortens_no_other_lease(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a short renewal shortens no other lease"));
    let key = ask.key("user")?;
    let (long, other) = (ask.take(&key, 2).await?, ask.take(&key, 2).await?);
    let short = part_of(&other, &[&key], ask.short_ms())?;
    ask.renew_one(&short).await.is_live()?;
    let renewed_ms = ask.now_ms().await?;
    ask.until(renewed_ms + ask.short_ms()).await?;
    ask.renew_one(&long).await.is_live()
}

/// An id that ran out is as if never used: it may be acquired anew, with other permits too, and the cap holds for
/// it as for anybody.
pub async fn an_id_that_ran_out_is_as_if_never_used(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an id that ran out is as if never used"));
    let (same, other, full) = (ask.key("same")?, ask.key("other")?, ask.key("full")?);
    let mut requests = Vec::new();
    for key in [&same, &other, &full] {
        let request = wanting_for(&[(key, 2)], ask.short_ms())?;
        ask.acquire(&request).await.granted()?;
        requests.push(wanting(&[(key, 2)])?.with_id(request.id().clone()));
    }
    let taken_ms = ask.now_ms().await?;
    ask.until(taken_ms + ask.short_ms() * 5 / 4).await?;
    ask.take(&full, 2).await?;
    ask.take(&full, 2).await?;
    let [same, other, full] = [&requests[0], &requests[1], &requests[2]];
    ask.acquire(same).await.granted()?;
    ask.acquire(&other.clone().with_permits(2)?).await.granted()?;
    ask.acquire(full).await.refused().map(drop)
}

/// What ran out is in use no longer.
pub async fn in_use_leaves_out_what_ran_out(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("in_use leaves out what ran out"));
    let key = ask.key("user")?;
    let (_, ends_ms) = ask.take_for(&key, 9, ask.short_ms()).await?;
    ask.until(*ends_ms.end()).await?;
    ask.in_use(&key).await.permits(0)
}

/// What ran out is listed no longer.
pub async fn leases_leave_out_what_ran_out(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("leases leave out what ran out"));
    let key = ask.key("user")?;
    let (_, ends_ms) = ask.take_for(&key, 9, ask.short_ms()).await?;
    ask.until(*ends_ms.end()).await?;
    let answer = ask.leases(&key).await;
    answer.expect("no leases", Vec::is_empty, |held| format!("{held:?}")).map(drop)
}

/// What ran out is counted in no answer to an acquire, be it a grant or a refusal.
pub async fn an_acquire_counts_nothing_that_ran_out(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an acquire counts nothing that ran out"));
    let (granting, refusing) = (ask.key("granting")?, ask.key("refusing")?);
    ask.take_for(&granting, 1, ask.short_ms()).await?;
    let (_, ends_ms) = ask.take_for(&refusing, 1, ask.short_ms()).await?;
    ask.until(ends_ms.end() + ask.short_ms() / 4).await?;
    ask.acquire(&wanting(&[(&granting, 1)])?).await.in_use(&[1])?;
    ask.take(&refusing, 1).await?;
    ask.acquire(&wanting(&[(&refusing, 1)])?).await.in_use(&[1])
}
