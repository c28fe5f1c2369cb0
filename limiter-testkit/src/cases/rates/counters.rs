//! What is counted together, and what apart.

use limiter_core::{Key, Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{HALF, LONG, each, one_of_each};
use crate::broken::Kept;
use crate::trial::Trial;

/// Each algorithm and each window of a key has a counter of its own.
pub async fn the_limits_of_a_key_count_apart(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("the limits of a key count apart"));
    let key = ask.key("user")?;
    for limit in two_of_each()? {
        ask.hit(&key, &limit, 2).await?.allowed()?;
    }
    Ok(())
}

/// A limit whose `max` was changed goes on with the same count. Where it was lowered to zero and something is
/// counted, not even a cost of zero fits, and none ever will.
pub async fn a_changed_max_keeps_the_count(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a changed max keeps the count"));
    for window in [Limit::fixed_window, Limit::sliding_window, Limit::sliding_log] {
        let (two, three, four) = (window(2, LONG)?, window(3, LONG)?, window(4, LONG)?);
        let (raised, lowered) = (ask.used("raised", &two, 1).await?, ask.used("lowered", &four, 2).await?);
        ask.hit(&raised, &three, 3).await?.denied()?;
        ask.hit(&lowered, &three, 2).await?.denied()?;
        let closed = ask.used("closed", &two, 1).await?;
        ask.hit(&closed, &window(0, LONG)?, 0).await?.denied()?.never()?;
    }
    Ok(())
}

/// A bucket whose `max` or burst was changed keeps what is in it, as far as its new burst holds it.
pub async fn a_changed_burst_keeps_the_level(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a changed burst keeps the level"));
    let [two, three] = [Limit::token_bucket(2, LONG)?, Limit::token_bucket(3, LONG)?];
    for wider in [three, two.with_burst(3)?] {
        let (raised, lowered) = (ask.used("raised", &two, 1).await?, ask.used("lowered", &wider, 2).await?);
        ask.hit(&raised, &wider, 2).await?.denied()?;
        ask.hit(&lowered, &two, 2).await?.denied()?;
    }
    Ok(())
}

/// A reset forgets the counter that it names, whether or not its key names a partition.
pub async fn a_reset_forgets_its_counter(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a reset forgets its counter"));
    for limit in one_of_each(2)? {
        for key in [ask.key("plain")?, ask.key("parted")?.with_partition("north")?] {
            ask.charge(&key, &limit, 1).await?;
            ask.reset(&key, &limit).await?;
            ask.hit(&key, &limit, 2).await?.allowed()?;
        }
    }
    Ok(())
}

/// A reset forgets no other counter: neither of another window, nor of another algorithm, nor of another key.
pub async fn a_reset_forgets_no_other_counter(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a reset forgets no other counter"));
    let limits = two_of_each()?;
    for forgotten in &limits {
        let (key, other) = (ask.key("user")?, ask.used("other", forgotten, 1).await?);
        charge_each(&ask, &key, &limits).await?;
        ask.reset(&key, forgotten).await?;
        for kept in limits.iter().filter(|kept| *kept != forgotten) {
            ask.hit(&key, kept, 2).await?.denied()?;
        }
        ask.hit(&other, forgotten, 2).await?.denied()?;
    }
    Ok(())
}

async fn charge_each(ask: &AskRates<'_>, key: &Key, limits: &[Limit]) -> Kept {
    for limit in limits {
        ask.charge(key, limit, 1).await?;
    }
    Ok(())
}

/// Every algorithm over two windows.
fn two_of_each() -> Kept<Vec<Limit>> {
    Ok([each(2, LONG)?, each(2, HALF)?].concat())
}
