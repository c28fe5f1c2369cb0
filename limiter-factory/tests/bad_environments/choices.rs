//! Names that choose no backend.

use super::{Bad, MEMORY, bad};

pub(crate) const CHOICES: &[Bad] = &[
    bad(&[], &["RATE_LIMITER is not set; accepted: {choices}"]),
    bad(
        &[("RATE_LIMTER", "memory")],
        &["RATE_LIMITER is not set; accepted: {choices}; nearest: RATE_LIMTER, which is set"],
    ),
    bad(
        &[("rate_limiter", "memory")],
        &["RATE_LIMITER is not set; accepted: {choices}; nearest: rate_limiter, which is set"],
    ),
    bad(
        &[("RATE_TRACKER", "memory")],
        &["RATE_LIMITER is not set; accepted: {choices}; nearest: RATE_TRACKER, which is set"],
    ),
    bad(&[("SLOT_LIMITER", "memory")], &["RATE_LIMITER is not set; accepted: {choices}"]),
    bad(&[("RATE_LIMITER", "")], &["RATE_LIMITER is empty; accepted: {choices}"]),
    bad(
        &[("RATE_LIMITER", " ")],
        &[r#"RATE_LIMITER is " ", which is no backend's name; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "memroy")],
        &[concat!(
            r#"RATE_LIMITER is "memroy", which is no backend's name; accepted: {choices}; "#,
            "nearest: memory"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "Memory")],
        &[concat!(
            r#"RATE_LIMITER is "Memory", which is no backend's name; accepted: {choices}; "#,
            "nearest: memory"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "MEMORY")],
        &[concat!(
            r#"RATE_LIMITER is "MEMORY", which is no backend's name; accepted: {choices}; "#,
            "nearest: memory"
        )],
    ),
    bad(
        &[("RATE_LIMITER", " memory")],
        &[concat!(
            r#"RATE_LIMITER is " memory", which is no backend's name; accepted: {choices}; "#,
            "nearest: memory"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "memory\n")],
        &[concat!(
            "RATE_LIMITER is \"memory\\n\", which is no backend's name; accepted: {choices}; ",
            "nearest: memory"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "none")],
        &[r#"RATE_LIMITER is "none", which is no backend's name; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "memory,redis")],
        &[r#"RATE_LIMITER is "memory,redis", which is no backend's name; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "Redis")],
        &[r#"RATE_LIMITER is "Redis", which is no backend's name; accepted: {choices}; nearest: redis"#],
    ),
    bad(
        &[("RATE_LIMITER", "postgresql")],
        &[concat!(
            r#"RATE_LIMITER is "postgresql", which is no backend's name; accepted: {choices}; "#,
            "nearest: postgres"
        )],
    ),
    bad(&[MEMORY, ("SLOT_LIMITER", "")], &["SLOT_LIMITER is empty; accepted: {choices}"]),
    bad(
        &[MEMORY, ("SLOT_LIMITER", "memroy")],
        &[concat!(
            r#"SLOT_LIMITER is "memroy", which is no backend's name; accepted: {choices}; "#,
            "nearest: memory"
        )],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", " memory")],
        &[concat!(
            r#"QUOTA_TRACKER is " memory", which is no backend's name; accepted: {choices}; "#,
            "nearest: memory"
        )],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "off")],
        &[r#"QUOTA_TRACKER is "off", which is no backend's name; accepted: {choices}"#],
    ),
    bad(
        &[MEMORY, ("SLOTS_LIMITER", "memory")],
        &[concat!(
            r#"SLOTS_LIMITER is "memory", but there is no such setting; accepted: "#,
            "RATE_LIMITER, SLOT_LIMITER, QUOTA_TRACKER; nearest: SLOT_LIMITER"
        )],
    ),
    bad(
        &[MEMORY, ("SLOT_TRACKER", "postgers")],
        &[concat!(
            r#"SLOT_TRACKER is "postgers", but there is no such setting; accepted: "#,
            "RATE_LIMITER, SLOT_LIMITER, QUOTA_TRACKER; nearest: SLOT_LIMITER"
        )],
    ),
    bad(
        &[MEMORY, ("slot_limiter", "10")],
        &[concat!(
            r#"slot_limiter is "10", but there is no such setting; accepted: RATE_LIMITER, "#,
            "SLOT_LIMITER, QUOTA_TRACKER; nearest: SLOT_LIMITER"
        )],
    ),
    bad(
        &[MEMORY, ("QUOTA_LIMITER", "memory://")],
        &[concat!(
            r#"QUOTA_LIMITER is "memory://[redacted]", but there is no such setting; accepted: "#,
            "RATE_LIMITER, SLOT_LIMITER, QUOTA_TRACKER; nearest: QUOTA_TRACKER"
        )],
    ),
    bad(
        &[MEMORY, ("QUOTAS_TRACKER", "redis://app:hunter2@cache")],
        &[concat!(
            r#"QUOTAS_TRACKER is "redis://[redacted]", but there is no such setting; accepted: "#,
            "RATE_LIMITER, SLOT_LIMITER, QUOTA_TRACKER; nearest: QUOTA_TRACKER"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "memroy"), ("SLOT_LIMITER", ""), ("QUOTA_TRACKER", "none")],
        &[
            concat!(
                r#"RATE_LIMITER is "memroy", which is no backend's name; accepted: {choices}; "#,
                "nearest: memory"
            ),
            "SLOT_LIMITER is empty; accepted: {choices}",
            r#"QUOTA_TRACKER is "none", which is no backend's name; accepted: {choices}"#,
        ],
    ),
];
