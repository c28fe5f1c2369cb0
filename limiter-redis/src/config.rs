//! Where the store is, how to get in, and how it is used.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};

use crate::target::Target;
use crate::url;

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
            let held = url::quoted(prefix);
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

/// Where the store is, how to get in, and how it is used. Passwords show in neither `Debug` nor `Display`.
///
/// | URL | stands for |
/// | --- | --- |
/// | `redis://[[user]:password@]host[:port][/database]` | one server |
/// | `redis+sentinel://[[user]:password@]host[:port],…/service[/database]` | the primary that sentinels name |
/// | `redis+cluster://[[user]:password@]host[:port],…` | a cluster, of which some nodes are named |
///
/// `rediss`, `rediss+sentinel` and `rediss+cluster` are the same with TLS, and so is `valkey` (with TLS `valkeys`) in the
/// place of `redis`. The port is 6379 where none is named, a sentinel's 26379. An IPv6 address stands in brackets. In a
/// user, a password, a service and a parameter, what isn't a letter, a digit or one of `-_.~` can be, and `@ / ? # % &`
/// and spaces must be, percent-encoded.
///
/// | parameter | is | with |
/// | --- | --- | --- |
/// | `connect_timeout` | how long one attempt to connect may take, such as `500ms` or `2s`: 1 ms to 60 s; 1 s otherwise | any |
/// | `response_timeout` | how long a call may take, likewise; 500 ms otherwise | any |
/// | `ca` | a file of root certificates in PEM to trust instead of the system's | TLS |
/// | `cert`, `key` | files with a client certificate and its key in PEM | TLS |
/// | `sentinel_user`, `sentinel_password` | the login for the sentinels; the one before the hosts is for the servers | sentinels |
///
/// ```
/// use limiter_redis::Config;
///
/// # fn main() -> limiter_core::Result<()> {
/// let config = Config::new("redis://app:hunter2@cache/2?response_timeout=200ms")?;
/// assert_eq!(config.options().response_timeout().as_millis(), 200);
/// assert!(config.to_string().starts_with("redis://app:***@cache:6379/2"));
///
/// let error = Config::new("redis://cache?respons_timeout=200ms").unwrap_err();
/// assert!(error.to_string().contains(r#"the parameter "respons_timeout" is unknown; accepted: connect_timeout"#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    target: Target,
    options: Options,
}

impl Config {
    /// The store of a URL, with default options but for those that its parameters set.
    ///
    /// # Errors
    /// `Config`: the part of the URL that is wrong, what it held, and what is accepted; never a password.
    pub fn new(url: &str) -> Result<Self> {
        let parsed = url::parse(url)?;
        let mut options = Options::default();
        options.connect_timeout = parsed.connect_timeout.unwrap_or(options.connect_timeout);
        options.response_timeout = parsed.response_timeout.unwrap_or(options.response_timeout);
        Ok(Self { target: parsed.target, options })
    }

    /// The same store with other options, those that the URL's parameters set included.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The options.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Whether connections are encrypted.
    pub const fn is_encrypted(&self) -> bool {
        self.target.tls.is_some()
    }

    /// Where the store is and how to get in.
    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }
}

/// As a URL with `***` for each password.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&url::render(&self.target, &self.options))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("target", &format_args!("{self}"))
            .field("options", &self.options)
            .finish()
    }
}
