//! Several processes on one store: copies of the test program.

/// Where the store of the test is that this process is a copy for; `None` in the test program itself.
pub fn store() -> Option<String> {
    std::env::var("LIMITER_TESTKIT_STORE").ok()
}
