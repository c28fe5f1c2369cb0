//! What slots and quotas leave behind on a server, and what they do where keys don't live together.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod apart;
mod leases_expire;
mod quotas_expire;
mod settled_ids;
mod store;
