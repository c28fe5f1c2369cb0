//! Quotas that several clients and processes use up together.

use std::time::Duration;

use limiter_core::{EXACT, Period, Quota, QuotaTrackerExt, ReservationId};

use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::cases::clients::{Clients, Processes};
use crate::processes::work::{Estimate, Work};
use crate::trial::Trial;

/// How many settlements each of the processes sends.
const SETTLED_BY_EACH: u8 = 60;

/// What one client has used is used up for another one too, also where that has asked before.
pub async fn what_one_client_uses_counts_for_every_client_at_once(
    candidate: &Candidate,
    trial: &Trial,
) -> Kept {
    let clients = Clients::new(candidate, trial, "what one client uses counts for every client at once");
    let (first, other) = (&clients.first().quotas, &clients.other()?.quotas);
    let (key, quota) = (clients.key("bytes")?, Quota::new(10, Period::Year)?);
    let before = clients.got("a check of the other client", other.check(&key, &quota).await)?;
    clients.expect(before.is_allowed(), "a check before anything is used", "allowed", "refused")?;
    let _ = clients.got("a record", first.record(&key, &quota, 10).await)?;
    let asked = "a check of the other client, of a quota that the first has used up";
    let after = clients.got(asked, other.check(&key, &quota).await)?;
    clients.expect(!after.is_allowed(), asked, "refused", format_args!("{} used", after.used))
}

/// A settle that two other processes repeat changes nothing more.
pub async fn a_settle_that_another_process_repeats_counts_once(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "a settle that another process repeats counts once");
    let estimate = estimate(&clients, Duration::from_secs(600))?;
    let (id, quotas) = (ReservationId::random()?.to_string(), &clients.first().quotas);
    let reservation = estimate.reservation(&id)?;
    let granted = clients.got("a reserve", quotas.reserve(&reservation).await)?.is_granted();
    clients.expect(granted, "a reserve", "granted", "refused")?;
    let _ = clients.got("a settle", quotas.settle_one(&reservation, 7).await)?;
    let mut processes = clients.processes(2).await?;
    processes.all(Work::Settle { estimate: estimate.clone(), each: vec![(id, 7)] }).await?;
    let used = clients.got("a check", quotas.used(&estimate.key, &estimate.quota).await)?;
    clients.expect(used == 7, "what is used after one settle of 7 and two repeats", "7", used)?;
    processes.end().await
}

/// Eight processes reserve and settle, four of them are killed on the way. What was settled adds up to the unit (a
/// settle that may have been executed is repeated), and what the killed had set aside is free again when its time to
/// live has passed; in real time a second is added.
pub async fn what_killed_processes_settled_adds_up_to_the_unit(candidate: &Candidate, trial: &Trial) -> Kept {
    let clients = Clients::new(candidate, trial, "what killed processes settled adds up to the unit");
    let mut processes = clients.processes(8).await?;
    let ttl = clients.short_ttl();
    let (estimate, amounts) = (estimate(&clients, ttl)?, amounts(8)?);
    for (copy, each) in amounts.iter().enumerate() {
        processes.tell(copy, Work::Reserve { estimate: estimate.clone(), each: each.clone() }).await?;
    }
    let answered = settle_and_die(&mut processes).await?;
    let mut wanted = 0;
    for ((copy, each), answered) in amounts.iter().enumerate().zip(answered) {
        // The killed may have sent one more without learning that it counts: repeated, it counts once, as the one
        // before it does, which surely counts.
        let sent = answered + usize::from(copy % 2 == 0);
        for (id, actual) in each.iter().take(sent).skip(answered - 1) {
            let settlement = estimate.reservation(id)?.settlement(&[*actual])?;
            clients.got("a settle, repeated", clients.first().quotas.settle(&settlement).await)?;
        }
        wanted += each.iter().take(sent).map(|(_, actual)| actual).sum::<u64>();
    }
    let outcome = || clients.first().quotas.check(&estimate.key, &estimate.quota);
    let reserved = || async { Ok(outcome().await?.reserved) };
    clients.ends_at_0("what is reserved by the killed", ttl, reserved).await?;
    let used = clients.got("a check", outcome().await)?.used;
    clients.expect(used == wanted, "what is used", wanted, used)?;
    processes.end().await
}

fn estimate(clients: &Clients<'_>, ttl: Duration) -> Kept<Estimate> {
    let (key, quota) = (clients.key("bytes")?, Quota::new(EXACT, Period::Year)?);
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    Ok(Estimate { key, quota, amount: 1000, ttl_ms })
}

/// What each of so many processes settles: ids, and the units that were really used.
fn amounts(processes: u64) -> Kept<Vec<Vec<(String, u64)>>> {
    let mark = ReservationId::random()?;
    let each = |copy, number| (format!("{mark}-{copy}-{number}"), 900 + u64::from(number) * 3 + copy);
    Ok((0..processes).map(|copy| (0..SETTLED_BY_EACH).map(|number| each(copy, number)).collect()).collect())
}

/// Kills every second process while all settle; how many settles of each were answered.
async fn settle_and_die(processes: &mut Processes) -> Kept<Vec<usize>> {
    let mut answered = vec![0; 8];
    for copy in (0..8).step_by(2) {
        while answered[copy] < 3 + copy
            && let Some(told) = processes.next(copy).await?
        {
            answered[copy] = usize::try_from(told).unwrap_or(usize::MAX);
        }
        processes.kill(copy).await?;
    }
    for (copy, answered) in answered.iter_mut().enumerate() {
        while *answered < usize::from(SETTLED_BY_EACH)
            && let Some(told) = processes.next(copy).await?
        {
            *answered = usize::try_from(told).unwrap_or(usize::MAX);
        }
    }
    Ok(answered)
}
