//! How long to leave a server alone that can't be had.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// The wait after the first failure. It doubles with each that follows.
const FIRST: Duration = Duration::from_millis(50);
/// The longest wait: a server that is back is found within this time.
pub const LONGEST: Duration = Duration::from_secs(1);

/// The wait after so many failures in a row: between half of it and all, by chance, so that many clients of a server
/// that comes back don't come all at once.
pub fn rest(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    // The system's randomness, without a generator of our own.
    let chance = RandomState::new().hash_one(failures) % 1000;
    whole / 2 + whole / 2 * u32::try_from(chance).unwrap_or(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        for (failures, whole) in
            [(1, 50), (2, 100), (3, 200), (5, 800), (6, 1000), (60, 1000), (u32::MAX, 1000)]
        {
            let wait = rest(failures);
            let whole = Duration::from_millis(whole);
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} after {failures}");
        }
    }

    #[test]
    fn no_two_clients_wait_alike() {
        let waits: std::collections::HashSet<_> = (0..50).map(|_| rest(10)).collect();
        assert!(waits.len() > 10, "{waits:?}");
    }
}
