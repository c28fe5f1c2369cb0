//! Scenario E: messages, at the real endpoint.

mod support;

use limiter_factory::ManualClock;
use serde_json::{Value, json};

use support::http::{Answer, Request, get, post, request};
use support::{Gateway, on_clock};

/// A minute that has just begun, so that no window turns while a test runs.
const MINUTE_MS: u64 = 29_000_000 * 60_000;

fn message() -> Request {
    post("/chat/message", &json!({"text": "hi"}))
}

async fn on_still_clock(vars: &[(&str, &str)]) -> Gateway {
    Gateway::on(on_clock(ManualClock::new(MINUTE_MS)), vars).await
}

fn space(answer: &Answer) -> Value {
    answer.json()["limit"]["space"].clone()
}

#[tokio::test]
async fn the_sixth_message_in_a_minute_is_refused() {
    let gateway = on_still_clock(&[]).await;
    for left in [4, 3, 2, 1, 0] {
        let answer = gateway.send(message().user("u1")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"ok": true, "remaining": left})));
    }
    let sixth = gateway.send(message().user("u1")).await;
    assert_eq!(sixth.status, 429);
    let wait = sixth.retry_after();
    let limit = json!({"space": "chat.user", "limit": "5/min"});
    let body = json!({"error": "rate_limited", "limit": limit, "retry_after_seconds": wait});
    assert_eq!(sixth.json(), body);
    // The five count whole until the minute ends, and weigh less from then on: 60 + 12 seconds for one of them.
    assert_eq!(wait, 72);
    assert_eq!(gateway.send(message().user("u2")).await.status, 200, "another user is not concerned");
}

#[tokio::test]
async fn after_the_wait_it_fits_and_a_second_sooner_it_does_not() {
    let clock = ManualClock::new(MINUTE_MS);
    let gateway = Gateway::on(on_clock(clock.clone()), &[]).await;
    for _ in 0..5 {
        assert_eq!(gateway.send(message().user("u1")).await.status, 200);
    }
    let wait = gateway.send(message().user("u1")).await.retry_after();
    clock.set_ms(MINUTE_MS + (wait - 1) * 1000);
    assert_eq!(gateway.send(message().user("u1")).await.status, 429);
    clock.set_ms(MINUTE_MS + wait * 1000);
    assert_eq!(gateway.send(message().user("u1")).await.status, 200);
}

#[tokio::test]
async fn a_refused_message_charges_nothing() {
    let gateway = on_still_clock(&[("GATEWAY_CHAT_ADDRESS_LIMIT", "7/min")]).await;
    for _ in 0..10 {
        gateway.send(message().user("u1")).await;
    }
    // Five of the address's seven are used up, so two are left for others.
    let statuses = [
        gateway.send(message().user("u2")).await.status,
        gateway.send(message().user("u2")).await.status,
        gateway.send(message().user("u2")).await.status,
    ];
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(gateway.usage("u2").await["chat"][0]["used"], 2);
}

#[tokio::test]
async fn an_anonymous_flood_leaves_signed_in_users_their_own_limits() {
    let gateway = on_still_clock(&[]).await;
    let mut refused = 0;
    for _ in 0..20 {
        let answer = gateway.send(message()).await;
        if answer.status == 429 {
            assert_eq!(space(&answer), "chat.anonymous");
            refused += 1;
        }
    }
    assert_eq!(refused, 15, "five anonymous messages an address");
    for _ in 0..5 {
        assert_eq!(gateway.send(message().user("u1")).await.status, 200);
    }
}

#[tokio::test]
async fn an_address_has_thirty_whoever_calls() {
    let gateway = on_still_clock(&[]).await;
    for index in 0..30 {
        let user = format!("u{}", index / 5);
        assert_eq!(gateway.send(message().user(&user)).await.status, 200, "{index}");
    }
    let answer = gateway.send(message().user("fresh")).await;
    assert_eq!((answer.status, space(&answer)), (429, json!("chat.address")));
    assert_eq!(gateway.usage("fresh").await["chat"][0]["used"], 0);
}

