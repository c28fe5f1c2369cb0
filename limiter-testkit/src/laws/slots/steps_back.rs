//! A clock that steps back.

use limiter_core::SlotLimiter;

use super::hearing::{Answer, Hearing};
use super::history::{Ask, Call};
use crate::broken::Kept;
use crate::laws::oracle::SlotOracle;
use crate::trial::Trial;

/// A clock that steps back prolongs leases and never cuts one short: what the latest time has seen expired may be
/// gone, all else counts, and nothing more.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn a_step_back_of_the_clock_cuts_no_lease_short(
    slots: &dyn SlotLimiter,
    trial: &Trial,
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("a clock that steps back prolongs leases and never cuts one short");
    let hearing = Hearing::of(slots, promise, calls)?;
    let (mut holders, mut latest_ms) = (SlotOracle::default(), 0);
    for Call { at_ms, ask } in calls {
        let now_ms = hearing.set_ms(*at_ms);
        latest_ms = now_ms.max(latest_ms);
        let answer = hearing.make(ask).await?;
        note(&hearing, &mut holders, ask, &answer, (now_ms, latest_ms))?;
        for key in 0..hearing.keys() {
            let (least, most) = (holders.in_use(key, latest_ms), holders.in_use(key, now_ms));
            let in_use = hearing.in_use(key, ask).await?;
            if !(least..=most).contains(&in_use) {
                let wanted = format!("{least} to {most} in use of key {key} after it");
                return Err(hearing.broken(ask, wanted, &in_use));
            }
        }
    }
    hearing.forget().await
}

fn note(
    hearing: &Hearing<'_>,
    holders: &mut SlotOracle,
    ask: &Ask,
    answer: &Answer,
    (now_ms, latest_ms): (u64, u64),
) -> Kept {
    let (id, keys) = (hearing.id(ask), ask.keys());
    let (surely, perhaps) = (holders.is_live(id, &keys, latest_ms), holders.is_live(id, &keys, now_ms));
    match (ask, answer) {
        (Ask::Acquire { permits, ttl_ms, .. }, Answer::Acquire(Some(got))) if got.is_acquired() => {
            holders.hold(id, &keys, *permits, now_ms + ttl_ms);
        }
        (Ask::Renew { .. } | Ask::Release { .. }, Answer::Live(false)) if surely => {
            return Err(hearing.broken(ask, "live", answer));
        }
        (Ask::Renew { .. } | Ask::Release { .. }, Answer::Live(true)) if !perhaps => {
            return Err(hearing.broken(ask, "not live", answer));
        }
        (Ask::Renew { ttl_ms, .. }, Answer::Live(true)) => holders.prolong(id, &keys, now_ms + ttl_ms),
        (Ask::Renew { .. } | Ask::Release { .. }, _) => {
            holders.release(id, &keys, now_ms);
        }
        (Ask::Acquire { .. }, _) => {}
    }
    Ok(())
}
