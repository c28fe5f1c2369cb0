//! How the clock goes in a sequence.

use proptest::prelude::*;
use proptest::sample::select;

/// How the clock moves before a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// On from where it stands.
    On(u64),
    /// Back from the latest time that it has shown.
    Back(u64),
}

/// Where the clock stands, and the latest time that it has shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hands {
    now_ms: u64,
    latest_ms: u64,
}

impl Hands {
    pub(super) const fn at(now_ms: u64) -> Self {
        Self { now_ms, latest_ms: now_ms }
    }

    /// Moves on or back, and tells the time.
    pub(super) fn moved(&mut self, step: Step) -> u64 {
        self.now_ms = match step {
            Step::On(by_ms) => self.now_ms + by_ms,
            Step::Back(by_ms) => self.latest_ms - by_ms,
        };
        self.latest_ms = self.latest_ms.max(self.now_ms);
        self.now_ms
    }
}

/// Where a sequence begins: in the midst of everything, just before a leap day, a year, a week turn.
pub(super) fn starts() -> impl Strategy<Value = u64> {
    select(vec![1_700_000_000_000, 1_709_164_799_400, 1_735_689_590_000, 1_735_516_799_990])
}

/// Steps that never go back.
pub(super) fn forward() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(0),
        5 => 0..400_u64,
        3 => 0..20_000_u64,
        2 => select(vec![249, 250, 1_000, 10_000, 60_000, 600_000, 3_600_000]),
        1 => 0..200_000_000_u64,
    ]
    .prop_map(Step::On)
}

/// Steps on and back. The clock bears with 60 s; what was written further ahead is taken as new.
pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let back = prop_oneof![
        6 => 0..60_000_u64,
        3 => select(vec![1, 59_999, 60_000]),
        1 => select(vec![60_001, 120_000, 5_000_000]),
    ];
    prop_oneof![12 => forward(), 2 => back.prop_map(Step::Back)]
}

/// Steps over the turns of hours, days, months and years, among others.
pub(super) fn over_turns() -> impl Strategy<Value = Step> {
    const HOUR_MS: u64 = 3_600_000;
    let long =
        prop_oneof![0..3 * HOUR_MS, 0..60 * 24 * HOUR_MS, select(vec![24 * HOUR_MS, 366 * 24 * HOUR_MS])];
    prop_oneof![14 => any_step(), 1 => long.prop_map(Step::On)]
}
