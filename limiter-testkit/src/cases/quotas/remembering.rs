//! Settled ids, and how long they are remembered.

use limiter_core::algorithm::SETTLED_MEMORY_MS;
use limiter_core::{Period, Quota, QuotaTracker};

use super::ask::AskQuotas;
use super::date::midnight_ms;
use crate::broken::Kept;
use crate::trial::Trial;

/// A settle sent again, because its answer was lost, counts once; also when others came between, or when it names
/// another amount.
pub async fn a_settle_sent_again_counts_once(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle sent again counts once"));
    let quota = ask.quota(100)?;
    for again in [3, 9, 0] {
        let key = ask.key("user")?;
        let first = ask.hold(&key, &quota, 3).await?;
        let second = ask.hold(&key, &quota, 4).await?;
        ask.settle(&first, &[3]).await?;
        ask.settle(&second, &[4]).await?;
        ask.settle(&first, &[again]).await?;
        ask.check(&key, &quota).await?.used(7)?;
    }
    Ok(())
}

/// What was cancelled stays so: a settle that comes after it counts nothing.
pub async fn a_cancelled_reservation_stays_cancelled(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a cancelled reservation stays cancelled"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let reservation = ask.hold(&key, &quota, 5).await?;
    ask.settle_as(&reservation.cancellation()).await?;
    ask.settle(&reservation, &[5]).await?;
    ask.check(&key, &quota).await?.used(0)?;
    Ok(())
}

/// A reserve that arrives after its settle, late or sent again, is a conflict: otherwise it would hold what nobody
/// settles any more.
pub async fn a_settled_id_is_a_conflict_for_reserve(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settled id is a conflict for reserve"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let reservation = ask.hold(&key, &quota, 3).await?;
    ask.settle(&reservation, &[3]).await?;
    ask.reserve_conflicting(&reservation).await?;
    ask.check(&key, &quota).await?.reserved(0)?;
    Ok(())
}

/// A settled id is remembered for 600 000 ms: a millisecond sooner a settle changes nothing, and then the id is as if
/// never used.
pub async fn a_settled_id_is_remembered_for_ten_minutes(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settled id is remembered for ten minutes"));
    let (early, late, quota) = (ask.key("early")?, ask.key("late")?, ask.quota(10)?);
    let repeated = ask.hold(&early, &quota, 3).await?;
    let forgotten = ask.hold(&late, &quota, 3).await?;
    ask.settle(&repeated, &[3]).await?;
    let settled_ms = ask.settle(&forgotten, &[3]).await?.at_ms();
    ask.until(settled_ms + SETTLED_MEMORY_MS - 1).await?;
    ask.settle(&repeated, &[3]).await?;
    ask.check(&early, &quota).await?.used(3)?;
    ask.until(settled_ms + SETTLED_MEMORY_MS).await?;
    ask.reserve(&forgotten).await?.allowed()?;
    Ok(())
}

/// The ten minutes count from the first settle: one sent again doesn't prolong them.
pub async fn a_settle_sent_again_is_not_remembered_for_longer(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle sent again is not remembered for longer"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let reservation = ask.hold(&key, &quota, 3).await?;
    let settled_ms = ask.settle(&reservation, &[3]).await?.at_ms();
    ask.until(settled_ms + SETTLED_MEMORY_MS / 2).await?;
    ask.settle(&reservation, &[3]).await?;
    ask.until(settled_ms + SETTLED_MEMORY_MS).await?;
    ask.reserve(&reservation).await?.allowed()?;
    Ok(())
}

/// The turn of the period forgets what was used, and not who has settled.
pub async fn a_settled_id_stays_remembered_when_the_period_turns(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settled id stays remembered when the period turns"));
    let (key, quota, end_ms) = (ask.key("user")?, Quota::new(10, Period::Month)?, midnight_ms(2023, 12, 1));
    ask.until(end_ms - 60_000).await?;
    let reservation = ask.hold(&key, &quota, 3).await?;
    ask.settle(&reservation, &[3]).await?;
    ask.until(end_ms + 60_000).await?;
    ask.settle(&reservation, &[3]).await?;
    ask.check(&key, &quota).await?.used(0)?;
    Ok(())
}
