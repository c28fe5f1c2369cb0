//! How long a counter is remembered, and what can't push it out.

use std::sync::Arc;

use limiter_core::{Charge, ErrorKind, Limit, RateLimiter, Source};

use super::ask::{AskRates, told};
use super::limits::{LONG, MINUTE, MINUTE_MS, each, one_of_each};
use crate::broken::{Broken, Kept};
use crate::cases::crowd::at_once;
use crate::trial::{Promise, Trial};

/// Who floods, and how many new keys each of them brings.
const FLOODERS: usize = 50;
const KEYS_EACH: u64 = 100;

/// A counter that nobody asks for is remembered until it is as if never used: a fixed window and a log after
/// three quarters of their window, a bucket that isn't full by then, a sliding window that counts half in the next.
pub async fn an_idle_counter_is_remembered(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("an idle counter is remembered"));
    let start_ms = ask.next_window(MINUTE_MS, 0).await?;
    let [fixed, sliding, log, bucket] = each(2, MINUTE)?;
    let window = ask.used("window", &fixed, 2).await?;
    let (half, entries) = (ask.used("half", &sliding, 2).await?, ask.used("entries", &log, 2).await?);
    let level = ask.used("level", &bucket, 2).await?;
    ask.until(start_ms + MINUTE_MS * 3 / 4).await?;
    ask.hit(&window, &fixed, 2).await?.denied()?;
    ask.hit(&entries, &log, 2).await?.denied()?;
    ask.hit(&level, &bucket, 2).await?.denied()?;
    ask.until(start_ms + MINUTE_MS * 3 / 2).await?;
    ask.hit(&half, &sliding, 2).await?.denied()?;
    Ok(())
}

/// However many new keys come, a key that is used up stays so: a store that has no room may refuse the new ones, with
/// `Capacity`, but it forgets nobody.
pub async fn a_flood_of_new_keys_frees_nobody(rates: &Arc<dyn RateLimiter>, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a flood of new keys frees nobody"));
    let mut old = Vec::new();
    for limit in one_of_each(2)? {
        old.push((ask.used("old", &limit, 1).await?, limit));
    }
    flood(rates, ask.promise()).await?;
    for (key, limit) in &old {
        ask.hit(key, limit, 2).await?.denied()?;
    }
    Ok(())
}

async fn flood(rates: &Arc<dyn RateLimiter>, promise: &Promise) -> Kept {
    let bring = |_| bring_new_keys(Arc::clone(rates), promise.clone());
    at_once(promise, FLOODERS, bring).await.map(drop)
}

async fn bring_new_keys(rates: Arc<dyn RateLimiter>, promise: Promise) -> Kept {
    let limit = Limit::fixed_window(2, LONG)?;
    for _ in 0..KEYS_EACH {
        let key = promise.key("new")?;
        let charges = [Charge::new(&key, &limit)];
        let broken =
            |got: String| -> Broken { promise.broken(told("hit", &charges), "allowed, or no room", got) };
        match rates.hit(&charges).await {
            Ok(decision) if !decision.is_allowed() && decision.source() == Source::Store => {
                return Err(broken(format!("{decision:?}")));
            }
            Err(error) if error.kind() != ErrorKind::Capacity => return Err(broken(error.to_string())),
            _ => {}
        }
    }
    Ok(())
}
