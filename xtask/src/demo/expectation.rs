//! What an answer was expected to hold, and where it doesn't.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::client::Answer;
use super::summary::bytes;

/// A part of an answer (`status`, `type`, `retry_after`, or a pointer into the body such as `/limit/space`) and
/// the value it must have.
pub(crate) type Want<'a> = (&'a str, Value);

/// Each want that doesn't hold, in words.
pub(crate) fn misses(answer: &Answer, wants: &[Want<'_>]) -> Vec<String> {
    let miss = |(name, wanted): &Want<'_>| match part(answer, name) {
        Some(got) if got == wanted => None,
        Some(got) => Some(format!("{name}: wanted {wanted}, got {got}")),
        None => Some(format!("{name}: wanted {wanted}, but it isn't there")),
    };
    with_whole(answer, wants.iter().filter_map(miss).collect())
}

/// The wait must stand in the header and, the same, in the body, and lie in the range of seconds.
pub(crate) fn wait_misses(answer: &Answer, seconds: &RangeInclusive<u64>) -> Vec<String> {
    let (header, body) = (&answer.parts["retry_after"], &answer.body()["retry_after_seconds"]);
    let mut misses = Vec::new();
    if header != body || body.is_null() {
        misses.push(format!("Retry-After is {header}, retry_after_seconds is {body}"));
    }
    if !body.as_u64().is_some_and(|wait| seconds.contains(&wait)) {
        let (least, most) = (seconds.start(), seconds.end());
        misses.push(format!("retry_after_seconds: wanted {least} to {most}, got {body}"));
    }
    with_whole(answer, misses)
}

/// A fact that isn't a part of one answer.
pub(crate) fn fact_misses(holds: bool, otherwise: impl FnOnce() -> String) -> Vec<String> {
    if holds { Vec::new() } else { vec![otherwise()] }
}

/// The values of those wants that point into the body, for showing: `used 12 GiB, running 0`.
pub(crate) fn shown(answer: &Answer, wants: &[Want<'_>]) -> String {
    let values = wants.iter().filter_map(|(pointer, _)| {
        let name = pointer.strip_prefix('/')?.rsplit('/').next()?;
        let value = part(answer, pointer).unwrap_or(&Value::Null);
        Some(match value.as_u64() {
            Some(count) if pointer.starts_with("/bytes/") => format!("{name} {}", bytes(count)),
            _ => format!("{name} {value}"),
        })
    });
    let mut values: Vec<String> = values.collect();
    values.dedup();
    values.join(", ")
}

fn part<'a>(answer: &'a Answer, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { answer.body().pointer(name) } else { answer.parts.get(name) }
}

fn with_whole(answer: &Answer, mut misses: Vec<String>) -> Vec<String> {
    if !misses.is_empty() {
        misses.push(format!("the whole answer: {}", answer.parts));
    }
    misses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(header: &Value, body: &Value) -> Answer {
        Answer {
            request: "POST /chat/message".to_owned(),
            caller: "ada".to_owned(),
            parts: json!({
                "status": 429, "type": "application/json", "retry_after": header,
                "body": {"limit": {"space": "chat.user"}, "retry_after_seconds": body},
            }),
        }
    }

    #[test]
    fn an_answer_as_wanted_misses_nothing() {
        let answer = refusal(&json!(9), &json!(9));
        assert_eq!(misses(&answer, &[("status", json!(429)), ("/limit/space", json!("chat.user"))]), [""; 0]);
        assert_eq!(wait_misses(&answer, &(1..=60)), [""; 0]);
        assert_eq!(
            shown(&answer, &[("status", json!(429)), ("/limit/space", json!(0))]),
            "space \"chat.user\""
        );
    }

    #[test]
    fn a_wrong_or_absent_part_is_a_miss_and_null_is_not_absent() {
        let answer = refusal(&Value::Null, &Value::Null);
        assert_eq!(misses(&answer, &[("status", json!(200))]).len(), 2);
        assert_eq!(misses(&answer, &[("/limit/cap", Value::Null)]).len(), 2);
        assert_eq!(
            misses(&answer, &[("/retry_after_seconds", Value::Null), ("retry_after", Value::Null)]),
            [""; 0]
        );
    }

    #[test]
    fn a_wait_must_be_in_both_places_the_same_and_in_range() {
        assert!(!wait_misses(&refusal(&Value::Null, &Value::Null), &(1..=60)).is_empty());
        assert!(!wait_misses(&refusal(&json!(9), &json!(10)), &(1..=60)).is_empty());
        assert!(!wait_misses(&refusal(&json!("9"), &json!(9)), &(1..=60)).is_empty());
        assert!(!wait_misses(&refusal(&json!(61), &json!(61)), &(1..=60)).is_empty());
    }
}
