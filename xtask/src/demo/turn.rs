//! Windows are aligned to the epoch: a walk that straddles the turn of a minute, or of a day, would see counts
//! fade half-way through. So a turn that is near is waited out first.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long after a turn it is safely over, for clocks that differ a little.
const PAST: Duration = Duration::from_millis(200);

/// The time since the epoch.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time until the period that holds `now` ends.
pub(crate) fn left(now: Duration, period: Duration) -> Duration {
    let (now, period) = (now.as_millis(), period.as_millis());
    Duration::from_millis(u64::try_from(period - now % period).unwrap_or(u64::MAX))
}

/// Sees to it that the period goes on for as long as needed, waiting its turn out where it doesn't. `tell` hears
/// of a wait before it begins.
pub(crate) fn wait_out(period: Duration, needed: Duration, tell: impl FnOnce(Duration)) {
    if let Some(wait) = wait(now(), period, needed) {
        tell(wait);
        thread::sleep(wait);
    }
}

fn wait(now: Duration, period: Duration, needed: Duration) -> Option<Duration> {
    let left = left(now, period);
    (left < needed).then_some(left + PAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_turn_is_waited_out_and_a_far_one_is_not() {
        let needed = Duration::from_secs(5);
        let at = |seconds| wait(Duration::from_secs(seconds), MINUTE, needed);
        assert_eq!(at(600), None);
        assert_eq!(at(655), None);
        assert_eq!(at(656), Some(Duration::from_secs(4) + PAST));
        assert_eq!(at(659), Some(Duration::from_secs(1) + PAST));
    }

    #[test]
    fn a_day_ends_at_midnight_utc() {
        assert_eq!(left(Duration::from_secs(24 * 3600 * 20_000), DAY), DAY);
        assert_eq!(left(Duration::from_millis(24 * 3_600_000 * 20_000 - 1), DAY), Duration::from_millis(1));
    }
}
