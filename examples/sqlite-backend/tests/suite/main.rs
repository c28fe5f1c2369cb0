//! The public suite: with time handed in, and by the system's clock.
#![expect(clippy::unwrap_used, reason = "without a file no test can run")]

mod file;

use limiter_testkit::Candidate;

use file::File;

async fn by_a_clock_handed_in() -> Candidate {
    File::of_this_test().candidate_by_clock().await
}

async fn by_the_systems_clock() -> Candidate {
    File::of_this_test().candidate().await
}

mod handed_in {
    use super::by_a_clock_handed_in;

    limiter_testkit::suite!(by_a_clock_handed_in, shared, durable);
}

mod real_time {
    use super::by_the_systems_clock;

    limiter_testkit::suite!(by_the_systems_clock, real_time, shared, durable);
}
