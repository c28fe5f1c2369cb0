//! Ids of reservations.

use limiter_core::{QuotaTracker, ReservationId};

use super::ask::AskQuotas;
use super::requests::reserving;
use crate::broken::Kept;
use crate::trial::Trial;

/// Ids never share a reservation, however alike they look: each holds its own units.
pub async fn ids_that_look_alike_hold_apart(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("ids that look alike hold apart"));
    let (key, quota, long) = (ask.key("user")?, ask.quota(1_000)?, "x".repeat(63));
    let (first, second) = (format!("{long}y"), format!("{long}z"));
    let ids = ["a", "A", "a-", "a_", "-a", "1", "01", "1e0", "nil", &long, &first, &second];
    for id in ids {
        let reservation = reserving(&key, &quota, 7)?.with_id(ReservationId::parse(id)?);
        ask.reserve(&reservation).await?.allowed()?;
    }
    ask.check(&key, &quota).await?.reserved(7 * 12)?;
    Ok(())
}

/// What an id holds in one counter, or has settled there, says nothing of it in another.
pub async fn an_id_is_known_to_each_counter_by_itself(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("an id is known to each counter by itself"));
    let quota = ask.quota(10)?;
    let held = ask.hold(&ask.key("held")?, &quota, 3).await?;
    let settled = ask.hold(&ask.key("settled")?, &quota, 3).await?;
    ask.settle(&settled, &[3]).await?;
    for known in [held, settled] {
        let reservation = reserving(&ask.key("other")?, &quota, 4)?.with_id(known.id().clone());
        ask.reserve(&reservation).await?.allowed()?;
    }
    Ok(())
}
