//! Why there is no connection.

use std::io;
use std::time::Duration;

use limiter_core::{Error, ErrorKind};
use sqlx::postgres::PgSslMode;

use super::{answer, code};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    kind: ErrorKind,
    text: String,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// What the library says of a connection that it couldn't make.
    pub(crate) fn of(error: &sqlx::Error, mode: PgSslMode) -> Self {
        match error {
            sqlx::Error::Database(_) => answer(error).map_or_else(
                || Self::stranger(mode),
                |said| Self::new(code::kind(said.code()), words(said.code(), mode)),
            ),
            sqlx::Error::Tls(said) => Self::tls(&said.to_string()),
            // The library hands up what rustls says within an I/O error.
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Self::tls(&error.to_string())
            }
            sqlx::Error::Io(error) => Self::new(ErrorKind::Unavailable, error.to_string()),
            sqlx::Error::Configuration(error) => Self::new(ErrorKind::Config, error.to_string()),
            _ => Self::stranger(mode),
        }
    }

    /// It took too long.
    pub(crate) fn slow(allowed: Duration) -> Self {
        Self::new(ErrorKind::Unavailable, format!("no answer within the connect timeout of {allowed:?}"))
    }

    /// It is still being made, or all are in use, and the caller can't wait any longer.
    pub(crate) fn none_yet() -> Self {
        Self::new(ErrorKind::Timeout, "no connection could be had within the response timeout")
    }

    /// All connections are in use.
    pub(crate) fn busy(connections: u32) -> Self {
        let text = format!(
            "all {connections} connections of the pool were in use for the whole response timeout; a larger pool, or a \
             faster server, would serve more calls"
        );
        Self::new(ErrorKind::Timeout, text)
    }

    /// There was one, but no time left to use it.
    pub(crate) fn too_late() -> Self {
        let text = "a connection was had so late that no answer could have come within the response timeout; nothing was \
                    sent";
        Self::new(ErrorKind::Timeout, text)
    }

    /// Somebody has ended the use of the store.
    pub(crate) fn shut() -> Self {
        Self::new(ErrorKind::Unavailable, "this limiter was shut down")
    }

    /// What was to make the connection was ended.
    pub(crate) fn ended() -> Self {
        Self::new(ErrorKind::Unavailable, "the task that was to connect was ended with its runtime")
    }

    /// Says which server it was.
    #[must_use]
    pub(crate) fn at(self, place: &str) -> Self {
        Self { text: format!("{place}: {}", self.text), ..self }
    }

    /// As an error of an operation that was never sent.
    pub(crate) fn to_error(&self, operation: &'static str) -> Error {
        Error::new(self.kind, self.text.clone()).with_operation(operation)
    }

    fn tls(said: &str) -> Self {
        if said.contains("does not support TLS") {
            let text = "the server has no TLS; turn it on there, or write `?sslmode=disable` into the URL if its network \
                        is trusted";
            return Self::new(ErrorKind::Config, text);
        }
        Self::new(ErrorKind::Config, format!("no TLS connection: {said}"))
    }

    /// Whoever answers there doesn't speak as a server does.
    fn stranger(mode: PgSslMode) -> Self {
        let text = format!("what answers there doesn't speak PostgreSQL's protocol (with sslmode {mode:?})");
        Self::new(ErrorKind::Config, text)
    }
}

fn words(said: &str, mode: PgSslMode) -> String {
    let text = code::text(said);
    let plain = matches!(mode, PgSslMode::Disable | PgSslMode::Allow);
    if said.starts_with("28") && said != "28P01" && plain {
        return format!("{text}, or it asks for TLS: `?sslmode=verify-full`");
    }
    text
}
