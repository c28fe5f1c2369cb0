//! Files of counts for tests: each in a folder of its own, which goes with the last who has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limiter_factory::{Backend, CasBackend, ManualClock};
use limiter_testkit::{Candidate, processes};
use sqlite_backend::{Config, SqliteStore};
use tempfile::TempDir;

/// Where waiting for the disk costs nothing: what is tested is what SQLite writes, not what a disk keeps.
const IN_MEMORY: &str = "/dev/shm";
/// Longer than any call takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many crashes there were, for folders that tell them apart.
static CRASHES: AtomicU64 = AtomicU64::new(0);

/// A file of counts.
#[derive(Clone, Debug)]
pub(crate) struct File {
    path: PathBuf,
    /// What goes with it; a copy of the test program leaves that to the test.
    folder: Option<Arc<TempDir>>,
}

impl File {
    /// A new one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir_in(IN_MEMORY).or_else(|_| tempfile::tempdir()).unwrap();
        Self { path: folder.path().join("limits.db"), folder: Some(Arc::new(folder)) }
    }

    /// The file of the test that this process is a copy for; else a new one.
    pub(crate) fn of_this_test() -> Self {
        processes::store().map_or_else(Self::new, |path| Self { path: path.into(), folder: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is, for copies of this program.
    pub(crate) fn store(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(&self.path).unwrap().with_timeout(PATIENCE)
    }

    /// A client of it, by the system's clock unless one is handed in.
    pub(crate) async fn client(&self, clock: Option<&ManualClock>) -> Backend {
        let store = match clock {
            Some(clock) => SqliteStore::open_with_clock(self.config(), clock.clone()).await,
            None => SqliteStore::open(self.config()).await,
        };
        Backend::new("sqlite", Arc::new(CasBackend::new(store.unwrap())))
    }

    /// A candidate whose time is handed in.
    pub(crate) async fn candidate_by_clock(&self) -> Candidate {
        let clock = ManualClock::new(1_700_000_000_000);
        self.candidate_of(Some(clock.clone())).await.with_clock(clock)
    }

    /// A candidate on the system's clock.
    pub(crate) async fn candidate(&self) -> Candidate {
        self.candidate_of(None).await
    }

    async fn candidate_of(&self, clock: Option<ManualClock>) -> Candidate {
        let candidate = Candidate::new(self.client(clock.as_ref()).await);
        let other = self.client(clock.as_ref()).await;
        let file = self.clone();
        let restart = move || {
            let (file, clock) = (file.after_a_crash(), clock.clone());
            async move { file.client(clock.as_ref()).await }
        };
        candidate.with_other_client(other).with_store(self.store()).with_restart(restart)
    }

    /// What a crash of this moment would leave: the file and its log as they stand, nothing ended in order.
    fn after_a_crash(&self) -> Self {
        let folder = self.path.with_extension(format!("{}", CRASHES.fetch_add(1, Ordering::Relaxed)));
        let left = Self { path: folder.join("limits.db"), folder: self.folder.clone() };
        let log = |file: &Self| format!("{}-wal", file.path.display());
        fs::create_dir(&folder).unwrap();
        fs::copy(&self.path, &left.path).unwrap();
        fs::copy(log(self), log(&left)).unwrap();
        left
    }
}
