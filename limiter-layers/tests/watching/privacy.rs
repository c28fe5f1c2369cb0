//! Who is limited isn't told, unless it was asked for; what caused an error never is.

use std::time::Duration;

use limiter_core::{
    Backend, Charge, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, QuotaTrackerExt, Scope,
    SlotLimiterExt,
};
use limiter_layers::{Layer, ObserveLayer, ShadowLayer};

use crate::scene::play;
use crate::store::{Fault, PASSWORD, Store};

const MINUTE: Duration = Duration::from_secs(60);
const SUBJECT: &str = "alice@example.com\n[forged]";
const PARTITION: &str = "tenant-of-alice";

/// Makes every call, with the subject and the partition wherever a key stands.
async fn all_calls(backend: &Backend) {
    let user = Key::new("chat", SUBJECT).unwrap().with_partition(PARTITION).unwrap();
    let (limit, quota) = (Limit::fixed_window(1, MINUTE).unwrap(), Quota::new(1, Period::Day).unwrap());
    let all = Key::new("all", "").unwrap();
    let charges = [Charge::new(&all, &limit), Charge::new(&user, &limit)];
    for _ in 0..2 {
        if let Ok(decision) = backend.rates.hit(&charges).await {
            let _ = backend.rates.refund(decision.into_receipt(&charges).unwrap()).await;
        }
        let _ = backend.rates.hit(&charges).await;
        let _ = backend.rates.peek(&charges).await;
        let scopes = [Scope::new(user.clone(), 1), Scope::new(all.clone(), 1)];
        let request = LeaseRequest::new(scopes, MINUTE).unwrap();
        let _ = backend.slots.acquire(&request).await;
        let _ = backend.slots.renew_one(&request.lease()).await;
        let _ = backend.slots.in_use(&user).await;
        let _ = backend.slots.leases(&user).await;
        let _ = backend.quotas.check(&user, &quota).await;
        let _ = backend.quotas.record(&user, &quota, 1).await;
        if let Ok((reservation, _)) = backend.quotas.reserve_one(&user, &quota, 1, MINUTE).await {
            let _ = backend.quotas.settle_one(&reservation, 1).await;
        }
    }
    let _ = backend.rates.reset(&user, &limit).await;
    let _ = backend.quotas.reset(&user, &quota).await;
    let _ = backend.control.ping().await;
}

/// All that was told, in metrics and in traces, of calls that are answered, refused, let through and that fail.
fn told(layer: ObserveLayer) -> (Vec<String>, Vec<String>) {
    play(async |scene| {
        let store = Store::new();
        let shadow = ShadowLayer::default().with_rates().with_slots().with_quotas();
        for backend in [layer.wrap(store.backend()), layer.wrap(shadow.wrap(store.backend()))] {
            all_calls(&backend).await;
            store.fault(Fault::Fails(ErrorKind::Unavailable));
            all_calls(&backend).await;
            store.fault(None);
        }
        (scene.metrics().into_keys().collect(), scene.listener.lines())
    })
}

#[test]
fn no_subject_no_partition_and_no_cause_of_an_error_is_told() {
    let (metrics, traces) = told(ObserveLayer::default().with_metrics().with_traces());
    assert!(metrics.len() > 30 && traces.len() > 80, "{} {}", metrics.len(), traces.len());
    for line in metrics.iter().chain(&traces) {
        for secret in ["alice", "tenant", PASSWORD] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn subjects_that_were_asked_for_stand_in_traces_alone() {
    let (metrics, traces) = told(ObserveLayer::default().with_metrics().with_traces().with_subjects());
    assert!(!metrics.iter().any(|line| line.contains("alice")));
    let hit = traces.iter().find(|line| line.starts_with("DEBUG limiter.hit")).unwrap();
    assert!(hit.contains(r#"subjects=["", "alice@example.com\n[forged]"]"#), "{hit}");
    let with_keys =
        traces.iter().filter(|line| line.starts_with("DEBUG limiter") && !line.contains("limiter.ping"));
    assert!(with_keys.clone().count() > 30);
    for span in with_keys {
        let given_back_nothing = span.starts_with("DEBUG limiter.refund") && span.contains("lines=0");
        assert!(span.contains("alice") || given_back_nothing, "{span}");
    }
    for line in &traces {
        assert!(!line.contains("tenant") && !line.contains(PASSWORD) && !line.contains('\n'), "{line}");
    }
}
