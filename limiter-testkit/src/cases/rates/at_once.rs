//! Calls that come at the same time.

use std::sync::Arc;

use limiter_core::{Algorithm, Charge, Key, Limit, RateLimiter};
use tokio::task::yield_now;

use super::ask::{AskRates, told};
use super::limits::{one_of_each, unlike};
use crate::broken::Kept;
use crate::cases::crowd::at_once;
use crate::trial::{Promise, Trial};

/// How many come at once, and how many of them fit.
const CALLERS: usize = 24;
const FIT: u64 = 8;
/// How often it is tried.
const ROUNDS: usize = 5;
/// How often each looks or hits in a row.
const CALLS_EACH: usize = 12;
/// More than all of them use.
const PLENTY: u64 = 1_000;

/// Of many hits at once exactly as many fit as of hits one by one.
pub async fn hits_at_once_admit_as_many_as_fit(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Kept {
    let promise = trial.promise("hits at once admit as many as fit");
    for limit in one_of_each(FIT)?.repeat(ROUNDS) {
        let key = promise.key("user")?;
        let admitted = admitted(rates, &promise, |_| vec![(key.clone(), limit)]).await?;
        as_many(&promise, &[Charge::new(&key, &limit)], admitted)?;
    }
    Ok(())
}

/// Calls of two limits on one key, at once: the tighter limit admits as many as fit, and the other has counted as many.
pub async fn calls_of_several_limits_at_once_add_up(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Kept {
    let promise = trial.promise("calls of several limits at once add up");
    for plenty in one_of_each(PLENTY)?.repeat(ROUNDS) {
        let (key, tight) = (promise.key("user")?, unlike(&plenty, FIT)?);
        let call = |number| in_turn(number, [(key.clone(), plenty), (key.clone(), tight)]);
        let admitted = admitted(rates, &promise, call).await?;
        as_many(&promise, &[Charge::new(&key, &plenty), Charge::new(&key, &tight)], admitted)?;
        has_counted(rates, &promise, (&key, &plenty), FIT).await?;
    }
    Ok(())
}

/// Calls over two keys, at once and in either order: the fuller key admits as many as fit, and the other has counted as
/// many.
pub async fn calls_over_several_keys_at_once_add_up(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Kept {
    let promise = trial.promise("calls over several keys at once add up");
    for plenty in one_of_each(PLENTY)?.repeat(ROUNDS) {
        let (one, other, tight) = (promise.key("one")?, promise.key("other")?, unlike(&plenty, FIT)?);
        let call = |number| in_turn(number, [(one.clone(), plenty), (other.clone(), tight)]);
        let admitted = admitted(rates, &promise, call).await?;
        as_many(&promise, &[Charge::new(&one, &plenty), Charge::new(&other, &tight)], admitted)?;
        has_counted(rates, &promise, (&one, &plenty), FIT).await?;
    }
    Ok(())
}

/// Hits and refunds at once: what wasn't given back is counted, no more and no less. (A bucket in real time may have
/// counted up to a unit more: each refund there is less what has flowed in meanwhile.)
pub async fn hits_and_refunds_at_once_add_up(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Kept {
    let promise = trial.promise("hits and refunds at once add up");
    for limit in one_of_each(PLENTY)?.repeat(ROUNDS) {
        let key = promise.key("user")?;
        // Of what is told of a bucket in whole units, one lost update must not hide behind that unit.
        let cost = if limit.algorithm() == Algorithm::TokenBucket { 3 } else { 1 };
        let call = |number| {
            hit_and_every_other_refund(Arc::clone(rates), promise.clone(), key.clone(), limit, cost, number)
        };
        at_once(&promise, CALLERS, call).await?;
        has_counted(rates, &promise, (&key, &limit), cost * CALLERS as u64 / 2).await?;
    }
    Ok(())
}

/// Who looks while others hit sees what is left become less, and never more.
pub async fn a_look_never_sees_half_a_hit(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Kept {
    let promise = trial.promise("a look never sees half a hit");
    for limit in one_of_each(PLENTY)?.repeat(ROUNDS) {
        let key = promise.key("user")?;
        let call = |number| look_or_hit(Arc::clone(rates), promise.clone(), key.clone(), limit, number);
        at_once(&promise, CALLERS, call).await?;
    }
    Ok(())
}

type Call = Vec<(Key, Limit)>;

/// How many of many calls at once are admitted; each is told its number.
async fn admitted(
    rates: &Arc<dyn RateLimiter>,
    promise: &Promise,
    call: impl Fn(usize) -> Call,
) -> Kept<u64> {
    let hit = |number| hit(Arc::clone(rates), promise.clone(), call(number));
    let allowed = at_once(promise, CALLERS, hit).await?;
    Ok(allowed.into_iter().map(u64::from).sum())
}

async fn hit(rates: Arc<dyn RateLimiter>, promise: Promise, call: Call) -> Kept<bool> {
    let charges: Vec<_> = call.iter().map(|(key, limit)| Charge::new(key, limit)).collect();
    let got = rates.hit(&charges).await;
    let decision = got.map_err(|error| promise.broken(told("hit", &charges), "an answer", error))?;
    Ok(decision.is_allowed())
}

async fn hit_and_every_other_refund(
    rates: Arc<dyn RateLimiter>,
    promise: Promise,
    key: Key,
    limit: Limit,
    cost: u64,
    number: usize,
) -> Kept {
    let ask = AskRates::new(&rates, promise);
    let charged_at_ms = ask.charge(&key, &limit, cost).await?;
    if number.is_multiple_of(2) {
        ask.refund(&key, &limit, cost, charged_at_ms).await?;
    }
    Ok(())
}

async fn look_or_hit(
    rates: Arc<dyn RateLimiter>,
    promise: Promise,
    key: Key,
    limit: Limit,
    number: usize,
) -> Kept {
    let (ask, mut least) = (AskRates::new(&rates, promise), u64::MAX);
    for _ in 0..CALLS_EACH {
        if number.is_multiple_of(4) {
            let answer = ask.peek(&key, &limit, 0).await?;
            let left = answer.first()?.remaining();
            answer.expect(left <= least, &format!("no more than {least} remaining, as before"))?;
            least = left;
        } else {
            ask.charge(&key, &limit, 1).await?;
        }
        // So that they take turns also where every call is answered at once.
        yield_now().await;
    }
    Ok(())
}

fn as_many(promise: &Promise, charges: &[Charge<'_>], admitted: u64) -> Kept {
    if admitted == FIT {
        return Ok(());
    }
    let asked = format!("{CALLERS} times at once: {}", told("hit", charges));
    Err(promise.broken(asked, format!("{FIT} allowed"), format!("{admitted} allowed")))
}

async fn has_counted(
    rates: &Arc<dyn RateLimiter>,
    promise: &Promise,
    (key, limit): (&Key, &Limit),
    units: u64,
) -> Kept {
    let answer = AskRates::new(rates, promise.clone()).peek(key, limit, 0).await?;
    let (left, wanted) = (answer.first()?.remaining(), PLENTY - units);
    let in_part = promise.clock().is_none() && limit.algorithm() == Algorithm::TokenBucket;
    let met = left == wanted || in_part && left + 1 == wanted;
    answer.expect(met, &format!("{wanted} remaining")).map(|_| ())
}

fn in_turn(number: usize, [first, second]: [(Key, Limit); 2]) -> Call {
    if number.is_multiple_of(2) { vec![first, second] } else { vec![second, first] }
}
