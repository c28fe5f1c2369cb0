//! The waits that denials tell.

use limiter_core::{Charge, Decision, EXACT, Limit, LimitSet, RateLimiter, Retry};

use super::hearing::Hearing;
use super::history::Hit;
use crate::broken::Kept;
use crate::trial::Trial;

/// A denied charge fits after the wait that its denial tells, and not one millisecond sooner. *Never* is told of what
/// is more than the limit's capacity, or where that is 0, and of nothing else.
///
/// Each limit is asked by itself, on a key of its own. The clock looks ahead by peeks and comes back for the next hit.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn retry_after_is_exact(
    rates: &dyn RateLimiter,
    trial: &Trial,
    limits: &LimitSet,
    history: &[Hit],
) -> Kept {
    let hearing = Hearing::of(rates, trial.promise("retry_after is the least wait after which it fits"))?;
    for limit in limits {
        each_wait(&hearing, limit, history).await?;
    }
    Ok(())
}

async fn each_wait(hearing: &Hearing<'_>, limit: &Limit, history: &[Hit]) -> Kept {
    let (key, mut latest_ms) = (hearing.key()?, 0);
    for hit in history {
        latest_ms = hearing.set_ms(hit.at_ms.max(latest_ms));
        let charge = [Charge::new(&key, limit).with_cost(hit.cost)];
        let denied = hearing.hit(&charge).await?;
        let never = hit.cost > limit.capacity() || limit.max() == 0;
        match denied.retry_after() {
            None => {}
            Some(Retry::Never) if never => {}
            Some(Retry::After(wait)) if !never => {
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                look_ahead(hearing, &charge, latest_ms.saturating_add(wait_ms)).await?;
            }
            Some(_) => return Err(hearing.broken("hit", &charge, wanted(never), &denied)),
        }
    }
    hearing.forget(&(*limit).into(), [&key]).await;
    Ok(())
}

/// No clock shows a time beyond 2^53 − 1: what fits only then isn't waited for.
async fn look_ahead(hearing: &Hearing<'_>, charge: &[Charge<'_>], at_ms: u64) -> Kept {
    if at_ms > EXACT {
        return Ok(());
    }
    let look = async |at_ms: u64, wanted: bool, words: &str| {
        hearing.set_ms(at_ms);
        let seen: Decision = hearing.peek(charge).await?;
        let met = seen.is_allowed() == wanted;
        if met { Ok(()) } else { Err(hearing.broken("peek at", charge, words, &seen)) }
    };
    look(at_ms - 1, false, "denied, 1 ms before the wait that was told has passed").await?;
    look(at_ms, true, "allowed, now that the wait that was told has passed").await
}

const fn wanted(never: bool) -> &'static str {
    if never { "that it never fits" } else { "how long to wait" }
}
