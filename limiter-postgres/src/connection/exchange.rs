//! A statement over a connection, and its answer.

use std::future::poll_fn;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Either, Executor as _};

use super::statement::Statement;
use crate::error::{Failure, Fate};

/// Sends a statement and reads its answer to the end; and says what is to become of the connection.
pub(super) async fn exchange(
    connection: &mut PgConnection,
    statement: Statement,
) -> (Result<Vec<PgRow>, Failure>, Fate) {
    let mut completed = false;
    match rows(connection, statement, &mut completed).await {
        Ok(rows) => (Ok(rows), Fate::Keep),
        Err(error) => (Err(Failure::of(&error, completed)), Fate::after(&error)),
    }
}

/// The rows of an answer. `completed` becomes true when the server says that the statement was executed, which may be
/// before its commit.
async fn rows(
    connection: &mut PgConnection,
    statement: Statement,
    completed: &mut bool,
) -> sqlx::Result<Vec<PgRow>> {
    let mut answer = match statement {
        Statement::Prepared(text, arguments) => connection.fetch_many(sqlx::query_with(text, arguments)),
        Statement::Simple(text) => connection.fetch_many(sqlx::raw_sql(text)),
    };
    let mut rows = Vec::new();
    while let Some(part) = poll_fn(|context| answer.as_mut().poll_next(context)).await {
        match part? {
            Either::Left(_) => *completed = true,
            Either::Right(row) => rows.push(row),
        }
    }
    Ok(rows)
}
