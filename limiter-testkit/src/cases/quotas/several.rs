//! Several counters in one call.

use limiter_core::{MAX_PER_CALL, QuotaTracker, Settlement};

use super::ask::AskQuotas;
use super::requests::{charges_of, reserving_all};
use crate::broken::Kept;
use crate::trial::Trial;

/// A reserve over several counters holds its units in all of them, or, where one refuses, in none.
pub async fn several_counters_are_reserved_all_or_none(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("several counters are reserved all or none"));
    let quota = ask.quota(10)?;
    for (amounts, granted) in
        [([11, 2, 3], false), ([1, 11, 3], false), ([1, 2, 11], false), ([1, 2, 3], true)]
    {
        let keys = [ask.key("first")?, ask.key("second")?, ask.key("third")?];
        let charges = [0, 1, 2].map(|place| (&keys[place], &quota, amounts[place]));
        let answer = ask.reserve(&reserving_all(&charges)?).await?;
        answer.allowed_if(granted)?;
        for (key, amount) in keys.iter().zip(amounts) {
            ask.check(key, &quota).await?.reserved(if granted { amount } else { 0 })?;
        }
    }
    Ok(())
}

/// A refused reserve tells of each charge whether it would fit.
pub async fn a_refused_reserve_tells_which_charges_fit(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a refused reserve tells which charges fit"));
    let quota = ask.quota(10)?;
    for fit in [[true, false, true], [false, true, true], [false, true, false], [true, true, false]] {
        let mut keys = Vec::new();
        for fits in fit {
            keys.push(ask.counter(&quota, if fits { 3 } else { 9 }, 0).await?);
        }
        let charges = [0, 1, 2].map(|place| (&keys[place], &quota, 5));
        ask.reserve(&reserving_all(&charges)?).await?.refused()?.fit(&fit)?;
    }
    Ok(())
}

/// One call may reserve in 64 counters, and settle them.
pub async fn sixty_four_counters_are_reserved_and_settled(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("sixty-four counters are reserved and settled"));
    let quota = ask.quota(100)?;
    let keys = (0..MAX_PER_CALL).map(|_| ask.key("one of many")).collect::<Kept<Vec<_>>>()?;
    let charges: Vec<_> = keys.iter().zip(1..).map(|(key, amount)| (key, &quota, amount)).collect();
    let reservation = reserving_all(&charges)?;
    ask.reserve(&reservation).await?.allowed()?;
    let amounts: Vec<_> = (1..).take(MAX_PER_CALL).collect();
    ask.settle(&reservation, &amounts).await?;
    for (key, amount) in keys.iter().zip(1..) {
        ask.check(key, &quota).await?.used(amount)?;
    }
    Ok(())
}

/// Where an id is in conflict in one counter, nothing is held in the others.
pub async fn a_conflict_in_one_counter_changes_none(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a conflict in one counter changes none"));
    let quota = ask.quota(10)?;
    for conflicting in [0, 1] {
        let keys = [ask.key("first")?, ask.key("second")?];
        let held = ask.hold(&keys[conflicting], &quota, 4).await?;
        let both = reserving_all(&[(&keys[0], &quota, 3), (&keys[1], &quota, 3)])?;
        ask.reserve_conflicting(&both.with_id(held.id().clone())).await?;
        ask.check(&keys[1 - conflicting], &quota).await?.reserved(0)?;
    }
    Ok(())
}

/// A settle over several counters counts in each that hasn't settled the id: so one of which a part was lost can be
/// sent again as a whole.
pub async fn a_settle_counts_in_each_counter_that_has_not_settled(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle counts in each counter that has not settled"));
    let quota = ask.quota(10)?;
    for settled in [0, 1] {
        let keys = [ask.key("first")?, ask.key("second")?];
        let both = reserving_all(&[(&keys[0], &quota, 3), (&keys[1], &quota, 4)])?;
        ask.reserve(&both).await?.allowed()?;
        let whole = both.settlement(&[3, 4])?;
        let part = Settlement::new(both.id().clone(), [whole.charges()[settled].clone()])?;
        ask.settle_as(&part).await?;
        ask.settle_as(&whole).await?;
        ask.check(&keys[0], &quota).await?.used(3)?;
        ask.check(&keys[1], &quota).await?.used(4)?;
    }
    Ok(())
}

/// A settle tells one outcome for each charge, in the order of the charges.
pub async fn a_settle_tells_each_outcome_in_order(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a settle tells each outcome in order"));
    let (quota, mut keys) = (ask.quota(100)?, Vec::new());
    for used in [50, 10, 30, 20] {
        keys.push(ask.counter(&quota, used, 0).await?);
    }
    let charges: Vec<_> = keys.iter().map(|key| (key, &quota, 1)).collect();
    let reservation = reserving_all(&charges)?;
    ask.reserve(&reservation).await?.allowed()?;
    let settlement = Settlement::new(reservation.id().clone(), charges_of(&charges))?;
    ask.settle_as(&settlement).await?.used_of_each(&[51, 11, 31, 21])?;
    Ok(())
}
