//! Quotas after a restart.

use std::time::Duration;

use limiter_core::{Period, Quota, QuotaTrackerExt};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::Clients;
use crate::trial::Trial;

/// Longer than any restart takes.
const TTL: Duration = Duration::from_secs(600);

/// What was recorded before the store ended is used when it is there again.
pub async fn a_restart_keeps_what_was_used(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a restart keeps what was used");
    let (key, quota) = (clients.key("bytes")?, Quota::new(100, Period::Year)?);
    let _ = clients.got("a record", clients.first().quotas.record(&key, &quota, 40).await)?;
    let restarted = clients.restarted().await?;
    let used = clients.got("a check", restarted.quotas.used(&key, &quota).await)?;
    clients.expect(used == 40, "what is used after a record of 40 and a restart", "40", used)
}

/// What was set aside before the store ended is set aside when it is there again.
pub async fn a_restart_keeps_reservations(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a restart keeps reservations");
    let (key, quota) = (clients.key("bytes")?, Quota::new(100, Period::Year)?);
    let granted = clients.first().quotas.reserve_one(&key, &quota, 30, TTL).await;
    let granted = clients.got("a reserve", granted)?.1.is_granted();
    clients.expect(granted, "a reserve of 30 of 100", "granted", "refused")?;
    let restarted = clients.restarted().await?;
    let reserved = clients.got("a check", restarted.quotas.check(&key, &quota).await)?.reserved;
    clients.expect(reserved == 30, "what is reserved after a reserve of 30 and a restart", "30", reserved)
}

/// A settle that is repeated after the store has ended doesn't count again.
pub async fn a_restart_keeps_settled_ids(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a restart keeps settled ids");
    let (key, quota) = (clients.key("bytes")?, Quota::new(100, Period::Year)?);
    let reserved = clients.first().quotas.reserve_one(&key, &quota, 30, TTL).await;
    let (reservation, _) = clients.got("a reserve", reserved)?;
    let _ = clients.got("a settle", clients.first().quotas.settle_one(&reservation, 25).await)?;
    let restarted = clients.restarted().await?;
    // Whether the 25 are still there is another promise.
    let before = clients.got("a check", restarted.quotas.used(&key, &quota).await)?;
    let after = clients.got("a settle", restarted.quotas.settle_one(&reservation, 25).await)?.used;
    clients.expect(after == before, "what is used after the settle was repeated", before, after)
}
