//! The reference keeps the laws by limits as users write them.

use limiter_core::{LimitSet, Quota};
use limiter_testkit::Model;
use limiter_testkit::laws::{quotas, rates, slots};

use crate::judge::{holds, least};

const LIMITS: [&str; 5] = [
    "5/min; 60/hour",
    "fixed 10/s",
    "log 3/10 s",
    "bucket 10/s burst 20; 1000/day",
    "unlimited; fixed 5/min counting denied; bucket 1/hour",
];

#[test]
fn rates_keep_every_law() {
    for limits in LIMITS.map(|text| text.parse::<LimitSet>().unwrap()) {
        let (forward, back) =
            (rates::histories(&limits, 1..30), rates::histories_with_steps_back(&limits, 1..30));
        let by = &limits;
        holds(Model::new, &forward, async |model, trial, history| {
            rates::never_beyond_the_limit(model, trial, by, history).await?;
            rates::retry_after_is_exact(model, trial, by, history).await?;
            rates::remaining_never_grows_without_time(model, trial, by, history).await?;
            rates::all_or_nothing(model, trial, by, history).await?;
            rates::all_or_nothing_over_several_keys(model, trial, by, history).await
        });
        holds(Model::new, &back, async |model, trial, history| {
            rates::a_step_back_of_the_clock_admits_nobody(model, trial, by, history).await
        });
        holds(Model::new, &rates::calls(&limits, 1..30), async |model, trial, calls| {
            rates::every_answer_is_what_the_definitions_say(model, trial, by, calls).await
        });
    }
}

#[test]
fn a_limit_that_is_changed_keeps_its_counts() {
    let [before, after] = ["5/min; bucket 10/s burst 20", "9/min; bucket 4/s burst 6"]
        .map(|text| text.parse::<LimitSet>().unwrap());
    holds(Model::new, &rates::calls(&before, 1..30), async |model, trial, calls| {
        rates::a_changed_limit_keeps_the_counts(model, trial, &before, &after, calls).await
    });
}

#[test]
fn a_change_to_other_counters_is_refused() {
    let [before, after] = ["5/min", "5/hour"].map(|text| text.parse::<LimitSet>().unwrap());
    let (why, _) = least(1, Model::new, &rates::calls(&before, 1..3), async |model, trial, calls| {
        rates::a_changed_limit_keeps_the_counts(model, trial, &before, &after, calls).await
    })
    .unwrap();
    assert!(why.contains("the algorithms and windows of 5/min"), "{why}");
}

#[test]
fn slots_keep_every_law() {
    let caps = [1_000, 5, 2];
    holds(Model::new, &slots::calls(&caps, 1..30), async |model, trial, calls| {
        slots::never_more_than_the_cap_at_a_time(model, trial, calls).await?;
        slots::every_answer_is_what_the_list_of_holders_says(model, trial, calls).await
    });
    holds(Model::new, &slots::calls_with_steps_back(&caps, 1..30), async |model, trial, calls| {
        slots::a_step_back_of_the_clock_cuts_no_lease_short(model, trial, calls).await
    });
}

#[test]
fn quotas_keep_every_law() {
    let of = ["50 GiB/day", "100/hour", "7/month at +05:30"].map(|text| text.parse::<Quota>().unwrap());
    let more = ["10 GiB/day", "0/hour", "9/month at +05:30"].map(|text| text.parse::<Quota>().unwrap());
    holds(Model::new, &quotas::calls(&of, 1..20), async |model, trial, calls| {
        quotas::used_is_the_sum_of_what_was_recorded_and_settled(model, trial, &of, calls).await?;
        quotas::reserved_is_the_sum_of_what_is_held(model, trial, &of, calls).await?;
        quotas::no_reserve_passes_the_cap(model, trial, &of, calls).await?;
        quotas::a_settle_counts_once(model, trial, &of, calls).await?;
        quotas::every_answer_is_what_the_definitions_say(model, trial, &of, calls).await?;
        quotas::a_changed_quota_keeps_the_counts(model, trial, &of, &more, calls).await
    });
}
