//! How a sliding window weighs the one before.

use std::time::Duration;

use limiter_core::{Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{LONG, LONG_MS, MINUTE, MINUTE_MS};
use crate::broken::Kept;
use crate::trial::Trial;

/// The previous window counts by how much of it still lies in the span, rounded up. Of 7 units, 20 s into the next
/// minute, 4⅔ still count: 5. After 43.2 s of it 7 of 25 do, exactly: not 8, as it comes out of floating point.
pub async fn a_sliding_window_weighs_the_previous_one(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a sliding window weighs the previous one"));
    let (ten, thirty) = (Limit::sliding_window(10, MINUTE)?, Limit::sliding_window(30, MINUTE)?);
    let start_ms = ask.next_window(MINUTE_MS, 50_000).await?;
    let (six, five) = (ask.key("six")?, ask.key("five")?);
    for (key, limit, cost) in [(&six, &ten, 7), (&five, &ten, 7)] {
        ask.charge(key, limit, cost).await?;
    }
    let float = ask.key("float")?;
    ask.charge(&float, &thirty, 25).await?;
    ask.until(start_ms + MINUTE_MS + 20_000).await?;
    ask.hit(&six, &ten, 6).await?.denied()?;
    ask.hit(&five, &ten, 5).await?.allowed()?;
    ask.until(start_ms + MINUTE_MS + 43_200).await?;
    ask.hit(&float, &thirty, 23).await?.allowed()?;
    Ok(())
}

/// What was counted in a sliding window counts until the end of the next one, and not a millisecond longer.
pub async fn a_sliding_window_forgets_after_two_windows(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a sliding window forgets after two windows"));
    let window_ms = ask.promise().short_ms();
    // As many units as milliseconds: in each, one unit leaves.
    let limit = Limit::sliding_window(window_ms, Duration::from_millis(window_ms))?;
    ask.next_window_if_handed_in(window_ms, window_ms - 1).await?;
    let watched = ask.watched()?;
    let mut forgets_at_ms = 0;
    for key in &watched {
        let charged_at_ms = ask.charge(key, &limit, window_ms).await?;
        forgets_at_ms = charged_at_ms - charged_at_ms % window_ms + 2 * window_ms;
    }
    ask.fits_from(&watched, &limit, window_ms, forgets_at_ms).await
}

/// A sliding window tells when enough of its count will have left: of 2 units in a window of two leaves one after half
/// of the next window.
pub async fn retry_after_of_a_sliding_window_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("retry_after of a sliding window is exact"));
    let limit = Limit::sliding_window(4, LONG)?;
    let key = ask.key("user")?;
    ask.charge(&key, &limit, 1).await?;
    let charged_at_ms = ask.charge(&key, &limit, 1).await?;
    ask.pass(123).await?;
    let next_ms = charged_at_ms - charged_at_ms % LONG_MS + LONG_MS;
    ask.hit(&key, &limit, 3).await?.fits_at_ms(next_ms + LONG_MS / 2)?;
    Ok(())
}

/// Where the previous window counts, a sliding window tells when enough of that will have left. Of 8 units, 15 s into
/// the next minute, 6 still count: 5 of 10 fit once 5 do, at 22.5 s. With a unit more in the current one, at 30 s.
pub async fn retry_after_of_a_weighed_window_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("retry_after of a weighed window is exact"));
    let limit = Limit::sliding_window(10, MINUTE)?;
    let start_ms = ask.next_window(MINUTE_MS, 50_000).await?;
    let (before, both) = (ask.key("before")?, ask.key("both")?);
    for key in [&before, &both] {
        ask.charge(key, &limit, 8).await?;
    }
    let next_ms = start_ms + MINUTE_MS;
    ask.until(next_ms + 15_000).await?;
    ask.hit(&before, &limit, 5).await?.fits_at_ms(next_ms + 22_500)?;
    ask.charge(&both, &limit, 1).await?;
    ask.hit(&both, &limit, 5).await?.fits_at_ms(next_ms + 30_000)?;
    Ok(())
}

/// A sliding window is as if never used at the end of the window after the one that it counted in.
pub async fn reset_after_of_a_sliding_window_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("reset_after of a sliding window is exact"));
    let limit = Limit::sliding_window(3, LONG)?;
    let (key, fresh) = (ask.key("user")?, ask.key("fresh")?);
    let charged_at_ms = ask.charge(&key, &limit, 1).await?;
    ask.pass(123).await?;
    let resets_at_ms = charged_at_ms - charged_at_ms % LONG_MS + 2 * LONG_MS;
    ask.hit(&key, &limit, 1).await?.resets_at_ms(resets_at_ms)?;
    ask.peek(&fresh, &limit, 1).await?.resets_now()?;
    Ok(())
}

/// Where only the previous window counts, a sliding window is as if never used at the end of the current one.
pub async fn reset_after_of_a_weighed_window_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("reset_after of a weighed window is exact"));
    let limit = Limit::sliding_window(4, MINUTE)?;
    let start_ms = ask.next_window(MINUTE_MS, 50_000).await?;
    let key = ask.key("user")?;
    ask.charge(&key, &limit, 4).await?;
    ask.until(start_ms + MINUTE_MS + 15_123).await?;
    ask.hit(&key, &limit, 4).await?.resets_at_ms(start_ms + 2 * MINUTE_MS)?;
    Ok(())
}
