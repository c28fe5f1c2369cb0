//! A backend of one's own: counts in a file, over SQLite, durable and shared by the processes of a machine.
//!
//! What it takes is a [`CasStore`](limiter_factory::CasStore), which loads values and commits writes if nobody was
//! faster; [`CasBackend`] makes rates, slots and quotas of it. And a [`registration`],
//! by which `RATE_LIMITER=sqlite` chooses it:
//!
//! ```
//! use limiter_factory::{Factory, Key, RateLimiterExt, limit};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("limits.db").display().to_string();
//! let vars = [("RATE_LIMITER", "sqlite"), ("LIMITER_SQLITE_PATH", &path)];
//! let limiters = Factory::new().register(sqlite_backend::registration()).from_vars(vars).await?;
//!
//! let (key, limit) = (Key::new("chat", "user-17")?, limit!("5/min"));
//! assert!(limiters.rates().hit_one(&key, &limit).await?.is_allowed());
//!
//! // The same file by a URL.
//! let vars = [("RATE_LIMITER", format!("sqlite://{path}"))];
//! let others = Factory::new().register(sqlite_backend::registration()).from_vars(vars).await?;
//! assert_eq!(others.rates().hit_one(&key, &limit).await?.into_result()?.remaining(), Some(3));
//! others.shutdown().await?;
//! limiters.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | what | how |
//! | --- | --- |
//! | the counts of one moment | one `SELECT` over all names, in WAL mode, which waits for no writer |
//! | all writes or none | one transaction that takes the lock first (`BEGIN IMMEDIATE`) and compares under it |
//! | durable | `synchronous = FULL`: the disk has a commit before it is acknowledged |
//! | shared | by processes of one machine: neither WAL nor file locks work over a network |
//! | the clock | the system's, which those processes have in common |

mod clock;
mod config;
mod error;
mod store;
mod sweep;

use std::sync::Arc;

use limiter_factory::{Backend, CasBackend, Registration, Result, Setting};

pub use config::Config;
pub use store::SqliteStore;

#[derive(serde::Deserialize)]
struct Settings {
    path: String,
}

/// The backend `sqlite`, whose file `LIMITER_SQLITE_PATH` names, or a URL such as `sqlite:///var/lib/shop/limits.db` in
/// `RATE_LIMITER` itself: for `Factory::register`.
pub fn registration() -> Registration {
    let path = Setting::new("PATH", config::ACCEPTED);
    let path = path.checked(|path| file(path).map(drop)).required().with_schemes(["sqlite"]);
    Registration::new("sqlite", connect).with_setting(path)
}

async fn connect(settings: Settings) -> Result<Backend> {
    backend(file(&settings.path)?).await
}

/// A file by its path, which may stand behind a URL's scheme as it is, nothing encoded.
fn file(path: &str) -> Result<Config> {
    Config::new(path.strip_prefix("sqlite://").unwrap_or(path))
}

/// The backend over the file of this configuration.
///
/// # Errors
/// As [`SqliteStore::open`].
pub async fn backend(config: Config) -> Result<Backend> {
    let store = SqliteStore::open(config).await?;
    Ok(Backend::new("sqlite", Arc::new(CasBackend::new(store))))
}
