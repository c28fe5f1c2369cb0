//! The limits that the cases ask with.

use std::time::Duration;

use limiter_core::Limit;

use crate::broken::Kept;

/// The longest window, in milliseconds.
pub(crate) const LONG_MS: u64 = 366 * 86_400_000;
/// The longest window: nothing passes in it while a case runs.
pub(crate) const LONG: Duration = Duration::from_millis(LONG_MS);
/// Half of it: the window of another counter.
pub(crate) const HALF: Duration = Duration::from_millis(LONG_MS / 2);
/// A minute in milliseconds: the window where time is handed in.
pub(crate) const MINUTE_MS: u64 = 60_000;
/// A minute.
pub(crate) const MINUTE: Duration = Duration::from_millis(MINUTE_MS);

/// One limit of each algorithm over the longest window: fixed window, sliding window, log, bucket.
pub(crate) fn one_of_each(max: u64) -> Kept<[Limit; 4]> {
    each(max, LONG)
}

/// One limit of each algorithm over a window: fixed window, sliding window, log, bucket.
pub(crate) fn each(max: u64, window: Duration) -> Kept<[Limit; 4]> {
    Ok([
        Limit::fixed_window(max, window)?,
        Limit::sliding_window(max, window)?,
        Limit::sliding_log(max, window)?,
        Limit::token_bucket(max, window)?,
    ])
}

/// One limit of each algorithm that can count denied hits, counting them: all but the log.
pub(crate) fn each_counting_denied(max: u64) -> Kept<[Limit; 3]> {
    let [fixed, sliding, _, bucket] = one_of_each(max)?;
    Ok([fixed.counting_denied()?, sliding.counting_denied()?, bucket.counting_denied()?])
}

/// A limit that differs from another in algorithm and in window: on one key it counts apart.
pub(crate) fn unlike(limit: &Limit, max: u64) -> Kept<Limit> {
    let fixed = Limit::fixed_window(max, HALF)?;
    let like = fixed.algorithm() == limit.algorithm();
    Ok(if like { Limit::sliding_window(max, HALF)? } else { fixed })
}
