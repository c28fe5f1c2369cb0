//! Scenario E: chat, limited per user, per anonymous address, and per address whoever calls.

use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Caller, Client};
use super::expectation::{misses, wait_misses};
use super::turn::{self, MINUTE};
use super::walk::{Walk, repeat};
use crate::failure::Result;
use crate::style;

/// As long as this part of the walk may take on a slow machine.
const NEEDED: Duration = Duration::from_secs(8);

pub(crate) fn walk(walk: &mut Walk, client: &Client) -> Result {
    walk.transcript.scenario(
        "E. Chat",
        "5 a minute and 60 an hour per user, or per address for the anonymous; 30 a minute per address in all.",
    );
    walk.clear_of_turn(MINUTE, NEEDED);
    let mut flood = vec![first_message(walk, client)?];
    flood.extend(repeat(4, || say(client, &Caller::anonymous()))?);
    walk.expect_each(&flood, "an anonymous caller's five a minute", &let_in());
    let refused = repeat(20, || say(client, &Caller::anonymous()))?;
    walk.expect_each(
        &refused,
        "floods on, is refused, and charges nothing",
        &refusal("chat.anonymous", "5/min"),
    );
    forged(walk, client)?;
    signed_in(walk, client)?;
    address_for_all(walk, client)
}

/// A header that the caller wrote buys nothing.
fn forged(walk: &mut Walk, client: &Client) -> Result {
    let address = walk.address(0);
    let forger = Caller::anonymous().forwarded_for(&address, "forger");
    let answer = say(client, &forger)?;
    walk.expect(&answer, "a forged X-Forwarded-For isn't believed", &refusal("chat.anonymous", "5/min"));
    Ok(())
}

fn signed_in(walk: &mut Walk, client: &Client) -> Result {
    let emma = Caller::user(&walk.named("emma"));
    let five = repeat(5, || say(client, &emma))?;
    walk.expect_each(&five, "a user at the flooded address still has five", &let_in());
    let wait = five_a_minute_wait();
    let sixth = say(client, &emma)?;
    let mut missed = misses(&sixth, &refusal("chat.user", "5/min"));
    missed.extend(wait_misses(&sixth, &wait));
    walk.judge(&sixth, "the sixth is refused, and told when to come back", &missed);
    Ok(())
}

/// The flood's 5 and emma's 5 are charged to the address; 20 more fit, whoever they are from.
fn address_for_all(walk: &mut Walk, client: &Client) -> Result {
    let users = ["finn", "gus", "hal", "ida"].map(|name| Caller::user(&walk.named(name)));
    let mut answers = Vec::new();
    for user in &users {
        answers.extend(repeat(5, || say(client, user))?);
    }
    walk.expect_each(&answers, "four more users: 30 from this address in all", &let_in());
    let jon = Caller::user(&walk.named("jon"));
    let refused = say(client, &jon)?;
    walk.expect(&refused, "the address is used up, for a fresh user too", &refusal("chat.address", "30/min"));
    let untouched = [("/chat/0/used", json!(0)), ("/chat/1/used", json!(0))];
    walk.expect_usage(client, &jon.name, "whose own limits weren't charged: all or nothing", &untouched)
}

/// A second gateway that trusts the proxy on this machine: the address is the one the proxy saw.
pub(crate) fn behind_a_proxy(walk: &mut Walk) -> Result {
    let gateway = walk.start(&[("GATEWAY_TRUSTED_PROXIES", "127.0.0.1")])?;
    let client = gateway.client();
    walk.transcript.note("a second gateway, which trusts the proxy at 127.0.0.1");
    walk.clear_of_turn(MINUTE, NEEDED);
    let (home, other) = (walk.address(0), walk.address(1));
    let caller = Caller::anonymous().forwarded_for(&home, "home");
    let five = repeat(5, || say(&client, &caller))?;
    walk.expect_each(&five, "five from the address that the proxy saw", &let_in());
    let sixth = say(&client, &caller)?;
    walk.expect(&sixth, "and no sixth", &refusal("chat.anonymous", "5/min"));
    let liar = Caller::anonymous().forwarded_for(&format!("{other}, {home}"), "home, lies");
    walk.expect(
        &say(&client, &liar)?,
        "what stands left of it is the caller's own",
        &refusal("chat.anonymous", "5/min"),
    );
    let other = Caller::anonymous().forwarded_for(&format!("{home}, {other}"), "elsewhere");
    walk.expect(&say(&client, &other)?, "another address has its own limits", &let_in());
    gateway.end()?;
    Ok(())
}

/// The first anonymous message. On a shared store the last walk's flood may still count; then its windows are
/// waited out, once.
fn first_message(walk: &Walk, client: &Client) -> Result<Answer> {
    let first = say(client, &Caller::anonymous())?;
    if !walk.shares_a_store() || first.body()["remaining"] == 4 {
        return Ok(first);
    }
    let wait = turn::left(turn::now(), MINUTE) + MINUTE + Duration::from_secs(1);
    let shown = style::duration(wait);
    walk.transcript
        .note(&format!("an earlier walk's messages still count here; waiting {shown} for them to fade"));
    thread::sleep(wait);
    say(client, &Caller::anonymous())
}

/// When five a minute, all just used, let one more in: 12 s into the next window, where the five weigh four.
fn five_a_minute_wait() -> RangeInclusive<u64> {
    let wait = turn::left(turn::now(), MINUTE).as_secs() + 12;
    wait.saturating_sub(2)..=wait + 2
}

fn say(client: &Client, caller: &Caller) -> Result<Answer> {
    client.post(caller, "/chat/message", &json!({"text": "hi"}))
}

fn let_in() -> [(&'static str, Value); 2] {
    [("status", json!(200)), ("/ok", json!(true))]
}

fn refusal(space: &str, limit: &str) -> [(&'static str, Value); 5] {
    [
        ("status", json!(429)),
        ("type", json!("application/json")),
        ("/error", json!("rate_limited")),
        ("/limit/space", json!(space)),
        ("/limit/limit", json!(limit)),
    ]
}
