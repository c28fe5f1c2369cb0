//! What is refused before anything is counted.

use limiter_core::{Charge, Decision, EXACT, ErrorKind, Limit, RateLimiter, Result};

use super::ask::{AskRates, told};
use super::limits::{HALF, LONG, MINUTE};
use crate::broken::Kept;
use crate::trial::Trial;

/// A call without charges is refused: it is a mistake, and nothing that fits.
pub async fn a_call_without_charges_is_refused(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a call without charges is refused"));
    refused(&ask, "hit", &[], ask.rates().hit(&[]).await)?;
    refused(&ask, "peek", &[], ask.rates().peek(&[]).await)
}

/// A call of more than 64 charges is refused as a whole: none of them is made.
pub async fn a_call_of_too_many_charges_is_refused(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a call of too many charges is refused"));
    let key = ask.key("user")?;
    let limits: Vec<_> =
        (0..65).map(|number| Limit::fixed_window(2, HALF + MINUTE * number)).collect::<Result<_, _>>()?;
    let charges: Vec<_> = limits.iter().map(|limit| Charge::new(&key, limit)).collect();
    refused(&ask, "hit", &charges, ask.rates().hit(&charges).await)?;
    ask.hit(&key, &limits[0], 2).await?.allowed()?;
    Ok(())
}

/// A call that names one counter twice is refused, also where the two limits differ in `max`: a counter is the key, the
/// algorithm and the window.
pub async fn a_counter_named_twice_is_refused(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a counter named twice is refused"));
    let (key, two, other) =
        (ask.key("user")?, Limit::fixed_window(2, LONG)?, Limit::sliding_window(2, HALF)?);
    let three = Limit::fixed_window(3, LONG)?;
    for twin in [two, three] {
        let charges = [Charge::new(&key, &two), Charge::new(&key, &other), Charge::new(&key, &twin)];
        refused(&ask, "hit", &charges, ask.rates().hit(&charges).await)?;
    }
    ask.hit(&key, &two, 2).await?.allowed()?;
    ask.hit(&key, &other, 2).await?.allowed()?;
    Ok(())
}

/// A cost above 2^53 − 1 is refused, and no other charge of its call is made.
pub async fn a_cost_above_the_largest_number_is_refused(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a cost above the largest number is refused"));
    let (key, limit, other) =
        (ask.key("user")?, Limit::fixed_window(2, LONG)?, Limit::sliding_window(2, HALF)?);
    for cost in [EXACT + 1, u64::MAX] {
        let alone = [Charge::new(&key, &limit).with_cost(cost)];
        refused(&ask, "hit", &alone, ask.rates().hit(&alone).await)?;
        refused(&ask, "peek", &alone, ask.rates().peek(&alone).await)?;
        let second = [Charge::new(&key, &other), alone[0]];
        refused(&ask, "hit", &second, ask.rates().hit(&second).await)?;
    }
    ask.hit(&key, &limit, 2).await?.allowed()?;
    ask.hit(&key, &other, 2).await?.allowed()?;
    Ok(())
}

fn refused(ask: &AskRates<'_>, verb: &str, charges: &[Charge<'_>], got: Result<Decision>) -> Kept {
    let got = match got {
        Err(error) if error.kind() == ErrorKind::InvalidRequest => return Ok(()),
        Err(error) => error.to_string(),
        Ok(decision) => format!("{decision:?}"),
    };
    Err(ask.promise().broken(told(verb, charges), "an error of the kind InvalidRequest", got))
}
