//! Connections to real servers, and through a network that fails on purpose.

mod bouncer;
mod busy;
mod down;
mod faults;
mod given;
mod refusals;
mod sessions;
mod stopped;

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use limiter_core::{Error, ErrorKind, Result};
use limiter_testkit::proxy::{Mode, Proxy};
use sqlx::Row as _;
use testservers::postgres::Postgres;
use tokio::time::{Instant, sleep};

use super::Connection;
use crate::call::{Argument, Call};
use crate::config::Config;
use crate::options::Options;

const CONNECT: Duration = Duration::from_secs(1);
const RESPONSE: Duration = Duration::from_millis(500);
/// A call's timeout, and what it may take on top of it.
const BOUND: Duration = Duration::from_millis(600);

/// What tests call in the schema of the limiter.
const FUNCTIONS: &str = "
create schema limiter;
create table limiter.counted (key bytea primary key, n bigint not null);
create function limiter.count(key bytea) returns table (n bigint) language plpgsql as $$
begin
  return query insert into limiter.counted as c values (count.key, 1)
    on conflict on constraint counted_pkey do update set n = c.n + 1 returning c.n;
end $$;
create function limiter.slow(key bytea, ms bigint) returns table (n bigint) language plpgsql as $$
begin
  perform pg_sleep(ms / 1000.0);
  return query select c.n from limiter.count(slow.key) c;
end $$;
create function limiter.fail(code text, said bytea) returns table (n bigint) language plpgsql as $$
begin
  perform limiter.count(said);
  raise exception '%', convert_from(said, 'UTF8') using errcode = code, detail = convert_from(said, 'UTF8');
end $$;
create function limiter.setting(name text) returns table (value text) language sql as $$
  select current_setting(name)
$$;
create function limiter.backend() returns table (pid bigint) language sql as $$ select pg_backend_pid()::bigint $$;
";

/// A server that tests share which do it no harm.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

/// A database with the functions.
struct Database {
    name: String,
    address: SocketAddr,
}

impl Database {
    /// On the shared server.
    fn new() -> Self {
        Self::on(&SERVER)
    }

    fn on(server: &Postgres) -> Self {
        let url = server.new_database().unwrap();
        let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        server.psql(&name, &["-c", FUNCTIONS]).unwrap();
        Self { name, address: server.address() }
    }

    fn config(&self) -> Config {
        self.config_at(self.address)
    }

    fn config_at(&self, address: SocketAddr) -> Config {
        let url = format!("postgres://postgres@{address}/{}?sslmode=disable", self.name);
        Config::new(&url).unwrap().with_options(options())
    }

    async fn connect(&self) -> Connection {
        Connection::connect(&self.config()).await.unwrap()
    }

    /// Through a proxy.
    async fn proxied(&self) -> (Proxy, Connection) {
        let proxy = Proxy::start(self.address).await.unwrap();
        let connection = Connection::connect(&self.config_at(proxy.address())).await.unwrap();
        (proxy, connection)
    }

    /// What the server itself has counted.
    fn counted(&self, server: &Postgres, key: &str) -> u64 {
        let text = format!("select coalesce(sum(n), 0) from limiter.counted where key = '{key}'::bytea");
        server.psql(&self.name, &["-c", &text]).unwrap().parse().unwrap()
    }
}

fn options() -> Options {
    Options { connect_timeout: CONNECT, response_timeout: RESPONSE, pool_size: 4, ..Options::default() }
}

fn key(key: &str) -> Argument {
    Argument::Key(key.as_bytes().to_vec())
}

fn counting(name: &str) -> Call {
    Call::new("count", "hit", true).with(key(name))
}

fn slow(name: &str, time: Duration) -> Call {
    let ms = u64::try_from(time.as_millis()).unwrap();
    Call::new("slow", "hit", true).with(key(name)).with(Argument::number(ms))
}

/// Runs a call, and proves that it took no longer than it may.
async fn run(connection: &Connection, call: Call) -> Result<i64> {
    let begun = Instant::now();
    let (operation, changes) = (call.operation(), call.changes());
    let answer = connection.run(call, begun + RESPONSE).await;
    let answer = answer.map_err(|failure| failure.into_error(operation, changes));
    assert!(begun.elapsed() < BOUND, "{:?}: {answer:?}", begun.elapsed());
    answer.map(|rows| rows[0].try_get(0).unwrap())
}

/// Counts one on the server.
async fn count(connection: &Connection, key: &str) -> Result<i64> {
    run(connection, counting(key)).await
}

/// Which of the server's processes serves the next call.
async fn backend(connection: &Connection) -> i64 {
    run(connection, Call::new("backend", "peek", false)).await.unwrap()
}

/// Calls until one succeeds, and returns how long that took.
async fn until_it_works(connection: &Connection, key: &str, limit: Duration) -> Duration {
    let begun = Instant::now();
    loop {
        match count(connection, key).await {
            Ok(_) => return begun.elapsed(),
            Err(error) => assert!(begun.elapsed() < limit, "still after {limit:?}: {error}"),
        }
        sleep(Duration::from_millis(10)).await;
    }
}

fn told(error: &Error) -> (ErrorKind, bool) {
    (error.kind(), error.may_have_charged())
}
