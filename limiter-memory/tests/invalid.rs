//! What breaks a rule is refused by both backends alike, before anything is counted, by an error that names the
//! field, the value and what is accepted. What is refused when it is built is tested with core.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Backend, Charge, Control, Decision, EXACT, ErrorKind, Key, Limit, ManualClock, Period, Quota,
    QuotaTracker, RateLimiter, RateLimiterExt, Result, SlotLimiter,
};
use limiter_memory::{Config, MemoryBackend};
use limiter_testkit::Model;

fn backends() -> [Backend; 2] {
    fn backend<B: RateLimiter + SlotLimiter + QuotaTracker + Control>(name: &str, backend: B) -> Backend {
        Backend::new(name, Arc::new(backend))
    }
    let clock = ManualClock::new(1_700_000_000_000);
    let memory = MemoryBackend::with_clock(Config::default().with_capacity(4_096), Arc::new(clock.clone()));
    [backend("model", Model::new(clock)), backend("memory", memory.unwrap())]
}

fn check<T>(backend: &Backend, answer: Result<T>, words: &[&str]) {
    let Err(error) = answer else {
        panic!("{} accepts what it must refuse with {words:?}", backend.name);
    };
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{}: {error}", backend.name);
    for word in words.iter().chain(&["accepted: "]) {
        assert!(error.to_string().contains(word), "{}: {error} doesn't say {word:?}", backend.name);
    }
    assert!(!error.may_have_charged() && !error.is_transient());
}

/// Every way to decide charges.
async fn every_way(backend: &Backend, charges: &[Charge<'_>]) -> [Result<Decision>; 4] {
    [
        backend.rates.hit(charges).await,
        backend.rates.peek(charges).await,
        backend.rates.hit_all(charges).await,
        backend.rates.hit_now(charges).unwrap_or_else(|| panic!("{} has the answer", backend.name)),
    ]
}

#[tokio::test]
async fn charges_that_break_a_rule_are_refused_and_nothing_is_counted() {
    let window = Duration::from_secs(60);
    let limits = [
        Limit::fixed_window(5, window).unwrap(),
        Limit::sliding_window(5, window).unwrap().counting_denied().unwrap(),
        Limit::sliding_log(5, window).unwrap(),
        Limit::token_bucket(5, window).unwrap(),
    ];
    let keys: Vec<_> = (0..65).map(|at| Key::new("chat", &at.to_string()).unwrap()).collect();
    for backend in backends() {
        for limit in &limits {
            let fine = Charge::new(&keys[0], limit);
            let many: Vec<_> = keys.iter().map(|key| Charge::new(key, limit)).collect();
            let raised = limit.max() + 1;
            let other = match limit.algorithm() {
                limiter_core::Algorithm::TokenBucket => limit.with_burst(raised).unwrap(),
                _ => *limit,
            };
            let cases: [(Vec<Charge<'_>>, &[&str]); 6] = [
                (vec![], &["number of charges", "0", "1 to 64"]),
                (many, &["number of charges", "65", "1 to 64"]),
                (vec![fine.with_cost(EXACT + 1)], &["cost", "9007199254740992", "9007199254740991"]),
                (vec![fine.with_cost(i64::MAX.unsigned_abs())], &["cost", "9223372036854775807"]),
                (
                    vec![Charge::new(&keys[1], limit), fine.with_cost(u64::MAX)],
                    &["cost", "18446744073709551615"],
                ),
                (vec![fine, Charge::new(&keys[0], &other)], &["charges", "0 and 1", "once in a call"]),
            ];
            for (charges, words) in cases {
                for answer in every_way(&backend, &charges).await {
                    check(&backend, answer, words);
                }
            }
            let decision = backend.rates.peek(&[fine]).await.unwrap();
            assert_eq!(decision.outcomes()[0].remaining(), 5, "{}: something was counted", backend.name);
        }
    }
}

#[tokio::test]
async fn an_amount_beyond_the_exact_range_is_refused_and_nothing_is_recorded() {
    let (key, quota) = (Key::all("bytes").unwrap(), Quota::new(EXACT, Period::Day).unwrap());
    for backend in backends() {
        for amount in [EXACT + 1, i64::MAX.unsigned_abs(), u64::MAX] {
            let words = ["amount", &amount.to_string(), "0 to 9007199254740991"];
            check(&backend, backend.quotas.record(&key, &quota, amount).await, &words);
        }
        assert_eq!(backend.quotas.check(&key, &quota).await.unwrap().used, 0);
        assert_eq!(backend.quotas.record(&key, &quota, EXACT).await.unwrap().used, EXACT);
        assert_eq!(backend.quotas.record(&key, &quota, 1).await.unwrap().used, EXACT, "it stays exact");
    }
}

#[tokio::test]
async fn no_leases_are_nothing_to_renew_or_release() {
    for backend in backends() {
        assert!(backend.slots.renew(&[]).await.unwrap().is_empty());
        assert!(backend.slots.release(&[]).await.unwrap().is_empty());
    }
}
