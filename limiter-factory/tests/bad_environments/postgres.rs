//! Environments of the backend postgres that must not start, with the whole text that a person is told.

use std::ffi::OsString;

use limiter_factory::{ConfigProblem, from_vars};

use super::{MEMORY, compiled_in};

const POSTGRES: (&str, &str) = ("RATE_LIMITER", "postgres");
const URL: (&str, &str) = ("DATABASE_URL", "postgres://app@db?sslmode=disable");
const ACCEPTED: &str = "accepted: postgres://user[:password]@host[:port][/database], its encryption by sslmode, or a \
                        socket's folder as postgres://user@/database?host=/run/postgresql";
const SCHEMES: &str = "accepted: postgres:// or postgresql://";
const PARAMETERS: &str = "accepted: sslmode, sslrootcert, sslcert, sslkey, host, application_name, connect_timeout, \
                          response_timeout";
const SCHEMA: &str =
    "accepted: 1 to 40 of a-z 0-9 _ from a letter or _ on, not pg_…, public or information_schema";

async fn errors_of(vars: &[(&str, &str)]) -> String {
    from_vars(vars.iter().copied()).await.unwrap_err().to_string()
}

fn known() -> String {
    format!("accepted: {}", compiled_in::settings())
}

#[tokio::test]
async fn the_url_is_required() {
    assert_eq!(
        errors_of(&[POSTGRES]).await,
        format!("DATABASE_URL is not set, which RATE_LIMITER=postgres needs; {ACCEPTED}")
    );
    for value in ["", " \n"] {
        let expected = format!("DATABASE_URL is empty; {ACCEPTED}");
        assert_eq!(errors_of(&[POSTGRES, ("DATABASE_URL", value)]).await, expected);
    }
    for slip in ["DATABASE_URI", "database_url", "DATABASEURL"] {
        assert_eq!(
            errors_of(&[POSTGRES, (slip, "postgres://app:hunter2@db")]).await,
            format!(
                "DATABASE_URL is not set, which RATE_LIMITER=postgres needs; {ACCEPTED}; nearest: {slip}, which is set"
            )
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn bytes_that_are_no_utf8_are_no_url() {
    use std::os::unix::ffi::OsStringExt;
    let url = OsString::from_vec(b"postgres://app:hunter2\xff@db".to_vec());
    let vars = |backend: &str| {
        [("RATE_LIMITER".into(), backend.into()), (OsString::from("DATABASE_URL"), url.clone())]
    };
    let errors = from_vars(vars("postgres")).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::NotUnicode);
    assert_eq!(errors.to_string(), format!("DATABASE_URL is not UTF-8; {ACCEPTED}"));
    from_vars(vars("memory")).await.unwrap();
}

#[tokio::test]
async fn a_wrong_url_tells_which_part_is_wrong() {
    let cases = [
        (
            "mysql://app:hunter2@db/limits",
            format!(r#"DATABASE_URL is "mysql://[redacted]": the URL's scheme is "mysql"; {SCHEMES}"#),
        ),
        ("http://hunter2", format!(r#"DATABASE_URL is "http://[redacted]": the URL's scheme is "http"; {SCHEMES}"#)),
        ("db:5432", format!("DATABASE_URL is [redacted]: the URL has no scheme; {SCHEMES}")),
        (
            "host=db password=hunter2",
            format!("DATABASE_URL is [redacted]: the URL has no scheme; {SCHEMES}"),
        ),
        (
            "postgres://app:hunter2@db:port",
            r#"DATABASE_URL is "postgres://[redacted]": URL postgres://…: the port is "port"; accepted: 1 to 65535"#
                .to_owned(),
        ),
        (
            "postgres://app:hun/ter2@db",
            "DATABASE_URL is \"postgres://[redacted]\": URL postgres://…: it holds an @ in the wrong place; accepted: one \
             @, before the host (elsewhere @ is %40; in a user or password / is %2F, ? is %3F)"
                .to_owned(),
        ),
        (
            "postgresql://app:hunter2@db/limits?sslmod=disable",
            format!(
                "DATABASE_URL is \"postgresql://[redacted]\": URL postgresql://…: the parameter \"sslmod\" is unknown; the \
                 nearest is sslmode; {PARAMETERS}"
            ),
        ),
        (
            "postgres://app:hunter2@db?tls=yes",
            format!(
                "DATABASE_URL is \"postgres://[redacted]\": URL postgres://…: the parameter \"tls\" is unknown; {PARAMETERS}"
            ),
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(errors_of(&[POSTGRES, ("DATABASE_URL", url)]).await, expected, "{url}");
    }
}

#[tokio::test]
async fn a_url_may_be_anybodys_while_another_backend_is_chosen() {
    for url in ["mysql://app:hunter2@db", "", "nonsense", "postgres://app@db"] {
        let limiters = from_vars([MEMORY, ("DATABASE_URL", url)]).await.unwrap();
        assert!(!limiters.describe().contains("DATABASE"), "{}", limiters.describe());
    }
}

#[tokio::test]
async fn a_name_that_is_none_leads_to_the_right_one() {
    for (slip, meant) in [
        ("LIMITER_POSTGRES_SCHEMA", "LIMITER_SCHEMA"),
        ("LIMITER_POSTGRES_PREFIX", "LIMITER_PREFIX"),
        ("LIMITER_POOL_SIZE", "LIMITER_POSTGRES_POOL_SIZE"),
        ("LIMITER_POSTGRES_POOLSIZE", "LIMITER_POSTGRES_POOL_SIZE"),
        ("LIMITER_PG_BOUNCER", "LIMITER_PGBOUNCER"),
        ("limiter_migrate", "LIMITER_MIGRATE"),
    ] {
        let error = errors_of(&[MEMORY, (slip, "x")]).await;
        if slip == "LIMITER_POOL_SIZE" {
            // Nobody can know whose pool.
            assert!(error.starts_with("LIMITER_POOL_SIZE is "), "{error}");
            continue;
        }
        let expected =
            format!("{slip} is \"x\", but there is no such setting; {}; nearest: {meant}", known());
        assert_eq!(error, expected);
    }
    assert_eq!(
        errors_of(&[MEMORY, ("LIMITER_DATABASE_URL", "postgres://app:hunter2@db")]).await,
        format!(
            "LIMITER_DATABASE_URL is [redacted], but there is no such setting; {}; nearest: DATABASE_URL",
            known()
        )
    );
    let error = errors_of(&[MEMORY, ("LIMITER_POSTGRES_URL", "postgres://app:hunter2@db")]).await;
    assert!(error.contains("[redacted], but there is no such setting; accepted: "), "{error}");
    assert!(error.contains("DATABASE_URL"), "{error}");
}

#[tokio::test]
async fn settings_are_held_to_their_rules_whoever_is_chosen() {
    let cases: [(&str, &[&str], &str); 8] = [
        ("LIMITER_SCHEMA", &["public", "pg_limiter", "Limits", "a b", "9a", "a\"b"], SCHEMA),
        ("LIMITER_PREFIX", &["{shop}", "a b", "ä"], "accepted: 1 to 40 of A-Z a-z 0-9 _ . : -"),
        ("LIMITER_STRICT", &["yes", "1", "True"], "accepted: true or false"),
        ("LIMITER_PGBOUNCER", &["yes", "1", "TRUE"], "accepted: true or false"),
        ("LIMITER_MIGRATE", &["Auto", "no", "true"], "accepted: auto or check"),
        ("LIMITER_DURABILITY", &["Strict", "on", "async"], "accepted: strict or relaxed"),
        (
            "LIMITER_POSTGRES_POOL_SIZE",
            &["1", "1001", "many", "-2", "2.0"],
            "accepted: a whole number of connections, 2 to 1000",
        ),
        (
            "LIMITER_POSTGRES_SWEEP_SECONDS",
            &["86401", "off", "0.5"],
            "accepted: a whole number of seconds from sweep to sweep (0: none), 0 to 86400",
        ),
    ];
    for (variable, values, accepted) in cases {
        for chosen in [POSTGRES, MEMORY] {
            for value in values {
                let expected = format!("{variable} is {value:?}; {accepted}");
                assert_eq!(errors_of(&[chosen, URL, (variable, value)]).await, expected);
            }
            let empty = format!("{variable} is empty; {accepted}");
            assert_eq!(errors_of(&[chosen, URL, (variable, "")]).await, empty);
        }
    }
}

#[tokio::test]
async fn settings_of_postgres_stay_unused_with_memory() {
    let vars = [
        MEMORY,
        URL,
        ("LIMITER_SCHEMA", "shop"),
        ("LIMITER_MIGRATE", "check"),
        ("LIMITER_DURABILITY", "strict"),
        ("LIMITER_PGBOUNCER", "false"),
        ("LIMITER_POSTGRES_POOL_SIZE", "5"),
        ("LIMITER_POSTGRES_SWEEP_SECONDS", "0"),
    ];
    let text = from_vars(vars).await.unwrap().describe();
    let unused = "; set, but for another backend: LIMITER_DURABILITY, LIMITER_MIGRATE, LIMITER_PGBOUNCER, \
                  LIMITER_POSTGRES_POOL_SIZE, LIMITER_POSTGRES_SWEEP_SECONDS, LIMITER_SCHEMA";
    assert!(text.ends_with(unused), "{text}");
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let vars = [
        POSTGRES,
        ("DATABASE_URL", "postgres://"),
        ("LIMITER_SCHEMA", "public"),
        ("LIMITER_MIGRATE", "maybe"),
        ("LIMITER_COLOR", "blue"),
    ];
    let errors = from_vars(vars).await.unwrap_err();
    let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
    assert_eq!(
        problems,
        [
            ("LIMITER_COLOR", ConfigProblem::UnknownVariable),
            ("LIMITER_MIGRATE", ConfigProblem::Malformed),
            ("LIMITER_SCHEMA", ConfigProblem::Malformed),
            ("DATABASE_URL", ConfigProblem::Malformed),
        ]
    );
}

#[cfg(not(feature = "postgres-tls"))]
#[tokio::test]
async fn tls_that_is_not_compiled_in_is_an_error_of_its_own() {
    for url in ["postgres://app:hunter2@db", "postgres://app:hunter2@localhost?sslmode=require"] {
        assert_eq!(
            errors_of(&[POSTGRES, ("DATABASE_URL", url)]).await,
            "DATABASE_URL is \"postgres://[redacted]\": this build has no TLS; accepted: a URL with sslmode=disable where \
             its network is trusted, or limiter-factory built with the feature \"postgres-tls\""
        );
    }
}
