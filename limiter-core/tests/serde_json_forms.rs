//! Limits, quotas and keys in JSON: both forms are read, each wrong one says why.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Debug;

use limiter_core::{Algorithm, Key, Limit, LimitSet, Period, Quota, limit, quota, structured};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value, json, to_value};

#[expect(clippy::needless_pass_by_value, reason = "the tables are easier to read")]
fn read<T: DeserializeOwned + Debug + PartialEq>(json: Value, wanted: T) {
    let text = json.to_string();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), wanted, "{text}");
    assert_eq!(from_value::<T>(json).unwrap(), wanted, "{text}");
}

fn refused<T: DeserializeOwned + Debug>(json: Value) -> String {
    from_value::<T>(json).unwrap_err().to_string()
}

/// A value in both forms.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: structured::Structured")]
struct Both<T> {
    text: T,
    #[serde(with = "structured")]
    fields: T,
}

#[expect(clippy::needless_pass_by_value, reason = "the tables are easier to read")]
fn written_and_read<T>(value: T, text: &str, fields: Value)
where
    T: structured::Structured + Clone + Debug + PartialEq,
{
    let both = Both { text: value.clone(), fields: value.clone() };
    let json = to_value(&both).unwrap();
    assert_eq!(json, json!({"text": text, "fields": fields}));
    read(json, both);
    let swapped = json!({"text": fields, "fields": text});
    read(swapped, Both { text: value.clone(), fields: value });
}

#[test]
fn limits_have_two_forms() {
    let window = |algorithm: &str| json!({"algorithm": algorithm, "max": 5, "window_ms": 60_000});
    written_and_read(limit!("5/min"), "5/min", window("sliding_window"));
    written_and_read(limit!("fixed 5/min"), "fixed 5/min", window("fixed_window"));
    written_and_read(limit!("log 5/min"), "log 5/min", window("sliding_log"));
    written_and_read(limit!("bucket 5/min"), "bucket 5/min", window("token_bucket"));
    written_and_read(limit!("unlimited"), "unlimited", json!({"algorithm": "unlimited"}));
    written_and_read(
        limit!("bucket 5/min burst 9 counting denied"),
        "bucket 5/min burst 9 counting denied",
        json!({"algorithm": "token_bucket", "max": 5, "window_ms": 60_000, "burst": 9, "count_denied": true}),
    );
}

#[test]
fn fields_may_say_what_is_meant_anyway() {
    let full = json!({
        "algorithm": "token_bucket", "max": 5, "window_ms": 60_000, "burst": 5, "count_denied": false,
    });
    read(full, limit!("bucket 5/min"));
    let none = json!({"algorithm": "fixed_window", "max": 5, "window_ms": 60_000, "burst": null});
    read(none, limit!("fixed 5/min"));
    let utc = json!({"max": 5, "period": "week", "utc_offset_minutes": 0});
    read(utc, quota!("5/week"));
}

#[test]
fn quotas_have_two_forms() {
    let east = json!({"max": 1000, "period": "day", "utc_offset_minutes": 330});
    written_and_read(quota!("1000/day at +05:30"), "1000/day at +05:30", east);
    let utc = json!({"max": 53_687_091_200_u64, "period": "month", "utc_offset_minutes": 0});
    written_and_read(quota!("50 GiB/month"), "50 GiB/month", utc);
    read(json!({"max": 1000, "period": "hour"}), quota!("1000/hour"));
}

#[test]
fn limit_sets_are_text_or_lists() {
    let limits: LimitSet = "5/min; bucket 60/hour burst 61".parse().unwrap();
    let minute = json!({"algorithm": "sliding_window", "max": 5, "window_ms": 60_000});
    let hour = json!({"algorithm": "token_bucket", "max": 60, "window_ms": 3_600_000, "burst": 61});
    written_and_read(limits.clone(), "5/min; bucket 60/hour burst 61", json!([minute, hour]));
    read(json!(["5/min", hour]), limits);
}

#[test]
fn algorithms_and_periods_are_their_names() {
    for period in Period::ALL {
        assert_eq!(to_value(period).unwrap(), json!(period.as_str()));
        read(json!(period.as_str()), period);
    }
    assert_eq!(to_value(Algorithm::TokenBucket).unwrap(), json!("token_bucket"));
    read(json!("token_bucket"), Algorithm::TokenBucket);
    assert_eq!(
        refused::<Algorithm>(json!("bucket")),
        "\"bucket\" at byte 0: unknown algorithm \"bucket\"; \
         accepted: fixed_window, sliding_window, sliding_log, token_bucket or unlimited",
    );
    assert_eq!(refused::<Period>(json!(1)), "invalid type: integer `1`, expected a period's name");
}

