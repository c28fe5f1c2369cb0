//! What several processes admitted, judged by brute force.

use limiter_factory::{Algorithm, Limit};
use serde::{Deserialize, Serialize};

const US_PER_MS: u64 = 1000;

/// A hit of one unit that was admitted at some moment between two: microseconds of the machine's clock, which is the
/// store's too.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Admitted {
    pub(crate) from_us: u64,
    pub(crate) until_us: u64,
}

/// How the limit was passed, if it was: only what was surely admitted within an interval is counted there.
pub(crate) fn beyond(limit: &Limit, mut admitted: Vec<Admitted>) -> Option<String> {
    admitted.sort_by_key(|hit| hit.until_us);
    match limit.algorithm() {
        Algorithm::FixedWindow => admitted.iter().find_map(|last| in_window(limit, &admitted, last)),
        Algorithm::SlidingWindow => admitted.iter().find_map(|last| weighted(limit, &admitted, last)),
        _ => admitted.iter().find_map(|first| in_intervals(limit, &admitted, first.from_us)),
    }
}

fn count(admitted: &[Admitted], from_us: u64, until_us: u64) -> u64 {
    admitted.iter().filter(|hit| hit.from_us >= from_us && hit.until_us < until_us).count() as u64
}

fn in_window(limit: &Limit, admitted: &[Admitted], hit: &Admitted) -> Option<String> {
    let window_us = limit.window_ms() * US_PER_MS;
    let start_us = hit.until_us - hit.until_us % window_us;
    let units = count(admitted, start_us, start_us + window_us);
    (units > limit.max()).then(|| format!("{units} in the window that starts at {start_us} µs"))
}

/// The last of those counted was admitted no later than `last` ended: then at least as much of the previous window
/// counted.
fn weighted(limit: &Limit, admitted: &[Admitted], last: &Admitted) -> Option<String> {
    let window_us = limit.window_ms() * US_PER_MS;
    let start_us = last.until_us - last.until_us % window_us;
    let previous = count(admitted, start_us - window_us, start_us);
    let current = count(admitted, start_us, last.until_us + 1);
    let left_us = start_us + window_us - last.until_us;
    let beyond = previous * left_us + current * window_us > limit.max() * window_us;
    beyond.then(|| format!("{previous} · {left_us}/{window_us} + {current} at {} µs", last.until_us))
}

/// Any interval that begins there. The store counts whole milliseconds, so it may take one more to have passed.
fn in_intervals(limit: &Limit, admitted: &[Admitted], from_us: u64) -> Option<String> {
    let mut units = 0;
    admitted.iter().filter(|hit| hit.from_us >= from_us).find_map(|last| {
        units += 1;
        let window_us = limit.window_ms() * US_PER_MS;
        let flown_in = (last.until_us - from_us + US_PER_MS) * limit.max();
        let beyond = units * window_us > limit.capacity() * window_us + flown_in;
        beyond.then(|| format!("{units} within {} µs from {from_us} µs on", last.until_us - from_us))
    })
}
