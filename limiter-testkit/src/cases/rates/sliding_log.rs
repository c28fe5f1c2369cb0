//! When the entries of a log leave it.

use std::time::Duration;

use limiter_core::{Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{LONG, LONG_MS};
use crate::broken::Kept;
use crate::trial::Trial;

/// An entry of a log counts for exactly one window from the moment it was made.
pub async fn an_entry_leaves_a_log_after_one_window(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("an entry leaves a log after one window"));
    let window_ms = ask.promise().short_ms();
    let limit = Limit::sliding_log(2, Duration::from_millis(window_ms))?;
    let watched = ask.watched()?;
    let mut leaves_at_ms = 0;
    for key in &watched {
        leaves_at_ms = ask.charge(key, &limit, 1).await? + window_ms;
    }
    ask.fits_from(&watched, &limit, 2, leaves_at_ms).await
}

/// A log tells to wait for the oldest entry whose leaving makes enough room: for the first where that is enough, for
/// the second where the cost needs both to leave.
pub async fn retry_after_of_a_log_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("retry_after of a log is exact"));
    let limit = Limit::sliding_log(3, LONG)?;
    let (needs_one, needs_both) = (ask.key("one")?, ask.key("both")?);
    let first_ms = ask.charge(&needs_one, &limit, 1).await?;
    ask.charge(&needs_both, &limit, 1).await?;
    ask.pass(1_123).await?;
    ask.charge(&needs_one, &limit, 1).await?;
    let second_ms = ask.charge(&needs_both, &limit, 1).await?;
    ask.pass(123).await?;
    ask.hit(&needs_one, &limit, 2).await?.fits_at_ms(first_ms + LONG_MS)?;
    ask.hit(&needs_both, &limit, 3).await?.fits_at_ms(second_ms + LONG_MS)?;
    Ok(())
}

/// A log is as if never used when its newest entry leaves.
pub async fn reset_after_of_a_log_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("reset_after of a log is exact"));
    let limit = Limit::sliding_log(3, LONG)?;
    let (key, fresh) = (ask.key("user")?, ask.key("fresh")?);
    ask.charge(&key, &limit, 1).await?;
    ask.pass(123).await?;
    let newest_ms = ask.charge(&key, &limit, 1).await?;
    ask.pass(123).await?;
    ask.hit(&key, &limit, 3).await?.resets_at_ms(newest_ms + LONG_MS)?;
    ask.peek(&fresh, &limit, 1).await?.resets_now()?;
    Ok(())
}
