//! Backends that are known and not compiled in.

use super::{Bad, MEMORY, bad};

#[cfg(not(feature = "redis"))]
pub(crate) const WITHOUT_REDIS: &[Bad] = &[
    bad(
        &[MEMORY, ("SLOT_LIMITER", "rediss://app:hunter2@cache")],
        &[concat!(
            r#"SLOT_LIMITER is "rediss://[redacted]", but this build has no redis (limiter-factory's feature "#,
            r#""redis"); accepted: {choices}"#
        )],
    ),
    bad(
        &[("RATE_LIMITER", "redis"), ("REDIS_URL", "redis://app:hunter2@cache"), ("LIMITER_STRICT", "true")],
        &[concat!(
            r#"RATE_LIMITER is "redis", but this build has no redis (limiter-factory's feature "redis"); "#,
            "accepted: {choices}"
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
pub(crate) const WITHOUT_REDIS: &[Bad] = &[];

#[cfg(not(feature = "postgres"))]
pub(crate) const WITHOUT_POSTGRES: &[Bad] = &[
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "postgresql://app:hunter2@db")],
        &[concat!(
            r#"QUOTA_TRACKER is "postgresql://[redacted]", but this build has no postgres (limiter-factory's feature "#,
            r#""postgres"); accepted: {choices}"#
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres")],
        &[concat!(
            r#"RATE_LIMITER is "postgres", but this build has no postgres (limiter-factory's feature "#,
            r#""postgres"); accepted: {choices}"#
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgres"), ("LIMITER_POSTGRES_URL", "postgres://app:hunter2@db")],
        &[concat!(
            r#"RATE_LIMITER is "postgres", but this build has no postgres (limiter-factory's feature "#,
            r#""postgres"); accepted: {choices}"#
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
pub(crate) const WITHOUT_POSTGRES: &[Bad] = &[];

#[cfg(not(any(feature = "redis", feature = "postgres")))]
pub(crate) const WITHOUT_BOTH: &[Bad] = &[bad(
    &[MEMORY, ("LIMITER_PREFIX", "shop")],
    &["LIMITER_PREFIX is [redacted], but this build has no redis (limiter-factory's feature \"redis\")"],
)];
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) const WITHOUT_BOTH: &[Bad] = &[];
