//! Scenarios A and C: event streams, so many per user and so many in all.
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::time::Duration;

use limiter_factory::layers::{Layer, WhenUnavailable, WhenUnavailableLayer};
use limiter_factory::{ErrorKind, Key, LeaseRequest, ManualClock, Scope, SlotLimiter};
use limiter_memory::MemoryBackend;
use serde_json::{Value, json};

use support::down::Down;
use support::http::{Answer, Events, get, post};
use support::{Gateway, on_clock, within};

/// How soon a slot is free again.
const SOON: Duration = Duration::from_secs(2);

async fn open(gateway: &Gateway, user: &str) -> Result<Events, Answer> {
    Events::open(gateway.addr, &get("/events").user(user)).await
}

/// Opens so many streams of a user, each of which has said hello.
async fn open_all(gateway: &Gateway, user: &str, count: usize) -> Vec<Events> {
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = open(gateway, user).await.unwrap();
        assert_eq!(stream.next().await, Some(json!({"hello": user})));
        streams.push(stream);
    }
    streams
}

async fn streams_of(gateway: &Gateway, user: &str) -> Value {
    gateway.usage(user).await["streams"].clone()
}

#[tokio::test]
async fn a_stream_says_hello_and_ticks() {
    let gateway = Gateway::start(&[]).await;
    let mut stream = open(&gateway, "u1").await.unwrap();
    assert_eq!(stream.next().await, Some(json!({"hello": "u1"})));
    assert_eq!(stream.next().await, Some(json!({"tick": 1})));
    assert_eq!(stream.next().await, Some(json!({"tick": 2})));
}

#[tokio::test]
async fn the_sixth_stream_is_refused_before_its_first_byte() {
    let gateway = Gateway::start(&[]).await;
    let streams = open_all(&gateway, "u1", 5).await;
    let refused = open(&gateway, "u1").await.unwrap_err();
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
    let limit = json!({"space": "streams.user", "cap": 5});
    let body = json!({
        "error": "too_many_streams", "scope": "user", "limit": limit, "in_use": 5, "retry_after_seconds": null,
    });
    assert_eq!(refused.json(), body);
    assert_eq!(streams_of(&gateway, "u1").await, json!({"open": 5, "cap": 5, "total_open": 5}));
    assert_eq!(streams_of(&gateway, "u2").await, json!({"open": 0, "cap": 5, "total_open": 5}));
    drop(streams);
}

#[tokio::test]
async fn closing_or_cutting_a_connection_frees_its_slot() {
    let gateway = Gateway::start(&[("GATEWAY_STREAMS_PER_USER", "2")]).await;
    for cut in [true, false] {
        let mut streams = open_all(&gateway, "u1", 2).await;
        assert_eq!(open(&gateway, "u1").await.unwrap_err().status, 429);
        let gone = streams.remove(0);
        if cut {
            gone.cut();
        } else {
            drop(gone);
        }
        let one = |streams: &Value| streams["open"] == 1;
        within(SOON, || streams_of(&gateway, "u1"), one).await;
        streams.extend(open_all(&gateway, "u1", 1).await);
        drop(streams);
        let none = |streams: &Value| streams["total_open"] == 0 && streams["open"] == 0;
        within(SOON, || streams_of(&gateway, "u1"), none).await;
    }
}

#[tokio::test]
async fn a_stream_outlives_its_time_to_live_while_its_body_does() {
    let gateway = Gateway::start(&[("GATEWAY_STREAM_TTL_SECONDS", "1")]).await;
    let mut stream = open_all(&gateway, "u1", 1).await.remove(0);
    for tick in 1..=3 {
        assert_eq!(stream.next().await, Some(json!({"tick": tick})));
        assert_eq!(streams_of(&gateway, "u1").await["open"], 1);
    }
}

