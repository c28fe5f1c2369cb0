//! The schemes: which kind of store, and whether encrypted.

use limiter_core::{Error, ErrorKind, Result};
use limiter_remote::quoted;

/// Which kind of store a scheme stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Single,
    Sentinel,
    Cluster,
}

/// What stands before `://`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) tls: bool,
}

const SCHEMES: [Scheme; 12] = [
    Scheme { name: "redis", kind: Kind::Single, tls: false },
    Scheme { name: "rediss", kind: Kind::Single, tls: true },
    Scheme { name: "redis+sentinel", kind: Kind::Sentinel, tls: false },
    Scheme { name: "rediss+sentinel", kind: Kind::Sentinel, tls: true },
    Scheme { name: "redis+cluster", kind: Kind::Cluster, tls: false },
    Scheme { name: "rediss+cluster", kind: Kind::Cluster, tls: true },
    Scheme { name: "valkey", kind: Kind::Single, tls: false },
    Scheme { name: "valkeys", kind: Kind::Single, tls: true },
    Scheme { name: "valkey+sentinel", kind: Kind::Sentinel, tls: false },
    Scheme { name: "valkeys+sentinel", kind: Kind::Sentinel, tls: true },
    Scheme { name: "valkey+cluster", kind: Kind::Cluster, tls: false },
    Scheme { name: "valkeys+cluster", kind: Kind::Cluster, tls: true },
];

const ACCEPTED: &str = "redis://, redis+sentinel://, redis+cluster://, with TLS rediss://, rediss+sentinel://, \
                        rediss+cluster://, and the same with valkey and valkeys";

impl Scheme {
    /// The scheme of a URL, in any case, and what stands behind its `://`.
    pub(super) fn split_off(url: &str) -> Result<(Self, &str)> {
        let Some((given, rest)) = url.split_once("://").filter(|(given, _)| looks_like_a_scheme(given))
        else {
            return Err(refuse("the URL has no scheme"));
        };
        let known = SCHEMES.into_iter().find(|scheme| scheme.name.eq_ignore_ascii_case(given));
        known.map(|scheme| (scheme, rest)).ok_or_else(|| {
            let why = if is_unix_socket(given) { ": unix sockets aren't supported" } else { "" };
            refuse(&format!("the URL's scheme is {}{why}", quoted(given)))
        })
    }

    /// The name that [`super::render`] writes for a kind.
    pub(super) fn name_of(kind: Kind, tls: bool) -> &'static str {
        let written = SCHEMES.iter().find(|scheme| scheme.kind == kind && scheme.tls == tls);
        written.map_or("redis", |scheme| scheme.name)
    }
}

/// Anything else may be a part of a password.
fn looks_like_a_scheme(given: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    given.starts_with(|first: char| first.is_ascii_alphabetic()) && given.bytes().all(allowed)
}

fn is_unix_socket(scheme: &str) -> bool {
    let last = scheme.rsplit('+').next().unwrap_or_default();
    ["unix", "socket"].iter().any(|name| last.eq_ignore_ascii_case(name))
}

fn refuse(what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{what}; accepted: {ACCEPTED}"))
}
