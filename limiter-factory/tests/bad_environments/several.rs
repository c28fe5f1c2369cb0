//! Everything that is wrong, at once.

use super::{Bad, MEMORY, bad};

pub(crate) const SEVERAL: &[Bad] = &[
    bad(
        &[
            ("RATE_LIMITER", "memroy"),
            ("LIMITER_MEMORY_LEASES", "few"),
            ("LIMITER_MEMORY_CAPACITY", "0"),
            ("LIMITER_COLOR", "blue"),
        ],
        &[
            concat!(
                r#"RATE_LIMITER is "memroy", which is no backend's name; accepted: {choices}; "#,
                "nearest: memory"
            ),
            "LIMITER_COLOR is [redacted], but there is no such setting; accepted: {settings}",
            concat!(
                r#"LIMITER_MEMORY_CAPACITY is "0"; accepted: a whole number of rate counters, 1 to "#,
                "4294967296"
            ),
            r#"LIMITER_MEMORY_LEASES is "few"; accepted: a whole number of leases, 1 to 4294967296"#,
        ],
    ),
    bad(
        &[("LIMITER_MEMORY_WHEN_FULL", "maybe")],
        &[
            "RATE_LIMITER is not set; accepted: {choices}",
            r#"LIMITER_MEMORY_WHEN_FULL is "maybe"; accepted: refuse or share"#,
        ],
    ),
    bad(
        &[
            ("RATE_LIMITER", ""),
            ("SLOT_LIMITER", "Memory"),
            ("LIMITER_TIMEOUT_MS", "soon"),
            ("LIMITER_BREAKER_OPEN_MS", "500"),
            ("LIMITER_SHADOW", "everything"),
        ],
        &[
            "RATE_LIMITER is empty; accepted: {choices}",
            concat!(
                r#"SLOT_LIMITER is "Memory", which is no backend's name; accepted: {choices}; "#,
                "nearest: memory"
            ),
            concat!(
                r#"LIMITER_SHADOW is "everything": "everything" is none of it; accepted: none, "#,
                "all, or some of rates, slots, quotas with commas between"
            ),
            concat!(
                r#"LIMITER_TIMEOUT_MS is "soon"; accepted: a whole number of milliseconds that a "#,
                "call may take (0: any), 0 to 600000"
            ),
            concat!(
                r#"LIMITER_BREAKER_OPEN_MS is "500": there is no circuit breaker, for "#,
                "LIMITER_BREAKER_FAILURES is not set; accepted: beside ",
                "LIMITER_BREAKER_FAILURES=1 or more, or neither"
            ),
        ],
    ),
    bad(
        &[MEMORY, ("LIMITER_BREAKER_FAILURES", "5x"), ("LIMITER_BREAKER_OPEN_MS", "500")],
        &[concat!(
            r#"LIMITER_BREAKER_FAILURES is "5x"; accepted: a whole number of failures in a row "#,
            "(0: no breaker), 0 to 1000000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_TRACES", "yes"), ("LIMITER_TRACE_SUBJECTS", "true")],
        &[r#"LIMITER_TRACES is "yes"; accepted: true or false"#],
    ),
];
