//! The packaged traces on the model, and that a wrong answer in them is found.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_testkit::Model;
use limiter_testkit::replay::{Report, Trace, packaged};
use serde_json::{Value, json};

async fn replay(name: &str, text: &str) -> Report {
    let clock = ManualClock::default();
    let backend = Backend::new("model", Arc::new(Model::new(clock.clone())));
    let trace = Trace::parse(name, text).unwrap();
    let report = trace.run(&backend, &clock).await;
    assert_eq!(report.passed + report.mismatches.len(), trace.calls(), "{name}");
    report
}

async fn all_pass(family: &str) {
    let mut report = Report::default();
    for (name, text) in packaged().filter(|(name, _)| name.starts_with(family)) {
        report.add(replay(name, text).await);
    }
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn the_model_answers_rates_as_the_traces_want() {
    all_pass("rates-").await;
}

#[tokio::test]
async fn the_model_answers_slots_as_the_traces_want() {
    all_pass("slots-").await;
}

#[tokio::test]
async fn the_model_answers_quotas_as_the_traces_want() {
    all_pass("quotas-").await;
}

#[test]
fn every_trace_of_the_folder_is_packaged_and_holds_calls() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let traces = paths.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let found: BTreeSet<_> =
        traces.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let known: BTreeSet<_> = packaged().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(found, known);
    assert_eq!(packaged().len(), known.len());
}

/// Every scalar of an answer, as a JSON pointer.
fn scalars(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| scalars(field, &format!("{at}/{name}"), into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| scalars(item, &format!("{at}/{place}"), into));
        }
        _ => into.push(at.to_owned()),
    }
}

/// Another value of the same type.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => json!(!truth),
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::Null => json!(7),
        _ => json!("capacity"),
    }
}

/// The op, and the field's path with the places in lists left out: what a kind of tampering is.
fn kind(op: &Value, pointer: &str) -> (String, String) {
    let names = pointer.split('/').filter(|part| part.parse::<usize>().is_err());
    (op.to_string(), names.collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn one_wrong_field_of_any_answer_of_any_op_is_found() {
    let mut tampered = BTreeSet::new();
    for (name, text) in packaged() {
        let lines: Vec<&str> = text.lines().collect();
        for (place, line) in lines.iter().enumerate() {
            let call: Value = serde_json::from_str(line).unwrap();
            let mut pointers = Vec::new();
            scalars(&call["want"], "/want", &mut pointers);
            for pointer in pointers.into_iter().filter(|pointer| pointer != "/want") {
                if tampered.insert(kind(&call["op"], &pointer)) {
                    find_the_wrong_field(name, &lines, place, &pointer).await;
                }
            }
        }
    }
    let ops: BTreeSet<_> = tampered.iter().map(|(op, _)| op).collect();
    assert_eq!(ops.len(), 10, "ops that answer something: {ops:?}");
    assert_eq!(tampered.len(), 45, "{tampered:?}");
}

async fn find_the_wrong_field(name: &str, lines: &[&str], place: usize, pointer: &str) {
    let mut call: Value = serde_json::from_str(lines[place]).unwrap();
    let field = call.pointer_mut(pointer).unwrap();
    *field = other(field);
    let wrong = call.to_string();
    let mut lines = lines.to_vec();
    lines[place] = &wrong;
    let report = replay(name, &lines.join("\n")).await;
    let found: Vec<_> = report.mismatches.iter().map(|mismatch| mismatch.line).collect();
    assert_eq!(found, [place + 1], "{name}:{}: {pointer}", place + 1);
    assert_eq!(report.mismatches[0].wanted, call["want"]);
    assert_ne!(report.mismatches[0].got, call["want"]);
}
