//! Slots that several clients and processes take of one cap.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use limiter_core::{Key, LeaseRequest, Scope, SlotLimiterExt};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::{Clients, Processes};
use crate::processes::work::Work;
use crate::trial::Trial;

/// Longer than any case takes.
const TTL: Duration = Duration::from_secs(600);

/// A slot that one client has taken is taken for another one too, also where that has looked at the key before.
pub async fn a_slot_taken_is_taken_for_every_client_at_once(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a slot taken is taken for every client at once");
    let (first, other) = (&clients.first().slots, &clients.other()?.slots);
    let key = clients.key("streams")?;
    let request = || LeaseRequest::new([Scope::new(key.clone(), 1)], TTL);
    clients.got("in_use of the other client", other.in_use(&key).await)?;
    let taken = clients.got("an acquire", first.acquire(&request()?).await)?.is_acquired();
    clients.expect(taken, "an acquire", "a slot", "full")?;
    let asked = "an acquire of the other client, of a cap of 1 that the first has taken";
    let taken = clients.got(asked, other.acquire(&request()?).await)?.is_acquired();
    clients.expect(!taken, asked, "full", "a slot")
}

/// A lease is the store's, not the client's that took it: another one gives it back, and its slot is free.
pub async fn a_lease_can_be_released_by_any_client(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a lease can be released by any client");
    let (first, other) = (&clients.first().slots, &clients.other()?.slots);
    let key = clients.key("streams")?;
    let request = LeaseRequest::new([Scope::new(key.clone(), 1)], TTL)?;
    let taken = clients.got("an acquire", first.acquire(&request).await)?.is_acquired();
    clients.expect(taken, "an acquire", "a slot", "full")?;
    let asked = "a release by the other client";
    let live = clients.got(asked, other.release_one(&request.lease()).await)?;
    clients.expect(live, asked, "that it was live", "that it wasn't")?;
    let left = clients.got("in_use", first.in_use(&key).await)?;
    clients.expect(left == 0, "in_use after the release", "0", left)
}

/// Four processes ask for slots together, five times as many as there are: exactly the cap is granted, and at no time
/// are there more.
pub async fn several_processes_get_exactly_the_slots_there_are(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "several processes get exactly the slots there are");
    let mut processes = clients.processes(4).await?;
    for _ in 0..10 {
        let key = clients.key("streams")?;
        let scopes = vec![(key.clone(), 8)];
        let work = Work::Acquire { scopes, ttl_ms: 600_000, times: 10 };
        let granted = tokio::select! {
            granted = processes.all(work) => granted?,
            Err(broken) = never_more_than(&clients, &key, 8) => return Err(broken),
        };
        clients.expect(granted == 8, "40 acquires of 4 processes, of a cap of 8", "8 granted", granted)?;
    }
    processes.end().await
}

/// Holders that are killed (SIGKILL), three of four and one of them at a random moment, never leave more than the cap
/// taken, and each of their slots is free again when its time to live has passed; in real time a second is added.
pub async fn killed_holders_give_their_slots_back(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "killed holders give their slots back");
    let mut processes = clients.processes(4).await?;
    let (key, ttl) = (clients.key("streams")?, clients.short_ttl());
    tokio::select! {
        held = hold_and_die(&mut processes, &key, ttl) => held?,
        Err(broken) = never_more_than(&clients, &key, 3) => return Err(broken),
    }
    let slots = &clients.first().slots;
    clients.ends_at_0("in_use after the holders were killed", ttl, || slots.in_use(&key)).await?;
    processes.end().await
}

/// Two take a slot and are killed with it; of two that take and give back, one is killed on the way.
async fn hold_and_die(processes: &mut Processes, key: &Key, ttl: Duration) -> Kept {
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    for copy in [0, 1] {
        processes.tell(copy, Work::Acquire { scopes: vec![(key.clone(), 3)], ttl_ms, times: 1 }).await?;
        processes.next(copy).await?;
    }
    for copy in [2, 3] {
        processes.tell(copy, Work::Hold { key: key.clone(), cap: 3, ttl_ms, for_ms: 400 }).await?;
    }
    tokio::time::sleep(Duration::from_millis(RandomState::new().hash_one(0) % 300)).await;
    for copy in [0, 1, 2] {
        processes.kill(copy).await?;
    }
    processes.next(3).await.map(drop)
}

/// Comes back when more are taken than the cap.
async fn never_more_than(clients: &Clients<'_>, key: &Key, cap: u64) -> Kept<Infallible> {
    loop {
        let taken = clients.got("in_use", clients.first().slots.in_use(key).await)?;
        clients.expect(taken <= cap, "in_use while they are taken", format_args!("at most {cap}"), taken)?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
