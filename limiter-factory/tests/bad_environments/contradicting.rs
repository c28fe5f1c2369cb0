//! Settings that contradict themselves or each other.

use super::{Bad, MEMORY, bad};

pub(crate) const CONTRADICTING: &[Bad] = &[
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "rates=allow,rates=refuse")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "rates=allow,rates=refuse": it names rates twice; "#,
            "accepted: refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory, each once"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "memory,rates=allow")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "memory,rates=allow": "memory" is none of it; "#,
            "accepted: refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "slots,slots")],
        &[concat!(
            r#"LIMITER_SHADOW is "slots,slots": it names slots twice; accepted: none, all, or "#,
            "some of rates, slots, quotas with commas between, each once"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "none,quotas")],
        &[concat!(
            r#"LIMITER_SHADOW is "none,quotas": "none" is none of it; accepted: none, all, or "#,
            "some of rates, slots, quotas with commas between"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_BREAKER_OPEN_MS", "500")],
        &[concat!(
            r#"LIMITER_BREAKER_OPEN_MS is "500": there is no circuit breaker, for "#,
            "LIMITER_BREAKER_FAILURES is not set; accepted: beside ",
            "LIMITER_BREAKER_FAILURES=1 or more, or neither"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_TRACE_SUBJECTS", "true")],
        &[concat!(
            r#"LIMITER_TRACE_SUBJECTS is "true": there is no trace, for LIMITER_TRACES is not "#,
            "set; accepted: beside LIMITER_TRACES=true, or neither"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_METRICS", "true"), ("LIMITER_TRACE_SUBJECTS", "true")],
        &[concat!(
            r#"LIMITER_TRACE_SUBJECTS is "true": there is no trace, for LIMITER_TRACES is not "#,
            "set; accepted: beside LIMITER_TRACES=true, or neither"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_UNSENT", "0"), ("LIMITER_WHEN_UNAVAILABLE", "slots=allow")],
        &[concat!(
            r#"LIMITER_UNSENT is "0": it leaves no place for what the store is told later of slots "#,
            "and quotas that LIMITER_WHEN_UNAVAILABLE lets go on; accepted: 1 or more, or ",
            "slots=refuse,quotas=refuse"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_UNSENT", "0"), ("LIMITER_WHEN_UNAVAILABLE", "slots=memory")],
        &[concat!(
            r#"LIMITER_UNSENT is "0": it leaves no place for what the store is told later of slots "#,
            "and quotas that LIMITER_WHEN_UNAVAILABLE lets go on; accepted: 1 or more, or ",
            "slots=refuse,quotas=refuse"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_UNSENT", "0"), ("LIMITER_WHEN_UNAVAILABLE", "quotas=allow")],
        &[concat!(
            r#"LIMITER_UNSENT is "0": it leaves no place for what the store is told later of slots "#,
            "and quotas that LIMITER_WHEN_UNAVAILABLE lets go on; accepted: 1 or more, or ",
            "slots=refuse,quotas=refuse"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_UNSENT", "0"), ("LIMITER_WHEN_UNAVAILABLE", "quotas=memory")],
        &[concat!(
            r#"LIMITER_UNSENT is "0": it leaves no place for what the store is told later of slots "#,
            "and quotas that LIMITER_WHEN_UNAVAILABLE lets go on; accepted: 1 or more, or ",
            "slots=refuse,quotas=refuse"
        )],
    ),
];
