//! The gateway as a process: what stops its start, and how it ends.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, timeout};

use support::http::{Events, get, post};

fn gateway(vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command
        .env_clear()
        .env("GATEWAY_ADDR", "127.0.0.1:0")
        .envs(vars.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Starts one that must refuse to; tells what it wrote to stderr.
async fn refused(vars: &[(&str, &str)]) -> String {
    let output: Output = timeout(Duration::from_secs(10), gateway(vars).output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn without_rate_limiter_it_refuses_to_start() {
    let text = refused(&[]).await;
    assert!(
        text.starts_with("RATE_LIMITER is not set; accepted: memory, redis, postgres, sqlite, or a URL"),
        "{text}"
    );
    let text = refused(&[("RATE_LIMITER", "postgres")]).await;
    assert!(
        text.starts_with("DATABASE_URL is not set, which RATE_LIMITER=postgres needs; accepted: postgres://"),
        "{text}"
    );
    let text = refused(&[("RATE_LIMITER", "redis")]).await;
    assert!(
        text.starts_with("REDIS_URL is not set, which RATE_LIMITER=redis needs; accepted: redis://"),
        "{text}"
    );
    let text = refused(&[("RATE_LIMITER", "sqlite")]).await;
    assert!(
        text.starts_with(
            "LIMITER_SQLITE_PATH is not set, which RATE_LIMITER=sqlite needs; accepted: the absolute path"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_wrong_variable_stops_the_start_and_is_named() {
    let memory = ("RATE_LIMITER", "memory");
    let cases = [
        ("GATEWAY_ADDR", "localhost", "accepted: an address and a port, such as 127.0.0.1:8080"),
        ("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/33", "accepted: addresses and networks such as 10.0.0.0/8"),
        ("GATEWAY_CHAT_USER_LIMITS", "5/min; 6/min", "accepted: each algorithm and window once in a set"),
        ("GATEWAY_CHAT_ADDRESS_LIMIT", "30/mim", "at byte 3: unknown unit \"mim\""),
        ("GATEWAY_STREAMS_PER_USER", "-5", "accepted: a whole number, 0 to 9007199254740991"),
        ("GATEWAY_STREAMS_TOTAL", "", "accepted: a whole number"),
        ("GATEWAY_STREAM_TTL_SECONDS", "0", "accepted: a whole number, 1 to 2592000"),
        ("GATEWAY_SCANS_PER_USER", "five", "accepted: a whole number"),
        ("GATEWAY_SCAN_QUOTA", "50 GiB/min", "at byte 7"),
        ("GATEWAY_WIDGET_KEYS", "pk_1,", "accepted: keys of 1 to 512 bytes"),
        ("GATEWAY_WIDGET_SESSION_LIMIT", "three", "at byte 0"),
        ("GATEWAY_WIDGET_KEY_LIMIT", "-3/min", "at byte 0"),
    ];
    for (name, value, accepted) in cases {
        let text = refused(&[memory, (name, value)]).await;
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with(&format!("{name} is {value:?}; ")), "{text}");
        assert!(text.contains(accepted), "{text}");
    }
    let unknown = refused(&[memory, ("GATEWAY_COLOUR", "blue")]).await;
    assert!(
        unknown.starts_with("GATEWAY_COLOUR is set, but there is no such variable; accepted: "),
        "{unknown}"
    );
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let vars = [
        ("RATE_LIMITER", "memroy"),
        ("LIMITER_MEMORY_LEASES", "x"),
        ("GATEWAY_SCAN_QUOTA", "x"),
        ("GATEWAY_COLOUR", "x"),
    ];
    let text = refused(&vars).await;
    let starts: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(starts, ["RATE_LIMITER", "LIMITER_MEMORY_LEASES", "GATEWAY_SCAN_QUOTA", "GATEWAY_COLOUR"]);
}

#[tokio::test]
async fn a_password_in_the_wrong_place_is_not_told() {
    let url = "postgres://app:hunter2@db/limits";
    for vars in [
        &[("RATE_LIMITER", "sqlite"), ("LIMITER_SQLITE_PATH", url)][..],
        &[("RATE_LIMITER", "memory"), ("LIMITER_SQLITE_PATH", url)],
        &[("RATE_LIMITER", "sqlite://app:hunter2@db/limits")],
    ] {
        let text = refused(vars).await;
        assert!(text.contains("the path isn't absolute; accepted: ") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let text = refused(&[("RATE_LIMITER", "memory"), ("GATEWAY_ADDR", &addr)]).await;
    assert!(text.starts_with(&format!("GATEWAY_ADDR is {addr}, where the gateway can't listen")), "{text}");
}

async fn started() -> (Child, Lines<BufReader<ChildStdout>>, std::net::SocketAddr) {
    let mut child = gateway(&[("RATE_LIMITER", "memory")]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(Duration::from_secs(10), lines.next_line()).await.unwrap().unwrap().unwrap();
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
    (child, lines, addr)
}

#[tokio::test]
async fn asked_to_end_it_ends_streams_and_scans_and_drains() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut child, mut lines, addr) = started().await;
        let mut stream = Events::open(addr, &get("/events").user("u1")).await.unwrap();
        let scan = post("/scan", &json!({"estimate": 9, "actual": 9, "hold_ms": 60_000}));
        let scan = tokio::spawn(async move { scan.user("u1").send(addr).await });
        assert_eq!(stream.next().await, Some(json!({"hello": "u1"})));
        assert_eq!(stream.next().await, Some(json!({"tick": 1})));

        let asked = Instant::now();
        kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), signal).unwrap();
        let rest = timeout(Duration::from_secs(5), lines.next_line()).await.unwrap().unwrap();
        assert_eq!(rest.as_deref(), Some("drained"));
        assert!(child.wait().await.unwrap().success());
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        assert_eq!(lines.next_line().await.unwrap(), None, "two lines on stdout, and no more");

        while stream.next().await.is_some() {}
        assert!(stream.ended_whole());
        assert_eq!(scan.await.unwrap().status, 503);
    }
}
