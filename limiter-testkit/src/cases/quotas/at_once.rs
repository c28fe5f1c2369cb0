//! Many callers at once.

use std::sync::Arc;

use limiter_core::{Key, Quota, QuotaTracker};

use super::ask::AskQuotas;
use super::callers::{CALLERS, at_once};
use super::requests::{reserving, reserving_all};
use crate::broken::Kept;
use crate::trial::{Promise, Trial};

/// How often they do: what goes wrong at once doesn't each time.
const ROUNDS: usize = 5;

/// What many record at once adds up to the unit.
pub async fn records_at_once_add_up(quotas: &Arc<dyn QuotaTracker>, trial: &Trial) -> Kept {
    let promise = trial.promise("records at once add up");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(1_000_000)?;
    for _ in 0..ROUNDS {
        let key = ask.key("user")?;
        at_once(quotas, &promise, |caller, quotas, promise| {
            recording(quotas, promise, key.clone(), quota, caller)
        })
        .await?;
        ask.check(&key, &quota).await?.used(4 * (1..=CALLERS as u64).sum::<u64>())?;
    }
    Ok(())
}

async fn recording(
    quotas: Arc<dyn QuotaTracker>,
    promise: Promise,
    key: Key,
    quota: Quota,
    caller: usize,
) -> Kept<bool> {
    let ask = AskQuotas::new(&quotas, promise);
    for _ in 0..4 {
        ask.record(&key, &quota, caller as u64 + 1).await?.allowed()?;
    }
    Ok(true)
}

/// Of many that reserve at once exactly as many are granted as fit.
pub async fn reserves_at_once_never_pass_the_cap(quotas: &Arc<dyn QuotaTracker>, trial: &Trial) -> Kept {
    let promise = trial.promise("reserves at once never pass the cap");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(18)?;
    for _ in 0..ROUNDS {
        let key = ask.key("user")?;
        let granted = at_once(quotas, &promise, |_, quotas, promise| {
            let key = key.clone();
            async move {
                let ask = AskQuotas::new(&quotas, promise);
                let answer = ask.reserve(&reserving(&key, &quota, 3)?).await?;
                Ok(answer.is_allowed())
            }
        })
        .await?;
        let look = ask.check(&key, &quota).await?;
        look.expect(granted == 6, &format!("6 of {CALLERS} granted, not {granted}"))?.reserved(18)?;
    }
    Ok(())
}

/// One reserve that is sent several times at once, as a retry beside the first is, is granted and counts once.
pub async fn one_reserve_many_times_at_once_counts_once(
    quotas: &Arc<dyn QuotaTracker>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("one reserve many times at once counts once");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(1_000)?;
    for _ in 0..ROUNDS {
        let key = ask.key("user")?;
        let reservation = reserving(&key, &quota, 3)?;
        at_once(quotas, &promise, |_, quotas, promise| {
            let reservation = reservation.clone();
            async move {
                AskQuotas::new(&quotas, promise).reserve(&reservation).await?.allowed()?;
                Ok(true)
            }
        })
        .await?;
        ask.check(&key, &quota).await?.reserved(3)?;
    }
    Ok(())
}

/// One settle that is sent several times at once counts once.
pub async fn one_settle_many_times_at_once_counts_once(
    quotas: &Arc<dyn QuotaTracker>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("one settle many times at once counts once");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(1_000)?;
    for _ in 0..ROUNDS {
        let key = ask.key("user")?;
        let reservation = ask.hold(&key, &quota, 3).await?;
        at_once(quotas, &promise, |_, quotas, promise| {
            let reservation = reservation.clone();
            async move {
                AskQuotas::new(&quotas, promise).settle(&reservation, &[3]).await?.allowed()?;
                Ok(true)
            }
        })
        .await?;
        ask.check(&key, &quota).await?.used(3)?;
    }
    Ok(())
}

/// Reserves, settles and cancels at once over two counters, named in either order, add up: no caller waits for another
/// forever, and in the end what was settled is used and nothing is held.
pub async fn reserves_settles_and_cancels_at_once_add_up(
    quotas: &Arc<dyn QuotaTracker>,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("reserves, settles and cancels at once add up");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(1_000_000)?;
    for _ in 0..ROUNDS {
        let keys = [ask.key("first")?, ask.key("second")?];
        at_once(quotas, &promise, |caller, quotas, promise| {
            working(quotas, promise, keys.clone(), quota, caller)
        })
        .await?;
        for key in &keys {
            ask.check(key, &quota).await?.used(2 * CALLERS as u64)?.reserved(0)?;
        }
    }
    Ok(())
}

/// Four times reserves 1 in both counters; settles the half of it and cancels the other.
async fn working(
    quotas: Arc<dyn QuotaTracker>,
    promise: Promise,
    keys: [Key; 2],
    quota: Quota,
    caller: usize,
) -> Kept<bool> {
    let ask = AskQuotas::new(&quotas, promise);
    let turned = usize::from(caller % 2 == 1);
    let charges = [(&keys[turned], &quota, 1), (&keys[1 - turned], &quota, 1)];
    for step in 0..4 {
        let reservation = reserving_all(&charges)?;
        ask.reserve(&reservation).await?.allowed()?;
        ask.settle(&reservation, if step % 2 == 0 { &[1, 1] } else { &[0, 0] }).await?;
    }
    Ok(true)
}

/// However many new keys come, what was used of a key isn't lost for them. The new ones may be refused for want of
/// room.
pub async fn a_flood_of_new_keys_loses_nothing(quotas: &Arc<dyn QuotaTracker>, trial: &Trial) -> Kept {
    let promise = trial.promise("a flood of new keys loses nothing");
    let ask = AskQuotas::new(quotas, promise.clone());
    let quota = ask.quota(1_000)?;
    let (used, held) = (ask.counter(&quota, 7, 0).await?, ask.counter(&quota, 0, 5).await?);
    at_once(quotas, &promise, |_, quotas, promise| async move {
        let ask = AskQuotas::new(&quotas, promise);
        for _ in 0..100 {
            ask.record_if_room(&ask.key("new")?, &quota, 1).await?;
        }
        Ok(true)
    })
    .await?;
    ask.check(&used, &quota).await?.used(7)?;
    ask.check(&held, &quota).await?.reserved(5)?;
    Ok(())
}
