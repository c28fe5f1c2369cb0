//! Settings of layers that hold what they may not.

use super::{Bad, MEMORY, bad};

pub(crate) const LAYERS: &[Bad] = &[
    bad(
        &[MEMORY, ("LIMITER_TIMEOUT_MS", "")],
        &[concat!(
            "LIMITER_TIMEOUT_MS is empty; accepted: a whole number of milliseconds that a ",
            "call may take (0: any), 0 to 600000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_TIMEOUT_MS", "1s")],
        &[concat!(
            r#"LIMITER_TIMEOUT_MS is "1s"; accepted: a whole number of milliseconds that a "#,
            "call may take (0: any), 0 to 600000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_TIMEOUT_MS", "-1")],
        &[concat!(
            r#"LIMITER_TIMEOUT_MS is "-1"; accepted: a whole number of milliseconds that a "#,
            "call may take (0: any), 0 to 600000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_TIMEOUT_MS", "600001")],
        &[concat!(
            r#"LIMITER_TIMEOUT_MS is "600001"; accepted: a whole number of milliseconds that a "#,
            "call may take (0: any), 0 to 600000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_TIMEOUT_MS", "2.5")],
        &[concat!(
            r#"LIMITER_TIMEOUT_MS is "2.5"; accepted: a whole number of milliseconds that a "#,
            "call may take (0: any), 0 to 600000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_BREAKER_FAILURES", "1000001")],
        &[concat!(
            r#"LIMITER_BREAKER_FAILURES is "1000001"; accepted: a whole number of failures in "#,
            "a row (0: no breaker), 0 to 1000000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_BREAKER_FAILURES", "3"), ("LIMITER_BREAKER_OPEN_MS", "0")],
        &[r#"LIMITER_BREAKER_OPEN_MS is "0"; accepted: a whole number of milliseconds, 1 to 3600000"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_UNSENT", "1e4")],
        &[concat!(
            r#"LIMITER_UNSENT is "1e4"; accepted: a whole number of settles, and of releases, "#,
            "that wait for the store, 0 to 10000000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_DENY_CACHE", "-1")],
        &[concat!(
            r#"LIMITER_DENY_CACHE is "-1"; accepted: a whole number of counters whose denials "#,
            "are remembered (0: none), 0 to 100000000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_PREFETCH", "all")],
        &[concat!(
            r#"LIMITER_PREFETCH is "all"; accepted: a whole number of units of a counter held "#,
            "at a time (0: none), 0 to 1000000"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MAX_WAITERS", "no")],
        &[concat!(
            r#"LIMITER_MAX_WAITERS is "no"; accepted: a whole number of callers that wait at a "#,
            "time, 0 to 10000000"
        )],
    ),
    bad(&[MEMORY, ("LIMITER_METRICS", "yes")], &[r#"LIMITER_METRICS is "yes"; accepted: true or false"#]),
    bad(&[MEMORY, ("LIMITER_METRICS", "True")], &[r#"LIMITER_METRICS is "True"; accepted: true or false"#]),
    bad(&[MEMORY, ("LIMITER_TRACES", "1")], &[r#"LIMITER_TRACES is "1"; accepted: true or false"#]),
    bad(
        &[MEMORY, ("LIMITER_TRACES", "true"), ("LIMITER_TRACE_SUBJECTS", "hashed")],
        &[r#"LIMITER_TRACE_SUBJECTS is "hashed"; accepted: true or false"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "")],
        &[concat!(
            "LIMITER_WHEN_UNAVAILABLE is empty; accepted: refuse, allow or memory, for all ",
            "or each by name: rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "deny")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "deny": "deny" is none of it; accepted: refuse, "#,
            "allow or memory, for all or each by name: rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "Allow")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "Allow": "Allow" is none of it; accepted: refuse, "#,
            "allow or memory, for all or each by name: rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "allow,refuse")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "allow,refuse": "allow" is none of it; accepted: "#,
            "refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "streams=allow")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "streams=allow": "streams=allow" is none of it; "#,
            "accepted: refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "rates=allow,")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "rates=allow,": "" is none of it; accepted: refuse, "#,
            "allow or memory, for all or each by name: rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "rates")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "rates": "rates" is none of it; accepted: refuse, "#,
            "allow or memory, for all or each by name: rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "rates=reject")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "rates=reject": "rates=reject" is none of it; "#,
            "accepted: refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "true")],
        &[concat!(
            r#"LIMITER_SHADOW is "true": "true" is none of it; accepted: none, all, or some of "#,
            "rates, slots, quotas with commas between"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "Rates")],
        &[concat!(
            r#"LIMITER_SHADOW is "Rates": "Rates" is none of it; accepted: none, all, or some "#,
            "of rates, slots, quotas with commas between"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "rates;slots")],
        &[concat!(
            r#"LIMITER_SHADOW is "rates;slots": "rates;slots" is none of it; accepted: none, "#,
            "all, or some of rates, slots, quotas with commas between"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "all,rates")],
        &[concat!(
            r#"LIMITER_SHADOW is "all,rates": "all" is none of it; accepted: none, all, or "#,
            "some of rates, slots, quotas with commas between"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "redis://app:hunter2@standby")],
        &[concat!(
            r#"LIMITER_WHEN_UNAVAILABLE is "redis://[redacted]": [redacted] is none of it; "#,
            "accepted: refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_WHEN_UNAVAILABLE", "rates=redis://app:hunter2,x@standby")],
        &[concat!(
            "LIMITER_WHEN_UNAVAILABLE is [redacted]: [redacted] is none of it; ",
            "accepted: refuse, allow or memory, for all or each by name: ",
            "rates=allow,slots=refuse,quotas=memory"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_SHADOW", "redis://app:hunter2@standby")],
        &[concat!(
            r#"LIMITER_SHADOW is "redis://[redacted]": [redacted] is none of it; accepted: none, "#,
            "all, or some of rates, slots, quotas with commas between"
        )],
    ),
];
