//! Amounts up to 2^53 − 1, and beyond.

use limiter_core::{EXACT, QuotaTracker};

use super::ask::AskQuotas;
use crate::broken::Kept;
use crate::trial::Trial;

/// Amounts that no narrower type carries: around 2^31 and 2^32, odd ones of 53 bits, the largest.
const BIG: [u64; 6] = [(1 << 31) + 1, (1 << 32) - 1, (1 << 32) + 1, (1 << 52) + 1, EXACT - 1, EXACT];

/// Amounts up to 2^53 − 1 are counted to the unit, recorded, reserved and settled.
pub async fn amounts_up_to_the_largest_are_exact(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("amounts up to the largest are exact"));
    let quota = ask.quota(EXACT)?;
    for amount in BIG {
        let key = ask.key("recorded")?;
        ask.record(&key, &quota, amount).await?;
        ask.check(&key, &quota).await?.used(amount)?;
        let key = ask.key("reserved")?;
        ask.hold(&key, &quota, amount).await?;
        ask.check(&key, &quota).await?.reserved(amount)?;
        let key = ask.key("settled")?;
        let reservation = ask.hold(&key, &quota, amount).await?;
        ask.settle(&reservation, &[amount]).await?;
        ask.check(&key, &quota).await?.used(amount)?;
    }
    Ok(())
}

/// A sum beyond 2^53 − 1 stays there, and never wraps to something small.
pub async fn a_sum_stays_at_the_largest_amount(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a sum stays at the largest amount"));
    let quota = ask.quota(EXACT)?;
    for first in [EXACT, EXACT - 1, 5] {
        let key = ask.counter(&quota, first, 0).await?;
        ask.record(&key, &quota, EXACT).await?;
        ask.check(&key, &quota).await?.used(EXACT)?;
        let key = ask.key("settled")?;
        let reservation = ask.hold(&key, &quota, EXACT).await?;
        ask.record(&key, &quota, first).await?;
        ask.settle(&reservation, &[EXACT]).await?;
        ask.check(&key, &quota).await?.used(EXACT)?;
    }
    Ok(())
}

/// To record more than 2^53 − 1 at once is an invalid request, and counts nothing.
pub async fn an_amount_beyond_the_largest_is_refused_and_counts_nothing(
    quotas: &dyn QuotaTracker,
    trial: &Trial,
) -> Kept {
    let promise = trial.promise("an amount beyond the largest is refused and counts nothing");
    let ask = AskQuotas::new(quotas, promise);
    let quota = ask.quota(EXACT)?;
    for amount in [EXACT + 1, 1 << 63, u64::MAX] {
        let key = ask.key("user")?;
        ask.record_invalid(&key, &quota, amount).await?;
        ask.check(&key, &quota).await?.used(0)?;
    }
    Ok(())
}
