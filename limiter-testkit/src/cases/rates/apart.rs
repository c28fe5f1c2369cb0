//! Calls over several keys, where the store can't charge them in one step.

use limiter_core::{Charge, Decision, ErrorKind, RateLimiter, Result};

use super::ask::{AskRates, told};
use super::limits::one_of_each;
use crate::broken::Kept;
use crate::trial::Trial;

/// Where one of several keys denies, the call is refused as `Unsupported` or denied, and what was charged on the
/// other keys is given back.
pub async fn what_is_denied_over_several_keys_is_given_back(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("what is denied over several keys is given back"));
    for limit in one_of_each(3)? {
        for place in 0..3 {
            let denied = ask.used("denied", &limit, 1).await?;
            let (other, third) = (ask.key("other")?, ask.key("third")?);
            let mut charges = vec![Charge::new(&other, &limit), Charge::new(&third, &limit)];
            charges.insert(place, Charge::new(&denied, &limit).with_cost(3));
            let allowed = allowed_or_unsupported(&ask, &charges, ask.rates().hit(&charges).await)?;
            if allowed == Some(true) {
                return Err(ask.promise().broken(told("hit", &charges), "denied, or Unsupported", "allowed"));
            }
            ask.hit(&other, &limit, 3).await?.allowed()?;
            ask.hit(&third, &limit, 3).await?.allowed()?;
        }
    }
    Ok(())
}

/// Where each of several keys has room, the call charges all of them, or is refused as `Unsupported` and charges none.
pub async fn what_fits_several_keys_is_charged_or_unsupported(
    rates: &dyn RateLimiter,
    trial: &Trial,
) -> Kept {
    let ask = AskRates::new(rates, trial.promise("what fits several keys is charged or unsupported"));
    for limit in one_of_each(3)? {
        let keys = [ask.key("one")?, ask.key("other")?, ask.key("third")?];
        let charges = keys.each_ref().map(|key| Charge::new(key, &limit));
        let allowed = allowed_or_unsupported(&ask, &charges, ask.rates().hit(&charges).await)?;
        if allowed == Some(false) {
            return Err(ask.promise().broken(told("hit", &charges), "allowed, or Unsupported", "denied"));
        }
        for key in &keys {
            let answer = ask.hit(key, &limit, 3).await?;
            if allowed.is_some() {
                answer.denied()?
            } else {
                answer.allowed()?
            };
        }
    }
    Ok(())
}

/// Whether it was allowed; `None` where the store can't do it.
fn allowed_or_unsupported(
    ask: &AskRates<'_>,
    charges: &[Charge<'_>],
    got: Result<Decision>,
) -> Kept<Option<bool>> {
    match got {
        Ok(decision) => Ok(Some(decision.is_allowed())),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(ask.promise().broken(told("hit", charges), "an answer, or Unsupported", error)),
    }
}
