//! Environments that must not start, with the whole text that a person is told.
#![cfg(feature = "memory")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

#[path = "../compiled_in/mod.rs"]
mod compiled_in;

mod choices;
mod contradicting;
mod layers;
#[cfg(not(all(feature = "redis", feature = "postgres")))]
mod left_out;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_choices;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_choices;
mod settings;
mod several;
mod slips;
mod unknown;
mod urls;

use limiter_factory::{ConfigProblem, ErrorKind, from_vars};

/// What the variables hold, and every line of the error.
pub(crate) struct Bad {
    vars: &'static [(&'static str, &'static str)],
    lines: &'static [&'static str],
}

pub(crate) const fn bad(
    vars: &'static [(&'static str, &'static str)],
    lines: &'static [&'static str],
) -> Bad {
    Bad { vars, lines }
}

pub(crate) const MEMORY: (&str, &str) = ("RATE_LIMITER", "memory");

pub(crate) const REDIS_URL: &str = "redis://[[user]:password@]host[:port][/database], redis+sentinel://host,host/service, redis+cluster://host,host, \
     with TLS rediss:// and the like, or valkey in the place of redis";
pub(crate) const POSTGRES_URL: &str = "postgres://user[:password]@host[:port][/database], its encryption by sslmode, or a socket's folder as \
     postgres://user@/database?host=/run/postgresql";

const GROUPS: &[&[Bad]] = &[
    choices::CHOICES,
    urls::URLS,
    settings::SETTINGS,
    layers::LAYERS,
    contradicting::CONTRADICTING,
    unknown::UNKNOWN,
    several::SEVERAL,
    #[cfg(feature = "redis")]
    redis_choices::REDIS,
    #[cfg(feature = "postgres")]
    postgres_choices::POSTGRES,
    #[cfg(not(feature = "redis"))]
    left_out::WITHOUT_REDIS,
    #[cfg(not(feature = "postgres"))]
    left_out::WITHOUT_POSTGRES,
    #[cfg(not(any(feature = "redis", feature = "postgres")))]
    left_out::WITHOUT_BOTH,
];

/// What stands in the place of what is accepted in many places.
fn expected(lines: &[&str]) -> String {
    lines
        .join("\n")
        .replace("{choices}", &compiled_in::choices(&[]))
        .replace("{settings}", &compiled_in::settings())
        .replace("{redis_url}", REDIS_URL)
        .replace("{postgres_url}", POSTGRES_URL)
}

/// A table that has lost its cases would pass as well.
#[test]
fn there_are_enough_of_them() {
    let cases = GROUPS.iter().copied().flatten().count();
    assert!(cases >= 100, "{cases}");
}

#[tokio::test]
async fn each_bad_environment_is_told_whole_and_in_words() {
    for case in GROUPS.iter().copied().flatten() {
        let Err(errors) = from_vars(case.vars.iter().copied()).await else {
            panic!("{:?} starts", case.vars);
        };
        assert_eq!(errors.to_string(), expected(case.lines), "{:?}", case.vars);
        let shown = format!("{errors}{errors:?}");
        assert!(!["hunter2", "p@ss", "w:rd"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}

#[tokio::test]
async fn the_ways_to_choose_wrongly_are_different_errors() {
    let cases = [
        (None, ConfigProblem::Unset),
        (Some(""), ConfigProblem::Empty),
        (Some("memroy"), ConfigProblem::UnknownBackend),
        (Some("mysql://db"), ConfigProblem::UnknownScheme),
        (Some("db:5432"), ConfigProblem::Malformed),
        #[cfg(not(feature = "postgres"))]
        (Some("postgres"), ConfigProblem::NotCompiledIn),
        #[cfg(not(feature = "postgres"))]
        (Some("postgres://db"), ConfigProblem::NotCompiledIn),
    ];
    for (value, problem) in cases {
        let errors = from_vars(value.map(|value| ("RATE_LIMITER", value))).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
        assert_eq!(problems, [("RATE_LIMITER", problem)]);
    }
}

#[tokio::test]
async fn a_program_can_read_what_is_wrong() {
    let vars = [MEMORY, ("LIMITER_MEMORY_LEESES", "5")];
    let errors = from_vars(vars).await.unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!(error.variable(), "LIMITER_MEMORY_LEESES");
    assert_eq!(error.problem(), ConfigProblem::UnknownVariable);
    assert_eq!(error.value(), Some("\"5\""));
    assert!(error.accepted().contains("LIMITER_MEMORY_LEASES"));
    assert_eq!(error.nearest(), Some("LIMITER_MEMORY_LEASES"));
    let errors = from_vars([MEMORY, ("LIMITER_BREAKER_OPEN_MS", "5")]).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::Contradiction);
}

#[tokio::test]
async fn it_becomes_an_error_of_kind_config() {
    let errors = from_vars([("RATE_LIMITER", "")]).await.unwrap_err();
    let error = limiter_factory::Error::from(errors);
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.to_string(), expected(&["configuration: RATE_LIMITER is empty; accepted: {choices}"]));
}
