//! What a test shows that the suite has stamped.

use std::future::ready;
use std::panic::catch_unwind;
use std::sync::Arc;

use limiter_core::{Backend, ManualClock};
use limiter_testkit::suite::{Declared, hold};
use limiter_testkit::{Candidate, Model};

use crate::rates::InPart;
use crate::wrong::Wrong;

const DECLARED: &Declared = &Declared {
    real_time: false,
    keys_apart: false,
    durable: false,
    shared: false,
    early_refusals: false,
    parts: &[],
};

fn in_part() -> Candidate {
    let clock = ManualClock::new(1_700_000_000_000);
    let model = Arc::new(Model::new(clock.clone()));
    let wrong = Wrong { model: Model::new(clock.clone()), fault: InPart };
    Candidate::new(Backend::new("wrong", model).with_rates(Arc::new(wrong))).with_clock(clock)
}

/// How a stamped test fails.
fn failure(law: &'static str) -> String {
    let stamped = || hold(DECLARED, "rate_laws", law, &|| Box::pin(ready(in_part())));
    *catch_unwind(stamped).unwrap_err().downcast().unwrap()
}

#[test]
fn a_broken_law_shows_the_promise_the_answer_and_the_least_input() {
    let shown = failure("all_or_nothing");
    for words in [
        "broken promise: a hit is charged by all of its limits or by none",
        "asked:  hit, then peek at",
        "wanted: [",
        "got:    denied",
        "the least input that breaks it: (\n    LimitSet(",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
    assert!(shown.matches("Hit {").count() <= 3, "{shown}");
}

#[test]
fn what_isnt_a_law_is_named() {
    assert_eq!(failure("all_or_some"), "no property is called rate_laws::all_or_some");
}
