//! What a release gives back, and what it doesn't.

use limiter_core::SlotLimiter;

use super::ask::{AskSlots, LONG_MS, part_of, stranger, wanting};
use crate::broken::Kept;
use crate::trial::Trial;

/// A release gives all permits of its lease back.
pub async fn a_release_gives_the_permits_back(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a release gives the permits back"));
    let key = ask.key("user")?;
    let lease = ask.take_permits(&key, 3, 3).await?;
    ask.release_one(&lease).await.is_live()?;
    ask.take_permits(&key, 3, 3).await.map(drop)
}

/// A second release of a lease tells that it isn't live, and frees nobody else's place.
pub async fn a_second_release_changes_nothing(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a second release changes nothing"));
    let key = ask.key("user")?;
    let lease = ask.take(&key, 1).await?;
    ask.release_one(&lease).await.is_live()?;
    ask.take(&key, 1).await?;
    ask.release_one(&lease).await.is_lost()?;
    ask.refused(&key, 1).await
}

/// A release under an id that was never granted, or was granted in another key, frees nobody's place.
pub async fn a_release_by_a_stranger_frees_nobody(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a release by a stranger frees nobody"));
    let (key, own, other) = (ask.key("user")?, ask.key("own")?, ask.key("other")?);
    ask.take(&key, 1).await?;
    ask.release_one(&stranger(&key)?).await.is_lost()?;
    ask.refused(&key, 1).await?;
    let lease = ask.take(&own, 1).await?;
    ask.release_one(&part_of(&lease, &[&other], LONG_MS)?).await.is_lost()?;
    ask.refused(&own, 1).await
}

/// A release of nothing leaves no credit: the count never goes below zero.
pub async fn a_release_of_nothing_leaves_no_credit(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a release of nothing leaves no credit"));
    let key = ask.key("user")?;
    ask.release_one(&stranger(&key)?).await.is_lost()?;
    ask.take(&key, 1).await?;
    ask.refused(&key, 1).await
}

/// A release of one lease leaves the other leases of its key live.
pub async fn a_release_leaves_the_other_leases_of_its_key(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a release leaves the other leases of its key"));
    let key = ask.key("user")?;
    let held = [ask.take(&key, 3).await?, ask.take(&key, 3).await?, ask.take(&key, 3).await?];
    ask.release_one(&held[1]).await.is_live()?;
    ask.renew_one(&held[0]).await.is_live()?;
    ask.renew_one(&held[2]).await.is_live()
}

/// Many leases are released in one call: each by itself, in the order given, whatever becomes of the others. So
/// one that is named twice was live the first time alone.
pub async fn many_leases_are_released_in_one_call_each_by_itself(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let words = "many leases are released in one call, each by itself";
    let ask = AskSlots::new(slots, trial.promise(words));
    let (first, last) = (ask.key("first")?, ask.key("last")?);
    let (one, other) = (ask.take(&first, 1).await?, ask.take(&last, 1).await?);
    let leases = [one.clone(), stranger(&first)?, one, other];
    ask.release(&leases).await.are(&[true, false, false, true])?;
    ask.take(&first, 1).await?;
    ask.take(&last, 1).await.map(drop)
}

/// No leases to renew or to release are no answers, and no error.
pub async fn no_leases_are_no_answers(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("no leases are no answers"));
    ask.renew(&[]).await.are(&[])?;
    ask.release(&[]).await.are(&[])
}

/// A released id is free: it may be acquired anew, and with other permits.
pub async fn a_released_id_may_be_acquired_anew(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a released id may be acquired anew"));
    for permits in [1, 2] {
        let key = ask.key("user")?;
        let request = wanting(&[(&key, 2)])?;
        let lease = ask.acquire(&request).await.lease()?;
        ask.release_one(&lease).await.is_live()?;
        ask.acquire(&request.with_permits(permits)?).await.granted()?;
    }
    Ok(())
}
