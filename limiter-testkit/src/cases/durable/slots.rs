//! Leases after a restart.

use std::time::Duration;

use limiter_core::{Key, LeaseRequest, Scope};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::Clients;
use crate::trial::Trial;

/// Longer than any restart takes.
const TTL: Duration = Duration::from_secs(600);

/// A lease that was granted before the store ended is held when it is there again.
pub async fn a_restart_keeps_leases(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a restart keeps leases");
    let key = clients.key("streams")?;
    take_two(&clients, &key).await?;
    let restarted = clients.restarted().await?;
    let held = clients.got("in_use", restarted.slots.in_use(&key).await)?;
    clients.expect(held == 2, "in_use after an acquire of 2 permits and a restart", "2", held)
}

/// A restart neither prolongs a lease nor cuts it short.
pub async fn a_restart_moves_no_expiry(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a restart moves no expiry");
    let key = clients.key("streams")?;
    take_two(&clients, &key).await?;
    let before = clients.got("the leases", clients.first().slots.leases(&key).await)?;
    let restarted = clients.restarted().await?;
    let after = clients.got("the leases", restarted.slots.leases(&key).await)?;
    // Whether it is there at all is another promise.
    let told = after
        .iter()
        .map(|lease| lease.expires_ms)
        .find(|expires_ms| before.iter().all(|lease| lease.expires_ms != *expires_ms));
    let wanted = format!("the expiry as before, {:?}", before.first().map(|lease| lease.expires_ms));
    clients.expect(told.is_none(), "the leases after a restart", wanted, format_args!("{told:?}"))
}

async fn take_two(clients: &Clients<'_>, key: &Key) -> Kept {
    let request = LeaseRequest::new([Scope::new(key.clone(), 3)], TTL)?.with_permits(2)?;
    let taken = clients.got("an acquire", clients.first().slots.acquire(&request).await)?.is_acquired();
    clients.expect(taken, "an acquire of 2 of 3 permits", "granted", "full")
}
