//! Several tasks that ask slots at once.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{ErrorKind, Key, Lease, LeaseId, LeaseRequest, Result as Answered, Scope, SlotLimiter};
use proptest::collection::vec;

use super::rounds::{Asked, Drawing, Records, answered};
use crate::histories::{SlotAnswer, SlotCall, Slots};
use crate::trial::Trial;

/// No lease runs out while a round lasts.
const TTL: Duration = Duration::from_secs(86_400);

/// A key that was never used, and what is asked of it.
pub(super) struct Round {
    slots: Arc<dyn SlotLimiter>,
    plans: Vec<Vec<SlotCall>>,
}

impl Round {
    pub(super) fn new(
        slots: &Arc<dyn SlotLimiter>,
        trial: &Trial,
        draw: &mut Drawing<'_>,
    ) -> Result<Self, String> {
        let key = trial.key("c").map_err(|error| error.to_string())?;
        let drawn = draw.draw(&vec(vec((0..10_u8, 1..=4_u8, 1..=2_u64, 1..=3_u64), 2..=4), 3..=4))?;
        let calls =
            |task: Vec<_>| task.into_iter().map(|drawn| call(&key, drawn)).collect::<Answered<Vec<_>>>();
        let plans = drawn.into_iter().map(calls).collect::<Answered<_>>();
        Ok(Self { slots: Arc::clone(slots), plans: plans.map_err(|error| error.to_string())? })
    }
}

impl Asked for Round {
    type Specification = Slots;
    type Plan = SlotCall;

    fn specification(now_ms: u64) -> Slots {
        Slots::at(now_ms)
    }

    fn plans(&mut self) -> Vec<Vec<SlotCall>> {
        std::mem::take(&mut self.plans)
    }

    async fn ask(&self, plans: Vec<SlotCall>, records: &Records<Self>) -> Answered<()> {
        for call in plans {
            let begun = records.begin(call.clone());
            answered(begun, answer(&*self.slots, &call).await)?;
        }
        Ok(())
    }
}

async fn answer(slots: &dyn SlotLimiter, call: &SlotCall) -> Answered<SlotAnswer> {
    let live = |live: Vec<bool>| SlotAnswer::Live(live.first().copied().unwrap_or_default());
    match call {
        SlotCall::Acquire(request) => match slots.acquire(request).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(SlotAnswer::Conflict),
            acquisition => acquisition.map(SlotAnswer::from),
        },
        SlotCall::Renew(lease) => slots.renew(std::slice::from_ref(lease)).await.map(live),
        SlotCall::Release(lease) => slots.release(std::slice::from_ref(lease)).await.map(live),
        SlotCall::InUse(key) => slots.in_use(key).await.map(SlotAnswer::InUse),
    }
}

/// A call on one of few leases, which several tasks share.
fn call(key: &Key, (kind, lease, permits, cap): (u8, u8, u64, u64)) -> Answered<SlotCall> {
    let id = LeaseId::parse(&format!("{}-{lease}", key.subject().replace('.', "-")))?;
    let lease = || Lease::new(id.clone(), [key.clone()], TTL);
    Ok(match kind {
        0 => SlotCall::InUse(key.clone()),
        1 => SlotCall::Renew(lease()?),
        2..=4 => SlotCall::Release(lease()?),
        _ => {
            let request = LeaseRequest::new([Scope::new(key.clone(), cap)], TTL)?;
            SlotCall::Acquire(request.with_permits(permits)?.with_id(id))
        }
    })
}
