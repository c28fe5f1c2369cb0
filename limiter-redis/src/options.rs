//! How a store is used.

use std::ops::RangeInclusive;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use limiter_remote::quoted;

const TIMEOUT_RANGE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);
/// What a timeout may be, in words.
pub(crate) const TIMEOUTS: &str = "1 ms to 60 s";
const LONGEST_PREFIX: usize = 40;

/// How a store is used, wherever it is.
///
/// | option | default | is |
/// | --- | --- | --- |
/// | prefix | `limiter` | what all keys in the store start with |
/// | strict | no | refuse to start where the store may forget counts: a `maxmemory-policy` that evicts |
/// | connect timeout | 1 s | how long one attempt to connect may take |
/// | response timeout | 500 ms | how long a call may take, waiting for a connection included |
///
/// ```
/// use std::time::Duration;
/// use limiter_redis::Options;
///
/// # fn main() -> limiter_core::Result<()> {
/// let options = Options::default().with_prefix("shop:limits")?.with_response_timeout(Duration::from_millis(200))?;
/// assert_eq!(options.prefix(), "shop:limits");
/// assert!(Options::default().with_prefix("{shop}").is_err(), "braces would choose a cluster's slot");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    prefix: String,
    strict: bool,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: "limiter".to_owned(),
            strict: false,
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_millis(500),
        }
    }
}

impl Options {
    /// What all keys in the store start with. Who shares it, and the store, shares the counts.
    ///
    /// # Errors
    /// `Config`, when it isn't 1 to 40 of `A-Z a-z 0-9 _ . : -`.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if !(1..=LONGEST_PREFIX).contains(&prefix.len()) || !prefix.bytes().all(allowed) {
            let held = quoted(prefix);
            let text =
                format!("the prefix is {held}; accepted: 1 to {LONGEST_PREFIX} of A-Z a-z 0-9 _ . : -");
            return Err(Error::new(ErrorKind::Config, text));
        }
        prefix.clone_into(&mut self.prefix);
        Ok(self)
    }

    /// Whether to refuse a store that may forget counts to make room. Otherwise it is only warned of.
    #[must_use]
    pub const fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// How long one attempt to connect may take, TLS and login included.
    ///
    /// # Errors
    /// `Config`, when it isn't 1 ms to 60 s.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Result<Self> {
        self.connect_timeout = checked("connect", timeout)?;
        Ok(self)
    }

    /// How long a call may take, waiting for a connection included.
    ///
    /// # Errors
    /// `Config`, when it isn't 1 ms to 60 s.
    pub fn with_response_timeout(mut self, timeout: Duration) -> Result<Self> {
        self.response_timeout = checked("response", timeout)?;
        Ok(self)
    }

    /// What all keys in the store start with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a store that may forget counts is refused.
    pub const fn strict(&self) -> bool {
        self.strict
    }

    /// How long one attempt to connect may take.
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// How long a call may take.
    pub const fn response_timeout(&self) -> Duration {
        self.response_timeout
    }
}

/// Whether a timeout is one that may be set.
pub(crate) fn timeout_in_range(timeout: Duration) -> bool {
    TIMEOUT_RANGE.contains(&timeout)
}

fn checked(which: &str, timeout: Duration) -> Result<Duration> {
    if timeout_in_range(timeout) {
        return Ok(timeout);
    }
    let text = format!("the {which} timeout is {timeout:?}; accepted: {TIMEOUTS}");
    Err(Error::new(ErrorKind::Config, text))
}
