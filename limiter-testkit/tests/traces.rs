//! What reading a trace refuses, and what its errors and reports tell.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_testkit::Model;
use limiter_testkit::replay::{Report, Trace, packaged};

const IN_USE: &str = r#"{"op":"in_use","now":5,"key":["streams",""],"want":{"in_use":0}}"#;

async fn replay(text: &str) -> Report {
    let clock = ManualClock::default();
    let backend = Backend::new("model", Arc::new(Model::new(clock.clone())));
    Trace::parse("t.jsonl", text).unwrap().run(&backend, &clock).await
}

#[test]
fn a_line_that_is_no_call_is_refused_with_its_place_and_what_is_accepted() {
    let cases = [
        ("[]", "a JSON object"),
        (r#"{"op":"hit""#, "a JSON object"),
        (r#"{"now":5,"want":{}}"#, "missing field `op`"),
        (r#"{"op":"knock","now":5,"want":{}}"#, "expected one of `hit`, `peek`, `refund`"),
        (r#"{"op":"in_use","key":["s",""],"want":{"in_use":0}}"#, "now is missing; accepted: milliseconds"),
        (r#"{"op":"in_use","now":-1,"key":["s",""],"want":{"in_use":0}}"#, "now is -1; accepted"),
        (
            r#"{"op":"in_use","now":9007199254740992,"key":["s",""],"want":{"in_use":0}}"#,
            "now is 9007199254740992; accepted",
        ),
        (r#"{"op":"in_use","now":5,"key":["s",""]}"#, "no want; accepted: the whole answer"),
        (r#"{"op":"in_use","now":5,"key":["s",""],"want":{}}"#, "want: missing field `in_use`"),
        (
            r#"{"op":"in_use","now":5,"key":["s",""],"want":{"in_use":0,"x":1}}"#,
            "unknown field `x`, expected",
        ),
        (r#"{"op":"in_use","now":5,"key":["s",""],"want":{"error":"boom"}}"#, "expected one of `config`"),
        (r#"{"op":"in_use","now":5,"key":"s","want":{"in_use":0}}"#, "[space, subject, partition]"),
        (r#"{"op":"in_use","now":5,"key":["s"],"want":{"in_use":0}}"#, "[space, subject]"),
        (r#"{"op":"in_use","now":5,"key":["s",""],"cap":1,"want":{"in_use":0}}"#, "unknown field `cap`"),
        (
            r#"{"op":"release","now":5,"id":"a","keys":[["s",""]],"ttl_ms":5,"want":{"live":false}}"#,
            "unknown field `ttl_ms`, expected `id` or `keys`",
        ),
        (
            r#"{"op":"reset","now":5,"key":["s",""],"limit":{"algorithm":"unlimited"},"want":{}}"#,
            "accepted: none",
        ),
        (r#"{"op":"reset","now":5,"key":["s",""],"limit":{"algorithm":"gcra"}}"#, "`sliding_window`"),
        (
            r#"{"op":"reset","now":5,"key":["s",""],"limit":{"algorithm":"fixed_window","max":1,"window_ms":1,"burst":2}}"#,
            "unknown field `burst`, expected one of `max`, `window_ms`, `count_denied`",
        ),
        (
            r#"{"op":"hit","now":5,"charges":[{"key":["s",""],"limit":{"algorithm":"unlimited"}}],"want":{"allowed":true,"outcomes":[]}}"#,
            "missing field `cost`",
        ),
        (
            r#"{"op":"hit","now":5,"charges":[],"want":{"allowed":true,"outcomes":[{"allowed":true,"remaining":1,"reset_after_ms":0,"charged_at_ms":null}]}}"#,
            "want: missing field `retry_after_ms`",
        ),
        (
            r#"{"op":"check","now":5,"key":["s",""],"quota":{"max":1,"period":"fortnight"},"want":{}}"#,
            "expected one of `hour`, `day`, `week`, `month`, `year`",
        ),
    ];
    for (line, wanted) in cases {
        let error = Trace::parse("t.jsonl", &format!("{IN_USE}\n\n{line}")).unwrap_err();
        assert_eq!((error.file(), error.line()), ("t.jsonl", 3), "{line}");
        assert!(error.what().contains(wanted), "{line}\nis refused with: {error}");
        assert!(error.to_string().starts_with("t.jsonl:3: "), "{error}");
    }
}

#[test]
fn a_trace_without_calls_is_refused() {
    for text in ["", "\n \n"] {
        let error = Trace::parse("t.jsonl", text).unwrap_err();
        assert!(error.to_string().contains("t.jsonl:1: no calls; accepted"), "{error}");
    }
}

#[tokio::test]
async fn a_report_tells_file_line_op_wanted_and_got() {
    let wrong = IN_USE.replace(":0}", ":3}");
    let report = replay(&format!("{IN_USE}\n{wrong}")).await;
    assert!(!report.is_clean());
    let text = "t.jsonl:2: in_use at 5 wanted {\"in_use\":3} got {\"in_use\":0}\n1 passed, 1 failed";
    assert_eq!(report.to_string(), text);
    assert!(!Report::default().is_clean(), "nothing replayed proves nothing");
}

#[tokio::test]
async fn a_trace_may_want_an_error_and_is_told_the_one_it_got() {
    let hit = |want: &str| {
        let charge =
            r#"{"key":["s","u"],"limit":{"algorithm":"token_bucket","max":0,"window_ms":9},"cost":1}"#;
        format!(r#"{{"op":"hit","now":5,"charges":[{charge}],"want":{want}}}"#)
    };
    assert!(replay(&hit(r#"{"error":"invalid_request"}"#)).await.is_clean());
    let report = replay(&hit(r#"{"error":"conflict"}"#)).await;
    let got = &report.mismatches[0].got;
    assert_eq!(got["error"], "invalid_request");
    let message = got["message"].as_str().unwrap();
    assert!(message.contains("at least 1 for a token bucket"), "{message}");
}

#[tokio::test]
async fn a_call_that_answers_nothing_fails_when_it_errs() {
    let line = r#"{"op":"reset","now":5,"key":["no space",""],"limit":{"algorithm":"unlimited"}}"#;
    let report = replay(line).await;
    assert_eq!(report.mismatches[0].got["error"], "invalid_request");
    let wanted = line.replace("}}", "},\"want\":{\"error\":\"invalid_request\"}}");
    assert!(replay(&wanted).await.is_clean());
}

#[tokio::test]
async fn a_partition_is_part_of_the_key() {
    let hit = |partition: &str, remaining: u64| {
        format!(
            r#"{{"op":"hit","now":5,"charges":[{{"key":["s","u"{partition}],"limit":{{"algorithm":"fixed_window","max":9,"window_ms":10}},"cost":1}}],"want":{{"allowed":true,"outcomes":[{{"allowed":true,"remaining":{remaining},"retry_after_ms":null,"reset_after_ms":5,"charged_at_ms":5}}]}}}}"#
        )
    };
    let report = replay(&[hit("", 8), hit(r#","p""#, 8), hit("", 7), hit(r#","q""#, 8)].join("\n")).await;
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn within_one_partition_the_answers_are_the_same() {
    for (name, text) in packaged() {
        let clock = ManualClock::default();
        let backend = Backend::new("model", Arc::new(Model::new(clock.clone())));
        let report = Trace::parse(name, text).unwrap().within("one").run(&backend, &clock).await;
        assert!(report.is_clean(), "{report}");
    }
}

#[tokio::test]
async fn the_example_of_the_formats_description_is_a_trace() {
    let described = include_str!("../vectors/README.md");
    let example = described.split("```").find_map(|block| block.strip_prefix("json\n"));
    let report = replay(example.unwrap()).await;
    assert_eq!((report.passed, report.mismatches.len()), (2, 0), "{report}");
}
