//! Units set aside before the work.

use limiter_core::{Period, QuotaTracker};

use super::ask::{ATTEMPTS, AskQuotas};
use super::requests::{reserving, reserving_all};
use crate::broken::Kept;
use crate::trial::Trial;

/// A reserve fits while used, reserved and its amount together are within the cap; not one unit more.
pub async fn a_reserve_fits_up_to_the_cap_and_not_one_more(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reserve fits up to the cap and not one more"));
    let quota = ask.quota(10)?;
    for (used, reserved, most) in [(1, 0, 9), (2, 0, 8), (0, 3, 7), (2, 3, 5), (5, 4, 1)] {
        for (amount, fits) in [(most, true), (most + 1, false)] {
            let key = ask.counter(&quota, used, reserved).await?;
            let answer = ask.reserve(&reserving(&key, &quota, amount)?).await?;
            answer.allowed_if(fits)?;
        }
    }
    ask.reserve(&reserving(&ask.key("new")?, &quota, 10)?).await?.allowed()?;
    Ok(())
}

/// Work that may cost nothing can begin where the cap is reached exactly.
pub async fn reserving_nothing_is_allowed_at_the_cap(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("reserving nothing is allowed at the cap"));
    let (key, quota) = (ask.key("user")?, ask.quota(3)?);
    ask.record(&key, &quota, 3).await?;
    ask.reserve(&reserving(&key, &quota, 0)?).await?.allowed()?;
    Ok(())
}

/// To reserve more than the cap is refused as never, which is an answer and not an error.
pub async fn more_than_the_cap_never_fits(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("more than the cap never fits"));
    for (max, amount) in [(10, 11), (1, 1_000), (0, 1)] {
        let (key, quota) = (ask.key("user")?, ask.quota(max)?);
        ask.reserve(&reserving(&key, &quota, amount)?).await?.refused()?.never()?;
    }
    Ok(())
}

/// Where the cap is 0 no wait helps: a check is refused as never.
pub async fn a_check_of_a_quota_of_nothing_never_fits(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a check of a quota of nothing never fits"));
    let (key, quota) = (ask.key("user")?, ask.quota(0)?);
    ask.check(&key, &quota).await?.refused()?.never()?;
    Ok(())
}

/// A refused reserve sets nothing aside.
pub async fn a_refused_reserve_holds_nothing(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused reserve holds nothing"));
    let quota = ask.quota(10)?;
    for amount in [4, 10] {
        let key = ask.key("user")?;
        ask.record(&key, &quota, 8).await?;
        ask.reserve(&reserving(&key, &quota, amount)?).await?.refused()?;
        ask.check(&key, &quota).await?.used(8)?.reserved(0)?;
    }
    Ok(())
}

/// What was refused is granted under the same id when there is room.
pub async fn a_refused_reserve_can_be_sent_again(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused reserve can be sent again"));
    let quota = ask.quota(10)?;
    for _ in 0..ATTEMPTS {
        let key = ask.key("user")?;
        let held = ask.hold_for(&key, &quota, 8, ask.promise().short_ms()).await?;
        let reservation = reserving(&key, &quota, 5)?;
        let first = ask.reserve(&reservation).await?;
        ask.until(held.expires_ms + 10).await?;
        if first.at_ms() < held.expires_ms {
            ask.reserve(&reservation).await?.allowed()?;
            return Ok(());
        }
    }
    Err(ask.too_slow())
}

/// The same reserve sent again, because its answer was lost, is granted and not counted twice: though it wouldn't
/// fit beside itself, and though the cap has been reached since.
pub async fn a_reserve_sent_again_is_granted_and_not_counted_twice(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reserve sent again is granted and not counted twice"));
    let quota = ask.quota(100)?;
    for (amount, used) in [(6, 0), (60, 0), (60, 40)] {
        let key = ask.key("user")?;
        let reservation = ask.hold(&key, &quota, amount).await?;
        if used > 0 {
            ask.record(&key, &quota, used).await?;
        }
        ask.reserve(&reservation).await?.allowed()?;
        ask.check(&key, &quota).await?.reserved(amount)?;
    }
    Ok(())
}

/// Another amount under an id that holds something is a conflict, and what is held stays as it was.
pub async fn another_amount_under_a_held_id_is_a_conflict_and_changes_nothing(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("another amount under a held id is a conflict and changes nothing");
    let ask = AskQuotas::new(quotas, promise);
    let quota = ask.quota(100)?;
    for other in [3, 5, 0, 100] {
        let key = ask.key("user")?;
        let held = ask.hold(&key, &quota, 4).await?;
        let reservation = reserving(&key, &quota, other)?.with_id(held.id().clone());
        ask.reserve_conflicting(&reservation).await?;
        ask.check(&key, &quota).await?.reserved(4)?;
    }
    Ok(())
}

/// Two quotas of one key, such as a day's and a year's, are reserved in one step: where one is full, the other holds
/// nothing.
pub async fn quotas_of_one_key_are_reserved_all_or_none(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("quotas of one key are reserved all or none"));
    let day = ask.quota(10)?;
    let year = ask.quota_of(Period::Year, 100)?;
    for amounts in [[11, 1], [1, 101]] {
        let key = ask.key("user")?;
        let charges = [(&key, &day, amounts[0]), (&key, &year, amounts[1])];
        ask.reserve(&reserving_all(&charges)?).await?.refused()?;
        ask.check(&key, &day).await?.reserved(0)?;
        ask.check(&key, &year).await?.reserved(0)?;
    }
    let key = ask.key("user")?;
    ask.reserve(&reserving_all(&[(&key, &day, 2), (&key, &year, 3)])?).await?.allowed()?;
    ask.check(&key, &day).await?.reserved(2)?;
    ask.check(&key, &year).await?.reserved(3)?;
    Ok(())
}
