//! What this build has, as errors name it.
#![allow(dead_code, reason = "each test takes what it needs")]

/// What may be chosen, and what else is registered beside it by its name and its URL.
pub(crate) fn choices(own: &[(&str, &str)]) -> String {
    let mut all = vec![("memory", "memory://")];
    if cfg!(feature = "redis") {
        all.push(("redis", "redis://…"));
    }
    if cfg!(feature = "postgres") {
        all.push(("postgres", "postgres://…"));
    }
    all.extend(own);
    let (names, urls): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    format!("{}, or a URL: {}", names.join(", "), urls.join(", "))
}

/// The settings of the layers and of the backends.
pub(crate) fn settings() -> String {
    let mut settings = vec![
        "LIMITER_TIMEOUT_MS",
        "LIMITER_BREAKER_FAILURES",
        "LIMITER_BREAKER_OPEN_MS",
        "LIMITER_WHEN_UNAVAILABLE",
        "LIMITER_UNSENT",
        "LIMITER_DENY_CACHE",
        "LIMITER_PREFETCH",
        "LIMITER_SHADOW",
        "LIMITER_METRICS",
        "LIMITER_TRACES",
        "LIMITER_TRACE_SUBJECTS",
        "LIMITER_MAX_WAITERS",
        "LIMITER_MEMORY_CAPACITY",
        "LIMITER_MEMORY_WHEN_FULL",
        "LIMITER_MEMORY_LOG_ENTRIES",
        "LIMITER_MEMORY_LEASES",
        "LIMITER_MEMORY_QUOTA_ENTRIES",
    ];
    if cfg!(feature = "redis") {
        settings.extend(["REDIS_URL", "LIMITER_PREFIX", "LIMITER_STRICT"]);
    }
    if cfg!(feature = "postgres") {
        settings.push("DATABASE_URL");
        if cfg!(not(feature = "redis")) {
            settings.extend(["LIMITER_PREFIX", "LIMITER_STRICT"]);
        }
        settings.extend(["LIMITER_SCHEMA", "LIMITER_MIGRATE", "LIMITER_DURABILITY", "LIMITER_PGBOUNCER"]);
        settings.extend(["LIMITER_POSTGRES_POOL_SIZE", "LIMITER_POSTGRES_SWEEP_SECONDS"]);
    }
    settings.join(", ")
}
