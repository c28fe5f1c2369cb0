//! Leases over several scopes in one step.

use limiter_core::{Key, MAX_PER_CALL, SlotLimiter};

use super::ask::{AskSlots, LONG_MS, part_of, wanting, wanting_for};
use crate::broken::Kept;
use crate::trial::Trial;

/// A lease over several scopes counts in each of them.
pub async fn a_lease_counts_in_each_of_its_scopes(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lease counts in each of its scopes"));
    let [one, two, three] = three_keys(&ask)?;
    ask.acquire(&wanting(&[(&one, 1), (&two, 1), (&three, 1)])?).await.granted()?;
    for key in [&one, &two, &three] {
        ask.refused(key, 1).await?;
    }
    Ok(())
}

/// What one scope refuses is taken from none, wherever the full one stands.
pub async fn what_one_scope_refuses_is_taken_from_none(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("what one scope refuses is taken from none"));
    for full in 0..3 {
        let keys = three_keys(&ask)?;
        ask.take(&keys[full], 1).await?;
        let scopes = [(&keys[0], 1), (&keys[1], 1), (&keys[2], 1)];
        ask.acquire(&wanting(&scopes)?).await.refused()?;
        for (place, key) in keys.iter().enumerate() {
            if place != full {
                ask.take(key, 1).await?;
            }
        }
    }
    Ok(())
}

/// Each scope is held to its own cap.
pub async fn each_scope_is_held_to_its_own_cap(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("each scope is held to its own cap"));
    let [wide, narrow, _] = three_keys(&ask)?;
    ask.take(&wide, 2).await?;
    ask.take(&narrow, 1).await?;
    ask.acquire(&wanting(&[(&wide, 2), (&narrow, 1)])?).await.refused()?;
    ask.acquire(&wanting(&[(&narrow, 1), (&wide, 2)])?).await.refused()?;
    let [wide, unused, _] = three_keys(&ask)?;
    ask.take(&wide, 2).await?;
    ask.acquire(&wanting(&[(&unused, 1), (&wide, 2)])?).await.granted().map(drop)
}

/// A refusal names the first scope in the order given that doesn't fit, whatever order the keys have.
pub async fn a_refusal_names_the_first_scope_that_is_full(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a refusal names the first scope that is full"));
    for order in [["a", "b", "c", "d"], ["d", "c", "b", "a"]] {
        let keys = [ask.key(order[0])?, ask.key(order[1])?, ask.key(order[2])?, ask.key(order[3])?];
        for full in &keys[1..3] {
            ask.take(full, 1).await?;
        }
        let scopes = [(&keys[0], 1), (&keys[1], 1), (&keys[2], 1), (&keys[3], 1)];
        ask.acquire(&wanting(&scopes)?).await.refused_by(1)?;
    }
    Ok(())
}

/// A refusal tells in_use of every scope, in the order given: also of those after the first that is full.
pub async fn a_refusal_tells_in_use_of_every_scope(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a refusal tells in_use of every scope"));
    let keys = three_keys(&ask)?;
    for (key, leases) in keys.iter().zip([0, 2, 1]) {
        for _ in 0..leases {
            ask.take(key, 2).await?;
        }
    }
    let scopes = [(&keys[0], 2), (&keys[1], 2), (&keys[2], 2)];
    ask.acquire(&wanting(&scopes)?).await.in_use_of(&[(0, 0), (2, 1)])
}

/// A refusal tells in_use with all live leases counted: also those of the id that asks again.
pub async fn a_refusal_counts_the_leases_of_the_id_too(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a refusal counts the leases of the id too"));
    let [held, full, _] = three_keys(&ask)?;
    let request = wanting(&[(&held, 1)])?;
    ask.acquire(&request).await.granted()?;
    ask.take(&full, 1).await?;
    let wider = wanting(&[(&held, 1), (&full, 1)])?.with_id(request.id().clone());
    ask.acquire(&wider).await.in_use_of(&[(0, 1)])
}

/// An id that is live in some of the scopes counts there as its own, and is left out where its room is judged; in the
/// others the caps hold for it.
pub async fn an_id_counts_as_its_own_where_it_is_live(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("an id counts as its own where it is live"));
    for full in [false, true] {
        let [held, other, _] = three_keys(&ask)?;
        let request = wanting(&[(&held, 1)])?;
        ask.acquire(&request).await.granted()?;
        if full {
            ask.take(&other, 1).await?;
        }
        let wider = wanting(&[(&held, 1), (&other, 1)])?.with_id(request.id().clone());
        let answer = ask.acquire(&wider).await;
        if full { answer.refused().map(drop)? } else { answer.granted().map(drop)? }
    }
    Ok(())
}

/// An acquire over several scopes that is sent again is granted whatever the caps of any of them.
pub async fn an_acquire_over_scopes_sent_again_is_granted_whatever_the_caps(
    slots: &dyn SlotLimiter,
    trial: &Trial,
) -> Kept {
    let words = "an acquire over scopes sent again is granted whatever the caps";
    let ask = AskSlots::new(slots, trial.promise(words));
    for lowered in 0..3 {
        let keys = three_keys(&ask)?;
        let request = wanting(&[(&keys[0], 1), (&keys[1], 1), (&keys[2], 1)])?;
        ask.acquire(&request).await.granted()?;
        let cap = |scope| u64::from(scope != lowered);
        let again = wanting(&[(&keys[0], cap(0)), (&keys[1], cap(1)), (&keys[2], cap(2))])?;
        ask.acquire(&again.with_id(request.id().clone())).await.granted()?;
    }
    Ok(())
}

