//! Counters that are forgotten because somebody says so.

use limiter_core::{Period, QuotaTracker};

use super::ask::AskQuotas;
use crate::broken::Kept;
use crate::trial::Trial;

/// A reset forgets what was used and what is held.
pub async fn a_reset_forgets_what_was_used_and_held(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reset forgets what was used and held"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    ask.record(&key, &quota, 3).await?;
    ask.hold(&key, &quota, 2).await?;
    ask.reset(&key, &quota).await?;
    ask.check(&key, &quota).await?.used(0)?.reserved(0)?;
    Ok(())
}

/// A reset forgets who has settled: the id is as if never used.
pub async fn a_reset_forgets_settled_ids(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reset forgets settled ids"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let reservation = ask.hold(&key, &quota, 3).await?;
    ask.settle(&reservation, &[3]).await?;
    ask.reset(&key, &quota).await?;
    ask.reserve(&reservation).await?.allowed()?;
    Ok(())
}

/// A reset forgets one counter: not the key's other periods and offsets, nor those of other keys.
pub async fn a_reset_forgets_no_other_counter(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a reset forgets no other counter"));
    let (key, other, quota) = (ask.key("user")?, ask.key("user")?, ask.quota(10)?);
    let elsewhere = quota.with_utc_offset_minutes(quota.utc_offset_minutes() + 30)?;
    let year = ask.quota_of(Period::Year, 10)?;
    let kept = [(&key, &year), (&key, &elsewhere), (&other, &quota)];
    for (key, quota) in kept {
        ask.record(key, quota, 3).await?;
    }
    ask.record(&key, &quota, 3).await?;
    ask.reset(&key, &quota).await?;
    for (key, quota) in kept {
        ask.check(key, quota).await?.used(3)?;
    }
    Ok(())
}
