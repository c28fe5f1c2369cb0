//! Environments of the backend redis that must not start, with the whole text that a person is told.

use std::ffi::OsString;

use limiter_factory::{ConfigProblem, from_vars};

use super::{MEMORY, compiled_in};

const REDIS: (&str, &str) = ("RATE_LIMITER", "redis");
const ACCEPTED: &str = "accepted: redis://[[user]:password@]host[:port][/database], \
                        redis+sentinel://host,host/service, redis+cluster://host,host, with TLS rediss:// and the \
                        like, or valkey in the place of redis";
const SCHEMES: &str = "accepted: redis://, redis+sentinel://, redis+cluster://, with TLS rediss://, \
                       rediss+sentinel://, rediss+cluster://, and the same with valkey and valkeys";
const PREFIX: &str = "accepted: 1 to 40 of A-Z a-z 0-9 _ . : -";

fn known() -> String {
    format!("accepted: {}", compiled_in::settings())
}

async fn errors_of(vars: &[(&str, &str)]) -> String {
    from_vars(vars.iter().copied()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn the_url_is_required() {
    assert_eq!(
        errors_of(&[REDIS]).await,
        format!("REDIS_URL is not set, which RATE_LIMITER=redis needs; {ACCEPTED}")
    );
    for value in ["", " \n"] {
        assert_eq!(
            errors_of(&[REDIS, ("REDIS_URL", value)]).await,
            format!("REDIS_URL is empty; {ACCEPTED}")
        );
    }
    for slip in ["REDIS_URI", "redis_url", "REDISURL"] {
        assert_eq!(
            errors_of(&[REDIS, (slip, "redis://app:hunter2@cache")]).await,
            format!(
                "REDIS_URL is not set, which RATE_LIMITER=redis needs; {ACCEPTED}; nearest: {slip}, which is set"
            )
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn bytes_that_are_no_utf8_are_no_url() {
    use std::os::unix::ffi::OsStringExt;
    let url = OsString::from_vec(b"redis://app:hunter2\xff@cache".to_vec());
    let vars =
        |backend: &str| [("RATE_LIMITER".into(), backend.into()), (OsString::from("REDIS_URL"), url.clone())];
    let errors = from_vars(vars("redis")).await.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().problem(), ConfigProblem::NotUnicode);
    assert_eq!(errors.to_string(), format!("REDIS_URL is not UTF-8; {ACCEPTED}"));
    from_vars(vars("memory")).await.unwrap();
}

#[tokio::test]
async fn a_wrong_url_tells_which_part_is_wrong() {
    let cases = [
        (
            "postgres://app:hunter2@db/limits",
            format!(r#"REDIS_URL is "postgres://[redacted]": the URL's scheme is "postgres"; {SCHEMES}"#),
        ),
        ("http://hunter2", format!(r#"REDIS_URL is "http://[redacted]": the URL's scheme is "http"; {SCHEMES}"#)),
        ("cache:6379", format!("REDIS_URL is [redacted]: the URL has no scheme; {SCHEMES}")),
        ("app:hunter2@redis://cache", format!("REDIS_URL is [redacted]: the URL has no scheme; {SCHEMES}")),
        (
            "redis://app:hunter2@cache:port",
            r#"REDIS_URL is "redis://[redacted]": URL redis://…: the port of the host is "port"; accepted: 1 to 65535"#
                .to_owned(),
        ),
        (
            "redis://app:hun/ter2@cache",
            "REDIS_URL is \"redis://[redacted]\": URL redis://…: it holds an @ in the wrong place; accepted: one @, before \
             the host (elsewhere @ is %40; in a user or password / is %2F, ? is %3F)"
                .to_owned(),
        ),
        (
            "redis://cache?tls=yes",
            "REDIS_URL is \"redis://[redacted]\": URL redis://…: the parameter \"tls\" is unknown; accepted: \
             connect_timeout, response_timeout"
                .to_owned(),
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(errors_of(&[REDIS, ("REDIS_URL", url)]).await, expected, "{url}");
    }
}

#[tokio::test]
async fn a_url_may_be_anybodys_while_another_backend_is_chosen() {
    for url in ["postgres://app:hunter2@db", "", "nonsense", "redis://cache"] {
        let limiters = from_vars([MEMORY, ("REDIS_URL", url)]).await.unwrap();
        assert!(!limiters.describe().contains("REDIS"), "{}", limiters.describe());
    }
}

#[tokio::test]
async fn a_name_for_the_url_that_is_none_leads_to_the_right_one() {
    let line = |variable: &str| {
        format!("{variable} is [redacted], but there is no such setting; {}; nearest: REDIS_URL", known())
    };
    let url = "redis://app:hunter2@cache";
    assert_eq!(errors_of(&[MEMORY, ("LIMITER_REDIS_URL", url)]).await, line("LIMITER_REDIS_URL"));
    assert_eq!(
        errors_of(&[REDIS, ("LIMITER_REDIS_URL", url)]).await,
        format!(
            "{}\nREDIS_URL is not set, which RATE_LIMITER=redis needs; {ACCEPTED}",
            line("LIMITER_REDIS_URL")
        )
    );
    for (slip, meant) in [
        ("LIMITER_REDIS_PREFIX", "LIMITER_PREFIX"),
        ("LIMITER_REDIS_STRICT", "LIMITER_STRICT"),
        ("LIMITER_PREFX", "LIMITER_PREFIX"),
        ("limiter_strict", "LIMITER_STRICT"),
    ] {
        assert_eq!(
            errors_of(&[MEMORY, (slip, "x")]).await,
            format!("{slip} is \"x\", but there is no such setting; {}; nearest: {meant}", known())
        );
    }
}

#[tokio::test]
async fn prefix_and_strictness_are_held_to_their_rules_whoever_is_chosen() {
    let url = ("REDIS_URL", "redis://cache");
    for chosen in [REDIS, MEMORY] {
        for prefix in ["{shop}", "a b", "ä", &"p".repeat(41)] {
            let expected = format!("LIMITER_PREFIX is {prefix:?}; {PREFIX}");
            assert_eq!(errors_of(&[chosen, url, ("LIMITER_PREFIX", prefix)]).await, expected);
        }
        let empty = format!("LIMITER_PREFIX is empty; {PREFIX}");
        assert_eq!(errors_of(&[chosen, url, ("LIMITER_PREFIX", "")]).await, empty);
        for strict in ["yes", "1", "True", "TRUE", "on"] {
            let expected = format!("LIMITER_STRICT is {strict:?}; accepted: true or false");
            assert_eq!(errors_of(&[chosen, url, ("LIMITER_STRICT", strict)]).await, expected);
        }
        let empty = "LIMITER_STRICT is empty; accepted: true or false";
        assert_eq!(errors_of(&[chosen, url, ("LIMITER_STRICT", "")]).await, empty);
    }
}

#[tokio::test]
async fn settings_of_redis_stay_unused_with_memory() {
    let vars =
        [MEMORY, ("LIMITER_PREFIX", "shop"), ("LIMITER_STRICT", "false"), ("REDIS_URL", "redis://cache")];
    let text = from_vars(vars).await.unwrap().describe();
    assert!(text.ends_with("; set, but for another backend: LIMITER_PREFIX, LIMITER_STRICT"), "{text}");
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let vars = [REDIS, ("REDIS_URL", "redis://"), ("LIMITER_STRICT", "maybe"), ("LIMITER_COLOR", "blue")];
    let errors = from_vars(vars).await.unwrap_err();
    let problems: Vec<_> = errors.iter().map(|error| (error.variable(), error.problem())).collect();
    assert_eq!(
        problems,
        [
            ("LIMITER_COLOR", ConfigProblem::UnknownVariable),
            ("LIMITER_STRICT", ConfigProblem::Malformed),
            ("REDIS_URL", ConfigProblem::Malformed),
        ]
    );
}

#[cfg(not(feature = "redis-tls"))]
#[tokio::test]
async fn tls_that_is_not_compiled_in_is_an_error_of_its_own() {
    assert_eq!(
        errors_of(&[REDIS, ("REDIS_URL", "rediss://app:hunter2@cache")]).await,
        "REDIS_URL is \"rediss://[redacted]\": this build has no TLS; accepted: a URL without it, or limiter-factory \
         built with the feature \"redis-tls\""
    );
}
