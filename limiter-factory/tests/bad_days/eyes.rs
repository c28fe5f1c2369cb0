//! What can be seen from outside: nobody's key, no secret, no further round trip.

use std::error::Error as _;
use std::fmt::Write;

use limiter_factory::{RateLimiterExt, limit};
use limiter_testkit::proxy::Mode;

use crate::calls::{Calls, key};
use crate::stage::{CHOICES, Stage};

/// Every layer at once.
const ALL: [(&str, &str); 7] = [
    ("LIMITER_BREAKER_FAILURES", "5"),
    ("LIMITER_DENY_CACHE", "100"),
    ("LIMITER_METRICS", "true"),
    ("LIMITER_PREFETCH", "50"),
    ("LIMITER_SHADOW", "quotas"),
    ("LIMITER_TRACES", "true"),
    ("LIMITER_WHEN_UNAVAILABLE", "refuse"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_call_costs_no_more_round_trips_than_an_allowed_one() {
    for vars in [&[][..], &[("LIMITER_DENY_CACHE", "0")], &[("LIMITER_METRICS", "true")]] {
        let stage = Stage::with(vars).await;
        let user = key("u1");
        for number in 0..6 {
            let before = stage.scripts_run();
            let decision = stage.limiters.rates().hit_one(&user, &limit!("3/hour")).await.unwrap();
            assert_eq!(decision.is_allowed(), number < 3);
            assert_eq!(stage.scripts_run() - before, 1, "{vars:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denial_that_is_remembered_costs_none() {
    let stage = Stage::with(&[("LIMITER_DENY_CACHE", "100")]).await;
    let user = key("u1");
    for _ in 0..4 {
        drop(stage.limiters.rates().hit_one(&user, &limit!("3/hour")).await.unwrap());
    }
    let before = stage.scripts_run();
    for _ in 0..20 {
        assert!(!stage.limiters.rates().hit_one(&user, &limit!("3/hour")).await.unwrap().is_allowed());
    }
    assert_eq!(stage.scripts_run(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_error_and_no_description_shows_a_password() {
    for choice in CHOICES {
        let vars: Vec<_> = ALL.into_iter().filter(|(name, _)| *name != "LIMITER_WHEN_UNAVAILABLE").collect();
        let vars: Vec<_> = vars.into_iter().chain([("LIMITER_WHEN_UNAVAILABLE", choice)]).collect();
        let stage = Stage::with(&vars).await;
        let calls = Calls::prepare(&stage.limiters).await;
        let mut shown = format!("{}\n{:?}", stage.limiters.describe(), stage.limiters);
        for mode in [Mode::Down, Mode::Stall] {
            stage.fail(mode).await;
            for came in calls.make().await {
                let Some(error) = came.error() else { continue };
                write!(shown, "\n{error}\n{error:?}").unwrap();
                let mut cause = error.source();
                while let Some(error) = cause {
                    write!(shown, "\n{error}\n{error:?}").unwrap();
                    cause = error.source();
                }
            }
        }
        assert!(!shown.contains(Stage::password()), "{shown}");
        assert!(!shown.contains("u1"), "a subject: {shown}");
    }
}
