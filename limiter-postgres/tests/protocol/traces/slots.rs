//! Leases.

use serde_json::Value;

use super::{Step, array, list, name, printed, replay};

fn numbers(of: &[Value]) -> String {
    format!("{{{}}}", of.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// The place of the scope that denied, which a trace counts from 0.
fn place(denied_by: &Value) -> String {
    denied_by.as_u64().map_or(String::new(), |place| (place + 1).to_string())
}

fn acquire(line: &Value, prefix: &str) -> Step {
    let scopes = list(line, "scopes");
    let call = format!(
        "limiter.acquire('{}', {}, {}, {}, {}, at_ms => {})",
        line["id"].as_str().unwrap(),
        array(scopes, "bytea", |scope| name(&scope["key"], prefix)),
        array(scopes, "bigint", |scope| scope["cap"].to_string()),
        line["permits"],
        line["ttl_ms"],
        line["now"],
    );
    let want = &line["want"];
    if want["error"] == "conflict" {
        return (format!("select granted, held is not null from {call}"), "f|t".to_owned());
    }
    let granted = want["granted"] == true;
    let expires = line["now"].as_u64().unwrap() + line["ttl_ms"].as_u64().unwrap();
    let expires = if granted { expires.to_string() } else { String::new() };
    let in_use = numbers(list(want, "in_use"));
    (
        format!("select granted, denied_by, in_use, expires_ms, held from {call}"),
        format!("{}|{}|{in_use}|{expires}|", printed(&want["granted"]), place(&want["denied_by"])),
    )
}

fn step(line: &Value, prefix: &str) -> Step {
    let (op, now) = (line["op"].as_str().unwrap(), &line["now"]);
    match op {
        "acquire" => acquire(line, prefix),
        "in_use" => {
            let key = name(&line["key"], prefix);
            (
                format!("select * from limiter.in_use({key}, at_ms => {now})"),
                line["want"]["in_use"].to_string(),
            )
        }
        _ => {
            let keys = list(line, "keys");
            let names = array(keys, "bytea", |key| name(key, prefix));
            let (id, count) = (line["id"].as_str().unwrap(), keys.len());
            let ttls = line.get("ttl_ms").map_or(String::new(), |ttl_ms| format!("array[{ttl_ms}], "));
            let call = format!("limiter.{op}('{{{id}}}', array[{count}], {ttls}{names}, at_ms => {now})");
            (format!("select live[1] from {call}"), printed(&line["want"]["live"]))
        }
    }
}

#[tokio::test]
async fn leases_answer_as_the_traces_say() {
    replay("slots-", step).await;
}
