//! How much fits.

use limiter_core::{Charge, EXACT, Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{LONG, one_of_each};
use crate::broken::Kept;
use crate::trial::Trial;

/// Of hits of one unit as many fit as the limit says, and not one more.
pub async fn as_many_hits_fit_as_the_limit_says(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("as many hits fit as the limit says"));
    for limit in one_of_each(3)? {
        let key = ask.used("user", &limit, 3).await?;
        ask.hit(&key, &limit, 1).await?.denied()?;
    }
    Ok(())
}

/// A hit uses up as many units as it costs: what is left fits to the unit.
pub async fn a_cost_counts_as_so_many_units(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a cost counts as so many units"));
    for limit in one_of_each(7)? {
        let (more, rest) = (ask.key("more")?, ask.key("rest")?);
        ask.charge(&more, &limit, 4).await?;
        ask.hit(&more, &limit, 4).await?.denied()?;
        ask.charge(&rest, &limit, 4).await?;
        ask.hit(&rest, &limit, 3).await?.allowed()?;
    }
    Ok(())
}

/// A cost of zero asks: it uses nothing up, and fits even where nothing else does.
pub async fn a_cost_of_zero_uses_nothing_up(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a cost of zero uses nothing up"));
    for limit in one_of_each(2)? {
        let (fresh, full) = (ask.key("fresh")?, ask.used("full", &limit, 2).await?);
        let answer = ask.hit(&fresh, &limit, 0).await?;
        let charged = answer.first()?.charged_at_ms();
        answer.allowed()?.expect(charged.is_none(), "nothing charged, so no charged_at")?;
        ask.hit(&fresh, &limit, 2).await?.allowed()?;
        ask.hit(&full, &limit, 0).await?.allowed()?;
    }
    Ok(())
}

/// A cost above the capacity is denied, and told that it never fits: neither a wait nor an error. It charges nothing.
pub async fn a_cost_above_the_capacity_never_fits(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a cost above the capacity never fits"));
    for limit in one_of_each(2)? {
        for cost in [3, EXACT] {
            let (fresh, used) = (ask.key("fresh")?, ask.used("used", &limit, 1).await?);
            ask.hit(&fresh, &limit, cost).await?.denied()?.never()?;
            ask.hit(&used, &limit, cost).await?.denied()?.never()?;
            ask.hit(&fresh, &limit, 2).await?.allowed()?;
        }
    }
    Ok(())
}

/// Where the limit is zero, no cost fits, and never will.
pub async fn a_limit_of_zero_never_fits(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a limit of zero never fits"));
    let (fixed, sliding) = (Limit::fixed_window(0, LONG)?, Limit::sliding_window(0, LONG)?);
    for limit in [fixed, sliding, Limit::sliding_log(0, LONG)?] {
        ask.hit(&ask.key("user")?, &limit, 1).await?.denied()?.never()?;
    }
    Ok(())
}

/// `remaining` tells what is left after the call, whether it was allowed or denied.
pub async fn remaining_tells_what_is_left(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("remaining tells what is left"));
    for limit in one_of_each(4)? {
        let (fresh, last) = (ask.key("fresh")?, ask.used("last", &limit, 3).await?);
        ask.hit(&fresh, &limit, 1).await?.remaining(3)?;
        ask.hit(&last, &limit, 1).await?.remaining(0)?;
        let denied = ask.used("denied", &limit, 1).await?;
        ask.hit(&denied, &limit, 4).await?.remaining(3)?;
    }
    Ok(())
}

/// Unlimited is a limit too: everything fits, nothing is stored, and the largest number remains.
pub async fn an_unlimited_limit_always_fits(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("an unlimited limit always fits"));
    let key = ask.key("user")?;
    for _ in 0..3 {
        let answer = ask.hit(&key, &Limit::UNLIMITED, EXACT).await?;
        let resets = answer.first()?.reset_after();
        answer.allowed()?.remaining(EXACT)?.expect(resets.is_zero(), "reset after 0")?;
    }
    Ok(())
}

/// The outcomes of a call stand in the order of its charges, each naming its place, and the decision names the one
/// that denied.
pub async fn outcomes_stand_in_the_order_of_the_charges(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("outcomes stand in the order of the charges"));
    let (max, key) = ([8, 5, 2, 9], ask.key("user")?);
    let limits = [
        Limit::token_bucket(max[0], LONG)?,
        Limit::fixed_window(max[1], LONG)?,
        Limit::sliding_log(max[2], LONG)?,
        Limit::sliding_window(max[3], LONG)?,
    ];
    let charges = limits.each_ref().map(|limit| Charge::new(&key, limit).with_cost(3));
    let answer = ask.hit_all(&charges).await?;
    let told: Vec<_> =
        answer.decision().outcomes().iter().map(|outcome| (outcome.charge(), outcome.remaining())).collect();
    let wanted: Vec<_> = max.into_iter().enumerate().collect();
    answer.expect(told == wanted, "denied, with 8, 5, 2 and 9 remaining, in this order")?;
    let by = answer.decision().binding().map(limiter_core::Outcome::charge);
    answer.expect(by == Some(2), "denied by the third charge").map(|_| ())
}
