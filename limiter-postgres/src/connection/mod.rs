//! Everything about connections to the server: how they are made, lent out, renewed, and what is sent over them.

mod door;
mod exchange;
mod given;
mod line;
mod pool;
mod statement;

use std::fmt;
use std::sync::Arc;

use limiter_core::Result;
use sqlx::SqlSafeStr;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use tokio::time::{Instant, timeout, timeout_at};

use self::door::Door;
use self::exchange::exchange;
use self::given::Given;
use self::line::Line;
use self::pool::Pool;
use self::statement::{Statement, Statements};
use crate::call::Call;
use crate::config::Config;
use crate::error::{Failure, Fate, Refusal};
use crate::facts::Facts;
use crate::options::Options;

/// The operation that connecting is in errors.
const CONNECT: &str = "connect";

/// With less than one part in so many of the response timeout left nothing is sent: it would be executed for nobody.
const LEAST: u32 = 20;

/// The way to the server. Clones share it.
///
/// A statement is sent at most once. After a server couldn't be had nobody tries for a while, and calls end at once.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

struct Shared {
    way: Way,
    statements: Statements,
    facts: Facts,
    options: Options,
}

enum Way {
    /// Connections of our own.
    Own(Pool),
    /// Those of the application's pool.
    Given(Given),
}

impl Connection {
    /// Connects to a server.
    ///
    /// # Errors
    /// `Config` when what was given is wrong, as far as that shows, or the server isn't one that can be used.
    /// `Unavailable` when it can't be reached or doesn't take calls yet.
    pub(crate) async fn connect(config: &Config) -> Result<Self> {
        let options = config.options();
        let pool = Pool::new(Door::new(config)?, options.pool_size);
        let facts = pool.first().await.map_err(|failure| failure.into_error(CONNECT, false))?;
        Ok(Self::over(Way::Own(pool), facts, options))
    }

    /// Uses the application's pool. How its sessions are set up is the application's business.
    ///
    /// # Errors
    /// As [`Connection::connect`].
    pub(crate) async fn from_pool(pool: PgPool, options: &Options) -> Result<Self> {
        let given = Given::new(pool);
        let failed = |failure: Failure| failure.into_error(CONNECT, false);
        let facts = given.first(options).await.map_err(failed)?;
        Ok(Self::over(Way::Given(given), facts, options))
    }

    fn over(way: Way, facts: Facts, options: &Options) -> Self {
        facts.warn();
        let statements = Statements::new(&options.schema, options.pgbouncer);
        Self(Arc::new(Shared { way, statements, facts, options: options.clone() }))
    }

    /// Runs a call in a task of its own, which answers by the deadline: a caller that gives up leaves the statement, and
    /// its connection, alone.
    pub(crate) async fn run(&self, call: Call, deadline: Instant) -> Result<Vec<PgRow>, Failure> {
        if let Some(failure) = self.0.refusal() {
            return Err(failure);
        }
        let statement = self.0.statements.of(&call)?;
        let shared = Arc::clone(&self.0);
        let task = tokio::spawn(async move { shared.send(statement, deadline).await });
        task.await.unwrap_or_else(|_| Err(Failure::ended()))
    }

    /// Runs a call by the deadline, for who is in a task of its own: when this future is dropped halfway, the
    /// connection ends.
    pub(crate) async fn run_here(&self, call: &Call, deadline: Instant) -> Result<Vec<PgRow>, Failure> {
        self.0.send(self.0.statements.of(call)?, deadline).await
    }

    /// Asks something that changes nothing, in one message that poolers understand. Values come as text.
    pub(crate) async fn ask(&self, text: impl SqlSafeStr, operation: &'static str) -> Result<Vec<PgRow>> {
        let deadline = Instant::now() + self.0.options.response_timeout;
        let answer = self.0.send(Statement::Simple(text.into_sql_str()), deadline).await;
        answer.map_err(|failure| failure.into_error(operation, false))
    }

    /// A connection outside the pool, without limits to how long a statement may take. What is sent over it should be
    /// understood by poolers: `raw_sql`.
    pub(crate) async fn apart(&self) -> Result<PgConnection> {
        let opened = match &self.0.way {
            Way::Own(pool) => pool.door().apart().open().await.map(|(connection, _)| connection),
            Way::Given(given) => given.apart(self.0.options.connect_timeout).await,
        };
        opened.map_err(|refusal| refusal.to_error(CONNECT))
    }

    /// Ends it: from now on nothing is sent, and calls end in `Unavailable`. Those under way still get their answers.
    /// The application's pool stays open.
    pub(crate) async fn shut(&self) {
        match &self.0.way {
            Way::Own(pool) => {
                let closed = pool.shut();
                timeout(self.0.options.response_timeout, closed).await.unwrap_or_default();
            }
            Way::Given(given) => given.shut(),
        }
    }

    /// Whether the server keeps what it has acknowledged when its machine stops.
    pub(crate) fn is_crash_safe(&self) -> bool {
        self.0.facts.is_crash_safe()
    }

    /// In words, without secrets.
    pub(crate) fn describe(&self) -> String {
        let way = match &self.0.way {
            Way::Own(pool) => pool.describe(),
            Way::Given(_) => "the application's pool".to_owned(),
        };
        let bouncer = if self.0.options.pgbouncer { ", through PgBouncer" } else { "" };
        format!("{way}{bouncer}, {}", self.0.facts.describe())
    }
}

impl Shared {
    /// Sends a statement, at most once, and waits for its answer until the deadline.
    async fn send(&self, statement: Statement, deadline: Instant) -> Result<Vec<PgRow>, Failure> {
        let patience = self.options.response_timeout;
        let mut line = self.line(deadline).await?;
        if deadline.saturating_duration_since(Instant::now()) < patience / LEAST {
            line.end(Fate::Keep);
            return Err(Failure::NoConnection(Arc::new(Refusal::too_late())));
        }
        let mut exchanged = Box::pin(async move {
            let (answer, fate) = exchange(line.connection(), statement).await;
            line.end(fate);
            answer
        });
        if let Ok(answer) = timeout_at(deadline, exchanged.as_mut()).await {
            return answer;
        }
        // An answer that comes a little later saves the connection. One that doesn't would be taken for another call's:
        // the line is dropped then, and ends.
        tokio::spawn(timeout(patience / 2, exchanged));
        Err(Failure::timed_out())
    }

    async fn line(&self, deadline: Instant) -> Result<Line, Failure> {
        let line = match &self.way {
            Way::Own(pool) => Line::Own(pool.take(deadline).await?),
            Way::Given(given) => Line::Given(given.take(deadline).await?),
        };
        Ok(line)
    }

    /// Why nothing can be sent now, where that is known beforehand.
    fn refusal(&self) -> Option<Failure> {
        match &self.way {
            Way::Own(pool) => pool.refusal(),
            Way::Given(given) => given.refusal(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.describe()).finish()
    }
}

#[cfg(test)]
mod tests;
