//! How many hold permits at a time.

use std::collections::BTreeMap;

use limiter_core::{LeaseId, SlotLimiter};

use super::hearing::{Answer, Hearing};
use super::history::{Ask, Call};
use crate::broken::Kept;
use crate::laws::oracle::SlotOracle;
use crate::trial::Trial;

/// Never more than the cap at a time: whoever was told that a lease is granted, or live, holds its permits until it
/// is released or runs out, and those who were granted by a cap never hold more than that together.
///
/// The clock goes forward: a time that steps back is taken as the latest.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn never_more_than_the_cap_at_a_time(
    slots: &dyn SlotLimiter,
    trial: &Trial,
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("never more than the cap is held at a time");
    let hearing = Hearing::of(slots, promise, calls)?;
    let (mut granted, mut latest_ms) = (Granted::default(), 0);
    for Call { at_ms, ask } in calls {
        latest_ms = hearing.set_ms(latest_ms.max(*at_ms));
        let answer = hearing.make(ask).await?;
        granted.note(hearing.id(ask), ask, &answer, latest_ms);
        for key in ask.keys() {
            if let Some((cap, held)) = granted.beyond(key, latest_ms) {
                let wanted = format!("at most {cap} held of key {key}, not {held}");
                return Err(hearing.broken(ask, wanted, &answer));
            }
        }
    }
    hearing.forget().await
}

/// By (key, cap): who holds permits that were granted by that cap.
#[derive(Default)]
struct Granted(BTreeMap<(usize, u64), SlotOracle>);

impl Granted {
    fn note(&mut self, id: &LeaseId, ask: &Ask, answer: &Answer, now_ms: u64) {
        let keys = ask.keys();
        match (ask, answer) {
            (Ask::Acquire { scopes, permits, ttl_ms, .. }, Answer::Acquire(Some(got)))
                if got.is_acquired() =>
            {
                if keys.iter().all(|key| self.is_live(id, *key, now_ms)) {
                    // Granted again, whatever the caps.
                    self.prolong(id, &keys, now_ms + ttl_ms);
                    return;
                }
                self.release(id, &keys, now_ms);
                for (key, cap) in scopes {
                    let holders = self.0.entry((*key, *cap)).or_default();
                    holders.hold(id, &[*key], *permits, now_ms + ttl_ms);
                }
            }
            (Ask::Renew { ttl_ms, .. }, Answer::Live(true)) => self.prolong(id, &keys, now_ms + ttl_ms),
            (Ask::Renew { .. } | Ask::Release { .. }, _) => self.release(id, &keys, now_ms),
            (Ask::Acquire { .. }, _) => {}
        }
    }

    /// A cap of a key by which more is held than it allows, and how much.
    fn beyond(&self, key: usize, now_ms: u64) -> Option<(u64, u128)> {
        let mut held = 0;
        let by_cap = self.0.range((key, 0)..=(key, u64::MAX)).map(|((_, cap), holders)| {
            held += u128::from(holders.in_use(key, now_ms));
            (*cap, held)
        });
        by_cap.into_iter().find(|(cap, held)| *held > u128::from(*cap))
    }

    fn is_live(&self, id: &LeaseId, key: usize, now_ms: u64) -> bool {
        self.0.values().any(|holders| holders.is_live(id, &[key], now_ms))
    }

    fn prolong(&mut self, id: &LeaseId, keys: &[usize], expires_ms: u64) {
        for holders in self.0.values_mut() {
            holders.prolong(id, keys, expires_ms);
        }
    }

    fn release(&mut self, id: &LeaseId, keys: &[usize], now_ms: u64) {
        for holders in self.0.values_mut() {
            holders.release(id, keys, now_ms);
        }
    }
}
