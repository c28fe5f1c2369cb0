//! Everything about links to servers: how they are made, how they renew themselves, what is sent over them.

mod client;
mod cluster;
mod link;
mod lookout;
mod open;
mod sentinel;
mod server;
mod slots;
mod source;
mod survey;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Error, Result};
use redis::cluster_routing::Slot;
use redis::{Cmd, Value};
use tokio::time::Instant;

use self::client::Client;
use self::cluster::Cluster;
use self::link::{Link, Request};
use self::sentinel::Sentinels;
use self::server::{Access, Server};
use self::source::Source;
use self::tls::Tls;
use crate::call::Call;
use crate::error::Failure;
use crate::target::{Place, Target};

/// The way to a store, of whatever kind it is. Clones share it.
///
/// Connections are made when they are needed, by one task each; after a failure nobody tries for a while, and calls
/// end at once.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    way: Way,
    response_timeout: Duration,
}

#[derive(Clone, Debug)]
enum Way {
    /// To one server at a time.
    One(Link),
    Cluster(Cluster),
}

impl Connection {
    /// Connects to a store. With sentinels it takes up to twice the timeout, since they are asked first.
    ///
    /// # Errors
    /// `Config` when what was given is wrong, as far as that shows: files, names, passwords. `Unavailable` when the
    /// store can't be reached or doesn't answer yet.
    pub(crate) async fn connect(
        target: &Target,
        connect_timeout: Duration,
        response_timeout: Duration,
    ) -> Result<Self> {
        let tls = target.tls.as_ref().map(Tls::new).transpose()?;
        let (login, database) = (target.login.clone(), target.database);
        let access = Access { login, database, tls, timeout: connect_timeout };
        let source = match &target.place {
            Place::Single(address) => Source::Server(Server { address: address.clone(), access }),
            Place::Sentinel { sentinels, service, login } => {
                Source::Sentinels(Arc::new(Sentinels::new(sentinels, service, login, access)))
            }
            Place::Cluster(nodes) => {
                let cluster = Cluster::new(nodes, access);
                cluster.connect().await.map_err(|refusal| refusal.to_error(CONNECT))?;
                return Ok(Self { way: Way::Cluster(cluster), response_timeout });
            }
        };
        Self::by_link(Link::new(source), response_timeout).await
    }

    /// Connects through a client that the application has made, to one server.
    pub(crate) async fn from_client(
        client: redis::Client,
        connect_timeout: Duration,
        response_timeout: Duration,
    ) -> Result<Self> {
        let source = Source::Client(Client::new(&client, connect_timeout));
        Self::by_link(Link::new(source), response_timeout).await
    }

    /// Runs a script: one round trip within the response timeout, or two where the server doesn't know the script yet.
    /// What may have been executed isn't sent again.
    ///
    /// An error that the script itself gave, with a code that begins with `LIMITER_`, is an answer
    /// (`Value::ServerError`).
    pub(crate) async fn run(&self, call: Call) -> Result<Value> {
        let deadline = Instant::now() + self.response_timeout;
        let mut answer = self.send(call.by_sha(), call.key(), deadline).await;
        if matches!(&answer, Err(Failure::Answer(error)) if error.code() == "NOSCRIPT") {
            // Nothing was executed.
            answer = self.send(&call.by_text(), call.key(), deadline).await;
        }
        match answer {
            Err(Failure::Answer(error)) if error.code().starts_with("LIMITER_") => {
                Ok(Value::ServerError(error))
            }
            answer => answer.map_err(|failure| told(failure, &call)),
        }
    }

    /// Asks the store something that changes nothing, in a cluster any node. The answer has the form that it has in
    /// RESP2, whichever protocol is spoken.
    pub(crate) async fn ask(&self, command: Cmd, operation: &'static str) -> Result<Value> {
        let deadline = Instant::now() + self.response_timeout;
        let answer = self.send(&command, None, deadline).await;
        answer.map(plain).map_err(|failure| failure.into_error(operation, false))
    }

    /// The same of every server that counts: more than one in a cluster.
    pub(crate) async fn ask_all(&self, command: Cmd, operation: &'static str) -> Result<Vec<Value>> {
        let Way::Cluster(cluster) = &self.way else {
            return Ok(vec![self.ask(command, operation).await?]);
        };
        let answers = cluster.send_to_all(&command, Instant::now() + self.response_timeout).await;
        let answers = answers.map_err(|failure| failure.into_error(operation, false))?;
        Ok(answers.into_iter().map(plain).collect())
    }

    /// Whether calls whose keys differ in their hash tag go to different servers.
    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self.way, Way::Cluster(_))
    }

    /// How long a call may take.
    pub(crate) const fn response_timeout(&self) -> Duration {
        self.response_timeout
    }

    /// Ends it: from now on nothing is sent, and calls end in `Unavailable`. Those under way still get their answers.
    #[allow(
        clippy::unused_async,
        reason = "closing may have to wait one day, and its callers are ready for it"
    )]
    pub(crate) async fn shut(&self) {
        match &self.way {
            Way::One(link) => link.shut(),
            Way::Cluster(cluster) => cluster.shut(),
        }
    }

    /// In words, without secrets.
    pub(crate) fn describe(&self) -> String {
        match &self.way {
            Way::One(link) => link.describe(),
            Way::Cluster(cluster) => cluster.describe(),
        }
    }

    async fn by_link(link: Link, response_timeout: Duration) -> Result<Self> {
        match link.first().await {
            Ok(()) => Ok(Self { way: Way::One(link), response_timeout }),
            Err(failure) => Err(failure.into_error(CONNECT, false)),
        }
    }

    async fn send(&self, command: &Cmd, key: Option<&[u8]>, deadline: Instant) -> Result<Value, Failure> {
        match &self.way {
            Way::One(link) => link.send(Request::One(command), deadline).await,
            Way::Cluster(cluster) => cluster.send(command, key.map(Slot::for_key), deadline).await,
        }
    }
}

/// What went wrong with a call, and in which script if it was there.
fn told(failure: Failure, call: &Call) -> Error {
    let in_script = failure.is_from_script();
    let error = failure.into_error(call.operation(), call.changes());
    if in_script { error.with_context("script", call.script()) } else { error }
}

/// The operation that connecting is in errors.
const CONNECT: &str = "connect";

/// RESP3 has forms of its own for texts and maps.
fn plain(value: Value) -> Value {
    match value {
        Value::VerbatimString { text, .. } => Value::BulkString(text.into_bytes()),
        Value::Map(pairs) => {
            Value::Array(pairs.into_iter().flat_map(|(name, value)| [name, value]).collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests;
