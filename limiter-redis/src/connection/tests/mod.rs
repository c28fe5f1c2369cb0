//! Connections against real servers, and a network that fails on purpose.

mod client;
mod cluster;
mod cluster_faults;
mod down;
mod faults;
mod invented;
mod refusals;
mod replicas;
mod sentinel;
mod single;
#[cfg(feature = "tls")]
mod tls;

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use limiter_core::{Error, Result};
use redis::{FromRedisValue, Value};
use testservers::redis::Redis;
use tokio::time::{Instant, sleep};

use super::Connection;
use crate::call::Call;
use crate::script::{Script, sha};
use crate::target::{Address, Login, Place, Target};

const CONNECT: Duration = Duration::from_secs(1);
const RESPONSE: Duration = Duration::from_millis(500);
/// A call's timeout, and what it may take on top of it.
const BOUND: Duration = Duration::from_millis(600);

const COUNT_TEXT: &str = "return redis.call('INCR', KEYS[1])";
static COUNT: Script = Script::new("count", COUNT_TEXT, || sha(COUNT_TEXT));

const ECHO_TEXT: &str = "return ARGV[1]";
static ECHO: Script = Script::new("echo", ECHO_TEXT, || sha(ECHO_TEXT));

fn address(address: SocketAddr) -> Address {
    Address { host: address.ip().to_string(), port: address.port() }
}

fn target(place: Place) -> Target {
    Target { place, login: Login::default(), database: 0, tls: None }
}

fn single(at: SocketAddr) -> Target {
    target(Place::Single(address(at)))
}

fn login(user: &str, password: &str) -> Login {
    Login { user: Some(user.to_owned()), password: Some(password.to_owned()) }
}

async fn connect(target: &Target) -> Result<Connection> {
    Connection::connect(target, CONNECT, RESPONSE).await
}

/// Counts one on the server, and proves that it took no longer than it may.
async fn count(connection: &Connection, key: &str) -> Result<i64> {
    let mut call = Call::new(&COUNT, "hit", true, 1, 0);
    call.arg(key);
    let begun = Instant::now();
    let answer = connection.run(call).await;
    assert!(begun.elapsed() < BOUND, "{:?}: {answer:?}", begun.elapsed());
    answer.map(|value| i64::from_redis_value(value).unwrap())
}

async fn echo(connection: &Connection, text: &str) -> Result<String> {
    let mut call = Call::new(&ECHO, "peek", false, 0, 0);
    call.arg(text);
    connection.run(call).await.map(|value| String::from_redis_value(value).unwrap())
}

/// A script of one test, which may live as long as the program.
fn script(text: &'static str, sha: fn() -> String) -> &'static Script {
    Box::leak(Box::new(Script::new("of_this_test", text, sha)))
}

async fn run(connection: &Connection, script: &'static Script, key: &str) -> Result<Value> {
    let mut call = Call::new(script, "hit", true, 1, 0);
    call.arg(key);
    connection.run(call).await
}

/// What the server itself has counted.
fn counted(server: &Redis, key: &str) -> u64 {
    server.cli(&["GET", key]).unwrap().parse().unwrap_or(0)
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

/// How many calls succeeded, and how many more may have been executed.
#[derive(Debug, Default)]
struct Tally {
    succeeded: u64,
    unsure: u64,
    failed: u64,
}

impl Tally {
    fn note(&mut self, answer: &Result<i64>) {
        match answer {
            Ok(_) => self.succeeded += 1,
            Err(error) if error.may_have_charged() => self.unsure += 1,
            Err(_) => self.failed += 1,
        }
    }

    fn and(self, other: &Self) -> Self {
        Self {
            succeeded: self.succeeded + other.succeeded,
            unsure: self.unsure + other.unsure,
            failed: self.failed + other.failed,
        }
    }

    /// What the server counted is what succeeded, and perhaps what nobody is sure of.
    fn assert_explains(&self, counted: u64) {
        let explained = self.succeeded..=self.succeeded + self.unsure;
        assert!(explained.contains(&counted), "{counted} counted: {self:?}");
    }
}

/// Calls from several tasks for a while.
async fn load(connection: &Connection, key: &'static str, lasting: Duration) -> Tally {
    let end = Instant::now() + lasting;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let connection = connection.clone();
        tasks.spawn(async move {
            let mut tally = Tally::default();
            while Instant::now() < end {
                let answer = count(&connection, key).await;
                tally.note(&answer);
                // As callers do who were refused.
                sleep(Duration::from_millis(if answer.is_ok() { 0 } else { 2 })).await;
            }
            tally
        });
    }
    tasks.join_all().await.iter().fold(Tally::default(), Tally::and)
}

/// All that an error shows of itself.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    text
}
