//! Every answer, held against the list of who holds what.

use limiter_core::{Acquisition, HeldLease, SlotLimiter};

use super::hearing::{Answer, Hearing};
use super::history::{Ask, Call};
use crate::broken::Kept;
use crate::laws::oracle::{Granted, SlotOracle};
use crate::trial::Trial;

/// Every answer is what the list of holders says: who is granted, who is denied and by which scope, whose lease is
/// live, what is in use, and who holds it until when. A release that is repeated changes nothing.
///
/// The clock goes forward: a time that steps back is taken as the latest.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn every_answer_is_what_the_list_of_holders_says(
    slots: &dyn SlotLimiter,
    trial: &Trial,
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("every answer is what the list of who holds what says");
    let hearing = Hearing::of(slots, promise, calls)?;
    let (mut oracle, mut latest_ms) = (SlotOracle::default(), 0);
    for Call { at_ms, ask } in calls {
        latest_ms = hearing.set_ms(latest_ms.max(*at_ms));
        make(&hearing, &mut oracle, ask, latest_ms).await?;
        if matches!(ask, Ask::Release { .. }) {
            make(&hearing, &mut oracle, ask, latest_ms).await?;
        }
        for key in 0..hearing.keys() {
            look(&hearing, &oracle, key, ask, latest_ms).await?;
        }
    }
    hearing.forget().await
}

async fn make(hearing: &Hearing<'_>, oracle: &mut SlotOracle, ask: &Ask, now_ms: u64) -> Kept {
    let (id, keys) = (hearing.id(ask), ask.keys());
    let answer = hearing.make(ask).await?;
    let live = match ask {
        Ask::Acquire { scopes, permits, ttl_ms, .. } => {
            let wanted = oracle.acquire(id, scopes, *permits, *ttl_ms, now_ms);
            let met = matches!(&answer, Answer::Acquire(got) if granted(got.as_ref()) == wanted);
            return if met { Ok(()) } else { Err(hearing.broken(ask, format!("{wanted:?}"), &answer)) };
        }
        Ask::Renew { ttl_ms, .. } => oracle.renew(id, &keys, *ttl_ms, now_ms),
        Ask::Release { .. } => oracle.release(id, &keys, now_ms),
    };
    let met = matches!(&answer, Answer::Live(got) if *got == live);
    if met { Ok(()) } else { Err(hearing.broken(ask, if live { "live" } else { "not live" }, &answer)) }
}

/// What a key shows after a call.
async fn look(hearing: &Hearing<'_>, oracle: &SlotOracle, key: usize, after: &Ask, now_ms: u64) -> Kept {
    let (wanted, got) = (oracle.in_use(key, now_ms), hearing.in_use(key, after).await?);
    if got != wanted {
        return Err(hearing.broken(after, format!("{wanted} in use of key {key} after it"), &got));
    }
    let (wanted, got) = (oracle.leases(key, now_ms), hearing.leases(key, after).await?);
    let in_order = got.is_sorted_by_key(|lease| lease.expires_ms);
    if in_order && listed(&got) == wanted {
        return Ok(());
    }
    let wanted = format!("these leases of key {key} after it, the first to run out first: {wanted:?}");
    Err(hearing.broken(after, wanted, &got))
}

fn granted(answer: Option<&Acquisition>) -> Granted {
    match answer {
        Some(Acquisition::Acquired(acquired)) => Granted::Yes(acquired.in_use.clone()),
        Some(Acquisition::Full(full)) => Granted::No(full.denied_by, full.in_use.clone()),
        None => Granted::Conflict,
    }
}

fn listed(leases: &[HeldLease]) -> Vec<(limiter_core::LeaseId, u64, u64)> {
    let tell = |lease: &HeldLease| (lease.id.clone(), lease.permits, lease.expires_ms);
    let mut leases: Vec<_> = leases.iter().map(tell).collect();
    leases.sort();
    leases
}
