//! How a store is used.

use std::ops::RangeInclusive;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use limiter_remote::quoted;

const TIMEOUT_RANGE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_mins(1);
/// What a timeout may be, in words.
pub(crate) const TIMEOUTS: &str = "1 ms to 60 s";
const SWEEP_RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(24);
const POOL_SIZES: RangeInclusive<u32> = 2..=1000;
const LONGEST_PREFIX: usize = 40;
const LONGEST_SCHEMA: usize = 40;

/// When what was acknowledged is safe from a crash of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before the call is answered: its commit has reached the disk.
    Strict,
    /// Within about a second (three times the server's `wal_writer_delay`): a crash forgets what was answered after that,
    /// and leaves what is kept consistent. Calls are answered several times faster.
    Relaxed,
}

/// What to do at the start about tables and functions that aren't there or are older than this program's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Migrate {
    /// Make them. However many start at once, one does it, and the others wait.
    #[default]
    Auto,
    /// Refuse to start: somebody else makes them, from [`migrations`](crate::migrations).
    Check,
}

/// How a store is used, wherever it is.
///
/// | option | default | is |
/// | --- | --- | --- |
/// | schema | `limiter` | the schema that holds the tables and functions, and nothing else |
/// | prefix | none | what all keys in the schema start with |
/// | migrate | auto | what to do at the start about tables and functions that are missing |
/// | durability | strict for slots and quotas, relaxed for rates | when what was acknowledged is safe from a crash of the server |
/// | pgbouncer | no | whether a PgBouncer in transaction mode stands before the server |
/// | strict | no | refuse to start where the server may lose what it has acknowledged, instead of warning of it |
/// | pool size | 10 | how many connections there are at most |
/// | connect timeout | 2 s | how long one attempt to connect may take |
/// | response timeout | 1 s | how long a call may take: waiting for a connection, for locks and for the answer |
/// | sweep | every 60 s | how often what has lost its meaning is deleted |
///
/// ```
/// use std::time::Duration;
/// use limiter_postgres::{Durability, Options};
///
/// # fn main() -> limiter_core::Result<()> {
/// let options = Options::default().with_schema("shop_limits")?.with_durability(Durability::Strict);
/// assert_eq!(options.schema(), "shop_limits");
/// assert_eq!(options.response_timeout(), Duration::from_secs(1));
/// assert!(Options::default().with_schema("public").is_err(), "others keep their tables there");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(crate) schema: String,
    pub(crate) prefix: String,
    pub(crate) migrate: Migrate,
    pub(crate) durability: Option<Durability>,
    pub(crate) pgbouncer: bool,
    pub(crate) strict: bool,
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) sweep_every: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: "limiter".to_owned(),
            prefix: String::new(),
            migrate: Migrate::Auto,
            durability: None,
            pgbouncer: false,
            strict: false,
            pool_size: 10,
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(1),
            sweep_every: Some(Duration::from_mins(1)),
        }
    }
}

impl Options {
    /// The schema that holds the tables and functions, and nothing else. Who shares it, the database and the prefix, shares
    /// the counts.
    ///
    /// # Errors
    /// `Config`, when it isn't 1 to 40 of `a-z 0-9 _` from a letter or `_` on, or is the server's own or everybody's: `pg_…`,
    /// `information_schema`, `public`.
    pub fn with_schema(mut self, schema: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let others = schema.starts_with("pg_") || matches!(schema, "public" | "information_schema");
        let starts_well = !schema.starts_with(|first: char| first.is_ascii_digit());
        let length = (1..=LONGEST_SCHEMA).contains(&schema.len());
        if !length || !schema.bytes().all(allowed) || !starts_well || others {
            let accepted = format!(
                "1 to {LONGEST_SCHEMA} of a-z 0-9 _ from a letter or _ on, not pg_…, public or information_schema"
            );
            return Err(refused("schema", &quoted(schema), &accepted));
        }
        schema.clone_into(&mut self.schema);
        Ok(self)
    }

