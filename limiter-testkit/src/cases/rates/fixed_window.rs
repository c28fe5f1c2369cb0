//! When a fixed window turns.

use std::time::Duration;

use limiter_core::{Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{LONG, LONG_MS};
use crate::broken::Kept;
use crate::trial::Trial;

/// A fixed window starts anew at each multiple of its length since the epoch, and not a millisecond sooner. (The
/// length here is a multiple neither of a minute nor of an hour.)
pub async fn a_fixed_window_starts_anew_at_its_boundary(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a fixed window starts anew at its boundary"));
    let window_ms = ask.promise().short_ms() + 7;
    let limit = Limit::fixed_window(2, Duration::from_millis(window_ms))?;
    ask.next_window_if_handed_in(window_ms, window_ms.saturating_sub(1_000)).await?;
    let watched = ask.watched()?;
    let mut turns_at_ms = 0;
    for key in &watched {
        let charged_at_ms = ask.charge(key, &limit, 1).await?;
        turns_at_ms = charged_at_ms - charged_at_ms % window_ms + window_ms;
    }
    ask.fits_from(&watched, &limit, 2, turns_at_ms).await
}

/// A fixed window tells to wait until it turns, to the millisecond.
pub async fn retry_after_of_a_fixed_window_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("retry_after of a fixed window is exact"));
    let limit = Limit::fixed_window(2, LONG)?;
    ask.next_window_if_handed_in(LONG_MS, 0).await?;
    let key = ask.key("user")?;
    let charged_at_ms = ask.charge(&key, &limit, 1).await?;
    ask.pass(123).await?;
    ask.hit(&key, &limit, 2).await?.fits_at_ms(next_ms(charged_at_ms))?;
    Ok(())
}

/// A fixed window is as if never used when it turns; where nothing is counted, it already is.
pub async fn reset_after_of_a_fixed_window_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("reset_after of a fixed window is exact"));
    let limit = Limit::fixed_window(2, LONG)?;
    ask.next_window_if_handed_in(LONG_MS, 0).await?;
    let (key, fresh) = (ask.key("user")?, ask.key("fresh")?);
    let charged_at_ms = ask.charge(&key, &limit, 1).await?;
    ask.pass(123).await?;
    ask.hit(&key, &limit, 1).await?.resets_at_ms(next_ms(charged_at_ms))?;
    ask.peek(&fresh, &limit, 1).await?.resets_now()?;
    Ok(())
}

/// The start of the next of the longest windows.
const fn next_ms(charged_at_ms: u64) -> u64 {
    charged_at_ms - charged_at_ms % LONG_MS + LONG_MS
}
