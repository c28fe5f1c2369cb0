//! Many new keys.

use std::sync::Arc;

use limiter_core::{ErrorKind, SlotLimiter};

use super::ask::{AskSlots, wanting};
use crate::broken::Kept;
use crate::cases::crowd::at_once;
use crate::trial::{Promise, Trial};

/// How many callers flood the store, and with how many keys each.
const FLOOD: (usize, usize) = (10, 100);

/// A flood of a thousand new keys drops no live lease. A store that is full may answer the new ones with
/// [`Capacity`](ErrorKind::Capacity).
pub async fn a_flood_of_new_keys_drops_no_live_lease(slots: &Arc<dyn SlotLimiter>, trial: &Trial) -> Kept {
    let promise = trial.promise("a flood of new keys drops no live lease");
    let ask = AskSlots::new(slots, promise.clone());
    let lease = ask.take(&ask.key("user")?, 1).await?;
    at_once(&promise, FLOOD.0, |_| flood(slots.clone(), promise.clone())).await?;
    ask.renew_one(&lease).await.is_live()
}

async fn flood(slots: Arc<dyn SlotLimiter>, promise: Promise) -> Kept {
    let ask = AskSlots::new(&slots, promise);
    for _ in 0..FLOOD.1 {
        let answer = ask.acquire(&wanting(&[(&ask.key("flood")?, 1)])?).await;
        if !answer.is(ErrorKind::Capacity) {
            answer.granted()?;
        }
    }
    Ok(())
}
