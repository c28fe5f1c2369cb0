//! How a connection is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use limiter_core::Result;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use tokio::time::timeout;

use crate::config::Config;
use crate::error::{Refusal, answer};
use crate::facts::Facts;

/// How a connection is made: where to, as whom, how its session is set up, and what is asked of the server before it is
/// used.
#[derive(Clone)]
pub(super) struct Door {
    /// To be tried in turn: without TLS and with it, or the other way round.
    targets: Arc<[PgConnectOptions]>,
    place: Arc<str>,
    timeout: Duration,
    /// How long a call may take.
    patience: Duration,
    used: Use,
    pgbouncer: bool,
    strict: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Calls, which nobody waits for when they take too long.
    Calls,
    /// Whatever takes the time that it takes.
    Apart,
}

impl Door {
    pub(super) fn new(config: &Config) -> Result<Self> {
        let options = config.options();
        Ok(Self {
            targets: config.targets()?.into(),
            place: config.place().into(),
            timeout: options.connect_timeout,
            patience: options.response_timeout,
            used: Use::Calls,
            pgbouncer: options.pgbouncer,
            strict: options.strict,
        })
    }

    /// The same for what takes the time that it takes.
    pub(super) fn apart(&self) -> Self {
        Self { used: Use::Apart, ..self.clone() }
    }

    /// A connection to a server that can be used, and what that tells of itself. Within the connect timeout, which the
    /// library doesn't know.
    pub(super) async fn open(&self) -> Result<(PgConnection, Facts), Refusal> {
        let opened = timeout(self.timeout, self.checked()).await;
        opened.unwrap_or_else(|_| Err(Refusal::slow(self.timeout))).map_err(|refusal| refusal.at(&self.place))
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    async fn checked(&self) -> Result<(PgConnection, Facts), Refusal> {
        let (mut connection, mode) = self.logged_in().await?;
        let facts = Facts::ask(&mut connection).await.map_err(|error| Refusal::of(&error, mode))?;
        facts.check(self.strict)?;
        Ok((connection, facts))
    }

    /// The first target that lets us in. The next one is tried where the last one's server refused, or its TLS failed,
    /// and not where nobody is.
    async fn logged_in(&self) -> Result<(PgConnection, PgSslMode), Refusal> {
        let mut first = None;
        for target in self.targets.iter() {
            let mode = target.get_ssl_mode();
            let error = match self.with_session(target).connect().await {
                Ok(connection) => return Ok((connection, mode)),
                Err(error) => error,
            };
            let (refusal, another) = (Refusal::of(&error, mode), may_another_do(&error, mode));
            match first {
                Some(first) if another && tells_little(&error) => return Err(first),
                None if another => first = Some(refusal),
                _ => return Err(refusal),
            }
        }
        Err(first.unwrap_or_else(Refusal::ended))
    }

    /// Settings of the session go along when it starts, and cost no round trip. A pooler's sessions are everybody's.
    fn with_session(&self, target: &PgConnectOptions) -> PgConnectOptions {
        // Statements that were slow would be logged, with keys where they stand in the text.
        let target = target.clone().disable_statement_logging().extra_float_digits(None);
        if self.pgbouncer {
            return target;
        }
        let target = target.options([("jit", "off"), ("default_transaction_isolation", "read committed")]);
        if self.used == Use::Apart {
            return target;
        }
        // The server's own errors come before the caller's patience ends, and tell that nothing was done.
        let share = |tenths: u32| (self.patience * tenths / 10).as_millis().max(1);
        let target = target.options([("lock_timeout", share(8)), ("statement_timeout", share(9))]);
        // A call that stores nothing then needn't wait for the disk.
        target.options([("limiter.single_calls", "on")])
    }
}

/// Whether the next target may let us in where this one hasn't.
fn may_another_do(error: &sqlx::Error, mode: PgSslMode) -> bool {
    let encrypted = !matches!(mode, PgSslMode::Disable | PgSslMode::Allow);
    match error {
        sqlx::Error::Database(_) | sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => encrypted && error.kind() != std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Protocol(_) => encrypted,
        _ => false,
    }
}

/// Whether the target before this one has told more of why nobody is let in.
fn tells_little(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Tls(_)) || answer(error).is_some_and(|said| said.code() == "28000")
}

/// Targets hold passwords.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("place", &self.place).finish_non_exhaustive()
    }
}
