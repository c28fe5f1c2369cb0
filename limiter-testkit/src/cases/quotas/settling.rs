//! What was really used, told after the work.

use limiter_core::QuotaTracker;

use super::ask::AskQuotas;
use super::requests::reserving;
use crate::broken::Kept;
use crate::trial::Trial;

/// Once settled, nothing is held under the id any more.
pub async fn a_settle_takes_away_what_is_held(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle takes away what is held"));
    let quota = ask.quota(100)?;
    for actual in [3, 5, 8] {
        let key = ask.key("user")?;
        let reservation = ask.hold(&key, &quota, 5).await?;
        ask.settle(&reservation, &[actual]).await?;
        ask.check(&key, &quota).await?.reserved(0)?;
    }
    Ok(())
}

/// What was really used is counted: less than was reserved, as much, or more.
pub async fn a_settle_counts_what_was_really_used(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle counts what was really used"));
    let quota = ask.quota(100)?;
    for actual in [3, 5, 8] {
        let key = ask.key("user")?;
        let reservation = ask.hold(&key, &quota, 5).await?;
        ask.settle(&reservation, &[actual]).await?;
        ask.check(&key, &quota).await?.used(actual)?;
    }
    Ok(())
}

/// To settle 0 is to cancel: what was held is free again.
pub async fn settling_nothing_gives_the_reservation_back(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("settling nothing gives the reservation back"));
    let (key, quota) = (ask.key("user")?, ask.quota(5)?);
    let reservation = ask.hold(&key, &quota, 5).await?;
    ask.settle_as(&reservation.cancellation()).await?;
    ask.check(&key, &quota).await?.used(0)?.reserved(0)?;
    Ok(())
}

/// What was used counts under whatever id it comes.
pub async fn a_settle_of_an_id_that_was_never_reserved_counts(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle of an id that was never reserved counts"));
    let (key, quota) = (ask.key("user")?, ask.quota(10)?);
    let reservation = reserving(&key, &quota, 3)?;
    ask.settle(&reservation, &[3]).await?;
    ask.check(&key, &quota).await?.used(3)?;
    Ok(())
}

/// A settle of one reservation leaves every other as it is.
pub async fn a_settle_leaves_other_reservations_alone(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle leaves other reservations alone"));
    let (key, quota) = (ask.key("user")?, ask.quota(100)?);
    let first = ask.hold(&key, &quota, 1).await?;
    let second = ask.hold(&key, &quota, 20).await?;
    ask.hold(&key, &quota, 30).await?;
    ask.settle(&second, &[20]).await?;
    ask.settle(&first, &[1]).await?;
    ask.check(&key, &quota).await?.reserved(30)?;
    Ok(())
}

/// What was really used is counted past the cap too, to the last unit.
pub async fn a_settle_counts_past_the_cap(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle counts past the cap"));
    let quota = ask.quota(3)?;
    for actual in [4, 900] {
        let key = ask.key("user")?;
        let reservation = ask.hold(&key, &quota, 3).await?;
        ask.settle(&reservation, &[actual]).await?;
        ask.check(&key, &quota).await?.used(actual)?;
    }
    Ok(())
}

/// The outcome of a settle is allowed, also where it leads past the cap: what happened can't be refused.
pub async fn a_settle_is_always_allowed(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle is always allowed"));
    let quota = ask.quota(3)?;
    for actual in [0, 3, 4, 900] {
        let reservation = ask.hold(&ask.key("user")?, &quota, 3).await?;
        ask.settle(&reservation, &[actual]).await?.allowed()?;
    }
    Ok(())
}
