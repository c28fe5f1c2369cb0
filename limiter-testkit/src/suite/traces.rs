//! The worked traces, as a test of the suite.

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
        Ok(report) => panic!("{report}"),
        Err(why) => panic!("{why}"),
    }
}

async fn replayed(declared: &Declared, part: &str, make: &Make<'_>) -> Result<Report, String> {
    let mut report = Report::default();
    for (name, text) in packaged().filter(|(name, _)| name.starts_with(part)) {
        let trace = Trace::parse(name, text).map_err(|error| error.to_string())?;
        let candidate = make().await;
        declared.check(&candidate)?;
        let clock = candidate.clock().ok_or("a trace needs time that is handed in")?;
        report.add(trace.run(candidate.backend(), clock).await);
    }
    Ok(report)
}
