//! Quotas.

use serde_json::Value;

use super::{Step, array, list, name, printed, replay, wait};

fn period(quota: &Value) -> String {
    let names = ["hour", "day", "week", "month", "year"];
    let place = names.iter().position(|name| quota["period"] == *name).unwrap();
    (place + 1).to_string()
}

fn offset(quota: &Value) -> String {
    quota.get("utc_offset_minutes").map_or("0".to_owned(), ToString::to_string)
}

fn told(outcome: &Value) -> String {
    ["used", "reserved", "remaining", "reset_after_ms"].map(|field| printed(&outcome[field])).join("|")
}

fn several(line: &Value, prefix: &str) -> String {
    let charges = list(line, "charges");
    format!(
        "{}, {}, {}, {}, {}",
        array(charges, "bytea", |charge| name(&charge["key"], prefix)),
        array(charges, "bigint", |charge| period(&charge["quota"])),
        array(charges, "bigint", |charge| offset(&charge["quota"])),
        array(charges, "bigint", |charge| charge["quota"]["max"].to_string()),
        array(charges, "bigint", |charge| charge["amount"].to_string()),
    )
}

fn rows(want: &Value, row: impl Fn(&Value) -> String) -> String {
    list(want, "outcomes").iter().map(row).collect::<Vec<_>>().join("\n")
}

fn step(line: &Value, prefix: &str) -> Step {
    let (op, now, want) = (line["op"].as_str().unwrap(), &line["now"], &line["want"]);
    let one = || {
        let (key, quota) = (name(&line["key"], prefix), &line["quota"]);
        format!("{key}, {}, {}, {}", period(quota), offset(quota), quota["max"])
    };
    let id = || line["id"].as_str().unwrap();
    match op {
        "check" => (
            format!(
                "select allowed, used, reserved, remaining, reset_after_ms, retry_after_ms
                   from limiter.check({}, at_ms => {now})",
                one()
            ),
            format!("{}|{}|{}", printed(&want["allowed"]), told(want), wait(want)),
        ),
        "record" => (
            format!(
                "select used, reserved, remaining, reset_after_ms from limiter.record({}, {}, at_ms => {now})",
                one(),
                line["amount"]
            ),
            told(want),
        ),
        "settle" => (
            format!(
                "select used, reserved, remaining, reset_after_ms from limiter.settle('{}', {}, at_ms => {now})",
                id(),
                several(line, prefix)
            ),
            rows(want, told),
        ),
        "reserve" => {
            let call = format!(
                "limiter.reserve('{}', {}, {}, at_ms => {now})",
                id(),
                several(line, prefix),
                line["ttl_ms"]
            );
            if want["error"] == "conflict" {
                return (format!("select allowed, conflict is not null from {call}"), "f|t".to_owned());
            }
            let row = |outcome: &Value| {
                format!("{}|{}|{}|", printed(&outcome["allowed"]), told(outcome), wait(outcome))
            };
            (
                format!(
                    "select allowed, used, reserved, remaining, reset_after_ms, retry_after_ms, conflict from {call}"
                ),
                rows(want, row),
            )
        }
        other => panic!("a trace has an op {other}"),
    }
}

#[tokio::test]
async fn quotas_answer_as_the_traces_say() {
    replay("quotas-", step).await;
}
