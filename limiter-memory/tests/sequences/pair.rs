//! The memory backend and the model on one clock.

use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use limiter_core::{Key, ManualClock, Result};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::Model;
use proptest::prelude::*;
use proptest::test_runner;

/// A time that lies far enough from 0 for every step back.
pub(crate) const START_MS: u64 = 1_735_689_590_000;

/// Both backends, and the clock they share.
pub(crate) struct Pair {
    pub(crate) clock: ManualClock,
    pub(crate) memory: MemoryBackend,
    pub(crate) model: Model,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new(START_MS);
        Self {
            memory: MemoryBackend::with_clock(
                Config::default().with_capacity(4_096),
                Arc::new(clock.clone()),
            )
            .unwrap(),
            model: Model::new(clock.clone()),
            clock,
        }
    }
}

/// So many cases, and a hundred times as many where `LIMITER_LONG=1` is set.
pub(crate) fn cases(count: u32) -> test_runner::Config {
    let long = std::env::var_os("LIMITER_LONG").is_some_and(|value| value == "1");
    test_runner::Config {
        cases: if long { count * 100 } else { count },
        failure_persistence: None,
        ..test_runner::Config::default()
    }
}

/// The answer of a call on a backend that never waits.
pub(crate) fn at_once<F: Future>(call: F) -> F::Output {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

/// Whether both answered the same, or failed with errors of one kind. Tells the answers where they did.
pub(crate) fn same<T: Debug + PartialEq>(
    got: Result<T>,
    wanted: Result<T>,
    call: &dyn Debug,
) -> Result<Option<(T, T)>, TestCaseError> {
    match (got, wanted) {
        (Ok(got), Ok(wanted)) if got == wanted => Ok(Some((got, wanted))),
        (Err(got), Err(wanted)) if got.kind() == wanted.kind() => Ok(None),
        (got, wanted) => Err(TestCaseError::fail(format!("{call:?}: {got:?} instead of {wanted:?}"))),
    }
}

/// Keys that are alike but for what tells them apart.
pub(crate) fn keys() -> Vec<Key> {
    let plain = [
        ("chat", ""),
        ("chat", "u1"),
        ("login", "u1"),
        ("chat", "u1\0"),
        ("chat", "{u1}:\n"),
        ("chatu", "1"),
    ];
    let plain = plain.map(|(space, subject)| Key::new(space, subject).unwrap());
    let long = Key::new("chat", &"é".repeat(200)).unwrap();
    let inside =
        ["p", "1"].map(|partition| Key::new("chat", "u").unwrap().with_partition(partition).unwrap());
    plain.into_iter().chain(inside).chain([long]).collect()
}

/// A step of the clock, forward or back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    On(u64),
    Back(u64),
}

impl Step {
    pub(crate) fn take(self, clock: &ManualClock) {
        use limiter_core::Clock as _;
        clock.set_ms(match self {
            Self::On(by_ms) => clock.now_ms() + by_ms,
            Self::Back(by_ms) => clock.now_ms() - by_ms,
        });
    }
}

pub(crate) fn forward() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(0),
        5 => 0..400_u64,
        3 => 0..20_000_u64,
        2 => prop::sample::select(vec![249, 250, 1_000, 10_000, 60_000, 600_000, 3_600_000]),
        1 => 0..200_000_000_u64,
    ]
    .prop_map(Step::On)
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let back = prop_oneof![0..60_000_u64, prop::sample::select(vec![1, 60_000, 60_001, 120_000, 5_000_000])];
    prop_oneof![12 => forward(), 2 => back.prop_map(Step::Back)]
}
