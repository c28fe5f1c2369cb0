//! What is told of what is held.

use limiter_core::{HeldLease, LeaseId, SlotLimiter};

use super::ask::{AskSlots, LONG_MS, stranger, wanting, wanting_for};
use crate::broken::Kept;
use crate::trial::Trial;

/// `in_use` tells the permits of all leases of a key, not how many leases there are.
pub async fn in_use_counts_permits(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("in_use counts permits"));
    let key = ask.key("user")?;
    ask.take_permits(&key, 9, 2).await?;
    ask.take_permits(&key, 9, 3).await?;
    ask.in_use(&key).await.permits(5)
}

/// Of a key that was never used nothing is in use and no lease is listed.
pub async fn a_key_that_was_never_used_holds_nothing(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a key that was never used holds nothing"));
    let key = ask.key("user")?;
    ask.in_use(&key).await.permits(0)?;
    let answer = ask.leases(&key).await;
    answer.expect("no leases", Vec::is_empty, |held| format!("{held:?}")).map(drop)
}

/// `leases` tells the id, the permits and the expiry of a lease, to the millisecond.
pub async fn leases_tell_id_permits_and_expiry(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("leases tell id, permits and expiry"));
    let (key, ttl_ms) = (ask.key("user")?, LONG_MS / 2 + 7);
    let request = wanting_for(&[(&key, 9)], ttl_ms)?.with_permits(3)?;
    let (_, at_ms) = ask.timed(async { ask.acquire(&request).await.lease() }).await?;
    let ends_ms = at_ms.start() + ttl_ms..=at_ms.end() + ttl_ms;
    let is_it = |held: &HeldLease| {
        (&held.id, held.permits) == (request.id(), 3) && ends_ms.contains(&held.expires_ms)
    };
    let wanted = format!("{} with 3 permits until {ends_ms:?}", request.id());
    let answer = ask.leases(&key).await;
    let alone = |held: &Vec<HeldLease>| matches!(held.as_slice(), [one] if is_it(one));
    answer.expect(wanted, alone, |held| format!("{held:?}")).map(drop)
}

/// `leases` lists the first to run out first, whatever their ids and whoever came first.
pub async fn leases_list_the_first_to_run_out_first(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("leases list the first to run out first"));
    let key = ask.key("user")?;
    let mut taken = Vec::new();
    for (letter, minutes) in [("b", 30), ("d", 10), ("a", 20), ("c", 40)] {
        let id = LeaseId::parse(&format!("{letter}-{}", stranger(&key)?.id()))?;
        let request = wanting_for(&[(&key, 9)], minutes * 60_000)?.with_id(id.clone());
        ask.acquire(&request).await.granted()?;
        taken.push(id);
    }
    let wanted = [1, 2, 0, 3].map(|place| taken[place].to_string());
    let ids = |held: &Vec<HeldLease>| held.iter().map(|lease| lease.id.to_string()).collect::<Vec<_>>();
    let answer = ask.leases(&key).await;
    answer.expect(wanted.join(", "), |held| ids(held) == wanted, |held| ids(held).join(", ")).map(drop)
}

/// A grant tells the permits in use after it, its own among them.
pub async fn a_grant_tells_what_is_in_use_after_it(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a grant tells what is in use after it"));
    let key = ask.key("user")?;
    ask.take_permits(&key, 9, 2).await?;
    let request = wanting(&[(&key, 9)])?.with_permits(3)?;
    ask.acquire(&request).await.in_use(&[5])
}

/// A refusal tells the permits that are in use, those that it was asked for not among them.
pub async fn a_refusal_tells_what_is_in_use(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a refusal tells what is in use"));
    let key = ask.key("user")?;
    ask.take(&key, 2).await?;
    ask.take(&key, 2).await?;
    ask.acquire(&wanting(&[(&key, 2)])?).await.in_use(&[2])
}