    /// What all keys in the schema start with: nothing, or the name of one of several that share it.
    ///
    /// # Errors
    /// `Config`, when it isn't up to 40 of `A-Z a-z 0-9 _ . : -`.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(allowed) {
            let accepted = format!("up to {LONGEST_PREFIX} of A-Z a-z 0-9 _ . : -");
            return Err(refused("prefix", &quoted(prefix), &accepted));
        }
        prefix.clone_into(&mut self.prefix);
        Ok(self)
    }

    /// What to do at the start about tables and functions that are missing.
    #[must_use]
    pub const fn with_migrate(mut self, migrate: Migrate) -> Self {
        self.migrate = migrate;
        self
    }

    /// One durability for rates, slots and quotas alike.
    #[must_use]
    pub const fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// Whether a PgBouncer in transaction mode stands before the server. There statements can't be prepared: each call is
    /// sent as text, which takes somewhat longer. It can't be found out, and without this calls behind one fail or get
    /// answers of others.
    #[must_use]
    pub const fn with_pgbouncer(mut self, pgbouncer: bool) -> Self {
        self.pgbouncer = pgbouncer;
        self
    }

    /// Whether to refuse a server that may lose what it has acknowledged. Otherwise it is only warned of.
    #[must_use]
    pub const fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// How many connections there are at most.
    ///
    /// # Errors
    /// `Config`, when it isn't 2 to 1000.
    pub fn with_pool_size(mut self, connections: u32) -> Result<Self> {
        if !POOL_SIZES.contains(&connections) {
            let accepted = format!("{} to {} connections", POOL_SIZES.start(), POOL_SIZES.end());
            return Err(refused("pool size", &connections.to_string(), &accepted));
        }
        self.pool_size = connections;
        Ok(self)
    }

    /// How long one attempt to connect may take, TLS and login included.
    ///
    /// # Errors
    /// `Config`, when it isn't 1 ms to 60 s.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Result<Self> {
        self.connect_timeout = checked("connect timeout", timeout)?;
        Ok(self)
    }

    /// How long a call may take: waiting for a connection, for locks that others hold, and for the answer.
    ///
    /// # Errors
    /// `Config`, when it isn't 1 ms to 60 s.
    pub fn with_response_timeout(mut self, timeout: Duration) -> Result<Self> {
        self.response_timeout = checked("response timeout", timeout)?;
        Ok(self)
    }

    /// How often what has lost its meaning is deleted; `None`: somebody else sees to it, by calling the function `sweep`.
    ///
    /// # Errors
    /// `Config`, when it isn't 100 ms to 24 h.
    pub fn with_sweep_every(mut self, interval: Option<Duration>) -> Result<Self> {
        if let Some(interval) = interval.filter(|interval| !SWEEP_RANGE.contains(interval)) {
            return Err(refused("sweep interval", &format!("{interval:?}"), "100 ms to 24 h, or none"));
        }
        self.sweep_every = interval;
        Ok(self)
    }

    /// The schema that holds the tables and functions.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// What all keys in the schema start with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What to do at the start about tables and functions that are missing.
    pub const fn migrate(&self) -> Migrate {
        self.migrate
    }

    /// The durability that was chosen for all; `None`: strict for slots and quotas, relaxed for rates.
    pub const fn durability(&self) -> Option<Durability> {
        self.durability
    }

    /// Whether a PgBouncer in transaction mode stands before the server.
    pub const fn pgbouncer(&self) -> bool {
        self.pgbouncer
    }

    /// Whether a server that may lose what it has acknowledged is refused.
    pub const fn strict(&self) -> bool {
        self.strict
    }

    /// How many connections there are at most.
    pub const fn pool_size(&self) -> u32 {
        self.pool_size
    }

    /// How long one attempt to connect may take.
    pub const fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// How long a call may take.
    pub const fn response_timeout(&self) -> Duration {
        self.response_timeout
    }

    /// How often what has lost its meaning is deleted.
    pub const fn sweep_every(&self) -> Option<Duration> {
        self.sweep_every
    }

    /// Whether what changes a rate is on disk before it is answered.
    pub(crate) fn durable_rates(&self) -> bool {
        self.durability == Some(Durability::Strict)
    }

    /// Whether what changes a slot or a quota is.
    pub(crate) fn durable_rest(&self) -> bool {
        self.durability != Some(Durability::Relaxed)
    }
}

/// Whether a timeout is one that may be set.
pub(crate) fn timeout_in_range(timeout: Duration) -> bool {
    TIMEOUT_RANGE.contains(&timeout)
}

fn checked(which: &str, timeout: Duration) -> Result<Duration> {
    if timeout_in_range(timeout) {
        Ok(timeout)
    } else {
        Err(refused(which, &format!("{timeout:?}"), TIMEOUTS))
    }
}

fn refused(which: &str, held: &str, accepted: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the {which} is {held}; accepted: {accepted}"))
}
