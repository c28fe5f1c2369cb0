//! The worked traces that every backend is held to, through `psql` alone.

mod quotas;
mod rates;
mod slots;

use limiter_testkit::replay;
use serde_json::Value;

use crate::database::{Database, key};

/// A statement, and what it is to print.
type Step = (String, String);

/// Replays all traces of a kind, each under a prefix of its own.
async fn replay(kind: &str, step: fn(&Value, &str) -> Step) {
    let (database, _backend) = Database::new().await;
    let mut calls = 0;
    for (file, text) in replay::packaged().filter(|(file, _)| file.starts_with(kind)) {
        let prefix = file.trim_end_matches(".jsonl");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (statements, wanted): (Vec<_>, Vec<_>) = lines.iter().map(|line| step(line, prefix)).unzip();
        let answers = database.script(&statements);
        assert_eq!(answers.len(), wanted.len(), "{file}");
        for (place, (answer, wanted)) in answers.iter().zip(&wanted).enumerate() {
            assert_eq!(answer, wanted, "{file}:{}: {}", place + 1, statements[place]);
        }
        calls += wanted.len();
    }
    assert!(calls > 1000);
}

/// Where a list stands in a line.
fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// The name of a key as a trace writes it.
fn name(of: &Value, prefix: &str) -> String {
    let part = |place: usize| of[place].as_str().unwrap();
    assert!(of.get(2).is_none(), "a key in a partition: {of}");
    key(part(0), part(1), prefix)
}

/// An array of what stands in each element of a list.
fn array(of: &[Value], kind: &str, element: impl Fn(&Value) -> String) -> String {
    format!("array[{}]::{kind}[]", of.iter().map(element).collect::<Vec<_>>().join(","))
}

/// A number, a truth or nothing as `psql` prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => if *truth { "t" } else { "f" }.to_owned(),
        other => other.to_string(),
    }
}

/// The wait until a charge fits: a trace tells nothing where it fits, nor where it never will.
fn wait(outcome: &Value) -> String {
    match (&outcome["allowed"], &outcome["retry_after_ms"]) {
        (Value::Bool(false), Value::Null) => "-1".to_owned(),
        (_, wait) => printed(wait),
    }
}
