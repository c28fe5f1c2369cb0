//! Where the store is, how to get in, and how it is used.

use std::fmt;

use limiter_core::Result;

use crate::target::Target;
use crate::url;

pub use crate::options::Options;

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
        if let Some(timeout) = parsed.connect_timeout {
            options = options.with_connect_timeout(timeout)?;
        }
        if let Some(timeout) = parsed.response_timeout {
            options = options.with_response_timeout(timeout)?;
        }
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