/// An id that is live with other permits in one of the scopes is a conflict, and no scope changes.
pub async fn a_conflict_in_one_scope_changes_none(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a conflict in one scope changes none"));
    for held in [0, 1] {
        let keys = three_keys(&ask)?;
        let request = wanting(&[(&keys[held], 9)])?;
        ask.acquire(&request).await.granted()?;
        let wider = wanting(&[(&keys[0], 9), (&keys[1], 9)])?.with_id(request.id().clone());
        let _conflict = ask.acquire(&wider.with_permits(2)?).await;
        ask.take(&keys[1 - held], 1).await?;
    }
    Ok(())
}

/// A release frees every scope of its lease.
pub async fn a_release_frees_every_scope(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a release frees every scope"));
    let [one, two, three] = three_keys(&ask)?;
    let lease = ask.acquire(&wanting(&[(&one, 1), (&two, 1), (&three, 1)])?).await.lease()?;
    ask.release_one(&lease).await.is_live()?;
    for key in [&one, &two, &three] {
        ask.take(key, 1).await?;
    }
    Ok(())
}

/// A release answers live only for a lease that was live in all its keys, and frees those where it was.
pub async fn a_release_answers_live_only_when_live_in_all(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a release answers live only when live in all"));
    for gone in [0, 1] {
        let [one, two, _] = three_keys(&ask)?;
        let lease = ask.acquire(&wanting(&[(&one, 1), (&two, 1)])?).await.lease()?;
        let (gone, left) = if gone == 0 { (&one, &two) } else { (&two, &one) };
        ask.release_one(&part_of(&lease, &[gone], LONG_MS)?).await.is_live()?;
        ask.release_one(&lease).await.is_lost()?;
        ask.take(left, 1).await?;
    }
    Ok(())
}

/// A renewal moves the expiry in every scope of its lease. In real time what is looked at just before the end is
/// looked at a quarter of the TTL before.
pub async fn a_renewal_renews_in_every_scope(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a renewal renews in every scope"));
    ask.decided(|ttl_ms| renews_in_all(&ask, ttl_ms)).await
}

async fn renews_in_all(ask: &AskSlots<'_>, ttl_ms: u64) -> Kept<bool> {
    let close_ms = ttl_ms / 4;
    let [one, two, three] = three_keys(ask)?;
    let request = wanting_for(&[(&one, 1), (&two, 1), (&three, 1)], ttl_ms)?;
    let (lease, first_ms) = ask.timed(async { ask.acquire(&request).await.lease() }).await?;
    ask.until(first_ms.start() + ttl_ms / 2).await?;
    let (answer, at_ms) = ask.timed(async { Ok(ask.renew_one(&lease).await) }).await?;
    if *at_ms.end() >= first_ms.start() + ttl_ms {
        return Ok(false);
    }
    answer.is_live()?;
    let ends_ms = at_ms.start() + ttl_ms;
    Ok(ask.is_taken_before(&one, ends_ms, close_ms).await?
        && ask.is_taken_before(&two, ends_ms, close_ms).await?
        && ask.is_taken_before(&three, ends_ms, close_ms).await?)
}

/// A lease that was lost in one of its keys is lost: a renewal tells so, brings it back nowhere, and removes it from
/// the keys where it still stands.
pub async fn a_renewal_removes_what_is_left_of_a_lost_lease(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a renewal removes what is left of a lost lease"));
    for lost in [0, 1] {
        let [one, two, _] = three_keys(&ask)?;
        let lease = ask.acquire(&wanting(&[(&one, 1), (&two, 1)])?).await.lease()?;
        let gone = if lost == 0 { &one } else { &two };
        ask.release_one(&part_of(&lease, &[gone], LONG_MS)?).await.is_live()?;
        ask.renew_one(&lease).await.is_lost()?;
        ask.take(&one, 1).await?;
        ask.take(&two, 1).await?;
    }
    Ok(())
}

/// A call may name 64 scopes, and each of them counts.
pub async fn a_lease_may_stand_in_sixty_four_scopes(slots: &dyn SlotLimiter, trial: &Trial) -> Kept {
    let ask = AskSlots::new(slots, trial.promise("a lease may stand in sixty-four scopes"));
    let keys = (0..MAX_PER_CALL).map(|_| ask.key("user")).collect::<Kept<Vec<_>>>()?;
    let scopes: Vec<_> = keys.iter().map(|key| (key, 1)).collect();
    ask.acquire(&wanting(&scopes)?).await.granted()?;
    for key in &keys {
        ask.refused(key, 1).await?;
    }
    Ok(())
}

fn three_keys(ask: &AskSlots<'_>) -> Kept<[Key; 3]> {
    Ok([ask.key("c")?, ask.key("b")?, ask.key("a")?])
}
