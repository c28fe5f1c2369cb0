//! Where a link gets its connections from.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::ErrorKind;

use super::client::Client;
use super::lookout::look_out;
use super::open::{Open, Usage};
use super::sentinel::Sentinels;
use super::server::Server;
use crate::error::Refusal;

/// Where a link gets its connections from. What it hands out has been greeted: it is logged in, and the server answers.
#[derive(Debug)]
pub(super) enum Source {
    /// One server.
    Server(Server),
    /// The primary of a service.
    Sentinels(Arc<Sentinels>),
    /// A client that the application has made.
    Client(Client),
}

impl Source {
    /// A new connection, within the time that is allowed for it.
    pub(super) async fn open(&self) -> Result<Open, Refusal> {
        match self {
            Self::Server(server) => server.open().await,
            Self::Sentinels(sentinels) => {
                let (open, named) = sentinels.open().await?;
                tokio::spawn(look_out(Arc::clone(sentinels), Usage::of(&open), named));
                Ok(open)
            }
            Self::Client(client) => client.open().await,
        }
    }

    /// How long that may take at most, and a little more so that its own error is told.
    pub(super) fn patience(&self) -> Duration {
        let patience = match self {
            Self::Server(server) => server.access.timeout,
            Self::Sentinels(sentinels) => sentinels.patience(),
            Self::Client(client) => client.timeout,
        };
        patience + Duration::from_millis(50)
    }

    /// In words, without secrets.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Server(server) => server.describe(),
            Self::Sentinels(sentinels) => sentinels.describe(),
            Self::Client(client) => client.describe(),
        }
    }

    /// Nobody has a connection yet, and the caller's time is over.
    pub(super) fn slow(&self) -> Refusal {
        self.unavailable("no connection yet to", " within the response timeout")
    }

    /// A new connection ended before it was of any use.
    pub(super) fn lost(&self) -> Refusal {
        self.unavailable("the connection was lost to", "")
    }

    /// A new connection was of no use.
    pub(super) fn silent(&self) -> Refusal {
        self.unavailable("no answers come from", "; is it overloaded, or the response timeout too short?")
    }

    /// It is a replica.
    pub(super) fn read_only(&self) -> Refusal {
        let advice =
            ", which is a replica that takes no writes: name its primary, or the sentinels or the cluster";
        self.unavailable("the connection was given up to", advice)
    }

    fn unavailable(&self, what: &str, more: &str) -> Refusal {
        Refusal::new(ErrorKind::Unavailable, format!("{what} {}{more}", self.describe()))
    }
}
