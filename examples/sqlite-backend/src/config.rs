//! Where the counts are kept, and how long a call may wait.

use std::path::{Path, PathBuf};
use std::time::Duration;

use limiter_factory::{Error, ErrorKind, Result};

pub(crate) const ACCEPTED: &str =
    "the absolute path of a file, made if it isn't there, in a folder to write in";

/// Where the counts are kept, and how long a call may wait.
///
/// ```
/// use sqlite_backend::Config;
///
/// assert!(Config::new("/var/lib/shop/limits.db").is_ok());
/// // Not a name for somewhere in memory, nor one that each process takes for another file.
/// assert!(Config::new(":memory:").is_err() && Config::new("limits.db").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    path: PathBuf,
    timeout: Duration,
}

impl Config {
    /// A file by its absolute path. It is made if it isn't there; its folder must be. Calls wait up to 5 s.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when the path isn't absolute.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if !path.is_absolute() {
            // The path isn't told: what was meant for another variable may hold a password.
            let what = format!("the path isn't absolute; accepted: {ACCEPTED}");
            return Err(Error::new(ErrorKind::Config, what));
        }
        Ok(Self { path, timeout: Duration::from_secs(5) })
    }

    /// How long a load or a commit may take, waiting for others included, 1 ms to 10 minutes: outside of that the
    /// nearest of both.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Duration::from_millis(1), Duration::from_mins(10));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }
}
