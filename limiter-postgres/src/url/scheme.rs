//! What stands before `://`.

use limiter_core::{Error, ErrorKind, Result};
use limiter_remote::quoted;

/// The name that [`super::render`] writes.
pub(super) const WRITTEN: &str = "postgres";

const SCHEMES: [&str; 2] = [WRITTEN, "postgresql"];
const ACCEPTED: &str = "postgres:// or postgresql://";

/// The scheme of a URL, in any case, and what stands behind its `://`.
pub(super) fn split_off(url: &str) -> Result<(&'static str, &str)> {
    let Some((given, rest)) = url.split_once("://").filter(|(given, _)| looks_like_a_scheme(given)) else {
        return Err(refuse("the URL has no scheme"));
    };
    let known = SCHEMES.into_iter().find(|scheme| scheme.eq_ignore_ascii_case(given));
    let known = known.map(|scheme| (scheme, rest));
    known.ok_or_else(|| refuse(&format!("the URL's scheme is {}", quoted(given))))
}

/// Anything else may be a part of a password.
fn looks_like_a_scheme(given: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    given.starts_with(|first: char| first.is_ascii_alphabetic()) && given.bytes().all(allowed)
}

fn refuse(what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{what}; accepted: {ACCEPTED}"))
}
