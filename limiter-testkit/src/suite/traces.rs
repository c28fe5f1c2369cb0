//! The worked traces, as a test of the suite.

use std::collections::BTreeSet;

use super::{Declared, Make, runtime};
use crate::replay::{Report, Trace, packaged};

/// Replays the packaged traces of one part, each on a candidate of its own, as the test that was stamped for it.
///
/// # Panics
/// When a call isn't answered as its trace wants: that fails the test.
#[doc(hidden)]
#[expect(clippy::panic, reason = "a wrong answer fails the test that was stamped for it")]
pub fn replay(declared: &Declared, part: &str, make: &Make<'_>) {
    match runtime().block_on(replayed(declared, part, make)) {
        Ok(report) if report.is_clean() => {}
        Ok(report) => panic!("{}", first_of(&report)),
        Err(why) => panic!("{why}"),
    }
}

/// What is to be looked at: the others mostly follow from it.
fn first_of(report: &Report) -> String {
    match report.mismatches.as_slice() {
        [] => report.to_string(),
        [first, others @ ..] => {
            let traces = report.mismatches.iter().map(|mismatch| &mismatch.file).collect::<BTreeSet<_>>();
            format!(
                "{first}\nand {} more, in {} traces in all; look at the first",
                others.len(),
                traces.len()
            )
        }
    }
}

async fn replayed(declared: &Declared, part: &str, make: &Make<'_>) -> Result<Report, String> {
    let mut report = Report::default();
    for (name, text) in packaged().filter(|(name, _)| name.starts_with(part)) {
        let candidate = make().await;
        declared.check(&candidate)?;
        let trace = Trace::parse(name, text).map_err(|error| error.to_string())?;
        let trace = match candidate.partition() {
            Some(partition) => trace.within(partition),
            None => trace,
        };
        let clock = candidate.clock().ok_or("a trace needs time that is handed in")?;
        report.add(trace.run(candidate.backend(), clock).await);
    }
    Ok(report)
}