#[test]
fn keys_are_lists_or_parts_by_name() {
    let key = Key::new("chat", "ключ: \u{0}\n").unwrap();
    assert_eq!(to_value(&key).unwrap(), json!(["chat", "ключ: \u{0}\n"]));
    read(json!(["chat", "ключ: \u{0}\n"]), key.clone());
    read(json!({"space": "chat", "subject": "ключ: \u{0}\n"}), key.clone());
    read(json!({"space": "chat", "subject": "ключ: \u{0}\n", "partition": null}), key.clone());

    let key = key.with_partition("eu").unwrap();
    assert_eq!(to_value(&key).unwrap(), json!(["chat", "ключ: \u{0}\n", "eu"]));
    read(json!(["chat", "ключ: \u{0}\n", "eu"]), key.clone());
    read(json!({"partition": "eu", "subject": "ключ: \u{0}\n", "space": "chat"}), key);
    let from_text: Key = serde_json::from_str(r#"["streams", ""]"#).unwrap();
    assert_eq!(from_text, Key::all("streams").unwrap());
}

#[test]
fn a_wrong_text_answers_as_parsing_does() {
    let error = "5/mim".parse::<Limit>().unwrap_err().to_string();
    assert_eq!(refused::<Limit>(json!("5/mim")), error);
    assert_eq!(refused::<LimitSet>(json!(["5/min", "5/mim"])), error);
    let error = "5/min;".parse::<LimitSet>().unwrap_err().to_string();
    assert_eq!(refused::<LimitSet>(json!("5/min;")), error);
    let error = "50 Gib/day".parse::<Quota>().unwrap_err().to_string();
    assert_eq!(refused::<Quota>(json!("50 Gib/day")), error);
}

#[test]
fn wrong_fields_of_a_limit_say_why() {
    let cases = [
        (
            json!({"algorithm": "fixed_window", "max": 5}),
            "window_ms is missing; accepted: 1 to 31622400000 (366 days)",
        ),
        (
            json!({"algorithm": "fixed_window", "window_ms": 5}),
            "max is missing; accepted: a number of units, 0 to 2^53 - 1",
        ),
        (json!({"max": 5, "window_ms": 5}), "missing field `algorithm`"),
        (
            json!({"algorithm": "fixed_window", "max": 5, "window_ms": 0}),
            "window in ms is 0; accepted: 1 ms to 366 days",
        ),
        (
            json!({"algorithm": "fixed_window", "max": 1_u64 << 53, "window_ms": 1}),
            "max is 9007199254740992; accepted: 0 to 2^53 - 1",
        ),
        (
            json!({"algorithm": "fixed_window", "max": 5, "window_ms": 1, "burst": 6}),
            "burst is 6; accepted: a burst only for a token bucket",
        ),
        (
            json!({"algorithm": "sliding_log", "max": 5, "window_ms": 1, "count_denied": true}),
            "count_denied is 1; accepted: 1 only for a fixed or sliding window or a token bucket",
        ),
        (json!({"algorithm": "unlimited", "max": 5}), "max is 5; accepted: no max for unlimited"),
        (
            json!({"algorithm": "unlimited", "window_ms": 5}),
            "window_ms is 5; accepted: no window for unlimited",
        ),
        (
            json!({"algorithm": "unlimited", "max": 5, "window_ms": 5}),
            "max is 5; accepted: no max for unlimited",
        ),
        (
            json!({"algorithm": "unlimited", "burst": 5}),
            "burst is 5; accepted: a burst only for a token bucket",
        ),
        (
            json!({"algorithm": "fixed_window", "max": 5, "window": 1}),
            "unknown field `window`, expected one of `algorithm`, `max`, `window_ms`, `burst`, `count_denied`",
        ),
        (
            json!({"algorithm": "fixed_window", "max": -5, "window_ms": 1}),
            "invalid value: integer `-5`, expected u64",
        ),
        (
            json!(5),
            "invalid type: integer `5`, expected a limit as text, such as \"5/min\", or as fields (algorithm, max, window_ms, …)",
        ),
    ];
    for (json, error) in cases {
        assert_eq!(refused::<Limit>(json.clone()), error, "{json}");
        assert_eq!(refused::<LimitSet>(json!([json])), error);
    }
}

#[test]
fn wrong_quotas_and_sets_say_why() {
    let quotas = [
        (json!({"max": 5}), "missing field `period`"),
        (
            json!({"max": 5, "period": "day", "offset": 1}),
            "unknown field `offset`, expected one of `max`, `period`, `utc_offset_minutes`",
        ),
        (json!({"max": 1_u64 << 53, "period": "day"}), "max is 9007199254740992; accepted: 0 to 2^53 - 1"),
        (
            json!({"max": 5, "period": "day", "utc_offset_minutes": -1081}),
            "utc offset in minutes west is 1081; accepted: up to 1080 (18 h)",
        ),
        (
            json!({"max": 5, "period": "min"}),
            "\"min\" at byte 0: unknown period \"min\"; accepted: hour, day, week, month or year",
        ),
        (
            json!([5, "day"]),
            "invalid type: sequence, expected a quota as text, such as \"50 GiB/day\", or as fields (max, period, utc_offset_minutes)",
        ),
    ];
    for (json, error) in quotas {
        assert_eq!(refused::<Quota>(json.clone()), error, "{json}");
    }
    let sets = [
        (json!([]), "limit set is empty; accepted: 1 to 64 limits"),
        (
            json!(["5/min", "6/min"]),
            "a limit set counts twice in one counter, 5/min and 6/min; accepted: each algorithm and window once",
        ),
        (
            json!(5),
            "invalid type: integer `5`, expected limits as text, such as \"5/min; 60/hour\", or a list of limits",
        ),
    ];
    for (json, error) in sets {
        assert_eq!(refused::<LimitSet>(json.clone()), error, "{json}");
    }
}

#[test]
fn a_wrong_key_says_why_and_shows_no_subject() {
    let subject = "4711";
    let number = 4711;
    let long = subject.repeat(200);
    let cases = [
        json!([]),
        json!([subject]),
        json!(["chat"]),
        json!(["chat", number]),
        json!(["chat", -number]),
        json!(["chat", 4711.5]),
        json!(["chat", true]),
        json!(["chat", null]),
        json!(["chat", [subject]]),
        json!(["chat", subject, ""]),
        json!(["chat", subject, null]),
        json!(["chat", subject, number]),
        json!(["chat", subject, "eu", "more"]),
        json!(["no spaces", subject]),
        json!(["chat", long]),
        json!({"space": "chat"}),
        json!({"space": "chat", "subject": number}),
        json!({"space": "chat", "subject": subject, "user": subject}),
        json!(format!("chat:{subject}")),
        json!(null),
    ];
    for json in &cases {
        let refusal = serde_json::from_str::<Key>(&json.to_string()).unwrap_err();
        assert!(!refusal.to_string().contains(subject), "{refusal}");
    }
    let refusals: Vec<String> = cases.into_iter().map(refused::<Key>).collect();
    for refusal in &refusals {
        assert!(!refusal.contains(subject), "{refusal}");
    }
    let list = "a key as [space, subject], [space, subject, partition] or by name";
    assert_eq!(refusals[0], format!("invalid length 0, expected {list}"));
    assert_eq!(refusals[2], format!("invalid length 1, expected {list}"));
    assert_eq!(refusals[3], "invalid type: a number, expected a key's part as text");
    assert_eq!(refusals[9], "key partition is 0 bytes long; accepted: 1 to 512 bytes of UTF-8");
    assert_eq!(refusals[12], format!("invalid length 4, expected {list}"));
    assert_eq!(refusals[13], "key space is \"no spaces\"; accepted: 1 to 64 of A-Z a-z 0-9 _ . -");
    assert_eq!(refusals[14], "key subject is 800 bytes long; accepted: 0 to 512 bytes of UTF-8");
    assert_eq!(refusals[15], "missing field `subject`");
    assert_eq!(refusals[18], format!("invalid type: text, expected {list}"));
}

/// The vectors of other implementations have this shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorCharge {
    key: Key,
    limit: Limit,
    cost: u64,
}

