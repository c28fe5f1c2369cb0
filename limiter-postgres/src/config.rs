//! Where the store is, how to get in, and how it is used.

use std::fmt;

use limiter_core::Result;
use sqlx::postgres::PgConnectOptions;

use crate::options::Options;
use crate::target::{Place, Target};
use crate::url;

/// Where the store is, how to get in, and how it is used. Passwords show in neither `Debug` nor `Display`.
///
/// | URL | stands for |
/// | --- | --- |
/// | `postgres://user[:password]@host[:port][/database]` | one server, or a name that leads to the primary of several |
/// | `postgres://user[:password]@[:port]/[database]?host=/run/postgresql` | a server of this machine by its socket's folder |
///
/// `postgresql` is the same as `postgres`. The port is 5432 where none is named, the database the one that is called as the
/// user. An IPv6 address stands in brackets; the folder of a socket may stand in the host's place, its `/` written `%2F`.
/// In a user, a password, a database and a parameter, what isn't a letter, a digit or one of `-_.~` can be, and
/// `@ / ? # % &` and spaces must be, percent-encoded.
///
/// | parameter | is |
/// | --- | --- |
/// | `sslmode` | whether connections are encrypted and who is trusted: see below |
/// | `sslrootcert` | a file of root certificates in PEM to trust besides the system's; `system`: no others, as without it |
/// | `sslcert`, `sslkey` | files with a client certificate and its key in PEM |
/// | `application_name` | what the server calls the connections; `limiter` otherwise |
/// | `connect_timeout` | how long one attempt to connect may take, such as `500ms` or `2s`, or seconds as libpq has them: 1 ms to 60 s; 2 s otherwise |
/// | `response_timeout` | how long a call may take, likewise but with a unit; 1 s otherwise |
/// | `host` | the folder of a socket |
///
/// Any other is refused. Where the connections are encrypted is verified unless the URL says otherwise:
///
/// | `sslmode` | connections are | the server is |
/// | --- | --- | --- |
/// | `disable`; the default on this machine: a socket, `localhost`, a loopback address | plain | anybody |
/// | `allow` | plain; encrypted if it refuses that | anybody |
/// | `prefer` | encrypted; plain if it refuses that | anybody |
/// | `require` | encrypted | anybody; with `sslrootcert` as `verify-ca` |
/// | `verify-ca` | encrypted | one whose certificate is signed by whom is trusted |
/// | `verify-full`; the default otherwise, and wherever a certificate's file is named | encrypted | the one of that name |
///
/// Encryption takes the feature `tls`. Of libpq's environment variables only `PGOPTIONS`, `PGSSLCERT` and `PGSSLKEY` are
/// heeded, by the client library, where the URL doesn't say.
///
/// ```
/// use limiter_postgres::Config;
///
/// # fn main() -> limiter_core::Result<()> {
/// let config = Config::new("postgres://app:hunter2@db.internal/limits?response_timeout=200ms")?;
/// assert_eq!(config.options().response_timeout().as_millis(), 200);
/// assert!(config.to_string().starts_with("postgres://app:***@db.internal:5432/limits?sslmode=verify-full"));
///
/// let error = Config::new("postgres://app:hunter2@db/limits?sslmod=disable").unwrap_err();
/// assert!(error.to_string().contains(r#"the parameter "sslmod" is unknown; the nearest is sslmode"#));
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

    /// Whether nothing is sent that isn't encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.target.encryption.is_certain()
    }

    /// Where the server is: `db:5432`, `[::1]:5432`, `/run/postgresql:5432`.
    pub(crate) fn place(&self) -> String {
        self.target.to_string()
    }

    /// The ways in, to be tried in order: the next one where the server, or its TLS, refused the one before.
    ///
    /// # Errors
    /// `Config`: encryption is needed and this program has none, or a file can't be used.
    pub(crate) fn targets(&self) -> Result<Vec<PgConnectOptions>> {
        let target = &self.target;
        // All that the library would look for in the environment otherwise.
        let way = PgConnectOptions::new_without_pgpass()
            .port(target.port)
            .username(&target.user)
            .password(target.password.as_deref().unwrap_or_default())
            .database(&target.database)
            .application_name(&target.application_name)
            // PgBouncer knows no such parameter.
            .extra_float_digits(None);
        let way = match &target.place {
            Place::Host(host) => way.host(host),
            Place::Socket(folder) => way.host("localhost").socket(folder),
        };
        target.encryption.ways(&way)
    }
}

/// As a URL with `***` for the password.
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
