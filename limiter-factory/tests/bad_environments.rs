//! Environments that must not start, with the whole text that a person is told.
#![cfg(feature = "memory")]

mod compiled_in;

use limiter_factory::{ConfigProblem, ErrorKind, from_vars};

/// What the variables hold, and every line of the error.
struct Bad {
    vars: &'static [(&'static str, &'static str)],
    lines: &'static [&'static str],
}

const fn bad(vars: &'static [(&'static str, &'static str)], lines: &'static [&'static str]) -> Bad {
    Bad { vars, lines }
}

const MEMORY: (&str, &str) = ("RATE_LIMITER", "memory");

const CHOICES: &[Bad] = &[
    bad(&[], &["RATE_LIMITER is not set; accepted: {names}"]),
    bad(
        &[("RATE_LIMTER", "memory")],
        &["RATE_LIMITER is not set; accepted: {names}; nearest: RATE_LIMTER, which is set"],
    ),
    bad(
        &[("rate_limiter", "memory")],
        &["RATE_LIMITER is not set; accepted: {names}; nearest: rate_limiter, which is set"],
    ),
    bad(&[("RATE_LIMITER", "")], &["RATE_LIMITER is empty; accepted: {names}"]),
    bad(&[("RATE_LIMITER", " ")], &[r#"RATE_LIMITER is " ", which is no backend's name; accepted: {names}"#]),
    bad(
        &[("RATE_LIMITER", "memroy")],
        &[r#"RATE_LIMITER is "memroy", which is no backend's name; accepted: {names}; nearest: memory"#],
    ),
    bad(
        &[("RATE_LIMITER", "Memory")],
        &[r#"RATE_LIMITER is "Memory", which is no backend's name; accepted: {names}; nearest: memory"#],
    ),
    bad(
        &[("RATE_LIMITER", "MEMORY")],
        &[r#"RATE_LIMITER is "MEMORY", which is no backend's name; accepted: {names}; nearest: memory"#],
    ),
    bad(
        &[("RATE_LIMITER", " memory")],
        &[r#"RATE_LIMITER is " memory", which is no backend's name; accepted: {names}; nearest: memory"#],
    ),
    bad(
        &[("RATE_LIMITER", "memory\n")],
        &[r#"RATE_LIMITER is "memory\n", which is no backend's name; accepted: {names}; nearest: memory"#],
    ),
    bad(
        &[("RATE_LIMITER", "none")],
        &[r#"RATE_LIMITER is "none", which is no backend's name; accepted: {names}"#],
    ),
    bad(
        &[("RATE_LIMITER", "memory,redis")],
        &[r#"RATE_LIMITER is "memory,redis", which is no backend's name; accepted: {names}"#],
    ),
    bad(
        &[("RATE_LIMITER", "Redis")],
        &[r#"RATE_LIMITER is "Redis", which is no backend's name; accepted: {names}; nearest: redis"#],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2@cache:6379")],
        &[r#"RATE_LIMITER is "redis://[redacted]", which is no backend's name; accepted: {names}"#],
    ),
];

const SETTINGS: &[Bad] = &[
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "")],
        &["LIMITER_MEMORY_CAPACITY is empty; accepted: a whole number of rate counters, 1 to 4294967296"],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "  ")],
        &["LIMITER_MEMORY_CAPACITY is empty; accepted: a whole number of rate counters, 1 to 4294967296"],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "many")],
        &[r#"LIMITER_MEMORY_CAPACITY is "many"; accepted: a whole number of rate counters, 1 to 4294967296"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "0")],
        &[r#"LIMITER_MEMORY_CAPACITY is "0"; accepted: a whole number of rate counters, 1 to 4294967296"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "-1")],
        &[r#"LIMITER_MEMORY_CAPACITY is "-1"; accepted: a whole number of rate counters, 1 to 4294967296"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "1e6")],
        &[r#"LIMITER_MEMORY_CAPACITY is "1e6"; accepted: a whole number of rate counters, 1 to 4294967296"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_LOG_ENTRIES", "4294967297")],
        &[concat!(
            r#"LIMITER_MEMORY_LOG_ENTRIES is "4294967297"; accepted: a whole number of entries of sliding logs, "#,
            "1 to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_LEASES", "99999999999999999999999")],
        &[concat!(
            r#"LIMITER_MEMORY_LEASES is "99999999999999999999999"; accepted: a whole number of leases, "#,
            "1 to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_QUOTA_ENTRIES", "10 000")],
        &[concat!(
            r#"LIMITER_MEMORY_QUOTA_ENTRIES is "10 000"; accepted: a whole number of quota counters, "#,
            "reservations and settlements, 1 to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_WHEN_FULL", "drop")],
        &[r#"LIMITER_MEMORY_WHEN_FULL is "drop"; accepted: refuse or share"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_WHEN_FULL", "Share")],
        &[r#"LIMITER_MEMORY_WHEN_FULL is "Share"; accepted: refuse or share"#],
    ),
];

/// What stands in the place of `{}` and `{names}`.
fn expected(lines: &[&str]) -> String {
    let known = format!("accepted: {}", compiled_in::settings());
    lines.join("\n").replace("{}", &known).replace("{names}", compiled_in::NAMES)
}

#[cfg(not(feature = "redis"))]
const WITHOUT_REDIS: &[Bad] = &[
    bad(
        &[("RATE_LIMITER", "redis"), ("REDIS_URL", "redis://app:hunter2@cache"), ("LIMITER_STRICT", "true")],
        &[concat!(
            r#"RATE_LIMITER is "redis", but this build has no redis (limiter-factory's feature "redis"); "#,
            "accepted: {names}"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_REDIS_URL", "redis://app:hunter2@cache")],
        &[
            "LIMITER_REDIS_URL is [redacted], but this build has no redis (limiter-factory's feature \"redis\")",
        ],
    ),
];
#[cfg(feature = "redis")]
const WITHOUT_REDIS: &[Bad] = &[];

#[cfg(not(feature = "postgres"))]
const WITHOUT_POSTGRES: &[Bad] = &[
    bad(
        &[("RATE_LIMITER", "postgres")],
        &[concat!(
            r#"RATE_LIMITER is "postgres", but this build has no postgres (limiter-factory's feature "#,
            r#""postgres"); accepted: {names}"#
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres"), ("LIMITER_POSTGRES_URL", "postgres://app:hunter2@db")],
        &[concat!(
            r#"RATE_LIMITER is "postgres", but this build has no postgres (limiter-factory's feature "#,
            r#""postgres"); accepted: {names}"#
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_POSTGRES_URL", "postgres://app:hunter2@db"), ("LIMITER_SCHEMA", "limits")],
        &[
            concat!(
                "LIMITER_POSTGRES_URL is [redacted], but this build has no postgres ",
                "(limiter-factory's feature \"postgres\")"
            ),
            concat!(
                "LIMITER_SCHEMA is [redacted], but this build has no postgres ",
                "(limiter-factory's feature \"postgres\")"
            ),
        ],
    ),
];
#[cfg(feature = "postgres")]
const WITHOUT_POSTGRES: &[Bad] = &[];

#[cfg(not(any(feature = "redis", feature = "postgres")))]
const WITHOUT_BOTH: &[Bad] = &[bad(
    &[MEMORY, ("LIMITER_PREFIX", "shop")],
    &["LIMITER_PREFIX is [redacted], but this build has no redis (limiter-factory's feature \"redis\")"],
)];
#[cfg(any(feature = "redis", feature = "postgres"))]
const WITHOUT_BOTH: &[Bad] = &[];

const UNKNOWN: &[Bad] = &[
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACTIY", "5")],
        &[
            r#"LIMITER_MEMORY_CAPACTIY is "5", but there is no such setting; {}; nearest: LIMITER_MEMORY_CAPACITY"#,
        ],
    ),
    bad(
        &[MEMORY, ("limiter_memory_leases", "5")],
        &[
            r#"limiter_memory_leases is "5", but there is no such setting; {}; nearest: LIMITER_MEMORY_LEASES"#,
        ],
    ),
    bad(
        &[MEMORY, ("LIMITER_COLOR", "blue")],
        &["LIMITER_COLOR is [redacted], but there is no such setting; {}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_RDIS_PASWORD", "hunter2")],
        &["LIMITER_RDIS_PASWORD is [redacted], but there is no such setting; {}"],
    ),
    bad(&[MEMORY, ("LIMITER_", "x")], &["LIMITER_ is [redacted], but there is no such setting; {}"]),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_LIMITER_MEMORY_LEASES", "5")],
        &["LIMITER_MEMORY_LIMITER_MEMORY_LEASES is [redacted], but there is no such setting; {}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_PORT_6379_HTTP", "x")],
        &["LIMITER_PORT_6379_HTTP is [redacted], but there is no such setting; {}"],
    ),
];

const SEVERAL: &[Bad] = &[
    bad(
        &[
            ("RATE_LIMITER", "memroy"),
            ("LIMITER_MEMORY_LEASES", "few"),
            ("LIMITER_MEMORY_CAPACITY", "0"),
            ("LIMITER_COLOR", "blue"),
        ],
        &[
            r#"RATE_LIMITER is "memroy", which is no backend's name; accepted: {names}; nearest: memory"#,
            "LIMITER_COLOR is [redacted], but there is no such setting; {}",
            r#"LIMITER_MEMORY_CAPACITY is "0"; accepted: a whole number of rate counters, 1 to 4294967296"#,
            r#"LIMITER_MEMORY_LEASES is "few"; accepted: a whole number of leases, 1 to 4294967296"#,
        ],
    ),
    bad(
        &[("LIMITER_MEMORY_WHEN_FULL", "maybe")],
        &[
            "RATE_LIMITER is not set; accepted: {names}",
            r#"LIMITER_MEMORY_WHEN_FULL is "maybe"; accepted: refuse or share"#,
        ],
    ),
];

const GROUPS: [&[Bad]; 7] =
    [CHOICES, SETTINGS, UNKNOWN, SEVERAL, WITHOUT_REDIS, WITHOUT_POSTGRES, WITHOUT_BOTH];

#[tokio::test]
async fn each_bad_environment_is_told_whole_and_in_words() {
    for case in GROUPS.iter().copied().flatten() {
        let errors = from_vars(case.vars.iter().copied()).await.unwrap_err();
        assert_eq!(errors.to_string(), expected(case.lines), "{:?}", case.vars);
    }
}

#[tokio::test]
async fn the_ways_to_choose_wrongly_are_different_errors() {
    let cases = [
        (None, ConfigProblem::Unset),
        (Some(""), ConfigProblem::Empty),
        (Some("memroy"), ConfigProblem::UnknownBackend),
        #[cfg(not(feature = "postgres"))]
        (Some("postgres"), ConfigProblem::NotCompiledIn),
    ];
    for (value, problem) in cases {
        let errors = from_vars(value.map(|value| ("RATE_LIMITER", value))).await.unwrap_err();
        let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
        assert_eq!(problems, [("RATE_LIMITER", problem)]);
    }
}

#[tokio::test]
async fn a_program_can_read_what_is_wrong() {
    let vars = [("RATE_LIMITER", "memory"), ("LIMITER_MEMORY_LEESES", "5")];
    let errors = from_vars(vars).await.unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!(error.variable(), "LIMITER_MEMORY_LEESES");
    assert_eq!(error.problem(), ConfigProblem::UnknownVariable);
    assert_eq!(error.value(), Some("\"5\""));
    assert!(error.accepted().contains("LIMITER_MEMORY_LEASES"));
    assert_eq!(error.nearest(), Some("LIMITER_MEMORY_LEASES"));
}

#[tokio::test]
async fn it_becomes_an_error_of_kind_config() {
    let errors = from_vars([("RATE_LIMITER", "")]).await.unwrap_err();
    let error = limiter_factory::Error::from(errors);
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.to_string(), expected(&["configuration: RATE_LIMITER is empty; accepted: {names}"]));
}