#[tokio::test]
async fn a_forged_address_is_ignored() {
    let gateway = on_still_clock(&[]).await;
    let mut statuses = Vec::new();
    for index in 0..6 {
        let forged = format!("198.51.100.{index}");
        let answer = gateway.send(message().header("x-forwarded-for", &forged)).await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_the_one_it_saw() {
    let proxies = ("GATEWAY_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8");
    let gateway = on_still_clock(&[proxies]).await;
    for index in 0..6 {
        // What the caller wrote comes first; then what the proxies added, in lines of their own.
        let answer = message()
            .header("x-forwarded-for", &format!("198.51.100.{index}"))
            .header("X-Forwarded-For", "203.0.113.7, 10.1.2.3")
            .send(gateway.addr)
            .await;
        assert_eq!(answer.status, if index < 5 { 200 } else { 429 });
    }
    let other = message().header("x-forwarded-for", "203.0.113.8").send(gateway.addr).await;
    assert_eq!(other.status, 200, "another address has its own");
    let mapped = message().header("x-forwarded-for", "::ffff:203.0.113.7").send(gateway.addr).await;
    assert_eq!(mapped.status, 429, "the same address as IPv6 maps it");
}

#[tokio::test]
async fn ipv6_callers_count_by_their_network() {
    let gateway = on_still_clock(&[("GATEWAY_TRUSTED_PROXIES", "127.0.0.1")]).await;
    for index in 0..6 {
        let address = format!("2001:db8:1:2::{index}");
        let answer = message().header("x-forwarded-for", &address).send(gateway.addr).await;
        assert_eq!(answer.status, if index < 5 { 200 } else { 429 });
    }
    let next_network = message().header("x-forwarded-for", "2001:db8:1:3::1");
    assert_eq!(next_network.send(gateway.addr).await.status, 200);
}

#[tokio::test]
async fn limits_come_from_the_environment() {
    let gateway = on_still_clock(&[("GATEWAY_CHAT_USER_LIMITS", "2/min; fixed 3/hour")]).await;
    let used = |usage: Value| usage["chat"].clone();
    for _ in 0..3 {
        gateway.send(message().user("u1")).await;
    }
    let expected = json!([
        {"limit": "2/min", "used": 2, "remaining": 0},
        {"limit": "fixed 3/hour", "used": 2, "remaining": 1},
    ]);
    assert_eq!(used(gateway.usage("u1").await), expected);
    assert_eq!(used(gateway.usage("u1").await), expected, "asking charges nothing");
}

#[tokio::test]
async fn what_never_fits_has_no_wait() {
    let gateway = on_still_clock(&[("GATEWAY_CHAT_USER_LIMITS", "0/min")]).await;
    let answer = gateway.send(message().user("u1")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
    assert_eq!(answer.json()["retry_after_seconds"], Value::Null);
}

#[tokio::test]
async fn bad_input_is_the_callers_mistake_and_charges_nothing() {
    let gateway = on_still_clock(&[]).await;
    let bad = [
        message().user(&"x".repeat(513)),
        message().raw_header("x-user-id", b"\xff\xfe"),
        post("/chat/message", &json!({"text": 5})).user("u1"),
        request("POST", "/chat/message", "{".to_owned()).user("u1"),
        request("POST", "/chat/message", String::new()).user("u1"),
        request("POST", "/chat/message", "x".repeat(3_000_000)).user("u1"),
        get(&format!("/usage/{}", "x".repeat(513))),
        get("/usage/%ff"),
    ];
    for request in bad {
        let answer = gateway.send(request).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("bad_request")), "{answer:?}");
        assert!(answer.json()["detail"].is_string());
    }
    assert_eq!(gateway.usage("u1").await["chat"][0]["used"], 0);
    assert_eq!(gateway.send(message().user(&"x".repeat(512))).await.status, 200);
}

#[tokio::test]
async fn anything_else_is_not_found() {
    let gateway = on_still_clock(&[]).await;
    let nowhere =
        [get("/"), get("/chat/message"), post("/events", &json!({})), get("/usage"), get("/usage/a/b")];
    for request in nowhere {
        let answer = gateway.send(request).await;
        assert_eq!((answer.status, answer.json()), (404, json!({"error": "not_found"})));
    }
    let health = gateway.send(get("/health")).await;
    assert_eq!((health.status, health.json()), (200, json!({"ok": true, "limiter": "memory"})));
}
