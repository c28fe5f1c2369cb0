//! Numbers that other number types can't carry.

use std::time::Duration;

use limiter_core::{EXACT, Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{LONG, LONG_MS};
use crate::broken::Kept;
use crate::trial::Trial;

const DAY_MS: u64 = 86_400_000;
/// The most units a day that a sliding window or a bucket may have.
const DAILY: u64 = EXACT / DAY_MS;
const DECADE_MS: u64 = 3_653 * DAY_MS;

/// No unit is lost of the largest counts that a limit allows: 2^53 − 1 in a fixed window, and what times the window
/// in milliseconds is that much in a sliding window or a bucket. (In real time the bucket must be looked at within a
/// minute: then a further token has flowed in.)
pub async fn the_largest_counts_are_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("the largest counts are exact"));
    let most = EXACT / LONG_MS;
    let limits = [
        Limit::fixed_window(EXACT, LONG)?,
        Limit::sliding_window(most, LONG)?,
        Limit::token_bucket(most, LONG)?,
    ];
    for limit in limits {
        let (two, one) = (ask.key("two")?, ask.key("one")?);
        ask.charge(&two, &limit, limit.max() - 1).await?;
        ask.hit(&two, &limit, 2).await?.denied()?.remaining(1)?;
        ask.charge(&one, &limit, limit.max() - 1).await?;
        ask.hit(&one, &limit, 1).await?.allowed()?;
    }
    Ok(())
}

/// A count never passes 2^53 − 1, nor what times the window is that much, however many denied hits are counted. So
/// giving back as much leaves nothing counted.
pub async fn a_count_stops_at_the_largest_number(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a count stops at the largest number"));
    let limits = [Limit::fixed_window(EXACT, LONG)?, Limit::sliding_window(EXACT / LONG_MS, LONG)?];
    for limit in limits {
        let (limit, key) = (limit.counting_denied()?, ask.key("user")?);
        let charged_at_ms = ask.charge(&key, &limit, limit.max()).await?;
        ask.hit(&key, &limit, limit.max()).await?.denied()?;
        ask.refund(&key, &limit, limit.max(), charged_at_ms).await?;
        ask.hit(&key, &limit, limit.max()).await?.allowed()?;
    }
    Ok(())
}

/// A large previous window is weighed to the unit: of 86 400 000 units of yesterday one has left after the first
/// millisecond of today.
pub async fn the_largest_products_are_exact(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("the largest products are exact"));
    let limit = Limit::sliding_window(DAILY, Duration::from_millis(DAY_MS))?;
    let start_ms = ask.next_window(DAY_MS, DAY_MS - 1).await?;
    let (more, rest) = (ask.key("more")?, ask.key("rest")?);
    ask.charge(&more, &limit, DAY_MS).await?;
    ask.charge(&rest, &limit, DAY_MS).await?;
    ask.until(start_ms + DAY_MS + 1).await?;
    let fits = DAILY - (DAY_MS - 1);
    ask.hit(&more, &limit, fits + 1).await?.denied()?;
    ask.hit(&rest, &limit, fits).await?.allowed()?;
    Ok(())
}

/// A bucket that nobody asked for a decade is full, although what has flowed in since can't be counted in 64 bits.
pub async fn a_bucket_fills_however_long_it_takes(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a bucket fills however long it takes"));
    let limit = Limit::token_bucket(DAILY, Duration::from_millis(DAY_MS))?;
    let key = ask.key("user")?;
    ask.charge(&key, &limit, DAILY).await?;
    ask.pass(DECADE_MS).await?;
    ask.hit(&key, &limit, DAILY).await?.allowed()?;
    Ok(())
}
