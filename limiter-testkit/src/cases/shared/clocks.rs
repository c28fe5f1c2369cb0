//! Whose clock counts: the store's, for all.

use std::time::Duration;

use limiter_core::{
    Error, ErrorKind, LeaseRequest, Outcome, Period, Quota, QuotaTrackerExt, RateLimiterExt, Retry, Scope,
};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::Clients;
use crate::trial::Trial;

/// Longer than any case takes.
const TTL: Duration = Duration::from_secs(600);

/// A client whose own clock is off charges at the store's time: between two charges of another one. In real time it
/// is held to that within a second.
pub async fn hits_of_all_clients_go_by_the_stores_clock(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "hits of all clients go by the store's clock");
    let (first, other) = (clients.first(), clients.other()?);
    let [limit, ..] = Clients::one_of_each(5)?;
    let mut times = [0; 3];
    for (time, client) in times.iter_mut().zip([first, other, first]) {
        let decision = client.rates.hit_one(&clients.key("user")?, &limit).await;
        let charged_at_ms =
            decision.map(|decision| decision.outcomes().first().and_then(Outcome::charged_at_ms));
        *time = clients.got("a hit", charged_at_ms.and_then(|at_ms| at_ms.ok_or_else(untold)))?;
    }
    clients.expect_between("when the other client's hit was charged", times)
}

/// A lease that a client takes whose own clock is off runs out by the store's: between two leases of another client,
/// with the same time to live. In real time it is held to that within a second.
pub async fn leases_of_all_clients_go_by_the_stores_clock(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "leases of all clients go by the store's clock");
    let (first, other) = (clients.first(), clients.other()?);
    let mut times = [0; 3];
    for (time, client) in times.iter_mut().zip([first, other, first]) {
        let key = clients.key("streams")?;
        let request = LeaseRequest::new([Scope::new(key.clone(), 1)], TTL)?;
        let taken = clients.got("an acquire", client.slots.acquire(&request).await)?;
        clients.expect(taken.is_acquired(), "an acquire", "a slot", "full")?;
        let leases = first.slots.leases(&key).await;
        let expires_ms = leases.map(|leases| leases.first().map(|lease| lease.expires_ms));
        *time = clients.got("the leases", expires_ms.and_then(|at_ms| at_ms.ok_or_else(untold)))?;
    }
    clients.expect_between("when the other client's lease runs out", times)
}

/// Where a reservation fills a quota, a client whose own clock is off is told to wait as long as another one. In real
/// time it is held to that within a second.
pub async fn reservations_of_all_clients_go_by_the_stores_clock(
    candidate: &Candidate,
    trial: &Trial,
) -> Kept {
    let clients = Clients::new(candidate, trial, "reservations of all clients go by the store's clock");
    let (first, other) = (clients.first(), clients.other()?);
    let (key, quota) = (clients.key("bytes")?, Quota::new(10, Period::Year)?);
    let reserved = first.quotas.reserve_one(&key, &quota, 10, TTL).await;
    let granted = clients.got("a reserve", reserved)?.1.is_granted();
    clients.expect(granted, "a reserve of 10 of 10", "granted", "refused")?;
    let mut waits = [0; 3];
    for (wait, client) in waits.iter_mut().zip([first, other, first]) {
        let refused = client.quotas.reserve_one(&key, &quota, 1, TTL).await;
        let retry = clients.got("a reserve", refused)?.1.retry_after();
        *wait = clients.got("a reserve that is refused", retry.and_then(wait_ms).ok_or_else(untold))?;
    }
    clients.expect_between("how long the other client is to wait, in ms", waits)
}

fn wait_ms(retry: Retry) -> Option<u64> {
    retry.after().and_then(|wait| u64::try_from(wait.as_millis()).ok())
}

fn untold() -> Error {
    Error::new(ErrorKind::Protocol, "it doesn't tell the time")
}
