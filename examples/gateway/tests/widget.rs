//! Scenario B: a public widget, and what each call site answers when the store is down.

mod support;

use limiter_factory::{Backend, ErrorKind, ManualClock};
use serde_json::json;
use std::sync::Arc;

use support::down::Down;
use support::http::{Request, get, post};
use support::{Gateway, memory, on_clock};

const MINUTE_MS: u64 = 29_000_000 * 60_000;
const KEYS: (&str, &str) = ("GATEWAY_WIDGET_KEYS", "pk_live, pk_other");

fn resolve(key: &str) -> Request {
    post("/widget/keys/resolve", &json!({"public_key": key}))
}

fn of_session(key: &str, session: &str) -> Request {
    resolve(key).header("x-session-id", session)
}

#[tokio::test]
async fn the_walk() {
    let gateway = Gateway::on(on_clock(ManualClock::new(MINUTE_MS)), &[KEYS]).await;
    for _ in 0..3 {
        let answer = gateway.send(of_session("pk_live", "S")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"resolved": "pk_live"})));
    }
    let fourth = gateway.send(of_session("pk_live", "S")).await;
    assert!(fourth.retry_after() > 60);
    let limit = json!({"space": "widget.session", "limit": "3/min counting denied"});
    assert_eq!(fourth.json()["limit"], limit);
    assert_eq!(gateway.usage("pk_live").await["widget"]["key_hits"], 3, "the key was not charged");

    let fresh = gateway.send(of_session("pk_live", "S2")).await;
    fresh.retry_after();
    assert_eq!(fresh.json()["limit"]["space"], "widget.key");

    let made_up = gateway.send(of_session("pk_made_up", "S3")).await;
    assert_eq!((made_up.status, made_up.json()), (404, json!({"error": "unknown_key"})));
    assert_eq!(gateway.usage("pk_made_up").await["widget"]["key_hits"], 0);

    assert_eq!(gateway.usage("S").await["widget"], json!({"session_hits": 4, "key_hits": 0}));
    assert_eq!(gateway.usage("pk_live").await["widget"]["key_hits"], 4, "refused hits count");
    assert_eq!(gateway.usage("S3").await["widget"]["session_hits"], 1);
}

#[tokio::test]
async fn made_up_keys_mint_no_counters() {
    let store = Arc::new(limiter_memory::MemoryBackend::new(limiter_memory::Config::default()).unwrap());
    let gateway = Gateway::on(Backend::new("memory", store.clone()), &[KEYS]).await;
    for index in 0..50 {
        gateway.send(of_session(&format!("pk_{index}"), "S")).await;
    }
    assert_eq!(store.rate_counters(), 1, "the session's alone");
}

#[tokio::test]
async fn without_a_session_the_address_counts() {
    let gateway = Gateway::on(on_clock(ManualClock::new(MINUTE_MS)), &[KEYS]).await;
    for _ in 0..3 {
        assert_eq!(gateway.send(resolve("pk_live")).await.status, 200);
    }
    let refused = gateway.send(resolve("pk_other").header("x-session-id", "")).await;
    assert_eq!(refused.json()["limit"]["space"], "widget.session");
    assert_eq!(gateway.usage("127.0.0.1").await["widget"]["session_hits"], 4);
}

#[tokio::test]
async fn without_keys_there_is_no_widget() {
    let gateway = Gateway::start(&[]).await;
    let answer = gateway.send(resolve("pk_live")).await;
    assert_eq!((answer.status, answer.json()), (404, json!({"error": "not_found"})));
    assert_eq!(gateway.usage("u1").await["widget"], json!({"session_hits": 0, "key_hits": 0}));
}

#[tokio::test]
async fn the_widget_lets_through_when_the_rates_are_down_and_chat_does_not() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Timeout] {
        let gateway = Gateway::on(memory().with_rates(Arc::new(Down(kind))), &[KEYS]).await;
        for _ in 0..5 {
            assert_eq!(gateway.send(of_session("pk_live", "S")).await.status, 200);
        }
        assert_eq!(gateway.send(of_session("pk_made_up", "S")).await.status, 404);
        let chat = gateway.send(post("/chat/message", &json!({"text": "hi"}))).await;
        assert_eq!((chat.status, chat.json()), (503, json!({"error": "limiter_unavailable"})));
    }
}

#[tokio::test]
async fn a_full_store_is_not_a_store_that_is_down() {
    let gateway = Gateway::on(Down(ErrorKind::Capacity).backend(), &[KEYS]).await;
    let answer = gateway.send(of_session("pk_live", "S")).await;
    assert_eq!((answer.status, answer.json()), (503, json!({"error": "limiter_unavailable"})));
}

#[tokio::test]
async fn every_other_endpoint_refuses_when_the_store_is_down() {
    let expected =
        [(ErrorKind::Unavailable, 503, "limiter_unavailable"), (ErrorKind::Protocol, 500, "limiter_error")];
    for (kind, status, error) in expected {
        let gateway = Gateway::on(Down(kind).backend(), &[]).await;
        let requests = [
            post("/chat/message", &json!({"text": "hi"})),
            get("/events"),
            post("/scan", &json!({"estimate": 1, "actual": 1})),
            post("/scan/quick", &json!({"actual": 1})),
            get("/usage/u1"),
            get("/health"),
        ];
        for request in requests {
            let answer = gateway.send(request).await;
            assert_eq!((answer.status, answer.json()), (status, json!({"error": error})));
        }
    }
}

#[tokio::test]
async fn a_quota_that_is_down_holds_no_slot() {
    let backend = memory();
    let store = backend.slots.clone();
    let gateway = Gateway::on(backend.with_quotas(Arc::new(Down(ErrorKind::Unavailable))), &[]).await;
    let answer = gateway.send(post("/scan", &json!({"estimate": 1, "actual": 1})).user("u1")).await;
    assert_eq!(answer.status, 503);
    let key = limiter_factory::Key::new("scans.user", "u1").unwrap();
    assert_eq!(store.in_use(&key).await.unwrap(), 0);
}
