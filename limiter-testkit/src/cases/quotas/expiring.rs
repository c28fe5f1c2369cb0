//! Reservations that run out.

use limiter_core::QuotaTracker;

use super::ask::{ATTEMPTS, AskQuotas};
use super::requests::{again_for, reserving};
use crate::broken::Kept;
use crate::trial::Trial;

/// A reservation holds until its TTL ends, and from that millisecond on no more.
pub async fn a_reservation_holds_until_its_ttl_ends(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reservation holds until its ttl ends"));
    let (ttl_ms, quota) = (ask.promise().short_ms(), ask.quota(10)?);
    let (key, ended) = (ask.key("ended")?, ask.key("not yet")?);
    let held = ask.hold_for(&ended, &quota, 3, ttl_ms).await?;
    ask.until(held.expires_ms).await?;
    ask.check(&ended, &quota).await?.reserved(0)?;
    for _ in 0..ATTEMPTS {
        let held = ask.hold_for(&key, &quota, 3, ttl_ms).await?;
        ask.until_just_before(held.expires_ms).await?;
        let answer = ask.check(&key, &quota).await?;
        if answer.at_ms() < held.expires_ms {
            answer.reserved(3)?;
            return Ok(());
        }
    }
    Err(ask.too_slow())
}

/// The same reserve sent again holds until its TTL has passed since then: later than at first, or sooner.
pub async fn a_reserve_sent_again_moves_the_expiry(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reserve sent again moves the expiry"));
    sooner(&ask).await?;
    for _ in 0..ATTEMPTS {
        if later(&ask).await? {
            return Ok(());
        }
    }
    Err(ask.too_slow())
}

/// Asked for again with a short TTL, it makes room when that has passed.
async fn sooner(ask: &AskQuotas<'_>) -> Kept {
    let (ttl_ms, key, quota) = (ask.promise().short_ms(), ask.key("sooner")?, ask.quota(10)?);
    let reservation = ask.hold(&key, &quota, 4).await?;
    let again = ask.reserve(&again_for(&reservation, ttl_ms)?).await?;
    ask.until(again.at_ms() + ttl_ms + 10).await?;
    ask.reserve(&reserving(&key, &quota, 10)?).await?.allowed()?;
    Ok(())
}

/// Asked for again before it runs out, it holds beyond that. Tells whether it was asked for, and looked at, in time.
async fn later(ask: &AskQuotas<'_>) -> Kept<bool> {
    let (ttl_ms, key, quota) = (ask.promise().short_ms(), ask.key("later")?, ask.quota(10)?);
    let first = ask.hold_for(&key, &quota, 4, ttl_ms).await?;
    ask.until(first.expires_ms - ttl_ms / 2).await?;
    let again = ask.reserve(&first.reservation).await?;
    if again.at_ms() >= first.expires_ms {
        return Ok(false);
    }
    ask.until(first.expires_ms).await?;
    let look = ask.reserve(&reserving(&key, &quota, 10)?).await?;
    let in_time = look.at_ms() < again.at_ms() + ttl_ms;
    if in_time {
        look.refused()?;
    }
    Ok(in_time)
}

/// Work that took longer than its reservation was held is counted when it is settled.
pub async fn a_settle_after_the_reservation_ran_out_counts(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle after the reservation ran out counts"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let held = ask.hold_for(&key, &quota, 3, ask.promise().short_ms()).await?;
    ask.until(held.expires_ms).await?;
    ask.settle(&held.reservation, &[3]).await?;
    ask.check(&key, &quota).await?.used(3)?;
    Ok(())
}
