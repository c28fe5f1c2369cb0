//! `cargo xtask servers`: the server programs that tests, the demo and the vectors need, found or installed.

use testservers::{postgres, redis};

use crate::arguments::Arguments;
use crate::environment::{DATABASE_URL, REDIS_URL, in_ci, is_set};
use crate::failure::{Failure, OrFail, Result, failed};

/// The oldest version of Redis whose scripts see the time of their call.
const OLDEST: (u32, u32) = (6, 2);

/// How the search ended that `cargo xtask test` begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Search {
    Found,
    /// Steps that need a server are going to fail. Why was said.
    InVain,
    /// Where nobody could be expected to read what was said.
    Failed(String),
}

pub(crate) fn run(arguments: Arguments) -> Result {
    arguments.end()?;
    all()
}

/// Each gets its turn, whatever became of the others.
fn all() -> Result {
    let found = [redis(), postgres(), pgbouncer()];
    let whys: Vec<String> = found.into_iter().filter_map(why).collect();
    if whys.is_empty() { Ok(()) } else { failed(whys.join(".\n")) }
}

/// The programs of a Redis server, new enough. What is run to install them is printed.
pub(crate) fn redis() -> Result {
    let programs = redis::obtain(&mut say).or_fail("Redis")?;
    let version = programs.version().or_fail("Redis")?;
    let shown = programs.server().display();
    match read_version(&version) {
        Some(found) if found < OLDEST => failed(format!(
            "{shown} is too old ({version}); wanted {}.{} or newer. TESTKIT_REDIS_SERVER may name another",
            OLDEST.0, OLDEST.1
        )),
        Some((major, minor)) => {
            println!("servers: {shown}, version {major}.{minor}");
            Ok(())
        }
        None => failed(format!("{shown} isn't a Redis or Valkey server: of its version it says {version:?}")),
    }
}

/// The programs of a PostgreSQL server, new enough. What is run to install them is printed.
pub(crate) fn postgres() -> Result {
    let programs = postgres::obtain(&mut say).or_fail("PostgreSQL")?;
    let version = programs.version().or_fail("PostgreSQL")?;
    println!("servers: {}, {version}", programs.server().display());
    Ok(())
}

/// For the tests of what goes through it.
fn pgbouncer() -> Result {
    let program = postgres::obtain_pgbouncer(&mut say).or_fail("PgBouncer")?;
    println!("servers: {}", program.display());
    Ok(())
}

fn say(command: &str) {
    println!("installing: {command}");
}

/// The first step of `cargo xtask test`.
pub(crate) fn search() -> Search {
    let Some(why) = why(all()) else { return Search::Found };
    let given: Vec<&str> = [REDIS_URL, DATABASE_URL].into_iter().filter(|name| is_set(name)).collect();
    let told = without(&why, &given);
    println!("servers: {told}");
    consequence(told, in_ci())
}

fn why(outcome: Result) -> Option<String> {
    match outcome {
        Ok(()) => None,
        Err(Failure::Usage(why) | Failure::Failed(why)) => Some(why),
        Err(Failure::Shown) => Some("what failed stands above".to_owned()),
    }
}

fn consequence(why: String, in_ci: bool) -> Search {
    if in_ci { Search::Failed(why) } else { Search::InVain }
}

/// What isn't possible without programs. The variables name servers that are given.
fn without(why: &str, given: &[&str]) -> String {
    let what = if given.is_empty() {
        "Tests, vectors and the demo that need a server fail".to_owned()
    } else {
        format!(
            "The demo and the vectors use what {} names, but tests that start, kill and restart servers can't, and \
             fail",
            given.join(" or ")
        )
    };
    format!("{why}. {what}")
}

/// The first two numbers of `Redis server v=7.0.15 …` or `Valkey server v=8.1.1 …`.
fn read_version(said: &str) -> Option<(u32, u32)> {
    let version = said.split_once("server v=")?.1.split_ascii_whitespace().next()?;
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        let said = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=e08dbad3e06f3fb";
        assert_eq!(read_version(said), Some((7, 0)));
        assert_eq!(read_version("Valkey server v=8.1.1 sha=0"), Some((8, 1)));
        assert!(read_version("Redis server v=6.0.16").unwrap() < OLDEST);
        assert!(read_version("Redis server v=10.0.1").unwrap() > OLDEST);
        assert_eq!(read_version("mysqld 8.0"), None);
        assert_eq!(read_version("Redis server v=new"), None);
    }

    #[test]
    fn in_ci_a_missing_server_is_a_failure_that_says_why() {
        assert_eq!(consequence("why".to_owned(), false), Search::InVain);
        assert_eq!(consequence("why".to_owned(), true), Search::Failed("why".to_owned()));
    }

    #[test]
    fn a_url_without_programs_says_what_is_left_out() {
        let told = without("why", &[REDIS_URL, DATABASE_URL]);
        assert!(told.starts_with("why. ") && told.contains("what REDIS_URL or DATABASE_URL names"), "{told}");
        assert!(told.contains("tests that start, kill and restart"), "{told}");
        assert!(!without("why", &[]).contains("_URL"));
    }
}