#[tokio::test]
async fn each_cap_is_told_by_its_name() {
    let caps = [("GATEWAY_STREAMS_TOTAL", "3"), ("GATEWAY_STREAMS_PER_USER", "2")];
    let gateway = Gateway::start(&caps).await;
    let mut streams = open_all(&gateway, "u1", 2).await;
    let scope = |answer: Answer| answer.json()["scope"].clone();
    assert_eq!(scope(open(&gateway, "u1").await.unwrap_err()), "user");

    streams.extend(open_all(&gateway, "u2", 1).await);
    let refused = open(&gateway, "u2").await.unwrap_err().json();
    assert_eq!(refused["scope"], "total");
    assert_eq!(refused["limit"], json!({"space": "streams.total", "cap": 3}));
    assert_eq!(refused["in_use"], 3);
    assert_eq!(streams_of(&gateway, "u2").await["open"], 1, "a refusal holds no slot in any scope");
}

#[tokio::test]
async fn a_cap_of_nothing_refuses_while_the_store_is_down_too() {
    let down = Down(ErrorKind::Unavailable).backend();
    let backend = WhenUnavailableLayer::default().with_slots(WhenUnavailable::Allow).wrap(down);
    let caps = [("GATEWAY_STREAMS_TOTAL", "0"), ("GATEWAY_SCANS_PER_USER", "0")];
    let gateway = Gateway::on(backend, &caps).await;
    let scan = post("/scan", &json!({"estimate": 1, "actual": 1})).user("u1");
    for refused in [open(&gateway, "u1").await.unwrap_err(), gateway.send(scan).await] {
        assert_eq!((refused.status, &refused.json()["in_use"]), (429, &Value::Null), "{refused:?}");
    }
}

#[tokio::test]
async fn callers_that_start_together_get_no_more_than_the_cap() {
    let gateway = Gateway::start(&[]).await;
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let request = get("/events").user("u1");
            tokio::spawn(Events::open_owned(gateway.addr, request))
        })
        .collect();
    let mut streams = Vec::new();
    for task in tasks {
        streams.extend(task.await.unwrap());
    }
    assert_eq!(streams.len(), 5);
}

#[tokio::test]
async fn users_without_streams_leave_nothing_behind() {
    let store = std::sync::Arc::new(MemoryBackend::new(limiter_memory::Config::default()).unwrap());
    let gateway = Gateway::on(limiter_factory::Backend::new("memory", store.clone()), &[]).await;
    for user in 0..20 {
        let streams = open_all(&gateway, &format!("u{user}"), 1).await;
        drop(streams);
    }
    let none = |streams: &Value| streams["total_open"] == 0;
    within(SOON, || streams_of(&gateway, "u0"), none).await;
    assert_eq!(store.slot_keys(), 0);
}

#[tokio::test]
async fn a_stream_ends_when_its_lease_is_lost() {
    // The store's clock jumps past the lease, as if the gateway had slept: the next renewal finds it lost.
    let clock = ManualClock::new(1_700_000_000_000);
    let gateway = Gateway::on(on_clock(clock.clone()), &[("GATEWAY_STREAM_TTL_SECONDS", "1")]).await;
    let mut stream = open_all(&gateway, "u1", 1).await.remove(0);
    clock.advance(Duration::from_secs(5));
    let events = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(SOON, events).await.unwrap();
    assert!(stream.ended_whole());
}

#[tokio::test]
async fn shutting_down_ends_open_streams_and_frees_their_slots() {
    let store = std::sync::Arc::new(MemoryBackend::new(limiter_memory::Config::default()).unwrap());
    let gateway = Gateway::on(limiter_factory::Backend::new("memory", store.clone()), &[]).await;
    let mut streams = open_all(&gateway, "u1", 3).await;
    assert_eq!(store.in_use(&Key::new("streams.user", "u1").unwrap()).await.unwrap(), 3);

    let took = gateway.stop().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    for stream in &mut streams {
        while stream.next().await.is_some() {}
        assert!(stream.ended_whole());
    }
    assert_eq!(store.slot_keys(), 0);
}

#[tokio::test]
async fn shutting_down_drains_what_is_still_held() {
    let gateway = Gateway::start(&[]).await;
    let limiters = gateway.limiters.clone();
    let key = Key::all("batch").unwrap();
    let request = LeaseRequest::new([Scope::new(key.clone(), 1)], Duration::from_secs(60)).unwrap();
    let held = limiters.slots().acquire(&request).await.unwrap();
    assert!(held.is_acquired());
    gateway.stop().await;
    assert_eq!(limiters.backend().slots.in_use(&key).await.unwrap(), 0);
}
