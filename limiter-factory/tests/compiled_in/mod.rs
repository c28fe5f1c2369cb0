//! What this build has, as errors name it.
#![allow(dead_code, reason = "each test takes what it needs")]

/// The backends.
pub(crate) const NAMES: &str = match (cfg!(feature = "redis"), cfg!(feature = "postgres")) {
    (true, true) => "memory, redis, postgres",
    (true, false) => "memory, redis",
    (false, true) => "memory, postgres",
    (false, false) => "memory",
};

/// Their settings.
pub(crate) fn settings() -> String {
    let mut settings = vec![
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
