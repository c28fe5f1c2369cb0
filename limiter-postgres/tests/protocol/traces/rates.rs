//! Hits, peeks, refunds and resets.

use serde_json::Value;

use super::{Step, array, list, name, printed, replay, wait};

/// A field of a charge's limit, or `null`.
fn of_limit(charge: &Value, field: &str) -> String {
    charge["limit"].get(field).map_or("null".to_owned(), ToString::to_string)
}

fn charges(line: &Value, prefix: &str) -> String {
    let charges = list(line, "charges");
    let algorithm = |charge: &Value| format!("'{}'", charge["limit"]["algorithm"].as_str().unwrap());
    format!(
        "{}, {}, {}, {}, bursts => {}, costs => {}",
        array(charges, "bytea", |charge| name(&charge["key"], prefix)),
        array(charges, "text", algorithm),
        array(charges, "bigint", |charge| of_limit(charge, "max")),
        array(charges, "bigint", |charge| of_limit(charge, "window_ms")),
        array(charges, "bigint", |charge| of_limit(charge, "burst")),
        array(charges, "bigint", |charge| charge["cost"].to_string()),
    )
}

fn count_denied(line: &Value) -> String {
    let counts = |charge: &Value| (charge["limit"]["count_denied"] == true).to_string();
    array(list(line, "charges"), "boolean", counts)
}

/// The rows of a hit or a peek.
fn rows(want: &Value, with_time: bool) -> String {
    let row = |(place, outcome): (usize, &Value)| {
        let number = |field: &str| printed(&outcome[field]);
        let row = [
            (place + 1).to_string(),
            number("allowed"),
            number("remaining"),
            number("reset_after_ms"),
            wait(outcome),
        ];
        if with_time { format!("{}|{}", row.join("|"), number("charged_at_ms")) } else { row.join("|") }
    };
    list(want, "outcomes").iter().enumerate().map(row).collect::<Vec<_>>().join("\n")
}

fn step(line: &Value, prefix: &str) -> Step {
    let (op, now, want) = (line["op"].as_str().unwrap(), &line["now"], &line["want"]);
    match op {
        "reset" => {
            let (key, limit) = (name(&line["key"], prefix), &line["limit"]);
            let algorithm = limit["algorithm"].as_str().unwrap();
            // What it answers doesn't stand in a trace.
            let reset = format!("limiter.reset({key}, '{algorithm}', {})", limit["window_ms"]);
            (format!("select existed is not null from {reset}"), "t".to_owned())
        }
        "refund" => {
            let times = array(list(line, "charges"), "bigint", |charge| charge["charged_at_ms"].to_string());
            let charges = charges(line, prefix);
            let refund = format!("limiter.refund({charges}, charged_at_ms => {times}, at_ms => {now})");
            (format!("select given_back is not null from {refund}"), "t".to_owned())
        }
        _ => {
            let (charges, denied) = (charges(line, prefix), count_denied(line));
            let call =
                format!("select * from limiter.{op}({charges}, count_denied => {denied}, at_ms => {now})");
            (call, rows(want, op == "hit"))
        }
    }
}

#[tokio::test]
async fn rates_answer_as_the_traces_say() {
    replay("rates-", step).await;
}
