//! Variables that begin as ours do and are none.

use super::{Bad, MEMORY, bad};

pub(crate) const UNKNOWN: &[Bad] = &[
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACTIY", "5")],
        &[concat!(
            r#"LIMITER_MEMORY_CAPACTIY is "5", but there is no such setting; accepted: "#,
            "{settings}; nearest: LIMITER_MEMORY_CAPACITY"
        )],
    ),
    bad(
        &[MEMORY, ("limiter_memory_leases", "5")],
        &[concat!(
            r#"limiter_memory_leases is "5", but there is no such setting; accepted: "#,
            "{settings}; nearest: LIMITER_MEMORY_LEASES"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_COLOR", "blue")],
        &["LIMITER_COLOR is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_RDIS_PASSWORD", "hunter2")],
        &["LIMITER_RDIS_PASSWORD is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_", "x")],
        &["LIMITER_ is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_LIMITER_MEMORY_LEASES", "5")],
        &[concat!(
            "LIMITER_MEMORY_LIMITER_MEMORY_LEASES is [redacted], but there is no such ",
            "setting; accepted: {settings}"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_PORT_6379_HTTP", "x")],
        &["LIMITER_PORT_6379_HTTP is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_TIMEOUT", "5")],
        &[concat!(
            r#"LIMITER_TIMEOUT is "5", but there is no such setting; accepted: {settings}; "#,
            "nearest: LIMITER_TIMEOUT_MS"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_BREAKER_OPENS_MS", "5")],
        &[concat!(
            r#"LIMITER_BREAKER_OPENS_MS is "5", but there is no such setting; accepted: "#,
            "{settings}; nearest: LIMITER_BREAKER_OPEN_MS"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_ON_UNAVAILABLE", "allow")],
        &[concat!(
            r#"LIMITER_ON_UNAVAILABLE is "allow", but there is no such setting; accepted: "#,
            "{settings}; nearest: LIMITER_WHEN_UNAVAILABLE"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADWO", "all")],
        &[concat!(
            r#"LIMITER_SHADWO is "all", but there is no such setting; accepted: {settings}; "#,
            "nearest: LIMITER_SHADOW"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_METRIC", "true")],
        &[concat!(
            r#"LIMITER_METRIC is "true", but there is no such setting; accepted: {settings}; "#,
            "nearest: LIMITER_METRICS"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SLOT_LIMITER", "memory")],
        &[concat!(
            r#"LIMITER_SLOT_LIMITER is "memory", but there is no such setting; accepted: "#,
            "{settings}; nearest: SLOT_LIMITER"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_RATE_LIMITER", "memory")],
        &[concat!(
            r#"LIMITER_RATE_LIMITER is "memory", but there is no such setting; accepted: "#,
            "{settings}; nearest: RATE_LIMITER"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_KUBE_SERVICE_HOST", "10.0.0.1")],
        &[concat!(
            "LIMITER_KUBE_SERVICE_HOST is [redacted], but there is no such setting; ",
            "accepted: {settings}"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_KUBE_PORT", "tcp://10.0.0.1:80")],
        &["LIMITER_KUBE_PORT is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("limiter_token", "hunter2")],
        &["limiter_token is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("limiter_secret", "hunter2")],
        &["limiter_secret is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("limiter_pass", "hunter2")],
        &["limiter_pass is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_CREDS", "hunter2")],
        &["LIMITER_CREDS is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_REDIS_CREDS", "hunter2")],
        &["LIMITER_REDIS_CREDS is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMITER_TOKENS", "hunter2")],
        &["LIMITER_TOKENS is [redacted], but there is no such setting; accepted: {settings}"],
    ),
    bad(
        &[MEMORY, ("LIMTER_SHADOW", "all")],
        &[concat!(
            r#"LIMTER_SHADOW is "all", but there is no such setting; accepted: {settings}; "#,
            "nearest: LIMITER_SHADOW"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITTER_TRACES", "true")],
        &[concat!(
            r#"LIMITTER_TRACES is "true", but there is no such setting; accepted: {settings}; "#,
            "nearest: LIMITER_TRACES"
        )],
    ),
];
