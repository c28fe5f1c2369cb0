//! The system's clock, cheap enough for every hit.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::clock::Clock;

/// How often the fast counter is compared with the system's clock.
const COMPARE_EVERY_NS: u64 = 1_000_000_000;
/// How much of the time since the last comparison may be taken back: time then runs at 95 % of its speed.
const GIVE_BACK_PART: u64 = 20;
const NS_PER_MS: u64 = 1_000_000;

/// The system's clock in milliseconds since the Unix epoch, monotonic within the process.
///
/// It reads the processor's time counter and compares it with the system's clock once a second. Where the
/// system's clock was set forward, it follows within a second. Where that was set back, it slows down by 5 %
/// until both agree, so that nobody sees time go back and no window stands still.
#[derive(Clone, Copy)]
pub struct SystemClock(&'static State);

impl SystemClock {
    /// The clock. All of a process show the same time.
    pub fn new() -> Self {
        Self(state())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SystemClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemClock")
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now_ms(&self) -> u64 {
        self.0.reading.now_ms(ticks_ns(&self.0.ticks), system_ns)
    }
}

struct State {
    ticks: quanta::Clock,
    reading: Reading,
}

fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let ticks = quanta::Clock::new();
        State { reading: Reading::new(ticks_ns(&ticks), system_ns()), ticks }
    })
}

#[inline]
fn ticks_ns(ticks: &quanta::Clock) -> u64 {
    ticks.delta_as_nanos(0, ticks.raw())
}

fn system_ns() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// How the fast counter maps to the epoch.
#[derive(Debug)]
struct Reading {
    /// Epoch minus counter, wrapping.
    offset_ns: AtomicU64,
    /// The counter when they are to be compared next.
    compare_at_ns: AtomicU64,
    /// The latest time that was shown.
    shown_ms: AtomicU64,
}

impl Reading {
    fn new(ticks_ns: u64, system_ns: u64) -> Self {
        Self {
            offset_ns: AtomicU64::new(system_ns.wrapping_sub(ticks_ns)),
            compare_at_ns: AtomicU64::new(ticks_ns.saturating_add(COMPARE_EVERY_NS)),
            shown_ms: AtomicU64::new(0),
        }
    }

    #[inline]
    fn now_ms(&self, ticks_ns: u64, system_ns: impl FnOnce() -> u64) -> u64 {
        if ticks_ns >= self.compare_at_ns.load(Ordering::Relaxed) {
            self.compare(ticks_ns, system_ns);
        }
        let now_ms = ticks_ns.wrapping_add(self.offset_ns.load(Ordering::Relaxed)) / NS_PER_MS;
        let shown_ms = self.shown_ms.load(Ordering::Relaxed);
        if now_ms <= shown_ms {
            return shown_ms;
        }
        // Written once a millisecond, so that the threads mostly share the line for reading.
        self.shown_ms.fetch_max(now_ms, Ordering::Relaxed).max(now_ms)
    }

    #[cold]
    fn compare(&self, ticks_ns: u64, system_ns: impl FnOnce() -> u64) {
        let due_ns = self.compare_at_ns.load(Ordering::Relaxed);
        let next_ns = ticks_ns.saturating_add(COMPARE_EVERY_NS);
        let mine = self.compare_at_ns.compare_exchange(due_ns, next_ns, Ordering::Relaxed, Ordering::Relaxed);
        if ticks_ns < due_ns || mine.is_err() {
            return;
        }
        let offset_ns = self.offset_ns.load(Ordering::Relaxed);
        let shown_ns = ticks_ns.wrapping_add(offset_ns);
        let system_ns = system_ns();
        let since_last_ns = (ticks_ns - due_ns).saturating_add(COMPARE_EVERY_NS);
        let ahead_ns = shown_ns.saturating_sub(system_ns).min(since_last_ns / GIVE_BACK_PART);
        let corrected_ns = shown_ns.max(system_ns) - ahead_ns;
        self.offset_ns.store(corrected_ns.wrapping_sub(ticks_ns), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn it_follows_a_clock_that_is_set_forward_within_a_second() {
        let reading = Reading::new(5 * S, 1_000 * S);
        assert_eq!(reading.now_ms(5 * S, || unreachable!("compared too early")), 1_000_000);
        assert_eq!(reading.now_ms(6 * S, || 4_601 * S), 4_601_000);
        assert_eq!(reading.now_ms(6 * S + 7_000_000, || unreachable!()), 4_601_007);
    }

    #[test]
    fn it_slows_down_where_the_clock_is_set_back_and_never_goes_back() {
        let (reading, mut last_ms) = (Reading::new(0, 1_000 * S), 1_000_000);
        for step in 0..3_000_u64 {
            let ticks_ns = step * 10_000_000;
            let now_ms = reading.now_ms(ticks_ns, || 999 * S + ticks_ns);
            assert!(now_ms >= last_ms, "stepped back from {last_ms} to {now_ms}");
            assert!(now_ms - last_ms <= 10, "jumped from {last_ms} to {now_ms}");
            last_ms = now_ms;
        }
        assert_eq!(last_ms, 999_000 + 29_990, "a second is given back in twenty");
    }

    #[test]
    fn it_shows_the_systems_time() {
        let system_ms = system_ns() / NS_PER_MS;
        assert!(SystemClock::new().now_ms().abs_diff(system_ms) < 50);
    }

    #[test]
    fn it_is_monotonic_over_threads() {
        let latest = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50_000 {
                        let before = latest.load(Ordering::SeqCst);
                        let now = SystemClock::new().now_ms();
                        assert!(now >= before);
                        latest.fetch_max(now, Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
