//! Several tasks that ask quotas at once.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    ErrorKind, Key, Period, Quota, QuotaCharge, QuotaTracker, Reservation, ReservationId, Result as Answered,
    Settlement,
};
use proptest::collection::vec;

use super::rounds::{Asked, Drawing, Records, answered};
use crate::histories::{QuotaAnswer, QuotaCall, Quotas};
use crate::trial::Trial;

/// No reservation runs out while a round lasts.
const TTL: Duration = Duration::from_secs(86_400);

/// A key that was never used, and what is asked of it.
pub(super) struct Round {
    quotas: Arc<dyn QuotaTracker>,
    plans: Vec<Vec<QuotaCall>>,
}

impl Round {
    pub(super) fn new(
        quotas: &Arc<dyn QuotaTracker>,
        trial: &Trial,
        draw: &mut Drawing<'_>,
    ) -> Result<Self, String> {
        let key = trial.key("c").map_err(|error| error.to_string())?;
        let drawn = draw.draw(&vec(vec((0..12_u8, 1..=3_u8, 0..=3_u64, 0..3_u8), 2..=4), 3..=4))?;
        let calls =
            |task: Vec<_>| task.into_iter().map(|drawn| call(&key, drawn)).collect::<Answered<Vec<_>>>();
        let plans = drawn.into_iter().map(calls).collect::<Answered<_>>();
        Ok(Self { quotas: Arc::clone(quotas), plans: plans.map_err(|error| error.to_string())? })
    }
}

impl Asked for Round {
    type Specification = Quotas;
    type Plan = QuotaCall;

    fn specification(now_ms: u64) -> Quotas {
        Quotas::at(now_ms)
    }

    fn plans(&mut self) -> Vec<Vec<QuotaCall>> {
        std::mem::take(&mut self.plans)
    }

    async fn ask(&self, plans: Vec<QuotaCall>, records: &Records<Self>) -> Answered<()> {
        for call in plans {
            let begun = records.begin(call.clone());
            answered(begun, answer(&*self.quotas, &call).await)?;
        }
        Ok(())
    }
}

async fn answer(quotas: &dyn QuotaTracker, call: &QuotaCall) -> Answered<QuotaAnswer> {
    match call {
        QuotaCall::Check(key, quota) => quotas.check(key, quota).await.map(QuotaAnswer::from),
        QuotaCall::Record(key, quota, amount) => {
            quotas.record(key, quota, *amount).await.map(QuotaAnswer::from)
        }
        QuotaCall::Reserve(reservation) => match quotas.reserve(reservation).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(QuotaAnswer::Conflict),
            reserved => reserved.map(QuotaAnswer::from),
        },
        QuotaCall::Settle(settlement) => quotas.settle(settlement).await.map(QuotaAnswer::from),
        QuotaCall::Reset(key, quota) => {
            quotas.reset(key, quota).await.map(|()| QuotaAnswer::Counted(true, Vec::new()))
        }
    }
}

/// A call on one or both of two quotas that turn with the year, and on one of few reservations, which several tasks
/// share.
fn call(key: &Key, (kind, number, amount, which): (u8, u8, u64, u8)) -> Answered<QuotaCall> {
    let id = ReservationId::parse(&format!("{}-{number}", key.subject().replace('.', "-")))?;
    let year = Quota::new(4, Period::Year)?;
    let east = Quota::new(6, Period::Year)?.with_utc_offset_minutes(60)?;
    let quota = if which == 1 { east } else { year };
    let charge = |quota| QuotaCharge::new(key.clone(), quota, amount);
    let charges = || if which == 2 { vec![charge(year), charge(east)] } else { vec![charge(quota)] };
    Ok(match kind {
        0 => QuotaCall::Reset(key.clone(), quota),
        1 => QuotaCall::Check(key.clone(), quota),
        2 | 3 => QuotaCall::Record(key.clone(), quota, amount),
        4..=7 => QuotaCall::Settle(Settlement::new(id, charges())?),
        _ => QuotaCall::Reserve(Reservation::new(charges(), TTL)?.with_id(id)),
    })
}
