//! How tokens flow into a bucket.

use std::time::Duration;

use limiter_core::{Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{LONG, LONG_MS, MINUTE, MINUTE_MS};
use crate::broken::Kept;
use crate::trial::Trial;

/// A bucket starts full, and holds its burst: as much as that fits at once, and not one more.
pub async fn a_bucket_starts_with_its_burst(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a bucket starts with its burst"));
    let limits = [Limit::token_bucket(2, LONG)?.with_burst(5)?, Limit::token_bucket(5, LONG)?.with_burst(2)?];
    for limit in limits {
        let (full, more) = (ask.key("full")?, ask.key("more")?);
        ask.hit(&full, &limit, limit.capacity()).await?.allowed()?;
        ask.charge(&more, &limit, limit.capacity()).await?;
        ask.hit(&more, &limit, 1).await?.denied()?;
    }
    Ok(())
}

/// However long nobody asks, a bucket holds no more than its burst.
pub async fn a_bucket_never_holds_more_than_its_burst(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a bucket never holds more than its burst"));
    let limit = Limit::token_bucket(4, MINUTE)?;
    let key = ask.used("user", &limit, 1).await?;
    ask.pass(10 * MINUTE_MS).await?;
    ask.charge(&key, &limit, 4).await?;
    ask.hit(&key, &limit, 2).await?.denied()?;
    Ok(())
}

/// Tokens flow in evenly: of seven in a window one is there after a seventh of it, rounded up to the millisecond, and
/// not a millisecond sooner.
pub async fn a_bucket_refills_evenly(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a bucket refills evenly"));
    let window_ms = ask.promise().short_ms();
    let limit = Limit::token_bucket(7, Duration::from_millis(window_ms))?;
    let watched = ask.watched()?;
    let mut fits_at_ms = 0;
    for key in &watched {
        fits_at_ms = ask.charge(key, &limit, 1).await? + window_ms.div_ceil(7);
    }
    ask.fits_from(&watched, &limit, 7, fits_at_ms).await
}

/// A part of a token that has flowed in isn't lost when the bucket is asked: of two tokens a minute 1⅓ are there after
/// 40 s. One is taken, and 20 s later the next is there.
pub async fn a_bucket_loses_no_part_of_a_token(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a bucket loses no part of a token"));
    let limit = Limit::token_bucket(2, MINUTE)?;
    let watched = ask.watched()?;
    let start_ms = ask.now_ms().await?;
    for key in &watched {
        ask.charge(key, &limit, 2).await?;
    }
    ask.until(start_ms + 40_000).await?;
    for key in &watched {
        ask.charge(key, &limit, 1).await?;
    }
    ask.fits_from(&watched, &limit, 1, start_ms + MINUTE_MS).await
}

/// A bucket tells when enough will have flowed in, rounded up to the millisecond: three sevenths of the window for
/// three tokens of seven.
pub async fn retry_after_of_a_bucket_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("retry_after of a bucket is exact"));
    let limit = Limit::token_bucket(7, LONG)?;
    let key = ask.key("user")?;
    let charged_at_ms = ask.charge(&key, &limit, 3).await?;
    ask.pass(1_000).await?;
    ask.hit(&key, &limit, 7).await?.fits_at_ms(charged_at_ms + (3 * LONG_MS).div_ceil(7))?;
    Ok(())
}

/// A bucket is as if never used when it is full, rounded up to the millisecond: two sevenths of the window for two
/// tokens of seven.
pub async fn reset_after_of_a_bucket_is_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("reset_after of a bucket is exact"));
    let limit = Limit::token_bucket(7, LONG)?;
    let (key, fresh) = (ask.key("user")?, ask.key("fresh")?);
    let charged_at_ms = ask.charge(&key, &limit, 2).await?;
    ask.pass(1_000).await?;
    ask.hit(&key, &limit, 7).await?.resets_at_ms(charged_at_ms + (2 * LONG_MS).div_ceil(7))?;
    ask.peek(&fresh, &limit, 1).await?.resets_now()?;
    Ok(())
}
