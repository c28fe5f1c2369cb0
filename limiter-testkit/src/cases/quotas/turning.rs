//! What the turn of a period does, and what a clock that steps back doesn't undo.

use limiter_core::{CLOCK_TOLERANCE_MS, Period, Quota, QuotaTracker};

use super::ask::AskQuotas;
use super::date::midnight_ms;
use super::requests::reserving;
use crate::broken::Kept;
use crate::trial::Trial;

/// In a new period nothing is set aside from the old one.
pub async fn reservations_are_gone_when_the_period_turns(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("reservations are gone when the period turns"));
    let (key, (quota, end_ms)) = (ask.key("user")?, month()?);
    ask.until(end_ms - 1_000).await?;
    ask.hold(&key, &quota, 5).await?;
    ask.until(end_ms).await?;
    ask.check(&key, &quota).await?.reserved(0)?;
    Ok(())
}

/// What was reserved before the turn and is settled after it counts in the new period.
pub async fn a_settle_after_the_turn_counts_in_the_new_period(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle after the turn counts in the new period"));
    let (key, (quota, end_ms)) = (ask.key("user")?, month()?);
    ask.until(end_ms - 1_000).await?;
    let reservation = ask.hold(&key, &quota, 5).await?;
    ask.until(end_ms).await?;
    ask.settle(&reservation, &[5]).await?;
    ask.check(&key, &quota).await?.used(5)?;
    Ok(())
}

/// Once something was counted in the new period, a clock that steps back doesn't bring the old one back.
pub async fn a_step_back_turns_no_period_back(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a step back turns no period back"));
    let (key, (quota, end_ms)) = (ask.key("user")?, month()?);
    ask.until(end_ms - 30_000).await?;
    ask.record(&key, &quota, 7).await?;
    ask.until(end_ms).await?;
    ask.record(&key, &quota, 3).await?;
    ask.until(end_ms - 30_000).await?;
    ask.check(&key, &quota).await?.used(3)?;
    Ok(())
}

/// A reservation that had run out when the counter was changed last stays so where the clock steps back.
pub async fn a_step_back_brings_no_reservation_back(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a step back brings no reservation back"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let held = ask.hold_for(&key, &quota, 5, 90_000).await?;
    ask.until(held.expires_ms).await?;
    ask.record(&key, &quota, 1).await?;
    ask.until(held.expires_ms - 30_000).await?;
    ask.check(&key, &quota).await?.reserved(0)?;
    Ok(())
}

/// What is reserved while the clock has stepped back is held from the counter's last change on: neither shorter nor
/// longer than its TTL.
pub async fn a_step_back_cuts_no_reservation_short(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a step back cuts no reservation short"));
    let (held, gone, quota) = (ask.key("held")?, ask.key("gone")?, ask.quota(10)?);
    let changed_ms = ask.record(&held, &quota, 1).await?.at_ms();
    ask.record(&gone, &quota, 1).await?;
    ask.until(changed_ms - 30_000).await?;
    for key in [&held, &gone] {
        ask.hold_for(key, &quota, 5, 60_000).await?;
    }
    ask.until(changed_ms + 59_999).await?;
    ask.check(&held, &quota).await?.reserved(5)?;
    ask.until(changed_ms + 60_000).await?;
    ask.reserve(&reserving(&gone, &quota, 9)?).await?.allowed()?;
    Ok(())
}

/// A counter that a clock more than 60 s ahead has written is taken as new: that clock was wrong. At 60 s exactly it
/// still counts.
pub async fn a_counter_from_a_wrong_clock_is_taken_as_new(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a counter from a wrong clock is taken as new"));
    let (wrong, tolerated, quota) = (ask.key("wrong")?, ask.key("tolerated")?, ask.quota(10)?);
    let now_ms = ask.check(&wrong, &quota).await?.at_ms();
    ask.until(now_ms + CLOCK_TOLERANCE_MS).await?;
    ask.record(&tolerated, &quota, 3).await?;
    ask.until(now_ms + CLOCK_TOLERANCE_MS + 1).await?;
    ask.record(&wrong, &quota, 3).await?;
    ask.until(now_ms).await?;
    ask.check(&tolerated, &quota).await?.used(3)?;
    ask.check(&wrong, &quota).await?.used(0)?;
    Ok(())
}

/// A check after the turn, a refused reserve and a record of 0 store nothing: where the clock steps back then, what
/// was used before the turn is still there.
pub async fn what_changes_nothing_turns_no_period(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("what changes nothing turns no period"));
    let (checked, refused, recorded) = (ask.key("checked")?, ask.key("refused")?, ask.key("recorded")?);
    let (quota, end_ms) = month()?;
    ask.until(end_ms - 1_000).await?;
    for key in [&checked, &refused, &recorded] {
        ask.record(key, &quota, 7).await?;
    }
    ask.until(end_ms).await?;
    ask.check(&checked, &quota).await?;
    ask.reserve(&reserving(&refused, &quota, 11)?).await?;
    ask.record(&recorded, &quota, 0).await?;
    ask.until(end_ms - 1_000).await?;
    for key in [&checked, &refused, &recorded] {
        ask.check(key, &quota).await?.used(7)?;
    }
    Ok(())
}

/// A month's quota, and when the month ends.
fn month() -> Kept<(Quota, u64)> {
    Ok((Quota::new(10, Period::Month)?, midnight_ms(2023, 12, 1)))
}
