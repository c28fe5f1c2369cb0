//! What is used, what is held, and what is left of the cap.

use limiter_core::{Quota, QuotaOutcome, QuotaTracker, Reserved};

use super::hearing::{Answer, Hearing};
use super::history::{Ask, Call};
use crate::broken::Kept;
use crate::laws::oracle::QuotaOracle;
use crate::trial::{Promise, Trial};

/// What is used in a period is the sum of what was recorded and settled in it, past the cap too.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn used_is_the_sum_of_what_was_recorded_and_settled(
    tracker: &dyn QuotaTracker,
    trial: &Trial,
    quotas: &[Quota],
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("used is the sum of what was recorded and settled in the period");
    follow(tracker, promise, quotas, calls, |seen| {
        let wanted = seen.oracle.used(seen.quota, seen.clock_ms);
        (seen.after.used != wanted).then(|| format!("{wanted} used after it"))
    })
    .await
}

/// What is reserved in a period is the sum of what was granted in it and is neither settled nor run out.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn reserved_is_the_sum_of_what_is_held(
    tracker: &dyn QuotaTracker,
    trial: &Trial,
    quotas: &[Quota],
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("reserved is the sum of what is held in the period");
    follow(tracker, promise, quotas, calls, |seen| {
        let wanted = seen.oracle.reserved(seen.quota, seen.clock_ms);
        (seen.after.reserved != wanted).then(|| format!("{wanted} reserved after it"))
    })
    .await
}

/// No reserve is granted past the cap, unless it repeats one that is held.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn no_reserve_passes_the_cap(
    tracker: &dyn QuotaTracker,
    trial: &Trial,
    quotas: &[Quota],
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("no reserve is granted past the cap");
    follow(tracker, promise, quotas, calls, |seen| {
        let (used, reserved) =
            (seen.oracle.used(seen.quota, seen.clock_ms), seen.oracle.reserved(seen.quota, seen.clock_ms));
        let beyond = u128::from(used) + u128::from(reserved) > u128::from(seen.quota.max());
        (seen.newly_held && beyond).then(|| format!("refused: {used} used and {reserved} reserved with it"))
    })
    .await
}

/// The first settle of an id counts, and none that repeats it.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn a_settle_counts_once(
    tracker: &dyn QuotaTracker,
    trial: &Trial,
    quotas: &[Quota],
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("a settle counts once");
    let twice = calls.iter().flat_map(|call| {
        let again = matches!(call.ask, Ask::Settle { .. }).then(|| call.clone());
        [call.clone()].into_iter().chain(again)
    });
    follow(tracker, promise, quotas, &twice.collect::<Vec<_>>(), |seen| {
        let (used, counts) = (seen.before.used, seen.counts?);
        let wanted = used.saturating_add(counts).min(limiter_core::EXACT);
        (seen.after.used != wanted).then(|| format!("{wanted} used after it, {used} before"))
    })
    .await
}

/// One counter before and after a call that it took part in.
struct Seen<'a> {
    quota: &'a Quota,
    clock_ms: u64,
    /// What happened to it, this call included.
    oracle: &'a QuotaOracle,
    before: QuotaOutcome,
    after: QuotaOutcome,
    /// Whether the call was granted a reserve that wasn't held before.
    newly_held: bool,
    /// How much a settle counts.
    counts: Option<u64>,
}

/// Makes the calls, keeps the list of what the tracker granted, and looks at each counter before and after.
async fn follow(
    tracker: &dyn QuotaTracker,
    promise: Promise,
    quotas: &[Quota],
    calls: &[Call],
    objection: impl Fn(&Seen<'_>) -> Option<String>,
) -> Kept {
    let hearing = Hearing::of(tracker, promise, quotas, calls)?;
    let mut oracles = vec![QuotaOracle::default(); quotas.len()];
    for Call { at_ms, ask } in calls {
        let clock_ms = hearing.set_ms(*at_ms);
        let parts = ask.parts();
        let mut before = Vec::new();
        for (at, _) in &parts {
            before.push(hearing.check(quotas, *at, ask).await?);
        }
        let answer = hearing.make(quotas, ask).await?;
        for ((at, amount), before) in parts.into_iter().zip(before) {
            let (quota, oracle) = (&quotas[at], &mut oracles[at]);
            let (newly_held, counts) = note(&hearing, oracle, ask, &answer, (quota, amount, clock_ms));
            let after = hearing.check(quotas, at, ask).await?;
            let seen = Seen { quota, clock_ms, oracle, before, after, newly_held, counts };
            if let Some(wanted) = objection(&seen) {
                return Err(hearing.broken(
                    quotas,
                    ask,
                    format!("{wanted} of {quota}"),
                    &format_args!("{answer:?}, then {after:?}"),
                ));
            }
        }
    }
    hearing.forget(quotas).await;
    Ok(())
}

/// Notes what happened to one counter; tells whether something is newly held, and how much a settle counts.
fn note(
    hearing: &Hearing<'_>,
    oracle: &mut QuotaOracle,
    ask: &Ask,
    answer: &Answer,
    (quota, amount, clock_ms): (&Quota, u64, u64),
) -> (bool, Option<u64>) {
    match (ask, answer) {
        (Ask::Record(..), _) => oracle.record(quota, amount, clock_ms),
        (Ask::Reserve { id, ttl_ms, .. }, Answer::Reserve(Some(Reserved::Granted(_)))) => {
            let held = oracle.reserved(quota, clock_ms);
            oracle.hold(hearing.id(*id), amount, *ttl_ms, clock_ms);
            return (oracle.reserved(quota, clock_ms) > held, None);
        }
        (Ask::Settle { id, .. }, _) => {
            let counts = oracle.settle(quota, hearing.id(*id), amount, clock_ms);
            return (false, Some(if counts { amount } else { 0 }));
        }
        _ => {}
    }
    (false, None)
}
