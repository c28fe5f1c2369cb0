//! A store whose commits come out as a test wants.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use limiter_core::{CasStore, CasWrite, Error, ErrorKind, Loaded, Result};

use crate::map::MapStore;

/// What becomes of a commit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// It is made if it holds.
    Made,
    /// Another was faster, or so it says.
    Lost,
    /// It is made, and its answer is lost.
    Unanswered,
    /// It isn't made, and the store says so.
    Refused,
}

/// A map store whose commits meet the fates that a function tells by their number, from 1 on. It counts what is asked.
pub(crate) struct Hooked<F> {
    pub(crate) map: MapStore,
    fate: F,
    loads: AtomicU64,
    commits: AtomicU64,
    pauses: AtomicU64,
}

impl<F: Fn(u64) -> Fate> Hooked<F> {
    pub(crate) fn new(map: MapStore, fate: F) -> Self {
        Self { map, fate, loads: AtomicU64::new(0), commits: AtomicU64::new(0), pauses: AtomicU64::new(0) }
    }

    /// How many loads, commits and pauses it was asked for since this was last asked.
    pub(crate) fn asked(&self) -> [u64; 3] {
        [&self.loads, &self.commits, &self.pauses].map(|count| count.swap(0, Ordering::SeqCst))
    }
}

#[async_trait]
impl<F: Fn(u64) -> Fate + Send + Sync + 'static> CasStore for Hooked<F> {
    async fn load(&self, names: &[Vec<u8>]) -> Result<Loaded> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.map.load(names).await
    }

    async fn commit(&self, writes: &[CasWrite]) -> Result<bool> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        match (self.fate)(number) {
            Fate::Made => self.map.commit(writes).await,
            Fate::Lost => Ok(false),
            Fate::Refused => Err(Error::new(ErrorKind::Unavailable, "read-only")),
            Fate::Unanswered => {
                assert!(self.map.commit(writes).await?);
                Err(Error::new(ErrorKind::Timeout, "no answer").possibly_charged())
            }
        }
    }

    fn commits_several(&self) -> bool {
        self.map.commits_several()
    }

    async fn pause(&self, attempt: u32) {
        let pauses = self.pauses.fetch_add(1, Ordering::SeqCst) + 1;
        assert_eq!(u64::from(attempt), pauses, "the attempts of a call count from 1");
    }
}

impl<F> fmt::Debug for Hooked<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooked").field("map", &self.map).finish_non_exhaustive()
    }
}
