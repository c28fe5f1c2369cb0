//! Settings of the backend memory that hold what they may not.

use super::{Bad, MEMORY, bad};

pub(crate) const SETTINGS: &[Bad] = &[
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "")],
        &[concat!(
            "LIMITER_MEMORY_CAPACITY is empty; accepted: a whole number of rate counters, 1 ",
            "to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "  ")],
        &[concat!(
            "LIMITER_MEMORY_CAPACITY is empty; accepted: a whole number of rate counters, 1 ",
            "to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "many")],
        &[concat!(
            r#"LIMITER_MEMORY_CAPACITY is "many"; accepted: a whole number of rate counters, 1 "#,
            "to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "0")],
        &[concat!(
            r#"LIMITER_MEMORY_CAPACITY is "0"; accepted: a whole number of rate counters, 1 to "#,
            "4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "-1")],
        &[concat!(
            r#"LIMITER_MEMORY_CAPACITY is "-1"; accepted: a whole number of rate counters, 1 "#,
            "to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_CAPACITY", "1e6")],
        &[concat!(
            r#"LIMITER_MEMORY_CAPACITY is "1e6"; accepted: a whole number of rate counters, 1 "#,
            "to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_LOG_ENTRIES", "4294967297")],
        &[concat!(
            r#"LIMITER_MEMORY_LOG_ENTRIES is "4294967297"; accepted: a whole number of entries "#,
            "of sliding logs, 1 to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_LEASES", "99999999999999999999999")],
        &[concat!(
            r#"LIMITER_MEMORY_LEASES is "99999999999999999999999"; accepted: a whole number of "#,
            "leases, 1 to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_QUOTA_ENTRIES", "10 000")],
        &[concat!(
            r#"LIMITER_MEMORY_QUOTA_ENTRIES is "10 000"; accepted: a whole number of quota "#,
            "counters, reservations and settlements, 1 to 4294967296"
        )],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_WHEN_FULL", "drop")],
        &[r#"LIMITER_MEMORY_WHEN_FULL is "drop"; accepted: refuse or share"#],
    ),
    bad(
        &[MEMORY, ("LIMITER_MEMORY_WHEN_FULL", "Share")],
        &[r#"LIMITER_MEMORY_WHEN_FULL is "Share"; accepted: refuse or share"#],
    ),
];
