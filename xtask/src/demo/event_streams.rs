//! Scenarios A and C: event streams per user, and a cap for all beside the cap for each.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Caller, Client, EventStream};
use super::expectation::fact_misses;
use super::walk::{Walk, until, usage};
use crate::failure::Result;

/// How soon a closed tab's slot is to be free.
const FREED: Duration = Duration::from_secs(2);

pub(crate) fn per_user(walk: &mut Walk, client: &Client) -> Result {
    walk.transcript.scenario(
        "A. Event streams per user",
        "Five may be open per user. A slot lives as long as the body of its response; closing the tab frees it.",
    );
    let (ada, bob) = (Caller::user(&walk.named("ada")), Caller::user(&walk.named("bob")));
    let mut open = open(walk, client, &ada, 5, "five streams are open, each has said hello")?;
    let (sixth, _none) = client.open_events(&ada)?;
    walk.expect(
        &sixth,
        "the sixth is refused before a stream's first byte",
        &refusal("user", "streams.user", 5),
    );
    walk.expect_usage(client, &ada.name, "how many are open can be asked", &[("/streams/open", json!(5))])?;

    open.pop();
    let mut next = None;
    let freed = until(FREED, || {
        next = client.open_events(&ada)?.1;
        Ok(next.is_some())
    })?;
    let seen = match freed {
        Some(took) => format!("let in within {} ms", took.as_millis() + 1),
        None => "still refused".to_owned(),
    };
    let misses = fact_misses(freed.is_some(), || format!("no slot came free within {} s", FREED.as_secs()));
    walk.expect_fact(&seen, "one tab is closed, and a new one gets its place", &misses);
    let (one_more, _none) = client.open_events(&ada)?;
    walk.expect(&one_more, "and only one", &refusal("user", "streams.user", 5));
    drop(self::open(walk, client, &bob, 1, "another user isn't affected")?);
    drop((open, next));
    empty(walk, client, &ada.name)
}

pub(crate) fn for_all(walk: &mut Walk) -> Result {
    walk.transcript.scenario(
        "C. A cap for all and a cap for each",
        "A second gateway: two streams per user, three in all, acquired in one step. A refusal says which cap it was.",
    );
    let gateway = walk.start(&[("GATEWAY_STREAMS_PER_USER", "2"), ("GATEWAY_STREAMS_TOTAL", "3")])?;
    let client = gateway.client();
    let (cleo, dora) = (Caller::user(&walk.named("cleo")), Caller::user(&walk.named("dora")));
    let cleos = open(walk, &client, &cleo, 2, "one user's two streams")?;
    let (third, _none) = client.open_events(&cleo)?;
    walk.expect(&third, "a third is one too many for this user", &refusal("user", "streams.user", 2));
    let doras = open(walk, &client, &dora, 1, "the third of all")?;
    let (fourth, _none) = client.open_events(&dora)?;
    walk.expect(
        &fourth,
        "a fourth is one too many for all, which is said",
        &refusal("total", "streams.total", 3),
    );
    walk.expect_usage(
        &client,
        &dora.name,
        "the refused one holds nothing, of neither",
        &[("/streams/open", json!(1)), ("/streams/total_open", json!(3))],
    )?;
    drop((cleos, doras));
    empty(walk, &client, &dora.name)?;
    gateway.end()?;
    Ok(())
}

/// Opens so many streams, each of which must say hello to its user at once.
fn open(
    walk: &mut Walk,
    client: &Client,
    caller: &Caller,
    count: usize,
    promise: &str,
) -> Result<Vec<EventStream>> {
    let mut answers = Vec::new();
    let mut streams = Vec::new();
    for _ in 0..count {
        let (answer, stream) = client.open_events(caller)?;
        answers.push(answer);
        streams.extend(stream);
    }
    let wants =
        [("status", json!(200)), ("type", json!("text/event-stream")), ("/hello", json!(caller.name))];
    walk.expect_each(&answers, promise, &wants);
    Ok(streams)
}

fn refusal(scope: &str, space: &str, cap: u64) -> [(&'static str, Value); 9] {
    [
        ("status", json!(429)),
        ("type", json!("application/json")),
        ("/error", json!("too_many_streams")),
        ("/scope", json!(scope)),
        ("/limit/space", json!(space)),
        ("/limit/cap", json!(cap)),
        ("/in_use", json!(cap)),
        ("/retry_after_seconds", Value::Null),
        ("retry_after", Value::Null),
    ]
}

/// All tabs are closed: neither the user nor the total may hold a slot for long.
fn empty(walk: &mut Walk, client: &Client, user: &str) -> Result {
    until(FREED, || {
        let open = usage(client, user, "/streams")?;
        Ok(open["open"] == 0 && open["total_open"] == 0)
    })?;
    walk.expect_usage(
        client,
        user,
        "all tabs are closed, and nothing stays behind",
        &[("/streams/open", json!(0)), ("/streams/total_open", json!(0))],
    )
}
