//! Redis chosen, and not well.

use super::{Bad, MEMORY, bad};

pub(crate) const REDIS: &[Bad] = &[
    bad(
        &[("RATE_LIMITER", "redis")],
        &["REDIS_URL is not set, which RATE_LIMITER=redis needs; accepted: {redis_url}"],
    ),
    bad(
        &[MEMORY, ("SLOT_LIMITER", "redis")],
        &["REDIS_URL is not set, which SLOT_LIMITER=redis needs; accepted: {redis_url}"],
    ),
    bad(
        &[MEMORY, ("SLOT_LIMITER", "redis"), ("redis_url", "redis://:hunter2@cache")],
        &[concat!(
            "REDIS_URL is not set, which SLOT_LIMITER=redis needs; accepted: {redis_url}; ",
            "nearest: redis_url, which is set"
        )],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "redis"), ("REDIS_URL", "")],
        &["REDIS_URL is empty; accepted: {redis_url}"],
    ),
    bad(
        &[("RATE_LIMITER", "redis://")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the host is empty; "#,
            "accepted: a name of A-Z a-z 0-9 _ . -, an IPv4 address, or an IPv6 address in ",
            "brackets"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2@cache:port")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the port of the host is "#,
            r#""port"; accepted: 1 to 65535"#
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2@cache:65536")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the port of the host is "#,
            r#""65536"; accepted: 1 to 65535"#
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the port of the host is "#,
            "wrong; accepted: 1 to 65535"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:p@ss/w:rd#@cache")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: it holds a #; accepted: no "#,
            "fragment (in a user or password a # is %23)"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:p@ss/w:rd@cache")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: it holds an @ in the wrong "#,
            "place; accepted: one @, before the host (elsewhere @ is %40; in a user or ",
            "password / is %2F, ? is %3F)"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2%@cache")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the password holds a % "#,
            "that encodes nothing; accepted: a % with two hexadecimal digits behind it (a % ",
            "itself is %25)"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2 @cache")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: it holds whitespace or a "#,
            "control character; accepted: none (a space is %20)"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2@cache/limits")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the database is "limits"; "#,
            "accepted: a number, 0 to 2147483647"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis+sentinel://app:hunter2@cache")],
        &[concat!(
            r#"RATE_LIMITER is "redis+sentinel://[redacted]": URL redis+sentinel://…: the "#,
            "service is empty; accepted: redis+sentinel://host,host/service or ",
            "…/service/database"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2@cache?tls=yes")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: the parameter "tls" is "#,
            "unknown; accepted: connect_timeout, response_timeout"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://app:hunter2@one,two")],
        &[concat!(
            r#"RATE_LIMITER is "redis://[redacted]": URL redis://…: it names 2 hosts; "#,
            "accepted: one; several with redis+cluster:// or redis+sentinel://"
        )],
    ),
    bad(
        &[MEMORY, ("SLOT_LIMITER", "valkey://:hunter2@")],
        &[concat!(
            r#"SLOT_LIMITER is "valkey://[redacted]": URL valkey://…: the host is empty; "#,
            "accepted: a name of A-Z a-z 0-9 _ . -, an IPv4 address, or an IPv6 address in ",
            "brackets"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis://cache"), ("SLOT_LIMITER", "redis")],
        &["REDIS_URL is not set, which SLOT_LIMITER=redis needs; accepted: {redis_url}"],
    ),
    bad(
        &[
            ("RATE_LIMITER", "redis://cache"),
            ("LIMITER_PREFIX", "{shop}"),
            ("QUOTA_TRACKER", "redis://app:hunter2@other:x"),
        ],
        &[
            concat!(
                r#"QUOTA_TRACKER is "redis://[redacted]": URL redis://…: the port of the host is "#,
                r#""x"; accepted: 1 to 65535"#
            ),
            r#"LIMITER_PREFIX is "{shop}"; accepted: 1 to 40 of A-Z a-z 0-9 _ . : -"#,
        ],
    ),
    bad(
        &[("RATE_LIMITER", "rediss"), ("REDIS_URL", "redis://cache")],
        &[concat!(
            r#"RATE_LIMITER is "rediss", which is no backend's name; accepted: {choices}; "#,
            "nearest: redis"
        )],
    ),
];
