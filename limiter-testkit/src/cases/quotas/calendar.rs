//! When periods turn, to the millisecond.

use limiter_core::{Period, Quota, QuotaTracker};

use super::ask::AskQuotas;
use super::date::midnight_ms;
use super::requests::reserving;
use crate::broken::Kept;
use crate::trial::Trial;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 86_400_000;

/// An hour turns when the clock shows the next full hour, in UTC.
pub async fn an_hour_turns_on_the_hour(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("an hour turns on the hour"));
    let quota = Quota::new(10, Period::Hour)?;
    for midnight_ms in [midnight_ms(2023, 11, 14), midnight_ms(2024, 3, 1), midnight_ms(2100, 1, 1)] {
        for hour in [0, 11, 23] {
            let start_ms = midnight_ms + hour * HOUR_MS;
            lasts(&ask, &quota, start_ms, start_ms + HOUR_MS).await?;
        }
    }
    Ok(())
}

/// A day turns at midnight, in UTC.
pub async fn a_day_turns_at_midnight(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a day turns at midnight"));
    let quota = Quota::new(10, Period::Day)?;
    for (year, month, day) in [(1970, 1, 2), (2023, 11, 14), (2024, 2, 29), (2024, 12, 31), (2099, 7, 1)] {
        let start_ms = midnight_ms(year, month, day);
        lasts(&ask, &quota, start_ms, start_ms + DAY_MS).await?;
    }
    Ok(())
}

/// A week lasts from Monday to Monday, also over the turn of a year.
pub async fn a_week_turns_on_monday(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a week turns on monday"));
    let quota = Quota::new(10, Period::Week)?;
    for (year, month, monday) in [(1970, 1, 5), (2023, 11, 13), (2024, 2, 26), (2024, 12, 30), (2100, 1, 4)] {
        let start_ms = midnight_ms(year, month, monday);
        lasts(&ask, &quota, start_ms, start_ms + 7 * DAY_MS).await?;
    }
    Ok(())
}

/// A month turns on the first, however many days it has.
pub async fn a_month_turns_on_the_first(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a month turns on the first"));
    let quota = Quota::new(10, Period::Month)?;
    for month in 1..=11 {
        lasts(&ask, &quota, midnight_ms(2023, month, 1), midnight_ms(2023, month + 1, 1)).await?;
    }
    lasts(&ask, &quota, midnight_ms(2023, 12, 1), midnight_ms(2024, 1, 1)).await
}

/// February has a leap day in every fourth year, in every hundredth none, in every four hundredth one.
pub async fn february_has_a_leap_day_in_leap_years(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("february has a leap day in leap years"));
    let quota = Quota::new(10, Period::Month)?;
    for (year, days) in [(2024, 29), (2000, 29), (2100, 28), (2096, 29)] {
        let start_ms = midnight_ms(year, 2, 1);
        lasts(&ask, &quota, start_ms, start_ms + days * DAY_MS).await?;
    }
    Ok(())
}

/// A year turns on the first of January, after 365 days or 366.
pub async fn a_year_turns_in_january(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a year turns in january"));
    let quota = Quota::new(10, Period::Year)?;
    for (year, days) in [(2023, 365), (2024, 366), (2000, 366), (2100, 365)] {
        let start_ms = midnight_ms(year, 1, 1);
        lasts(&ask, &quota, start_ms, start_ms + days * DAY_MS).await?;
    }
    Ok(())
}

/// At an offset east of UTC a period turns by so much sooner, west of it later: up to 18 hours, and by minutes.
pub async fn an_offset_moves_the_turn(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("an offset moves the turn"));
    let day_ms = (midnight_ms(2024, 2, 29), midnight_ms(2024, 3, 1));
    let month_ms = (midnight_ms(2023, 11, 1), midnight_ms(2023, 12, 1));
    let (thursday_ms, hour_ms) = (midnight_ms(2024, 2, 26), midnight_ms(2023, 5, 6));
    let spans = [
        (Period::Hour, (hour_ms, hour_ms + HOUR_MS)),
        (Period::Day, day_ms),
        (Period::Week, (thursday_ms, thursday_ms + 7 * DAY_MS)),
        (Period::Month, month_ms),
        (Period::Year, (midnight_ms(2024, 1, 1), midnight_ms(2025, 1, 1))),
    ];
    for (period, (start_ms, end_ms)) in spans {
        for minutes in [1_080, -1_080, 330, -210, 1] {
            let quota = Quota::new(10, period)?.with_utc_offset_minutes(minutes)?;
            let (start_ms, end_ms) = (moved(start_ms, minutes), moved(end_ms, minutes));
            lasts(&ask, &quota, start_ms, end_ms).await?;
        }
    }
    Ok(())
}

/// Every outcome tells how long the period still lasts, to the millisecond.
pub async fn reset_after_tells_the_end_of_the_period(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("reset_after tells the end of the period"));
    let monday_ms = midnight_ms(2024, 2, 12);
    let ends = [
        (Period::Hour, monday_ms + 11 * HOUR_MS),
        (Period::Day, midnight_ms(2024, 2, 13)),
        (Period::Week, midnight_ms(2024, 2, 19)),
        (Period::Month, midnight_ms(2024, 3, 1)),
        (Period::Year, midnight_ms(2025, 1, 1)),
    ];
    let at_ms = monday_ms + 10 * HOUR_MS + 11 * MINUTE_MS + 12_345;
    for (period, end_ms) in ends {
        let quota = Quota::new(10, period)?;
        for at_ms in [at_ms, end_ms - 1] {
            ask.until(at_ms).await?;
            let (checked, recorded, reserved) =
                (ask.key("checked")?, ask.key("recorded")?, ask.key("reserved")?);
            ask.check(&checked, &quota).await?.ends_at_ms(end_ms)?;
            ask.record(&recorded, &quota, 3).await?.ends_at_ms(end_ms)?;
            let reservation = reserving(&reserved, &quota, 3)?;
            ask.reserve(&reservation).await?.ends_at_ms(end_ms)?;
            ask.settle(&reservation, &[3]).await?.ends_at_ms(end_ms)?;
        }
    }
    Ok(())
}

/// What is used in a period's first millisecond still is in its last, and what is used in the last is gone in the
/// next.
async fn lasts(ask: &AskQuotas<'_>, quota: &Quota, start_ms: u64, end_ms: u64) -> Kept {
    let (first, last) = (ask.key("first")?, ask.key("last")?);
    ask.until(start_ms).await?;
    ask.record(&first, quota, 3).await?;
    ask.until(end_ms - 1).await?;
    ask.record(&last, quota, 3).await?;
    ask.check(&first, quota).await?.used(3)?;
    ask.until(end_ms).await?;
    ask.check(&last, quota).await?.used(0)?;
    Ok(())
}

/// When it is in UTC what the clocks at an offset show.
const fn moved(local_ms: u64, minutes: i16) -> u64 {
    let offset_ms = minutes.unsigned_abs() as u64 * MINUTE_MS;
    if minutes < 0 { local_ms + offset_ms } else { local_ms - offset_ms }
}
