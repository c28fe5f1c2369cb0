//! Worked traces, and replaying them on any backend.
//!
//! A trace is JSON lines: one file is one store's life from empty, one line is one call with the time its store
//! sees and the whole answer it must give. The format is described beside the packaged traces, in
//! `vectors/README.md` of this package.

mod answer;
mod call;
mod packaged;
mod quota;
mod rate;
mod report;
mod slot;
mod words;

use limiter_core::{Backend, EXACT, ManualClock};
use serde_json::{Map, Value};

use self::answer::Answer;
use self::call::Call;
pub use self::packaged::packaged;
pub use self::report::{Mismatch, Report};

/// A trace that was read: every line is known to be a call and, where one is due, its answer.
#[derive(Debug)]
pub struct Trace {
    file: String,
    lines: Vec<Line>,
}

/// A line that isn't a call of a trace: where it stands, what is wrong and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct TraceError {
    file: String,
    line: usize,
    what: String,
}

#[derive(Debug)]
struct Line {
    number: usize,
    op: String,
    now_ms: u64,
    call: Call,
    want: Answer,
}

impl Trace {
    /// Reads a trace. `file` names it in errors and reports. Blank lines are passed over, anything else that
    /// isn't a call is an error.
    ///
    /// # Errors
    /// The first line that isn't JSON, has an unknown op, a field too many, too few or of a wrong type, or lacks
    /// the answer that is due; a text without any call.
    pub fn parse(file: &str, text: &str) -> Result<Self, TraceError> {
        let wrong = |line, what| TraceError { file: file.to_owned(), line, what };
        let mut lines = Vec::new();
        for (number, text) in (1..).zip(text.lines()) {
            if !text.trim().is_empty() {
                lines.push(Line::parse(number, text).map_err(|what| wrong(number, what))?);
            }
        }
        if lines.is_empty() {
            let what = "no calls; accepted: one call as a JSON object on each line";
            return Err(wrong(1, what.to_owned()));
        }
        Ok(Self { file: file.to_owned(), lines })
    }

    /// How many calls it has.
    pub fn calls(&self) -> usize {
        self.lines.len()
    }

    /// The same trace with every key in one partition, for a store which is atomic over several keys only there. The
    /// answers are the same.
    #[must_use]
    pub fn within(mut self, partition: &str) -> Self {
        for line in &mut self.lines {
            line.call.put_into(partition);
        }
        self
    }

    /// Makes the calls on a backend, which must be empty and live by this clock, and compares each answer with
    /// the one that is wanted. It goes on after a mismatch.
    pub async fn run(&self, backend: &Backend, clock: &ManualClock) -> Report {
        let mut report = Report::default();
        for line in &self.lines {
            clock.set_ms(line.now_ms);
            let got = line.call.run(backend).await;
            if got == line.want {
                report.passed += 1;
            } else {
                report.mismatches.push(self.mismatch(line, &got));
            }
        }
        report
    }

    fn mismatch(&self, line: &Line, got: &Answer) -> Mismatch {
        Mismatch {
            file: self.file.clone(),
            line: line.number,
            op: line.op.clone(),
            now_ms: line.now_ms,
            wanted: line.want.to_json(),
            got: got.to_json(),
        }
    }
}

impl TraceError {
    /// The file, as it was named to [`Trace::parse`].
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong and what is accepted.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl Line {
    fn parse(number: usize, text: &str) -> Result<Self, String> {
        let mut fields = object(text)?;
        let now_ms = now_ms(fields.remove("now").as_ref())?;
        let want = fields.remove("want");
        let op = fields.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
        let call: Call = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
        Ok(Self { number, op, now_ms, want: call.want(want)?, call })
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let what = error.to_string().replace(&place, "");
        format!("not a call at column {}: {what}; accepted: a JSON object", error.column())
    })
}

fn now_ms(now: Option<&Value>) -> Result<u64, String> {
    let known = now.and_then(Value::as_u64).filter(|now_ms| *now_ms <= EXACT);
    known.ok_or_else(|| {
        let held = now.map_or_else(|| "missing".to_owned(), Value::to_string);
        format!(
            "now is {held}; accepted: milliseconds since the Unix epoch, 0 to 9007199254740991 (2^53 - 1)"
        )
    })
}
