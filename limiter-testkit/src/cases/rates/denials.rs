//! What a denial does, and what it doesn't.

use limiter_core::RateLimiter;

use super::ask::{AskRates, one_of_each};
use crate::broken::Kept;
use crate::trial::Trial;

/// A denied hit leaves its counter as it was: what still fits fits after it.
pub async fn a_denied_hit_charges_nothing(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a denied hit charges nothing"));
    for limit in one_of_each(2)? {
        let key = ask.key("user")?;
        ask.hit(&key, &limit, 1).await?.allowed()?;
        ask.hit(&key, &limit, 2).await?.denied()?;
        ask.hit(&key, &limit, 1).await?.allowed()?.remaining(0)?;
    }
    Ok(())
}
