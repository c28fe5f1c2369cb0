//! Where a case takes place: by whose clock, and with keys that nobody else has.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limiter_core::{Error, Key, LimitError, ManualClock};

use crate::broken::{Broken, Kept};
use crate::candidate::Candidate;

/// The space of every key of the suite.
const SPACE: &str = "suite";

/// Where a case takes place: by whose clock, and with keys that nobody else has.
///
/// ```
/// use limiter_core::ManualClock;
/// use limiter_testkit::{Model, Trial, cases};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), limiter_testkit::Broken> {
/// let clock = ManualClock::new(1_700_000_000_000);
/// let model = Model::new(clock.clone());
/// cases::rates::a_denied_hit_charges_nothing(&model, &Trial::handed_in(clock)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Trial {
    clock: Option<ManualClock>,
    partition: Option<String>,
    /// Tells the keys of this trial from those of every other, in the same store or earlier.
    mark: Arc<str>,
    keys: Arc<AtomicU64>,
}

impl Trial {
    /// A trial by the clock that the backend was handed: every answer is held to the millisecond.
    pub fn handed_in(clock: ManualClock) -> Self {
        Self { clock: Some(clock), ..Self::real_time() }
    }

    /// A trial by the store's own clock: what passes with time is waited for, and what can't be known to the
    /// millisecond is held to the span in which the store answered.
    pub fn real_time() -> Self {
        let mark = format!("{:x}", RandomState::new().hash_one(std::process::id()));
        Self { clock: None, partition: None, mark: mark.into(), keys: Arc::default() }
    }

    /// The trial that a candidate asks for.
    pub fn of(candidate: &Candidate) -> Self {
        let trial = candidate.clock().map_or_else(Self::real_time, |clock| Self::handed_in(clock.clone()));
        Self { partition: candidate.partition().map(str::to_owned), ..trial }
    }

    /// The clock that was handed in.
    pub const fn clock(&self) -> Option<&ManualClock> {
        self.clock.as_ref()
    }

    /// A key that nobody else has.
    pub(crate) fn key(&self, who: &str) -> Result<Key, Error> {
        let number = self.keys.fetch_add(1, Ordering::Relaxed);
        let key = Key::new(SPACE, &format!("{who}.{}.{number}", self.mark))?;
        self.partition.as_deref().map_or(Ok(key.clone()), |partition| key.with_partition(partition))
    }

    /// A promise that is put to the proof.
    pub(crate) fn promise(&self, words: &'static str) -> Promise {
        Promise { trial: self.clone(), words }
    }
}

/// A promise that is put to the proof.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    trial: Trial,
    words: &'static str,
}

impl Promise {
    /// A key that nobody else has.
    pub(crate) fn key(&self, who: &str) -> Kept<Key> {
        Ok(self.trial.key(who)?)
    }

    /// What tells this trial from every other: for keys of which every byte matters.
    pub(crate) fn mark(&self) -> &str {
        &self.trial.mark
    }

    /// The clock that was handed in.
    pub(crate) const fn clock(&self) -> Option<&ManualClock> {
        self.trial.clock()
    }

    /// The clock that was handed in, where nothing can be proven without one.
    pub(crate) fn handed_in(&self) -> Kept<ManualClock> {
        let wanted = "one that is handed in: `Trial::handed_in`";
        self.clock().cloned().ok_or_else(|| self.broken("its clock", wanted, "the store's own"))
    }

    /// A span that passes within the case: a minute by a clock that is handed in, else part of a second.
    pub(crate) const fn short_ms(&self) -> u64 {
        if self.clock().is_some() { 60_000 } else { 400 }
    }

    /// Waits without moving any clock.
    pub(crate) async fn pause(&self, wait_ms: u64) {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }

    /// That the promise was broken.
    pub(crate) fn broken(
        &self,
        asked: impl Into<String>,
        wanted: impl fmt::Display,
        got: impl fmt::Display,
    ) -> Broken {
        Broken::new(self.words, asked, wanted, got)
    }
}

/// What a case asks with is valid; that it can't be built is a fault of the case, or of core.
impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::new("a valid request can be built", "to build it", "no error", error)
    }
}

/// As for [`Error`].
impl From<LimitError> for Broken {
    fn from(error: LimitError) -> Self {
        Self::from(Error::from(error))
    }
}
