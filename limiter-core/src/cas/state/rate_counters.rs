//! The rate counters of one key.

use std::collections::{BTreeMap, VecDeque};

use super::bytes::{Reader, put, put_count};
use super::layout::State;
use crate::algorithm::{AnyCounter, FixedWindow, LogEntry, SlidingLog, SlidingWindow, TokenBucket};
use crate::exact::EXACT;
use crate::limit::{Algorithm, Limit, MAX_WINDOW_MS};

/// Rate counters by algorithm and window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cas) struct RateCounters {
    counters: BTreeMap<(u8, u64), AnyCounter>,
}

const FIXED_WINDOW: u8 = 1;
const SLIDING_WINDOW: u8 = 2;
const SLIDING_LOG: u8 = 3;
const TOKEN_BUCKET: u8 = 4;

impl RateCounters {
    /// The counter of a limit.
    pub(in crate::cas) fn counter(&self, limit: &Limit) -> AnyCounter {
        let known = id(limit).and_then(|id| self.counters.get(&id)).cloned();
        known.unwrap_or_else(|| AnyCounter::new(limit.algorithm()))
    }

    /// Keeps the counter of a limit.
    pub(in crate::cas) fn put(&mut self, limit: &Limit, counter: AnyCounter) {
        if let Some(id) = id(limit) {
            self.counters.insert(id, counter);
        }
    }

    /// Forgets the counter of a limit.
    pub(in crate::cas) fn remove(&mut self, limit: &Limit) {
        if let Some(id) = id(limit) {
            self.counters.remove(&id);
        }
    }
}

/// What tells counters of one key apart; `None` for a limit that counts nothing.
fn id(limit: &Limit) -> Option<(u8, u64)> {
    let tag = match limit.algorithm() {
        Algorithm::FixedWindow => FIXED_WINDOW,
        Algorithm::SlidingWindow => SLIDING_WINDOW,
        Algorithm::SlidingLog => SLIDING_LOG,
        Algorithm::TokenBucket => TOKEN_BUCKET,
        Algorithm::Unlimited => return None,
    };
    Some((tag, limit.window_ms()))
}

impl State for RateCounters {
    const FIRST: u8 = 0x11;
    const WHAT: &'static str = "rate counters";

    fn is_empty(&self) -> bool {
        self.counters.is_empty()
    }

    fn idle_at_ms(&self) -> u64 {
        let each = self.counters.iter().map(|((_, window_ms), counter)| counter.idle_at_ms(*window_ms));
        each.max().unwrap_or(0)
    }

    fn drop_ended(&mut self, ended_ms: u64) {
        self.counters.retain(|(_, window_ms), counter| counter.idle_at_ms(*window_ms) > ended_ms);
    }

    fn write(&self, to: &mut Vec<u8>) {
        put_count(to, self.counters.len());
        for ((tag, window_ms), counter) in &self.counters {
            to.push(*tag);
            put(to, [*window_ms]);
            write_counter(counter, to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (count, mut counters) = (from.count()?, BTreeMap::new());
        for _ in 0..count {
            let (tag, window_ms) = (from.byte()?, from.number()?);
            let follows = counters.last_key_value().is_none_or(|(last, _)| *last < (tag, window_ms));
            if !follows || window_ms == 0 || window_ms > MAX_WINDOW_MS {
                return None;
            }
            counters.insert((tag, window_ms), read_counter(from, tag, window_ms)?);
        }
        Some(Self { counters })
    }
}

fn write_counter(counter: &AnyCounter, to: &mut Vec<u8>) {
    match counter {
        AnyCounter::FixedWindow(window) => {
            put(to, [window.start_ms, window.count, window.written_ms]);
        }
        AnyCounter::SlidingWindow(window) => {
            put(to, [window.start_ms, window.previous, window.current, window.written_ms]);
        }
        AnyCounter::SlidingLog(log) => write_log(log, to),
        AnyCounter::TokenBucket(bucket) => {
            put(to, [bucket.level, bucket.written_ms, bucket.full_at_ms]);
        }
        AnyCounter::Unlimited => {}
    }
}

fn write_log(log: &SlidingLog, to: &mut Vec<u8>) {
    put(to, [log.written_ms]);
    put_count(to, log.entries.len());
    for entry in &log.entries {
        put(to, [entry.at_ms, entry.units]);
    }
}

fn read_counter(from: &mut Reader<'_>, tag: u8, window_ms: u64) -> Option<AnyCounter> {
    match tag {
        FIXED_WINDOW => read_fixed(from, window_ms).map(AnyCounter::FixedWindow),
        SLIDING_WINDOW => read_sliding(from, window_ms).map(AnyCounter::SlidingWindow),
        SLIDING_LOG => read_log(from).map(AnyCounter::SlidingLog),
        TOKEN_BUCKET => read_bucket(from).map(AnyCounter::TokenBucket),
        _ => None,
    }
}

// Each of these refuses what no call leaves behind: the algorithms may rely on what they keep to.

fn read_fixed(from: &mut Reader<'_>, window_ms: u64) -> Option<FixedWindow> {
    let window = FixedWindow { start_ms: from.exact()?, count: from.exact()?, written_ms: from.exact()? };
    is_window(window.start_ms, window.written_ms, window_ms).then_some(window)
}

fn read_sliding(from: &mut Reader<'_>, window_ms: u64) -> Option<SlidingWindow> {
    let window = SlidingWindow {
        start_ms: from.exact()?,
        previous: from.exact()?,
        current: from.exact()?,
        written_ms: from.exact()?,
    };
    let counted = window.previous.max(window.current) <= EXACT / window_ms;
    (counted && is_window(window.start_ms, window.written_ms, window_ms)).then_some(window)
}

/// Whether a window that starts then was last written in its time.
fn is_window(start_ms: u64, written_ms: u64, window_ms: u64) -> bool {
    start_ms.is_multiple_of(window_ms)
        && written_ms.checked_sub(start_ms).is_some_and(|since_ms| since_ms < window_ms)
}

fn read_log(from: &mut Reader<'_>) -> Option<SlidingLog> {
    let (written_ms, count) = (from.exact()?, from.count()?);
    let (mut entries, mut total) = (VecDeque::new(), 0);
    for _ in 0..count {
        let entry = LogEntry { at_ms: from.exact()?, units: from.exact()? };
        let follows = entries.back().is_none_or(|last: &LogEntry| last.at_ms < entry.at_ms);
        if !follows || entry.units == 0 || entry.at_ms > written_ms || entry.units > EXACT - total {
            return None;
        }
        total += entry.units;
        entries.push_back(entry);
    }
    Some(SlidingLog { entries, total, written_ms })
}

fn read_bucket(from: &mut Reader<'_>) -> Option<TokenBucket> {
    let bucket = TokenBucket { level: from.exact()?, written_ms: from.exact()?, full_at_ms: from.exact()? };
    (bucket.written_ms <= bucket.full_at_ms).then_some(bucket)
}
