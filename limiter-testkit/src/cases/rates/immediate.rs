//! Answers without waiting.

use limiter_core::RateLimiter;

use super::ask::AskRates;
use super::limits::one_of_each;
use crate::broken::Kept;
use crate::trial::Trial;

/// A hit that is answered without waiting is a hit like any other, and has charged once. One that isn't has done
/// nothing.
pub async fn what_is_answered_at_once_is_charged_once(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("what is answered at once is charged once"));
    for limit in one_of_each(2)? {
        let (rest, more, above) = (ask.key("rest")?, ask.key("more")?, ask.key("above")?);
        if let Some(answer) = ask.hit_now(&rest, &limit, 1).await? {
            answer.allowed()?;
            ask.hit(&rest, &limit, 1).await?.allowed()?;
        } else {
            ask.hit(&rest, &limit, 2).await?.allowed()?;
        }
        if ask.hit_now(&more, &limit, 1).await?.is_some() {
            ask.hit(&more, &limit, 2).await?.denied()?;
        }
        if let Some(answer) = ask.hit_now(&above, &limit, 3).await? {
            answer.denied()?.never()?;
        }
    }
    Ok(())
}
