//! Stores that can't change several counters in one step.

use std::sync::Arc;

use limiter_core::QuotaTracker;

use super::ask::AskQuotas;
use super::callers::at_once;
use super::requests::reserving_all;
use crate::broken::Kept;
use crate::trial::Trial;

/// Where a reserve over several counters can't be one step, and one of them refuses, nothing stays held in the others:
/// it was refused as a whole as unsupported, or what was set aside was given back.
pub async fn counters_apart_hold_nothing_of_a_refused_reserve(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("counters apart hold nothing of a refused reserve"));
    let quota = ask.quota(10)?;
    for amounts in [[11, 2], [2, 11]] {
        let keys = [ask.key("first")?, ask.key("second")?];
        let charges = [(&keys[0], &quota, amounts[0]), (&keys[1], &quota, amounts[1])];
        if let Some(answer) = ask.reserve_if_supported(&reserving_all(&charges)?).await? {
            answer.refused()?;
        }
        for key in &keys {
            ask.check(key, &quota).await?.reserved(0)?;
        }
    }
    Ok(())
}

/// Where a reserve over several counters can't be one step, many at once still never pass the cap of any.
pub async fn counters_apart_never_pass_a_cap(quotas: &Arc<dyn QuotaTracker>, trial: &Trial) -> Kept {
    let promise = trial.promise("counters apart never pass a cap");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(5)?;
    for _ in 0..5 {
        let keys = [ask.key("first")?, ask.key("second")?];
        let granted = at_once(quotas, &promise, |caller, quotas, promise| {
            let (keys, turned) = (keys.clone(), usize::from(caller % 2 == 1));
            async move {
                let ask = AskQuotas::new(&quotas, promise);
                let charges = [(&keys[turned], &quota, 1), (&keys[1 - turned], &quota, 1)];
                let answer = ask.reserve_if_supported(&reserving_all(&charges)?).await?;
                Ok(answer.is_some_and(|answer| answer.is_allowed()))
            }
        })
        .await?;
        for key in &keys {
            ask.check(key, &quota).await?.reserved_within(granted..=5)?;
        }
    }
    Ok(())
}
