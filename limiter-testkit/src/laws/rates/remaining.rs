//! What is left, and who leaves it.

use std::iter::repeat;

use limiter_core::{Charge, Decision, Key, LimitSet, RateLimiter};

use super::hearing::Hearing;
use super::history::Hit;
use crate::broken::Kept;
use crate::trial::Trial;

/// What is left never grows while no time passes, and is never more than the limit's capacity.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn remaining_never_grows_without_time(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    history: &[Hit],
) -> Kept {
    let hearing = Hearing::of(rates, trial.promise("what is left never grows while no time passes"))?;
    let (key, mut latest_ms, mut most) = (hearing.key()?, 0, Vec::new());
    for hit in history {
        let now_ms = hearing.set_ms(hit.at_ms.max(latest_ms));
        if now_ms > latest_ms {
            most = limits.iter().map(limiter_core::Limit::capacity).collect();
        }
        latest_ms = now_ms;
        let charges: Vec<_> = limits.charges(&key).map(|charge| charge.with_cost(hit.cost)).collect();
        let decision = hearing.hit(&charges).await?;
        let left = left(&decision);
        if left.iter().zip(&most).any(|(left, most)| left > most) {
            return Err(hearing.broken("hit", &charges, &format!("at most {most:?} remaining"), &decision));
        }
        most = left;
    }
    hearing.forget(limits, repeat(&key)).await;
    Ok(())
}

/// A hit on several limits of one key is charged by all of them or by none, apart from those that count denied hits
/// and themselves denied it.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn all_or_nothing(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    history: &[Hit],
) -> Kept {
    let hearing = Hearing::of(rates, trial.promise("a hit is charged by all of its limits or by none"))?;
    let key = hearing.key()?;
    each_whole(&hearing, limits, &vec![key; limits.len()], history).await
}

/// The same where each limit stands on a key of its own: for backends that are atomic over several keys.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn all_or_nothing_over_several_keys(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    history: &[Hit],
) -> Kept {
    let hearing = Hearing::of(rates, trial.promise("a hit is charged to all of its keys or to none"))?;
    let keys = limits.iter().map(|_| hearing.key()).collect::<Kept<Vec<_>>>()?;
    each_whole(&hearing, limits, &keys, history).await
}

async fn each_whole(hearing: &Hearing<'_>, limits: &LimitSet, keys: &[Key], history: &[Hit]) -> Kept {
    let mut latest_ms = 0;
    for hit in history {
        latest_ms = hearing.set_ms(hit.at_ms.max(latest_ms));
        let charge = |(limit, key)| Charge::new(key, limit).with_cost(hit.cost);
        let charges: Vec<_> = limits.iter().zip(keys).map(charge).collect();
        let before = hearing.peek(&charges).await?;
        let decision = hearing.hit(&charges).await?;
        let after = hearing.peek(&charges).await?;
        let wanted = left_after(&charges, &before, decision.is_allowed());
        if left(&after) != wanted {
            let wanted = format!("{wanted:?} remaining, {:?} before the hit", left(&before));
            return Err(hearing.broken("hit, then peek at", &charges, &wanted, &after));
        }
    }
    hearing.forget(limits, keys).await;
    Ok(())
}

/// What is left after a hit that was allowed or denied as a whole.
fn left_after(charges: &[Charge<'_>], before: &Decision, allowed: bool) -> Vec<u64> {
    let left = charges.iter().zip(before.outcomes()).map(|(charge, before)| {
        let counts = allowed || (charge.limit().counts_denied() && !before.is_allowed());
        let counts = counts && !charge.limit().is_unlimited();
        if counts { before.remaining().saturating_sub(charge.cost()) } else { before.remaining() }
    });
    left.collect()
}

fn left(decision: &Decision) -> Vec<u64> {
    decision.outcomes().iter().map(limiter_core::Outcome::remaining).collect()
}