#[test]
fn a_charge_of_a_vector_is_read() {
    let text = r#"{"key":["ip","203.0.113.7"],"limit":{"algorithm":"token_bucket","max":1000,"window_ms":250,"burst":1},"cost":2}"#;
    let charge: VectorCharge = serde_json::from_str(text).unwrap();
    assert_eq!(charge.key, Key::new("ip", "203.0.113.7").unwrap());
    assert_eq!((charge.limit, charge.cost), (limit!("bucket 1000/250ms burst 1"), 2));
}

proptest! {
    #[test]
    fn keys_are_read_back(space in "[A-Za-z0-9_.-]{1,64}", subject in ".{0,100}", partition in ".{0,100}") {
        let mut key = Key::new(&space, &subject).unwrap();
        if !partition.is_empty() {
            key = key.with_partition(&partition).unwrap();
        }
        let json = serde_json::to_string(&key).unwrap();
        prop_assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
    }

    #[test]
    fn fields_are_read_back(max in 1_u64..10_000, burst in 1_u64..10_000, window_ms in 1_u64..=31_622_400_000, denied: bool) {
        for algorithm in ["fixed_window", "sliding_window", "sliding_log", "token_bucket"] {
            let mut fields = json!({"algorithm": algorithm, "max": max, "window_ms": window_ms});
            if algorithm == "token_bucket" && burst != max {
                fields["burst"] = json!(burst);
            }
            if algorithm != "sliding_log" && denied {
                fields["count_denied"] = json!(true);
            }
            let limit: Limit = from_value(fields.clone()).unwrap();
            prop_assert_eq!(limit.max(), max);
            prop_assert_eq!(structured::serialize(&limit, serde_json::value::Serializer).unwrap(), fields);
            prop_assert_eq!(from_value::<Limit>(to_value(limit).unwrap()).unwrap(), limit);
        }
    }
}
