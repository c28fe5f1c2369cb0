//! How long a refused call has to wait.

use limiter_core::{Key, Period, Quota, QuotaTracker, Reservation};

use super::ask::{ATTEMPTS, AskQuotas};
use super::date::midnight_ms;
use super::requests::reserving;
use crate::broken::Kept;
use crate::trial::Trial;

/// The wait of a refused reserve ends when the earliest reservations have run out that leave room enough: told to
/// the millisecond.
pub async fn a_refused_reserve_tells_when_reservations_make_room(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused reserve tells when reservations make room"));
    let quota = ask.quota(10)?;
    for (amount, which) in [(3, 0), (5, 0), (6, 1), (9, 1), (10, 2)] {
        let key = ask.key("user")?;
        let third = ask.hold_for(&key, &quota, 1, 900_000).await?;
        let second = ask.hold_for(&key, &quota, 4, 800_000).await?;
        let first = ask.hold_for(&key, &quota, 4, 700_000).await?;
        let expires_ms = [first.expires_ms, second.expires_ms, third.expires_ms];
        ask.reserve(&reserving(&key, &quota, amount)?).await?.fits_at_ms(expires_ms[which])?;
    }
    Ok(())
}

/// Where no reservation makes room, the wait of a refused reserve ends with the period.
pub async fn a_refused_reserve_tells_when_the_period_ends(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused reserve tells when the period ends"));
    let quota = ask.quota(10)?;
    for (used, reserved) in [(8, 0), (8, 2), (10, 0)] {
        let key = ask.counter(&quota, used, reserved).await?;
        let answer = ask.reserve(&reserving(&key, &quota, 5)?).await?;
        answer.fits_at_ms(ask.end_ms(&quota))?;
    }
    Ok(())
}

/// A reservation that would outlast the period makes room when the period ends, and so says the wait.
pub async fn no_wait_is_longer_than_the_period(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("no wait is longer than the period"));
    let (reserve, check, quota) = (ask.key("reserve")?, ask.key("check")?, Quota::new(10, Period::Month)?);
    let end_ms = midnight_ms(2023, 12, 1);
    ask.until(end_ms - 1_000).await?;
    ask.hold_for(&reserve, &quota, 10, 1_001).await?;
    ask.reserve(&reserving(&reserve, &quota, 2)?).await?.fits_at_ms(end_ms)?;
    ask.hold_for(&check, &quota, 10, 60_000).await?;
    ask.record(&check, &quota, 1).await?;
    ask.check(&check, &quota).await?.fits_at_ms(end_ms)?;
    Ok(())
}

/// When its wait is over a refused reserve fits, and a millisecond sooner it doesn't.
pub async fn a_refused_reserve_fits_when_its_wait_is_over(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused reserve fits when its wait is over"));
    let (key, quota) = (ask.key("over")?, ask.quota(10)?);
    let (refused, fits_ms) = crowded(&ask, &key, &quota).await?;
    ask.until(fits_ms).await?;
    ask.reserve(&refused).await?.allowed()?;
    for _ in 0..ATTEMPTS {
        let key = ask.key("not yet")?;
        let (refused, fits_ms) = crowded(&ask, &key, &quota).await?;
        ask.until_just_before(fits_ms).await?;
        let answer = ask.reserve(&refused).await?;
        if answer.at_ms() < fits_ms {
            answer.refused()?;
            return Ok(());
        }
    }
    Err(ask.too_slow())
}

/// A reservation that doesn't fit yet, and from when on it does.
async fn crowded(ask: &AskQuotas<'_>, key: &Key, quota: &Quota) -> Kept<(Reservation, u64)> {
    ask.hold(key, quota, 2).await?;
    let held = ask.hold_for(key, quota, 6, ask.promise().short_ms()).await?;
    Ok((reserving(key, quota, 8)?, held.expires_ms))
}

/// The wait of a refused check ends when reservations have run out that leave something, or with the period.
pub async fn a_refused_check_tells_when_something_is_left(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused check tells when something is left"));
    let quota = ask.quota(4)?;
    for (used, which) in [(1, 0), (3, 1), (4, 2)] {
        let key = ask.key("user")?;
        let second = ask.hold_for(&key, &quota, 2, 800_000).await?;
        let first = ask.hold_for(&key, &quota, 2, 700_000).await?;
        ask.record(&key, &quota, used).await?;
        let fits_ms = [first.expires_ms, second.expires_ms, ask.end_ms(&quota)];
        ask.check(&key, &quota).await?.refused()?.fits_at_ms(fits_ms[which])?;
    }
    Ok(())
}
