//! How many cases a property runs.

use proptest::test_runner::Config;

/// So many cases, and a hundred times as many where `TESTKIT_LONG=1` is set. Failures aren't written to files:
/// a case that matters becomes a test of its own.
pub(crate) fn cases(count: u32) -> Config {
    let long = std::env::var_os("TESTKIT_LONG").is_some_and(|value| value == "1");
    Config { cases: if long { count * 100 } else { count }, failure_persistence: None, ..Config::default() }
}
