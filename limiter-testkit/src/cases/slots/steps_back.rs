//! A clock that steps back.

use limiter_core::{Clock, ManualClock, SlotLimiter};

use super::ask::{AskSlots, wanting_for};
use crate::broken::Kept;
use crate::trial::Trial;

/// A clock that steps back prolongs a lease, and never cuts one short: it is live until the clock shows its expiry,
/// however far ahead that is by then.
pub async fn a_clock_that_steps_back_cuts_no_lease_short(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a clock that steps back cuts no lease short"));
    let Some(clock) = trial.clock() else { return Ok(()) };
    for back_ms in [1_000, 59_000, 3_600_000, 90 * 86_400_000] {
        let (at_once, at_last) = (ask.key("at-once")?, ask.key("at-last")?);
        let (_, ends_ms) = ask.take_for(&at_once, 1, ask.short_ms()).await?;
        ask.take_for(&at_last, 1, ask.short_ms()).await?;
        step_back(clock, back_ms);
        ask.refused(&at_once, 1).await?;
        ask.is_taken_before(&at_last, *ends_ms.start(), ask.short_ms() / 4).await?;
    }
    Ok(())
}

/// After a step back a lease lasts its TTL by the clock as it shows then, whatever the key saw before.
pub async fn after_a_step_back_a_lease_lasts_its_ttl(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("after a step back a lease lasts its TTL"));
    let Some(clock) = trial.clock() else { return Ok(()) };
    let (key, ttl_ms) = (ask.key("user")?, ask.short_ms());
    let early = ask.acquire(&wanting_for(&[(&key, 9)], 1_000)?).await.lease()?;
    step_back(clock, 30_000);
    ask.release_one(&early).await.is_live()?;
    let (_, ends_ms) = ask.take_for(&key, 1, ttl_ms).await?;
    ask.is_free_after(&key, *ends_ms.end()).await
}

fn step_back(clock: &ManualClock, by_ms: u64) {
    clock.set_ms(clock.now_ms().saturating_sub(by_ms));
}
