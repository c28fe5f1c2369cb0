//! What a counter belongs to: a key, a period and an offset.

use limiter_core::{Key, Period, Quota, QuotaTracker};

use super::ask::AskQuotas;
use crate::broken::Kept;
use crate::trial::Trial;

/// Each period of a key has a counter of its own.
pub async fn periods_of_one_key_count_apart(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("periods of one key count apart"));
    let each = Period::ALL.map(|period| ask.quota_of(period, 100));
    let key = ask.key("user")?;
    counted_apart(&ask, each.into_iter().map(|quota| Ok((key.clone(), quota?)))).await
}

/// Each offset of a key's period has a counter of its own.
pub async fn offsets_of_one_key_count_apart(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("offsets of one key count apart"));
    let (key, quota) = (ask.key("user")?, ask.quota(100)?);
    let offsets = [0, 1, 30, 60].map(|east| quota.utc_offset_minutes() + east);
    let other = |minutes| Ok((key.clone(), quota.with_utc_offset_minutes(minutes)?));
    counted_apart(&ask, offsets.into_iter().map(other)).await
}

/// Another cap of the same period finds what was counted under the first.
pub async fn a_changed_cap_keeps_the_counts(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("a changed cap keeps the counts"));
    let quota = ask.quota(10)?;
    for max in [5, 2, 100] {
        let key = ask.counter(&quota, 3, 0).await?;
        let changed = Quota::new(max, quota.period())?.with_utc_offset_minutes(quota.utc_offset_minutes())?;
        ask.check(&key, &changed).await?.used(3)?;
    }
    Ok(())
}

/// Keys never share a counter, however alike their parts look when they are joined, shortened, folded or cut.
pub async fn keys_that_look_alike_count_apart(quotas: &dyn QuotaTracker, trial: &Trial) -> Kept {
    let ask = AskQuotas::new(quotas, trial.promise("keys that look alike count apart"));
    let (quota, own) = (ask.quota(1_000)?, ask.key("s")?);
    let keys = alike(own.subject())?;
    counted_apart(&ask, keys.into_iter().map(|key| Ok((key, quota)))).await
}

/// Each counter, used once by an amount of its own, tells that amount.
async fn counted_apart(ask: &AskQuotas<'_>, counters: impl Iterator<Item = Kept<(Key, Quota)>>) -> Kept {
    let counters: Vec<_> = counters.collect::<Kept<_>>()?;
    for ((key, quota), amount) in counters.iter().zip(1..) {
        ask.record(key, quota, amount).await?;
    }
    for ((key, quota), amount) in counters.iter().zip(1..) {
        ask.check(key, quota).await?.used(amount)?;
    }
    Ok(())
}

/// Keys that some way of writing keys down takes for the same. `own` is a space that nobody else has.
fn alike(own: &str) -> Kept<Vec<Key>> {
    let long = "x".repeat(511);
    let subjects = [
        "",
        " ",
        "a",
        "A",
        "a ",
        " a",
        "\0",
        "a\0",
        "a\0b",
        "%00",
        "\\0",
        "{}",
        "{a}",
        "a}",
        "\n",
        "a\nb",
        "a\r\nb",
        "*",
        "a:b",
        "a|b",
        "a/b",
        "a::b",
        ":",
        "a%3Ab",
        "'",
        "\"",
        "é",
        "e\u{301}",
        "É",
        "\u{feff}a",
        "😀",
        "1",
        "01",
        "1.0",
        "null",
        "NULL",
        "nil",
    ];
    let mut keys =
        subjects.map(|subject| Key::new(own, subject)).into_iter().collect::<Result<Vec<_>, _>>()?;
    for last in ["y", "z", ""] {
        keys.push(Key::new(own, &format!("{long}{last}"))?);
    }
    for (space, subject) in [(".a", "b"), (".a", ":b"), ("a", "b"), ("_a", "b"), (".a.b", ""), ("a", "")] {
        keys.push(Key::new(&format!("{own}{space}"), subject)?);
    }
    for (subject, partition) in [("a", "b"), ("", "ab"), ("a", "b:c"), ("a:b", "c"), ("", "a"), ("a", "a")] {
        keys.push(Key::new(own, subject)?.with_partition(partition)?);
    }
    for subject in ["ab", "a:b:c", "b:a", ".a:b", "b"] {
        keys.push(Key::new(own, subject)?);
    }
    Ok(keys)
}
