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
/// until both agree, so that nobody sees time go back and no window stands still. Where the counter itself was set
/// back, as when a machine wakes up elsewhere, it is compared at once.
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
        self.0.now_ms(self.0.counter.raw())
    }
}

struct State {
    counter: quanta::Clock,
    reading: Reading,
    ticks_per_ms: u64,
    /// Until the counter shows this, the time in milliseconds stays the same. Read on every hit, written once a
    /// millisecond, it spares the conversion of ticks to time.
    same_until: AtomicU64,
}

impl State {
    #[inline]
    fn now_ms(&self, ticks: u64) -> u64 {
        // Further away than a millisecond it can only be because the counter was set back.
        let left = self.same_until.load(Ordering::Acquire).wrapping_sub(ticks);
        if left.wrapping_sub(1) < self.ticks_per_ms {
            return self.reading.shown_ms.load(Ordering::Relaxed);
        }
        self.turn(ticks)
    }

    #[cold]
    fn turn(&self, ticks: u64) -> u64 {
        let ticks_ns = self.counter.delta_as_nanos(0, ticks);
        let now_ms = self.reading.now_ms(ticks_ns, system_ns);
        let left = self.reading.left_ns(ticks_ns) * self.ticks_per_ms / NS_PER_MS;
        // A little sooner than it is due, for ticks a millisecond are known to a few in a million only.
        self.same_until.store(ticks + left - left / 1024, Ordering::Release);
        now_ms
    }
}

fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let counter = quanta::Clock::new();
        let ticks_ns = counter.delta_as_nanos(0, counter.raw());
        let many = 1 << 30;
        let ticks_per_ms = many * NS_PER_MS / counter.delta_as_nanos(0, many).max(1);
        let reading = Reading::new(ticks_ns, system_ns());
        State { counter, reading, ticks_per_ms, same_until: AtomicU64::new(0) }
    })
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
    /// The counter when they were compared last.
    compared_at_ns: AtomicU64,
    /// The latest time that was shown.
    shown_ms: AtomicU64,
}

impl Reading {
    fn new(ticks_ns: u64, system_ns: u64) -> Self {
        Self {
            offset_ns: AtomicU64::new(system_ns.wrapping_sub(ticks_ns)),
            compared_at_ns: AtomicU64::new(ticks_ns),
            shown_ms: AtomicU64::new(0),
        }
    }

    fn now_ms(&self, ticks_ns: u64, system_ns: impl FnOnce() -> u64) -> u64 {
        let compared_at_ns = self.compared_at_ns.load(Ordering::Relaxed);
        if ticks_ns.abs_diff(compared_at_ns) >= COMPARE_EVERY_NS {
            self.compare(ticks_ns, compared_at_ns, system_ns);
        }
        let now_ms = self.epoch_ns(ticks_ns) / NS_PER_MS;
        self.shown_ms.fetch_max(now_ms, Ordering::Relaxed).max(now_ms)
    }

    /// Time until the next millisecond begins.
    fn left_ns(&self, ticks_ns: u64) -> u64 {
        NS_PER_MS - self.epoch_ns(ticks_ns) % NS_PER_MS
    }

    fn epoch_ns(&self, ticks_ns: u64) -> u64 {
        ticks_ns.wrapping_add(self.offset_ns.load(Ordering::Relaxed))
    }

    fn compare(&self, ticks_ns: u64, compared_at_ns: u64, system_ns: impl FnOnce() -> u64) {
        let at = &self.compared_at_ns;
        if at.compare_exchange(compared_at_ns, ticks_ns, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (shown_ns, system_ns) = (self.epoch_ns(ticks_ns), system_ns());
        let give_back_ns = ticks_ns.saturating_sub(compared_at_ns) / GIVE_BACK_PART;
        let ahead_ns = shown_ns.saturating_sub(system_ns).min(give_back_ns);
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
    fn it_goes_on_where_the_counter_is_set_back() {
        let reading = Reading::new(50 * S, 1_000 * S);
        assert_eq!(reading.now_ms(50 * S, || unreachable!()), 1_000_000);
        assert_eq!(reading.now_ms(3 * S, || 1_001 * S), 1_001_000);
        assert_eq!(reading.now_ms(3 * S + 5_000_000, || unreachable!()), 1_001_005);
    }

    #[test]
    fn it_shows_the_systems_time_to_a_few_milliseconds() {
        let state = SystemClock::new().0;
        for _ in 0..2_000 {
            let (before, shown, after) = (system_ns(), SystemClock::new().now_ms(), system_ns());
            assert!(
                shown + 3 >= before / NS_PER_MS && shown <= after / NS_PER_MS + 3,
                "{before} {shown} {after}"
            );
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
        assert!(state.ticks_per_ms > 0);
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
