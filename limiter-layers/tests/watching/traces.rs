//! Which spans and events there are.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Backend, Charge, ErrorKind, Key, LeaseRequest, Limit, Period, Quota, QuotaTrackerExt, RateLimiter,
    RateLimiterExt, Scope, SlotLimiterExt,
};
use limiter_layers::{Layer, ObserveLayer};
use tracing::Level;

use crate::scene::{play, play_at};
use crate::store::{Fault, Store};

const MINUTE: Duration = Duration::from_secs(60);

fn observed(store: &Arc<Store>) -> Backend {
    ObserveLayer::default().with_traces().wrap(store.backend())
}

fn key(space: &str) -> Key {
    Key::new(space, "u1").unwrap()
}

#[test]
fn a_hit_is_one_span_whether_it_is_answered_at_once_or_not() {
    for store in [Store::new(), Store::distant()] {
        let lines = play(async |scene| {
            let backend = observed(&store);
            let (chat, login, limit) = (key("chat"), key("login"), Limit::fixed_window(3, MINUTE).unwrap());
            let charges = [Charge::new(&chat, &limit).with_cost(3), Charge::new(&login, &limit)];
            for _ in 0..2 {
                let _ = backend.rates.hit_all(&charges).await.unwrap();
            }
            scene.listener.lines()
        });
        let span = r#"DEBUG limiter.hit backend="model" space="chat" limit=fixed 3/min units=3 lines=2"#;
        let wanted = [
            format!(r#"{span} outcome="allowed" source="store""#),
            format!(r#"{span} outcome="denied" source="store" retry_after=retry after 40s"#),
        ];
        assert_eq!(lines, wanted);
    }
}

#[test]
fn every_call_is_a_span_of_its_operation() {
    let lines = play(async |scene| {
        let backend = observed(&Store::new());
        let (user, limit, quota) =
            (key("chat"), Limit::fixed_window(3, MINUTE).unwrap(), Quota::new(9, Period::Day).unwrap());
        let charges = [Charge::new(&user, &limit)];
        let decision = backend.rates.hit(&charges).await.unwrap();
        let _ = backend.rates.peek(&charges).await.unwrap();
        backend.rates.refund(decision.into_receipt(&charges).unwrap()).await.unwrap();
        backend.rates.reset(&user, &limit).await.unwrap();
        let request =
            LeaseRequest::new([Scope::new(user.clone(), 5)], MINUTE).unwrap().with_permits(2).unwrap();
        let _ = backend.slots.acquire(&request).await.unwrap();
        backend.slots.renew_one(&request.lease()).await.unwrap();
        backend.slots.in_use(&user).await.unwrap();
        backend.slots.leases(&user).await.unwrap();
        backend.slots.release_one(&request.lease()).await.unwrap();
        let _ = backend.quotas.check(&user, &quota).await.unwrap();
        let _ = backend.quotas.record(&user, &quota, 4).await.unwrap();
        let (reservation, _) = backend.quotas.reserve_one(&user, &quota, 5, MINUTE).await.unwrap();
        let _ = backend.quotas.settle_one(&reservation, 1).await.unwrap();
        backend.quotas.reset(&user, &quota).await.unwrap();
        backend.control.ping().await.unwrap();
        scene.listener.lines()
    });
    let rate = r#"backend="model" space="chat" limit=fixed 3/min"#;
    let quota = r#"backend="model" space="chat" limit=9/day"#;
    let decided = r#"lines=1 outcome="allowed" source="store""#;
    let done = r#"lines=1 outcome="done""#;
    let wanted = [
        format!("hit {rate} units=1 {decided}"),
        format!("peek {rate} units=1 {decided}"),
        format!("refund {rate} units=1 {done}"),
        format!("reset {rate} {done}"),
        format!(r#"acquire backend="model" space="chat" limit=5 at a time units=2 {decided}"#),
        format!(r#"renew backend="model" space="chat" units=2 {done}"#),
        format!(r#"in_use backend="model" space="chat" {done}"#),
        format!(r#"leases backend="model" space="chat" {done}"#),
        format!(r#"release backend="model" space="chat" units=2 {done}"#),
        format!("check {quota} {decided}"),
        format!("record {quota} units=4 {decided}"),
        format!("reserve {quota} units=5 {decided}"),
        format!(r#"settle {quota} units=1 {done} source="store""#),
        format!("reset {quota} {done}"),
        r#"ping backend="model" lines=0 outcome="done""#.to_owned(),
    ];
    assert_eq!(lines, wanted.map(|line| format!("DEBUG limiter.{line}")));
}

#[test]
fn a_failure_is_an_event_in_its_span_and_an_outage_one_more() {
    let lines = play(async |scene| {
        let store = Store::new();
        let backend = observed(&store);
        for kind in [Some(ErrorKind::Unavailable), Some(ErrorKind::Unavailable), None, None] {
            store.fault(kind.map(Fault::Fails));
            let _ = backend.control.ping().await;
        }
        scene.listener.lines()
    });
    let text = "error=store unavailable (hit): planted";
    let failed =
        format!(r#"DEBUG event in limiter.ping message=limiter call failed kind="unavailable" {text}"#);
    let span = r#"DEBUG limiter.ping backend="model" lines=0 outcome="#;
    let wanted = [
        format!(
            r#"WARN event in nothing message=the store is down backend="model" kind="unavailable" {text}"#
        ),
        failed.clone(),
        format!(r#"{span}"error""#),
        failed,
        format!(r#"{span}"error""#),
        r#"INFO event in nothing message=the store answers again backend="model""#.to_owned(),
        format!(r#"{span}"done""#),
        format!(r#"{span}"done""#),
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn an_outage_is_told_to_those_who_hear_no_spans() {
    let lines = play_at(Level::INFO, async |scene| {
        let store = Store::new();
        let backend = observed(&store);
        backend.control.ping().await.unwrap();
        store.fault(Fault::Fails(ErrorKind::Timeout));
        let _ = backend.control.ping().await;
        store.fault(None);
        backend.control.ping().await.unwrap();
        scene.listener.lines()
    });
    let levels: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(levels, ["WARN", "INFO"], "{lines:?}");
}

#[test]
fn a_call_that_waits_leaves_its_span_meanwhile_and_ends_it_when_it_is_dropped() {
    play(async |scene| {
        let store = Store::distant();
        store.fault(Fault::Hangs);
        let backend = observed(&store);
        let (user, limit) = (key("chat"), Limit::fixed_window(3, MINUTE).unwrap());
        let hit = tokio::time::timeout(MINUTE, backend.rates.hit_one(&user, &limit));
        let mut hit = Box::pin(hit);
        let waits = tokio::select! {
            biased;
            _ = &mut hit => false,
            () = std::future::ready(()) => true,
        };
        assert!(waits);
        assert_eq!((store.asked().len(), scene.listener.depth(), scene.listener.lines().len()), (1, 0, 0));
        drop(hit);
        assert_eq!(scene.listener.lines().len(), 1);
    });
}

#[test]
fn what_isnt_answered_at_once_is_told_once() {
    play(async |scene| {
        let backend = observed(&Store::distant());
        let (user, limit) = (key("chat"), Limit::fixed_window(3, MINUTE).unwrap());
        assert!(RateLimiter::hit_now(&*backend.rates, &[Charge::new(&user, &limit)]).is_none());
        assert_eq!(scene.listener.lines().len(), 0);
    });
}
