//! What the environment says.

use std::env;

/// Names a Redis server of somebody else's that is to be used.
pub(crate) const REDIS_URL: &str = "REDIS_URL";
/// Names a PostgreSQL database of somebody else's that is to be used.
pub(crate) const DATABASE_URL: &str = "DATABASE_URL";
/// Names a file of counts that is to be used.
pub(crate) const LIMITER_SQLITE_PATH: &str = "LIMITER_SQLITE_PATH";

/// Whether a variable is set, and not to nothing.
pub(crate) fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether nobody watches who could install what is missing.
pub(crate) fn in_ci() -> bool {
    is_set("CI") && env::var_os("CI").is_some_and(|value| value != "false")
}
