//! Scenario B: a public widget in front of costly work.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Caller, Client};
use super::expectation::{misses, wait_misses};
use super::turn::MINUTE;
use super::walk::{Walk, repeat};
use crate::failure::Result;

/// The longest wait of a window of a minute that counts denied hits: with four counted of three allowed, half of
/// the next window must have passed.
const LONGEST_WAIT: u64 = 90;

pub(crate) fn walk(walk: &mut Walk, client: &Client) -> Result {
    walk.transcript.scenario(
        "B. A public widget",
        "Three a minute per session, charged before the key is looked up; three per key, charged once it proved real.",
    );
    walk.clear_of_turn(MINUTE, Duration::from_secs(6));
    let (key, made_up) = (walk.named("pk_demo"), walk.named("pk_made_up"));
    let [first, second, third] = ["S", "S2", "S3"].map(|name| Caller::session(&walk.named(name)));

    let three = repeat(3, || resolve(client, &first, &key))?;
    walk.expect_each(&three, "three from one session", &[("status", json!(200)), ("/resolved", json!(key))]);
    refused(
        walk,
        &resolve(client, &first, &key)?,
        "widget.session",
        "the fourth is refused before any lookup",
    );
    walk.expect_usage(client, &key, "and isn't charged to the key", &[("/widget/key_hits", json!(3))])?;
    let other = resolve(client, &second, &key)?;
    refused(walk, &other, "widget.key", "a fresh session: the key itself is used up");
    let unknown = resolve(client, &third, &made_up)?;
    walk.expect(
        &unknown,
        "a made-up key is unknown",
        &[("status", json!(404)), ("/error", json!("unknown_key"))],
    );
    walk.expect_usage(client, &made_up, "and mints no counter", &[("/widget/key_hits", json!(0))])?;
    let hits = [("/widget/session_hits", json!(4))];
    walk.expect_usage(client, &first.name, "refused hits count: the store holds four", &hits)
}

fn resolve(client: &Client, session: &Caller, key: &str) -> Result<Answer> {
    client.post(session, "/widget/keys/resolve", &json!({"public_key": key}))
}

fn refused(walk: &mut Walk, answer: &Answer, space: &str, promise: &str) {
    let wants: [(&str, Value); 4] = [
        ("status", json!(429)),
        ("type", json!("application/json")),
        ("/error", json!("rate_limited")),
        ("/limit/space", json!(space)),
    ];
    let mut missed = misses(answer, &wants);
    missed.extend(wait_misses(answer, &(1..=LONGEST_WAIT)));
    walk.judge(answer, promise, &missed);
}
