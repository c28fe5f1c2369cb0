//! An answer in a few words: the limit it names and the wait, or what is left.

use std::time::Duration;

use serde_json::Value;

use super::client::Answer;
use crate::style;

const GIB: u64 = 1 << 30;

/// `429 chat.user 5/min, come back in 37 s`.
pub(crate) fn summary(answer: &Answer) -> String {
    format!("{} {}", answer.status(), details(answer)).trim_end().to_owned()
}

/// `5 × 200, 20 × 429 chat.anonymous 5/min`: answers of the same status in one, in the order they came.
pub(crate) fn summary_of_all(answers: &[Answer]) -> String {
    let runs = answers.chunk_by(|one, next| one.status() == next.status());
    let shown = runs.map(|run| match run {
        [one] => summary(one),
        [first, ..] => format!("{} × {} {}", run.len(), first.status(), limit(first)).trim_end().to_owned(),
        [] => String::new(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Bytes as people say them, exact: `12 GiB`, `3 MiB`, or plain bytes.
pub(crate) fn bytes(count: u64) -> String {
    let units = [(GIB, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| count >= *unit && count.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", count / unit),
        None => format!("{count} B"),
    }
}

fn details(answer: &Answer) -> String {
    let body = answer.body();
    if answer.status() == 429 {
        return refusal(answer);
    }
    if let (Some(used), Some(left)) = (body["used"].as_u64(), body["remaining"].as_u64()) {
        return format!("{} used, {} left", bytes(used), bytes(left));
    }
    if let Some(left) = body["remaining"].as_u64() {
        return format!("{left} left");
    }
    let word = body.get("error").or_else(|| body.get("resolved")).and_then(Value::as_str);
    word.unwrap_or_default().to_owned()
}

fn refusal(answer: &Answer) -> String {
    let (body, limit) = (answer.body(), limit(answer));
    if let Some(in_use) = body["in_use"].as_u64() {
        return format!("{limit}, {in_use} of {} in use", body["limit"]["cap"]);
    }
    let wait = match body["retry_after_seconds"].as_u64() {
        Some(seconds) => format!("wait {}", style::duration(Duration::from_secs(seconds))),
        None => "no wait named".to_owned(),
    };
    match body["current"].as_u64() {
        Some(current) => format!("{} of {}, {wait}", bytes(current), text(&body["limit"]["limit"])),
        None => format!("{limit}, {wait}"),
    }
}

/// The limit that refused, if one did: `chat.user 5/min`.
fn limit(answer: &Answer) -> String {
    let limit = &answer.body()["limit"];
    let amount = text(&limit["limit"]).trim_end_matches(" counting denied");
    format!("{} {amount}", text(&limit["space"])).trim_end().to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            request: String::new(),
            caller: String::new(),
            parts: json!({"status": status, "body": body}),
        }
    }

    #[test]
    fn answers_read_in_a_few_words() {
        let rate = json!({"limit": {"space": "chat.user", "limit": "5/min counting denied"}, "retry_after_seconds": 37});
        let slot =
            json!({"limit": {"space": "streams.user", "cap": 5}, "in_use": 5, "retry_after_seconds": null});
        let quota = json!({
            "limit": {"space": "scan.bytes", "limit": "50 GiB/day"}, "current": 53 * GIB, "retry_after_seconds": 7260,
        });
        let cases = [
            (answer(429, &rate), "429 chat.user 5/min, wait 37 s"),
            (answer(429, &slot), "429 streams.user, 5 of 5 in use"),
            (answer(429, &quota), "429 53 GiB of 50 GiB/day, wait 2 h 1 min"),
            (answer(200, &json!({"ok": true, "remaining": 4})), "200 4 left"),
            (answer(200, &json!({"used": 12 * GIB, "remaining": 38 * GIB})), "200 12 GiB used, 38 GiB left"),
            (answer(404, &json!({"error": "unknown_key"})), "404 unknown_key"),
            (answer(200, &json!({"hello": "ada"})), "200"),
        ];
        for (answer, said) in cases {
            assert_eq!(summary(&answer), said);
        }
    }

    #[test]
    fn runs_are_put_in_one() {
        let (well, refused) = (
            answer(200, &json!({"remaining": 1})),
            answer(429, &json!({"limit": {"space": "s", "limit": "5/min"}})),
        );
        let all = [well.clone(), well.clone(), refused.clone(), refused, well];
        assert_eq!(summary_of_all(&all), "2 × 200, 2 × 429 s 5/min, 200 1 left");
    }

    #[test]
    fn bytes_stay_exact() {
        assert_eq!(bytes(53 * GIB), "53 GiB");
        assert_eq!(bytes(5 << 20), "5 MiB");
        assert_eq!(bytes(1025), "1025 B");
        assert_eq!(bytes(0), "0 B");
    }
}
