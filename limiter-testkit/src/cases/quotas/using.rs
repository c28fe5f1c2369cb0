//! What is used: asked for, and recorded after the work.

use limiter_core::QuotaTracker;

use super::ask::AskQuotas;
use super::requests::reserving;
use crate::broken::Kept;
use crate::trial::Trial;

/// While used and reserved together are below the cap, a check is allowed; at the cap it is refused.
pub async fn a_check_is_allowed_below_the_cap_and_refused_at_it(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a check is allowed below the cap and refused at it"));
    let quota = ask.quota(3)?;
    for (used, reserved) in [(0, 0), (2, 0), (0, 2), (1, 1), (3, 0), (0, 3), (1, 2)] {
        let key = ask.counter(&quota, used, reserved).await?;
        let answer = ask.check(&key, &quota).await?;
        answer.allowed_if(used + reserved < 3)?;
    }
    Ok(())
}

/// Over the cap, where records lead, a check is refused as it is at the cap.
pub async fn a_check_is_refused_over_the_cap(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a check is refused over the cap"));
    let quota = ask.quota(3)?;
    let key = ask.counter(&quota, 2, 2).await?;
    ask.check(&key, &quota).await?.refused()?;
    Ok(())
}

/// However often it is asked, a check uses nothing up.
pub async fn a_check_changes_nothing(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a check changes nothing"));
    let (key, quota) = (ask.key("user")?, ask.quota(3)?);
    ask.record(&key, &quota, 2).await?;
    for _ in 0..3 {
        ask.check(&key, &quota).await?;
    }
    ask.check(&key, &quota).await?.used(2)?.reserved(0)?;
    Ok(())
}

/// What is recorded adds up.
pub async fn a_record_adds_to_what_was_used(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a record adds to what was used"));
    let (key, quota) = (ask.key("user")?, ask.quota(100)?);
    for amount in [2, 3, 40] {
        ask.record(&key, &quota, amount).await?;
    }
    ask.check(&key, &quota).await?.used(45)?;
    Ok(())
}

/// What was consumed is counted, however far past the cap it goes, and the record's outcome is allowed.
pub async fn a_record_counts_past_the_cap(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a record counts past the cap"));
    let quota = ask.quota(3)?;
    for amount in [3, 4, 5_000] {
        let key = ask.key("user")?;
        ask.record(&key, &quota, amount).await?.allowed()?;
        ask.check(&key, &quota).await?.used(amount)?;
    }
    Ok(())
}

/// A record of 0 is allowed, at the cap too, and counts nothing.
pub async fn a_record_of_nothing_changes_nothing(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a record of nothing changes nothing"));
    let quota = ask.quota(3)?;
    for used in [0, 2, 3] {
        let key = ask.counter(&quota, used, 0).await?;
        ask.record(&key, &quota, 0).await?.allowed()?;
        ask.check(&key, &quota).await?.used(used)?;
    }
    Ok(())
}

/// What remains is what is neither used nor reserved; past the cap it is 0.
pub async fn remaining_is_what_is_neither_used_nor_reserved(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("remaining is what is neither used nor reserved"));
    let quota = ask.quota(10)?;
    for (reserved, used, remaining) in [(0, 0, 10), (0, 3, 7), (4, 0, 6), (2, 3, 5), (4, 6, 0), (4, 8, 0)] {
        let key = ask.counter(&quota, used, reserved).await?;
        ask.check(&key, &quota).await?.remaining(remaining)?;
    }
    Ok(())
}

/// The outcomes of a record, a reserve and a settle describe the counter with what they did, and that of a refused
/// reserve the counter as it stands.
pub async fn an_outcome_tells_the_state_after_its_call(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("an outcome tells the state after its call"));
    let (key, quota) = (ask.key("recorded")?, ask.quota(10)?);
    ask.record(&key, &quota, 2).await?.used(2)?;
    let key = ask.key("reserved")?;
    let reservation = reserving(&key, &quota, 3)?;
    ask.reserve(&reservation).await?.used(0)?.reserved(3)?;
    let key = ask.key("settled")?;
    let reservation = ask.hold(&key, &quota, 4).await?;
    ask.settle(&reservation, &[4]).await?.used(4)?;
    let key = ask.counter(&quota, 5, 4).await?;
    ask.reserve(&reserving(&key, &quota, 3)?).await?.used(5)?.reserved(4)?.remaining(1)?;
    Ok(())
}
