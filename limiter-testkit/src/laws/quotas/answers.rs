//! Every answer, held against the definitions.

use limiter_core::{Error, Quota, QuotaTracker};

use super::hearing::{Answer, Hearing};
use super::history::{Ask, Call};
use crate::broken::Kept;
use crate::laws::oracle::{Asked, Conflict, QuotaOracle};
use crate::trial::{Promise, Trial};

/// Every answer is what the definitions say of everything that was recorded, set aside and settled before: whether it
/// is allowed or a conflict, what is used, reserved and left, when the period ends and when it would fit, the calendar
/// counted day by day. A settle that is repeated at once changes nothing.
///
/// # Errors
/// How the promise was broken, as for every law.
pub async fn every_answer_is_what_the_definitions_say(
    tracker: &dyn QuotaTracker,
    trial: &Trial,
    quotas: &[Quota],
    calls: &[Call],
) -> Kept {
    let promise = trial.promise("every answer is what the definitions say");
    follow(tracker, promise, [quotas, quotas], calls).await
}

/// Changing how many units a quota allows keeps the counts. The calls are made by the quotas and by the changed ones
/// in turn, as while a change is rolled out.
///
/// # Errors
/// How the promise was broken, as for every law; or `changed` has other periods or offsets.
pub async fn a_changed_quota_keeps_the_counts(
    tracker: &dyn QuotaTracker,
    trial: &Trial,
    quotas: &[Quota],
    changed: &[Quota],
    calls: &[Call],
) -> Kept {
    let same = |(one, other): (&Quota, &Quota)| one.same_counter(other);
    if quotas.len() != changed.len() || !quotas.iter().zip(changed).all(same) {
        let accepted = "the same periods and offsets, in the same order";
        return Err(Error::invalid("changed quotas", format!("{changed:?}"), accepted).into());
    }
    let promise = trial.promise("a changed quota keeps the counts");
    follow(tracker, promise, [quotas, changed], calls).await
}

async fn follow(tracker: &dyn QuotaTracker, promise: Promise, quotas: [&[Quota]; 2], calls: &[Call]) -> Kept {
    let hearing = Hearing::of(tracker, promise, quotas[0], calls)?;
    let mut oracles = vec![QuotaOracle::default(); quotas[0].len()];
    for (place, Call { at_ms, ask }) in calls.iter().enumerate() {
        let clock_ms = hearing.set_ms(*at_ms);
        let mut run = Run { hearing: &hearing, quotas: quotas[place % 2], oracles: &mut oracles, clock_ms };
        run.make(ask).await?;
        if matches!(ask, Ask::Settle { .. }) {
            run.make(ask).await?;
        }
    }
    hearing.forget(quotas[0]).await;
    Ok(())
}

struct Run<'a, 'b> {
    hearing: &'a Hearing<'b>,
    quotas: &'a [Quota],
    oracles: &'a mut [QuotaOracle],
    clock_ms: u64,
}

impl Run<'_, '_> {
    async fn make(&mut self, ask: &Ask) -> Kept {
        let answer = self.hearing.make(self.quotas, ask).await?;
        match ask {
            Ask::Check(at) => self.confirm(ask, &answer, 0, *at, Asked::Check),
            Ask::Record(at, amount) => {
                self.oracles[*at].record(&self.quotas[*at], *amount, self.clock_ms);
                self.confirm(ask, &answer, 0, *at, Asked::Count)
            }
            Ask::Reserve { id, ttl_ms, .. } => self.reserved(ask, &answer, *id, *ttl_ms),
            Ask::Settle { id, .. } => {
                for (place, (at, amount)) in ask.parts().into_iter().enumerate() {
                    let id = self.hearing.id(*id);
                    self.oracles[at].settle(&self.quotas[at], id, amount, self.clock_ms);
                    self.confirm(ask, &answer, place, at, Asked::Count)?;
                }
                Ok(())
            }
        }
    }

    fn reserved(&mut self, ask: &Ask, answer: &Answer, id: u8, ttl_ms: u64) -> Kept {
        let (id, parts) = (self.hearing.id(id), ask.parts());
        let fits = |(at, amount): &(usize, u64)| {
            self.oracles[*at].reserves(&self.quotas[*at], id, *amount, self.clock_ms)
        };
        let fit: Result<Vec<_>, Conflict> = parts.iter().map(fits).collect();
        let granted = fit.as_ref().ok().map(|fit| fit.iter().all(|fits| *fits));
        let met = matches!(answer, Answer::Reserve(got) if got.as_ref().map(limiter_core::Reserved::is_granted) == granted);
        if !met {
            let wanted = granted.map_or("a conflict", |granted| if granted { "granted" } else { "refused" });
            return Err(self.hearing.broken(self.quotas, ask, wanted, answer));
        }
        let Some(granted) = granted else { return Ok(()) };
        for (place, (at, amount)) in parts.into_iter().enumerate() {
            if granted {
                self.oracles[at].hold(id, amount, ttl_ms, self.clock_ms);
            }
            let asked = if granted { Asked::Count } else { Asked::Reserve(id, amount) };
            self.confirm(ask, answer, place, at, asked)?;
        }
        Ok(())
    }

    fn confirm(&self, ask: &Ask, answer: &Answer, place: usize, at: usize, asked: Asked<'_>) -> Kept {
        let (quota, outcome) = (&self.quotas[at], &answer.outcomes()[place]);
        let confirmed = self.oracles[at].confirm(quota, asked, self.clock_ms, outcome);
        confirmed
            .map_err(|wanted| self.hearing.broken(self.quotas, ask, format!("{wanted} of {quota}"), answer))
    }
}
