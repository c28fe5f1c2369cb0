//! Scenario D: scans that cost money, five at a time and 50 GiB a UTC day.

use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Caller, Client};
use super::expectation::{misses, wait_misses};
use super::turn::{self, DAY};
use super::walk::{Walk, until, usage};
use crate::failure::{Result, failed};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;
/// How long a scan runs that others are to meet.
const HOLD_MS: u64 = 2_500;
/// How soon it is to be seen running.
const SEEN: Duration = Duration::from_secs(2);
const PROMPTLY: RangeInclusive<u64> = 1..=DAY.as_secs();

pub(crate) fn walk(walk: &mut Walk, client: &Client) -> Result {
    walk.transcript.scenario(
        "D. Scans that cost money",
        "50 GiB a UTC day per user, shared by two endpoints: one reserves and settles, one checks and records.",
    );
    walk.clear_of_turn(DAY, Duration::from_secs(30));
    let dan = Caller::user(&walk.named("dan"));
    let scanned = scan(client, &dan, 20 * GIB, 12 * GIB, 0)?;
    walk.expect(&scanned, "20 GiB reserved, 12 scanned: 12 are settled", &used(12, 38));
    while_reserved(walk, client, &dan)?;
    past_the_cap(walk, client, &dan)?;
    five_at_a_time(walk, client)
}

/// What is reserved is taken as long as the scan runs.
fn while_reserved(walk: &mut Walk, client: &Client, dan: &Caller) -> Result {
    let settled = thread::scope(|scope| {
        let running = scope.spawn(|| scan(client, dan, 30 * GIB, 6 * GIB, HOLD_MS));
        until(SEEN, || Ok(usage(client, &dan.name, "/bytes/reserved")? == 30 * GIB))?;
        let wants = [("/bytes/used", json!(12 * GIB)), ("/bytes/reserved", json!(30 * GIB))];
        walk.expect_usage(client, &dan.name, "a scan is running, 30 GiB are reserved for it", &wants)?;
        let refused = scan(client, dan, 10 * GIB, 10 * GIB, 0)?;
        quota_refusal(walk, &refused, 42 * GIB, &PROMPTLY, "10 GiB beside 12 used and 30 reserved don't fit");
        running.join().unwrap_or_else(|_| failed("the thread of a running scan panicked"))
    })?;
    walk.expect(&settled, "it ends, 6 scanned: the other 24 are free again", &used(18, 32));
    Ok(())
}

/// What was consumed is recorded, always; only then is the next one refused.
fn past_the_cap(walk: &mut Walk, client: &Client, dan: &Caller) -> Result {
    let shared = quick(client, dan, 31 * GIB)?;
    walk.expect(&shared, "the quick endpoint counts on the same quota", &used(49, 1));
    let over = quick(client, dan, 4 * GIB)?;
    walk.expect(&over, "past the cap is recorded all the same, never refused", &used(53, 0));
    let before = turn::left(turn::now(), DAY).as_secs();
    let refused = quick(client, dan, GIB)?;
    let midnight = before.saturating_sub(2)..=before + 2;
    quota_refusal(walk, &refused, 53 * GIB, &midnight, "now it is refused, until midnight UTC");
    let refused = scan(client, dan, 1, 1, 0)?;
    quota_refusal(walk, &refused, 53 * GIB, &midnight, "by the other endpoint too");
    let wants = [("/bytes/used", json!(53 * GIB)), ("/bytes/reserved", json!(0))];
    walk.expect_usage(client, &dan.name, "refusals counted nothing", &wants)
}

fn five_at_a_time(walk: &mut Walk, client: &Client) -> Result {
    let eve = Caller::user(&walk.named("eve"));
    let scans = thread::scope(|scope| {
        let running: Vec<_> =
            (0..5).map(|_| scope.spawn(|| scan(client, &eve, 2 * MIB, MIB, HOLD_MS))).collect();
        until(SEEN, || Ok(usage(client, &eve.name, "/scans/running")? == 5))?;
        let running_five = [("/scans/running", json!(5))];
        walk.expect_usage(client, &eve.name, "five scans of another user run at a time", &running_five)?;
        let sixth = scan(client, &eve, MIB, MIB, 0)?;
        walk.expect(&sixth, "the sixth is refused", &slot_refusal());
        let join = |scan: thread::ScopedJoinHandle<'_, _>| {
            scan.join().unwrap_or_else(|_| failed("the thread of a running scan panicked"))
        };
        running.into_iter().map(join).collect::<Result<Vec<Answer>>>()
    })?;
    walk.expect_each(&scans, "the five end well", &[("status", json!(200)), ("/scanned", json!(MIB))]);
    let wants =
        [("/scans/running", json!(0)), ("/bytes/used", json!(5 * MIB)), ("/bytes/reserved", json!(0))];
    walk.expect_usage(client, &eve.name, "and leave only what they scanned", &wants)
}

fn scan(client: &Client, caller: &Caller, estimate: u64, actual: u64, hold_ms: u64) -> Result<Answer> {
    client.post(caller, "/scan", &json!({"estimate": estimate, "actual": actual, "hold_ms": hold_ms}))
}

fn quick(client: &Client, caller: &Caller, actual: u64) -> Result<Answer> {
    client.post(caller, "/scan/quick", &json!({"actual": actual}))
}

fn used(used_gib: u64, remaining_gib: u64) -> [(&'static str, Value); 3] {
    [("status", json!(200)), ("/used", json!(used_gib * GIB)), ("/remaining", json!(remaining_gib * GIB))]
}

fn quota_refusal(walk: &mut Walk, answer: &Answer, current: u64, wait: &RangeInclusive<u64>, promise: &str) {
    let wants = [
        ("status", json!(429)),
        ("/error", json!("quota_exceeded")),
        ("/kind", json!("bytes")),
        ("/current", json!(current)),
        ("/limit/space", json!("scan.bytes")),
        ("/limit/limit", json!("50 GiB/day")),
        ("/max", json!(50 * GIB)),
    ];
    let mut missed = misses(answer, &wants);
    missed.extend(wait_misses(answer, wait));
    walk.judge(answer, promise, &missed);
}

fn slot_refusal() -> [(&'static str, Value); 8] {
    [
        ("status", json!(429)),
        ("/error", json!("too_many_scans")),
        ("/scope", json!("user")),
        ("/limit/space", json!("scans.user")),
        ("/limit/cap", json!(5)),
        ("/in_use", json!(5)),
        ("/retry_after_seconds", Value::Null),
        ("retry_after", Value::Null),
    ]
}
