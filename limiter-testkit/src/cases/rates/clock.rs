//! Whose time counts, and what happens when it steps back.

use limiter_core::{CLOCK_TOLERANCE_MS, RateLimiter};

use super::ask::AskRates;
use super::limits::{MINUTE, MINUTE_MS, each, one_of_each};
use crate::broken::Kept;
use crate::trial::Trial;

/// `charged_at` is the time of the store's clock: the one that was handed in, or else not before the store was asked
/// nor after it answered.
pub async fn charged_at_is_the_stores_time(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("charged_at is the store's time"));
    ask.pass(123).await?;
    for limit in one_of_each(2)? {
        let answer = ask.hit(&ask.key("user")?, &limit, 1).await?;
        let (between_ms, charged_at_ms) = (answer.between_ms(), answer.charged_at_ms()?);
        let wanted = format!("charged between {} and {}", between_ms.start(), between_ms.end());
        answer.expect(between_ms.contains(&charged_at_ms), &wanted)?;
    }
    Ok(())
}

/// A clock that steps back admits nobody: what was counted in a window counts on, and nothing has flowed in.
pub async fn a_clock_that_steps_back_admits_nobody(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a clock that steps back admits nobody"));
    for limit in each(2, MINUTE)? {
        let start_ms = ask.next_window(MINUTE_MS, MINUTE_MS / 2).await?;
        let key = ask.used("user", &limit, 1).await?;
        // Back into the window before.
        ask.step_back(50_000).await?;
        ask.hit(&key, &limit, 2).await?.denied()?;
        ask.until(start_ms + MINUTE_MS).await?;
    }
    Ok(())
}

/// What is charged after a step back is charged at the time of the last charge, so that nothing flows in or leaves
/// twice once the clock is there again.
pub async fn a_charge_after_a_step_back_keeps_its_time(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a charge after a step back keeps its time"));
    for limit in each(12, MINUTE)? {
        ask.next_window(MINUTE_MS, MINUTE_MS / 2).await?;
        let key = ask.used("user", &limit, 1).await?;
        // In five seconds one token of twelve flows in.
        ask.step_back(5_000).await?;
        ask.charge(&key, &limit, 1).await?;
        ask.pass(5_000).await?;
        ask.hit(&key, &limit, 11).await?.denied()?;
    }
    Ok(())
}

/// A counter that was written by a clock more than 60 s ahead is taken as new: nobody is locked out by a clock that
/// was wrong. Up to 60 s it counts on.
pub async fn a_counter_from_far_ahead_is_taken_as_new(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a counter from far ahead is taken as new"));
    for limit in one_of_each(2)? {
        let (near, far) = (ask.used("near", &limit, 1).await?, ask.used("far", &limit, 1).await?);
        ask.step_back(CLOCK_TOLERANCE_MS).await?;
        ask.hit(&near, &limit, 2).await?.denied()?;
        ask.step_back(1).await?;
        ask.hit(&far, &limit, 2).await?.allowed()?;
        ask.pass(CLOCK_TOLERANCE_MS + 1).await?;
    }
    Ok(())
}
