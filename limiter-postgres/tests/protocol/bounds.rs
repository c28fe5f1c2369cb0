//! The functions accept what the types of the crate accept, and refuse what those refuse.

use std::fmt::Write as _;
use std::time::Duration;

use limiter_core::{EXACT, Key, LeaseId, Limit, LimitError};
use limiter_postgres::Options;

use crate::database::{Database, quoted};

/// 366 days.
const LONGEST: u64 = 31_622_400_000;

/// A limit as it may be asked for.
#[derive(Debug)]
struct Asked {
    algorithm: &'static str,
    max: u64,
    window_ms: u64,
    burst: Option<u64>,
    count_denied: bool,
}

impl Asked {
    fn limit(&self) -> Result<Limit, LimitError> {
        let window = Duration::from_millis(self.window_ms);
        let mut limit = match self.algorithm {
            "fixed_window" => Limit::fixed_window(self.max, window),
            "sliding_window" => Limit::sliding_window(self.max, window),
            "sliding_log" => Limit::sliding_log(self.max, window),
            _ => Limit::token_bucket(self.max, window),
        }?;
        if let Some(burst) = self.burst {
            limit = limit.with_burst(burst)?;
        }
        if self.count_denied { limit.counting_denied() } else { Ok(limit) }
    }

    fn row(&self) -> String {
        let Self { algorithm, max, window_ms, burst, count_denied } = self;
        let burst = burst.map_or("null".to_owned(), |burst| burst.to_string());
        format!("('{algorithm}', {max}::bigint, {window_ms}::bigint, {burst}::bigint, {count_denied})")
    }
}

/// Everything at the edges of what is exact.
fn edges() -> Vec<Asked> {
    let mut asked = Vec::new();
    for algorithm in ["fixed_window", "sliding_window", "sliding_log", "token_bucket"] {
        for window_ms in [0, 1, 1000, LONGEST, LONGEST + 1] {
            let exact = EXACT / window_ms.max(1);
            let units = [0, 1, 10_000, 10_001, exact, exact + 1, EXACT, EXACT + 1];
            let bursts = [None, Some(0), Some(1), Some(exact), Some(exact + 1), Some(EXACT + 1)];
            for (max, burst) in units.into_iter().flat_map(|max| bursts.map(|burst| (max, burst))) {
                for count_denied in [false, true] {
                    asked.push(Asked { algorithm, max, window_ms, burst, count_denied });
                }
            }
        }
    }
    asked
}

/// Whether each row of values is accepted by a statement over the column `v`.
fn accepted(database: &Database, columns: &str, call: &str, rows: &[String]) -> Vec<bool> {
    let mut body = String::new();
    for row in rows {
        writeln!(body, "{}{row}", if body.is_empty() { "" } else { "," }).unwrap();
    }
    let function = format!(
        "create function pg_temp.accepted(v record) returns boolean language plpgsql as $$ begin
           perform {call}; return true; exception when invalid_parameter_value then return false; end $$"
    );
    let ask = format!(
        "select pg_temp.accepted(v) from (select row_number() over () i, v from (values {body}) v ({columns})) numbered order by i"
    );
    let answers = database.script(&[function, ask]).pop().unwrap();
    answers.lines().map(|answer| answer == "t").collect()
}

#[tokio::test]
async fn a_limit_is_accepted_where_the_crate_builds_it() {
    let (database, _backend) = Database::new().await;
    let asked = edges();
    let rows: Vec<_> = asked.iter().map(Asked::row).collect();
    let call =
        "* from limiter.peek(array[limiter.key('chat', '')], array[v.a], array[v.m], array[v.w], array[v.b],
                 count_denied => array[v.d])";
    let answers = accepted(&database, "a, m, w, b, d", call, &rows);
    assert_eq!(answers.len(), asked.len());
    for (asked, answer) in asked.iter().zip(&answers) {
        assert_eq!(*answer, asked.limit().is_ok(), "{asked:?}");
    }
    assert!(answers.iter().filter(|answer| **answer).count() > 100);
}

#[tokio::test]
async fn a_key_is_the_same_whatever_a_session_says_of_backslashes() {
    let (database, _backend) = Database::new().await;
    let key = "select limiter.key('chat', 'user-17', 'tenant-9', 'shop'), limiter.key('chat', '')";
    let set = "set standard_conforming_strings = off";
    assert_eq!(database.script(&[set.to_owned(), key.to_owned()])[1], database.sql(key));
}

/// Texts at the edges of what a space, a subject, an id or a prefix may be.
fn texts() -> Vec<String> {
    let mut texts =
        vec![String::new(), "a b".to_owned(), "a\n".to_owned(), "é".to_owned(), "'; select 1; --".to_owned()];
    texts.extend(["Az09_.-", "Az09_-", "a.b", "a:b", "\u{e000}", "a/b"].map(str::to_owned));
    for length in [1, 40, 41, 64, 65, 512, 513] {
        texts.push("x".repeat(length));
    }
    texts.push("é".repeat(256));
    texts.push("é".repeat(256) + "x");
    texts
}

/// Whether the crate takes a text for a name.
type Accepts = fn(&str) -> bool;

#[tokio::test]
async fn names_are_accepted_where_the_crate_accepts_them() {
    let (database, _backend) = Database::new().await;
    let texts = texts();
    let rows: Vec<_> = texts.iter().map(|text| format!("({}, 0)", quoted(text))).collect();
    let crates: [(&str, Accepts); 5] = [
        ("limiter.key(v.t, '')", |text| Key::new(text, "").is_ok()),
        ("limiter.key('chat', v.t)", |text| Key::new("chat", text).is_ok()),
        ("limiter.key('chat', '', v.t)", |text| Key::all("chat").unwrap().with_partition(text).is_ok()),
        ("limiter.key('chat', '', prefix => v.t)", |text| Options::default().with_prefix(text).is_ok()),
        ("* from limiter.acquire(v.t, array[limiter.key('chat', '')], '{0}', 1, 1)", |text| {
            LeaseId::parse(text).is_ok()
        }),
    ];
    for (call, is_accepted) in crates {
        let answers = accepted(&database, "t, unused", call, &rows);
        assert!(answers.contains(&true) && answers.contains(&false), "{call}");
        for (text, answer) in texts.iter().zip(answers) {
            assert_eq!(answer, is_accepted(text), "{call} of {text:?}");
        }
    }
}
