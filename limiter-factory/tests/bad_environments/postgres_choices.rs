//! PostgreSQL chosen, and not well.

use super::{Bad, MEMORY, bad};

pub(crate) const POSTGRES: &[Bad] = &[
    bad(
        &[("RATE_LIMITER", "postgres")],
        &["DATABASE_URL is not set, which RATE_LIMITER=postgres needs; accepted: {postgres_url}"],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "postgres")],
        &["DATABASE_URL is not set, which QUOTA_TRACKER=postgres needs; accepted: {postgres_url}"],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "postgres"), ("DATABASE_URL", "mysql://app:hunter2@db")],
        &[concat!(
            r#"DATABASE_URL is "mysql://[redacted]": the URL's scheme is "mysql"; accepted: "#,
            "postgres:// or postgresql://"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres://")],
        &[concat!(
            r#"RATE_LIMITER is "postgres://[redacted]": URL postgres://…: there is no user and "#,
            "no @; accepted: user:password@ or user@ before the host"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres://app:hunter2@db:port")],
        &[concat!(
            r#"RATE_LIMITER is "postgres://[redacted]": URL postgres://…: the port is "port"; "#,
            "accepted: 1 to 65535"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres://app:p@ss/w:rd#@db")],
        &[concat!(
            r#"RATE_LIMITER is "postgres://[redacted]": URL postgres://…: it holds a #; "#,
            "accepted: no fragment (in a user or password a # is %23)"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres://app:p@ss/w:rd@db")],
        &[concat!(
            r#"RATE_LIMITER is "postgres://[redacted]": URL postgres://…: it holds an @ in the "#,
            "wrong place; accepted: one @, before the host (elsewhere @ is %40; in a user or ",
            "password / is %2F, ? is %3F)"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgresql://app:hunter2@db?sslmod=disable")],
        &[concat!(
            r#"RATE_LIMITER is "postgresql://[redacted]": URL postgresql://…: the parameter "#,
            r#""sslmod" is unknown; the nearest is sslmode; accepted: sslmode, sslrootcert, "#,
            "sslcert, sslkey, host, application_name, connect_timeout, response_timeout"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres://app:hunter2@db/limits?sslmode=on")],
        &[concat!(
            r#"RATE_LIMITER is "postgres://[redacted]": URL postgres://…: the parameter "#,
            r#"sslmode is "on"; accepted: disable, allow, prefer, require, verify-ca, "#,
            "verify-full"
        )],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "postgresql://app:hunter2@db:0")],
        &[concat!(
            r#"QUOTA_TRACKER is "postgresql://[redacted]": URL postgresql://…: the port is "#,
            r#""0"; accepted: 1 to 65535"#
        )],
    ),
    bad(
        &[
            ("RATE_LIMITER", "postgres"),
            ("DATABASE_URL", "postgres://app:hunter2@db"),
            ("LIMITER_SCHEMA", "public"),
            ("LIMITER_POSTGRES_POOL_SIZE", "1"),
        ],
        &[
            r#"LIMITER_POSTGRES_POOL_SIZE is "1"; accepted: a whole number of connections, 2 to 1000"#,
            concat!(
                r#"LIMITER_SCHEMA is "public"; accepted: 1 to 40 of a-z 0-9 _ from a letter or _ "#,
                "on, not pg_…, public or information_schema"
            ),
        ],
    ),
];
