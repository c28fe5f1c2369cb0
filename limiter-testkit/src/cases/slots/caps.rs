//! How many get in.

use limiter_core::{EXACT, SlotLimiter};

use super::ask::{AskSlots, wanting};
use crate::broken::Kept;
use crate::trial::Trial;

/// As many permits are granted as the cap says, and not one more.
pub async fn as_many_permits_as_the_cap_are_granted_and_not_one_more(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let words = "as many permits as the cap are granted and not one more";
    let ask = AskSlots::new(slots, trial.promise(words));
    let key = ask.key("user")?;
    for _ in 0..3 {
        ask.take(&key, 3).await?;
    }
    ask.refused(&key, 3).await
}

/// A lease of several permits counts as so many: what is left of the cap still fits, and nothing more.
pub async fn a_lease_of_several_permits_counts_as_so_many(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lease of several permits counts as so many"));
    let (alone, over, exact) = (ask.key("alone")?, ask.key("over")?, ask.key("exact")?);
    ask.acquire(&wanting(&[(&alone, 5)])?.with_permits(6)?).await.refused()?;
    ask.take_permits(&over, 5, 3).await?;
    ask.acquire(&wanting(&[(&over, 5)])?.with_permits(3)?).await.refused()?;
    ask.take_permits(&exact, 5, 3).await?;
    ask.take_permits(&exact, 5, 2).await.map(drop)
}

/// A cap of zero grants nothing.
pub async fn a_cap_of_zero_grants_nothing(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a cap of zero grants nothing"));
    ask.refused(&ask.key("user")?, 0).await
}

/// A refused acquire takes nothing: what still fits fits after it.
pub async fn a_refused_acquire_takes_nothing(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a refused acquire takes nothing"));
    let key = ask.key("user")?;
    let (lease, _) = (ask.take(&key, 2).await?, ask.take(&key, 2).await?);
    ask.refused(&key, 2).await?;
    ask.release_one(&lease).await.is_live()?;
    ask.take(&key, 2).await.map(drop)
}

/// A cap is the request's own: raised, it admits more at once.
pub async fn a_raised_cap_admits_more_at_once(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a raised cap admits more at once"));
    let key = ask.key("user")?;
    ask.take(&key, 1).await?;
    ask.take(&key, 2).await.map(drop)
}

/// A lowered cap admits nobody until enough have left.
pub async fn a_lowered_cap_admits_nobody_until_enough_have_left(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lowered cap admits nobody until enough have left"));
    for left in [0, 2, 3] {
        let key = ask.key("user")?;
        let held = [ask.take(&key, 3).await?, ask.take(&key, 3).await?, ask.take(&key, 3).await?];
        for lease in held.iter().rev().take(left) {
            ask.release_one(lease).await.is_live()?;
        }
        if left < held.len() {
            ask.refused(&key, 1).await?;
        } else {
            ask.take(&key, 1).await?;
        }
    }
    Ok(())
}

/// A lowered cap takes nobody's lease away.
pub async fn a_lowered_cap_takes_nobodys_lease_away(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lowered cap takes nobody's lease away"));
    let key = ask.key("user")?;
    let held = [ask.take(&key, 3).await?, ask.take(&key, 3).await?, ask.take(&key, 3).await?];
    ask.refused(&key, 1).await?;
    for lease in &held {
        ask.renew_one(lease).await.is_live()?;
    }
    Ok(())
}

/// Permits are exact up to 2^53 − 1, and so are their sums.
pub async fn permits_are_exact_up_to_2_to_the_53(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("permits are exact up to 2 to the 53"));
    let (full, one_left, most) = (ask.key("full")?, ask.key("one-left")?, ask.key("most")?);
    ask.take_permits(&full, EXACT, EXACT).await?;
    ask.acquire(&wanting(&[(&full, EXACT)])?.with_permits(EXACT)?).await.refused()?;
    ask.take_permits(&one_left, EXACT, EXACT - 1).await?;
    ask.take(&one_left, EXACT).await?;
    ask.take_permits(&most, EXACT, EXACT).await?;
    ask.refused(&most, EXACT).await
}
