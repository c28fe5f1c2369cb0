//! Looking without charging.

use limiter_core::RateLimiter;

use super::ask::AskRates;
use super::limits::{each_counting_denied, one_of_each};
use crate::broken::Kept;
use crate::trial::Trial;

/// A peek charges nothing, and counts nothing where it denies.
pub async fn a_peek_changes_nothing(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a peek changes nothing"));
    for limit in one_of_each(2)?.into_iter().chain(each_counting_denied(2)?) {
        let (fresh, used) = (ask.key("fresh")?, ask.used("used", &limit, 1).await?);
        let answer = ask.peek(&fresh, &limit, 1).await?;
        answer
            .allowed()?
            .expect(answer.first()?.charged_at_ms().is_none(), "nothing charged, so no charged_at")?;
        ask.hit(&fresh, &limit, 2).await?.allowed()?;
        ask.peek(&used, &limit, 2).await?.denied()?;
        ask.hit(&used, &limit, 1).await?.allowed()?;
    }
    Ok(())
}

/// A peek tells what is left as it stands, and of what doesn't fit the same as a hit is told. (In real time the waits
/// of the two aren't compared, for time passes between them.)
pub async fn a_peek_tells_what_a_hit_would_be_told(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a peek tells what a hit would be told"));
    for limit in one_of_each(3)? {
        let used = ask.used("used", &limit, 1).await?;
        ask.peek(&used, &limit, 1).await?.allowed()?.remaining(2)?;
        for cost in [3, 4] {
            let key = ask.used("user", &limit, 1).await?;
            let (peeked, hit) = (ask.peek(&key, &limit, cost).await?, ask.hit(&key, &limit, cost).await?);
            let (told, wanted) = (*peeked.first()?, *hit.first()?);
            let same = told.is_allowed() == wanted.is_allowed() && told.remaining() == wanted.remaining();
            let in_full = ask.promise().clock().is_none() || told == wanted;
            peeked.expect(same && in_full, &format!("what a hit is told: {}", hit.told()))?;
        }
    }
    Ok(())
}
