//! Scenario D: scans, so many at a time and so many bytes a day.

mod support;

use std::sync::Arc;
use std::time::Duration;

use limiter_factory::{Key, ManualClock};
use serde_json::{Value, json};

use support::http::{Answer, Request, post};
use support::settles::Settles;
use support::{Gateway, memory, on_clock, within};

const SOON: Duration = Duration::from_secs(2);
const DAY_MS: u64 = 86_400_000;
/// An hour before some midnight.
const EVENING_MS: u64 = 20_500 * DAY_MS - 3_600_000;
const GIB: u64 = 1 << 30;

fn scan(estimate: u64, actual: u64, hold_ms: u64) -> Request {
    post("/scan", &json!({"estimate": estimate, "actual": actual, "hold_ms": hold_ms})).user("u1")
}

fn quick(actual: u64) -> Request {
    post("/scan/quick", &json!({"actual": actual})).user("u1")
}

fn scanned(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Starts a scan and leaves it running.
fn spawn(gateway: &Gateway, request: Request) -> tokio::task::JoinHandle<Answer> {
    let addr = gateway.addr;
    tokio::spawn(async move { request.send(addr).await })
}

async fn running(gateway: &Gateway, count: u64) -> Value {
    within(SOON, || gateway.usage("u1"), |usage| usage["scans"]["running"] == count).await
}

#[tokio::test]
async fn the_actual_counts_and_the_estimate_is_given_back() {
    let gateway = Gateway::start(&[("GATEWAY_SCAN_QUOTA", "1000/day")]).await;
    let work = spawn(&gateway, scan(400, 150, 400));
    let bytes = running(&gateway, 1).await["bytes"].clone();
    assert_eq!(
        (&bytes["used"], &bytes["reserved"], &bytes["remaining"]),
        (&json!(0), &json!(400), &json!(600))
    );

    let answer = work.await.unwrap();
    assert_eq!(scanned(&answer), json!({"scanned": 150, "used": 150, "remaining": 850}));
    let bytes = running(&gateway, 0).await["bytes"].clone();
    assert_eq!(
        (&bytes["used"], &bytes["reserved"], &bytes["remaining"]),
        (&json!(150), &json!(0), &json!(850))
    );
}

#[tokio::test]
async fn an_estimate_that_does_not_fit_is_refused_until_midnight() {
    let gateway = Gateway::on(on_clock(ManualClock::new(EVENING_MS)), &[]).await;
    let cap = 50 * GIB;
    scanned(&gateway.send(scan(cap, cap - 10, 0)).await);
    let refused = gateway.send(scan(11, 11, 0)).await;
    assert_eq!(refused.retry_after(), 3600);
    let limit = json!({"space": "scan.bytes", "limit": "50 GiB/day"});
    let body = json!({
        "error": "quota_exceeded", "kind": "bytes", "current": cap - 10, "limit": limit,
        "max": 53_687_091_200_u64, "retry_after_seconds": 3600,
    });
    assert_eq!(refused.json(), body);
    assert_eq!(gateway.usage("u1").await["scans"]["running"], 0, "a refusal holds no slot");
    scanned(&gateway.send(scan(10, 10, 0)).await);
}

#[tokio::test]
async fn what_is_reserved_is_not_given_twice() {
    let gateway = Gateway::start(&[("GATEWAY_SCAN_QUOTA", "100/day")]).await;
    let work = spawn(&gateway, scan(80, 80, 500));
    running(&gateway, 1).await;
    let refused = gateway.send(scan(30, 30, 0)).await;
    assert_eq!((refused.status, &refused.json()["current"]), (429, &json!(80)));
    work.await.unwrap();
}

#[tokio::test]
async fn more_than_estimated_is_never_lost() {
    let gateway = Gateway::start(&[("GATEWAY_SCAN_QUOTA", "100/day")]).await;
    let answer = gateway.send(scan(10, 250, 0)).await;
    assert_eq!(scanned(&answer), json!({"scanned": 250, "used": 250, "remaining": 0}));
}

#[tokio::test]
async fn the_quick_way_shares_the_quota_and_records_past_it() {
    let gateway = Gateway::start(&[("GATEWAY_SCAN_QUOTA", "100/day")]).await;
    scanned(&gateway.send(scan(60, 60, 0)).await);
    let answer = gateway.send(quick(500)).await;
    assert_eq!(scanned(&answer), json!({"scanned": 500, "used": 560, "remaining": 0}));

    let refused = gateway.send(quick(1)).await;
    assert_eq!((refused.status, &refused.json()["error"]), (429, &json!("quota_exceeded")));
    assert_eq!(refused.json()["current"], 560);
    assert_eq!(gateway.usage("u1").await["bytes"]["used"], 560, "a refusal records nothing");
}

#[tokio::test]
async fn five_scans_at_a_time_at_both_endpoints() {
    let gateway = Gateway::start(&[]).await;
    let work: Vec<_> = (0..5).map(|_| spawn(&gateway, scan(1, 1, 700))).collect();
    running(&gateway, 5).await;
    for request in [scan(1, 1, 0), quick(1)] {
        let refused = gateway.send(request).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, None));
        let limit = json!({"space": "scans.user", "cap": 5});
        let body = json!({
            "error": "too_many_scans", "scope": "user", "limit": limit, "in_use": 5, "retry_after_seconds": null,
        });
        assert_eq!(refused.json(), body);
    }
    for answer in work {
        scanned(&answer.await.unwrap());
    }
    assert_eq!(running(&gateway, 0).await["bytes"]["used"], 5);
}

