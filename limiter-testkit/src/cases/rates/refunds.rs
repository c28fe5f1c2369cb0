//! Giving back.

use limiter_core::{Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{MINUTE, MINUTE_MS, one_of_each};
use crate::broken::Kept;
use crate::trial::Trial;

/// A refund gives back what was charged: it fits again.
pub async fn a_refund_gives_back_what_was_charged(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a refund gives back what was charged"));
    for limit in one_of_each(3)? {
        let key = ask.key("user")?;
        let charged_at_ms = ask.charge(&key, &limit, 3).await?;
        ask.refund(&key, &limit, 3, charged_at_ms).await?;
        ask.hit(&key, &limit, 3).await?.allowed()?;
    }
    Ok(())
}

/// However much is given back, and how often, a counter goes no further back than to nothing counted.
pub async fn a_refund_never_goes_beyond_full(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a refund never goes beyond full"));
    for limit in one_of_each(2)? {
        let key = ask.key("user")?;
        let charged_at_ms = ask.charge(&key, &limit, 1).await?;
        for _ in 0..2 {
            ask.refund(&key, &limit, 2, charged_at_ms).await?;
        }
        ask.charge(&key, &limit, 2).await?;
        ask.hit(&key, &limit, 2).await?.denied()?;
    }
    Ok(())
}

/// What was charged in a window that has gone gives nothing back to the current one.
pub async fn a_refund_to_a_window_that_has_gone_gives_nothing(
    rates: &dyn RateLimiter,
    trial: &Trial,
) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a refund to a window that has gone gives nothing"));
    let limits = [(Limit::fixed_window(2, MINUTE)?, 1), (Limit::sliding_window(2, MINUTE)?, 2)];
    for (limit, windows) in limits {
        let start_ms = ask.next_window(MINUTE_MS, 50_000).await?;
        let key = ask.key("user")?;
        let charged_at_ms = ask.charge(&key, &limit, 1).await?;
        ask.until(start_ms + windows * MINUTE_MS + 10_000).await?;
        ask.charge(&key, &limit, 1).await?;
        ask.refund(&key, &limit, 1, charged_at_ms).await?;
        ask.hit(&key, &limit, 2).await?.denied()?;
    }
    Ok(())
}

/// What was charged in the previous window of a sliding one, which still counts, is given back there: in the
/// middle of the current one, half of what is given back fits again.
pub async fn a_refund_to_the_previous_window_is_weighed(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a refund to the previous window is weighed"));
    let limit = Limit::sliding_window(8, MINUTE)?;
    let start_ms = ask.next_window(MINUTE_MS, 50_000).await?;
    let watched = [(ask.key("fits")?, 6), (ask.key("more")?, 7)];
    for (key, _) in &watched {
        ask.charge(key, &limit, 8).await?;
    }
    ask.until(start_ms + MINUTE_MS * 3 / 2).await?;
    for (key, cost) in &watched {
        ask.refund(key, &limit, 4, start_ms + 50_000).await?;
        let answer = ask.hit(key, &limit, *cost).await?;
        if *cost == 6 {
            answer.allowed()?
        } else {
            answer.denied()?
        };
    }
    Ok(())
}

/// A refund takes the log's entry of its own time: the others stay, and leave when they would have.
pub async fn a_refund_takes_the_entry_of_its_own_time(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a refund takes the entry of its own time"));
    let limit = Limit::sliding_log(3, MINUTE)?;
    let key = ask.key("user")?;
    let first_ms = ask.charge(&key, &limit, 1).await?;
    ask.pass(MINUTE_MS / 2).await?;
    let second_ms = ask.charge(&key, &limit, 1).await?;
    ask.refund(&key, &limit, 1, second_ms).await?;
    ask.until(first_ms + MINUTE_MS + 1_000).await?;
    ask.hit(&key, &limit, 3).await?.allowed()?;
    Ok(())
}

/// A bucket gives back less what has flowed in since, for that has given it back already: after half a minute
/// nothing of one token of two a minute, after a quarter half of it.
pub async fn a_bucket_gives_back_only_what_has_not_flowed_in(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a bucket gives back only what has not flowed in"));
    let limit = Limit::token_bucket(2, MINUTE)?;
    let (late, sooner) = (ask.key("late")?, ask.watched()?);
    let charged_at_ms = ask.charge(&late, &limit, 2).await?;
    for key in &sooner {
        ask.charge(key, &limit, 2).await?;
    }
    ask.until(charged_at_ms + MINUTE_MS / 4).await?;
    for key in &sooner {
        ask.refund(key, &limit, 1, charged_at_ms).await?;
    }
    ask.until(charged_at_ms + MINUTE_MS / 2).await?;
    ask.refund(&late, &limit, 1, charged_at_ms).await?;
    ask.hit(&late, &limit, 2).await?.denied()?;
    // Half a token flowed in, half was given back, the second flows in within half a minute more.
    ask.fits_from(&sooner, &limit, 2, charged_at_ms + MINUTE_MS * 3 / 4).await
}
