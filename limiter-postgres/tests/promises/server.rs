//! Clients of servers, and the servers seen past them.

use std::time::Duration;

use limiter_core::{Key, Limit};
use limiter_postgres::{Config, Options, PostgresBackend};
use testservers::postgres::Postgres;

/// So long that no window turns while a test runs: 366 days from the epoch on, the next turn is years ahead.
pub(crate) const LONG: Duration = Duration::from_hours(366 * 24);

/// One limit for each algorithm.
pub(crate) fn one_of_each(max: u64) -> [Limit; 4] {
    [
        Limit::fixed_window(max, LONG).unwrap(),
        Limit::sliding_window(max, LONG).unwrap(),
        Limit::sliding_log(max, LONG).unwrap(),
        Limit::token_bucket(max, LONG).unwrap(),
    ]
}

/// A key of a test.
pub(crate) fn key(who: &str) -> Key {
    Key::new("promise", who).unwrap()
}

/// Options whose calls end within a time, over so many connections.
pub(crate) fn options(patience: Duration, connections: u32) -> Options {
    let options = Options::default().with_response_timeout(patience).unwrap();
    options.with_pool_size(connections).unwrap()
}

/// A client of a server.
pub(crate) async fn client(url: &str, options: Options) -> PostgresBackend {
    PostgresBackend::connect(Config::new(url).unwrap().with_options(options)).await.unwrap()
}

/// The only value that a query answers.
pub(crate) fn ask(server: &Postgres, query: &str) -> String {
    server.psql("postgres", &["-c", query]).unwrap().trim().to_owned()
}