#[tokio::test]
async fn a_cancelled_scan_settles_what_was_read_and_frees_its_slot() {
    let gateway = Gateway::start(&[]).await;
    let connection = scan(1_000_000, 1_000_000, 10_000).open(gateway.addr).await;
    running(&gateway, 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(connection);

    let usage = running(&gateway, 0).await;
    assert_eq!(usage["bytes"]["reserved"], 0);
    let used = usage["bytes"]["used"].as_u64().unwrap();
    // At least the 300 of 10 000 ms, and far from all of it.
    assert!((30_000..500_000).contains(&used), "{used}");
}

#[tokio::test]
async fn at_midnight_the_day_starts_at_zero_and_a_running_scan_keeps_its_slot() {
    let clock = ManualClock::new(20_500 * DAY_MS - 5_000);
    let gateway = Gateway::on(on_clock(clock.clone()), &[("GATEWAY_SCAN_QUOTA", "1000/day")]).await;
    scanned(&gateway.send(quick(1000)).await);
    assert_eq!(gateway.send(quick(1)).await.retry_after(), 5);

    let work = spawn(&gateway, scan(0, 77, 800));
    running(&gateway, 1).await;
    clock.advance(Duration::from_secs(10));

    let usage = gateway.usage("u1").await;
    assert_eq!(usage["scans"]["running"], 1);
    let fresh = json!({"used": 0, "reserved": 0, "remaining": 1000, "reset_after_seconds": 86_395});
    assert_eq!(usage["bytes"], fresh);

    let answer = work.await.unwrap();
    assert_eq!(scanned(&answer), json!({"scanned": 77, "used": 77, "remaining": 923}), "in the new day");
    running(&gateway, 0).await;
}

#[tokio::test]
async fn shutting_down_ends_a_running_scan_and_settles_it() {
    let gateway = Gateway::start(&[]).await;
    let work = spawn(&gateway, scan(1_000_000, 1_000_000, 20_000));
    running(&gateway, 1).await;
    let took = gateway.stop().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    let answer = work.await.unwrap();
    assert_eq!((answer.status, answer.json()), (503, json!({"error": "shutting_down"})));
}

#[tokio::test]
async fn numbers_out_of_bounds_are_refused_before_anything_is_held() {
    let gateway = Gateway::start(&[]).await;
    let bad = [
        post("/scan", &json!({"estimate": -1, "actual": 1})),
        post("/scan", &json!({"estimate": 1})),
        post("/scan", &json!({"estimate": 1, "actual": 9_007_199_254_740_992_u64})),
        post("/scan", &json!({"estimate": 9_007_199_254_740_992_u64, "actual": 1})),
        post("/scan", &json!({"estimate": 1, "actual": 1, "hold_ms": 60_001})),
        post("/scan/quick", &json!({"actual": -1})),
        post("/scan/quick", &json!({"actual": 1.5})),
        post("/scan/quick", &json!({"actual": u64::MAX})),
    ];
    for request in bad {
        let answer = gateway.send(request.user("u1")).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("bad_request")), "{answer:?}");
    }
    let usage = gateway.usage("u1").await;
    assert_eq!(usage["scans"]["running"], 0);
    assert_eq!((&usage["bytes"]["used"], &usage["bytes"]["reserved"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn a_settle_whose_answer_was_lost_is_sent_again_and_counts_once() {
    let backend = memory();
    let quotas = Settles::after_failures(backend.quotas.clone(), 2);
    let gateway = Gateway::on(backend.with_quotas(Arc::new(quotas)), &[]).await;
    let answer = gateway.send(scan(10, 7, 0)).await;
    assert_eq!(scanned(&answer)["used"], 7);
}

#[tokio::test]
async fn shutting_down_waits_for_what_a_cancelled_scan_has_to_settle() {
    let backend = memory();
    let quotas = Settles::slowly(backend.quotas.clone(), Duration::from_millis(700));
    let gateway = Gateway::on(backend.with_quotas(Arc::new(quotas)), &[]).await;
    let connection = scan(1_000_000, 1_000_000, 2_000).open(gateway.addr).await;
    running(&gateway, 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(connection);
    tokio::time::sleep(Duration::from_millis(100)).await;

    let (quotas, key) = (gateway.limiters.quotas().clone(), Key::new("scan.bytes", "u1").unwrap());
    let day = limiter_factory::quota!("50 GiB/day");
    assert_eq!(quotas.check(&key, &day).await.unwrap().reserved, 1_000_000, "not settled yet");
    gateway.stop().await;
    let bytes = quotas.check(&key, &day).await.unwrap();
    assert!(bytes.reserved == 0 && bytes.used > 0, "{bytes:?}");
}
