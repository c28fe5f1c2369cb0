//! URLs in the place of a name that choose no backend.

use super::{Bad, MEMORY, bad};

pub(crate) const URLS: &[Bad] = &[
    bad(
        &[("RATE_LIMITER", "memory://5")],
        &[concat!(
            r#"RATE_LIMITER is "memory://[redacted]": nothing may stand behind memory://; "#,
            "accepted: {choices}"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "memory:")],
        &["RATE_LIMITER is [redacted]: it looks like a URL and has no scheme; accepted: {choices}"],
    ),
    bad(
        &[("RATE_LIMITER", "//memory")],
        &["RATE_LIMITER is [redacted]: it looks like a URL and has no scheme; accepted: {choices}"],
    ),
    bad(
        &[("RATE_LIMITER", "cache:6379")],
        &["RATE_LIMITER is [redacted]: it looks like a URL and has no scheme; accepted: {choices}"],
    ),
    bad(
        &[("RATE_LIMITER", "app:hunter2@cache:6379/0")],
        &["RATE_LIMITER is [redacted]: it looks like a URL and has no scheme; accepted: {choices}"],
    ),
    bad(
        &[("RATE_LIMITER", "redis:/:hunter2")],
        &["RATE_LIMITER is [redacted]: it looks like a URL and has no scheme; accepted: {choices}"],
    ),
    bad(
        &[("RATE_LIMITER", "mysql://app:hunter2@db")],
        &[r#"RATE_LIMITER is "mysql://[redacted]", whose scheme is no backend's; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "memroy://")],
        &[concat!(
            r#"RATE_LIMITER is "memroy://[redacted]", whose scheme is no backend's; accepted: "#,
            "{choices}; nearest: memory://"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "MEMORY://")],
        &[concat!(
            r#"RATE_LIMITER is "MEMORY://[redacted]", whose scheme is no backend's; accepted: "#,
            "{choices}; nearest: memory://"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "REDIS://app:hunter2@cache")],
        &[concat!(
            r#"RATE_LIMITER is "REDIS://[redacted]", whose scheme is no backend's; accepted: "#,
            "{choices}; nearest: redis://"
        )],
    ),
    bad(
        &[("RATE_LIMITER", "postgress://app:hunter2@db")],
        &[concat!(
            r#"RATE_LIMITER is "postgress://[redacted]", whose scheme is no backend's; "#,
            "accepted: {choices}; nearest: postgres://"
        )],
    ),
    bad(
        &[("RATE_LIMITER", " memory://")],
        &["RATE_LIMITER is [redacted]: whitespace stands around it; accepted: {choices}"],
    ),
    bad(
        &[("RATE_LIMITER", "memory://\n")],
        &[r#"RATE_LIMITER is "memory://[redacted]": whitespace stands around it; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "redis://:hunter2@cache ")],
        &[r#"RATE_LIMITER is "redis://[redacted]": whitespace stands around it; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "://")],
        &[r#"RATE_LIMITER is "://[redacted]", whose scheme is no backend's; accepted: {choices}"#],
    ),
    bad(
        &[("RATE_LIMITER", "hunter2@redis://cache")],
        &["RATE_LIMITER is [redacted], whose scheme is no backend's; accepted: {choices}"],
    ),
    bad(
        &[MEMORY, ("SLOT_LIMITER", "https://hunter2")],
        &[r#"SLOT_LIMITER is "https://[redacted]", whose scheme is no backend's; accepted: {choices}"#],
    ),
    bad(
        &[MEMORY, ("QUOTA_TRACKER", "db/limits")],
        &["QUOTA_TRACKER is [redacted]: it looks like a URL and has no scheme; accepted: {choices}"],
    ),
];
