//! A store that stalls, loses its answers or is gone: each call ends in time, and says what it knows.

use std::time::Duration;

use limiter_factory::{ErrorKind, Source};
use limiter_testkit::proxy::Mode;

use crate::calls::{Calls, Came};
use crate::stage::{CHOICES, LATE, Stage, TIMEOUT};

const MODES: [Mode; 4] = [Mode::Stall, Mode::DropReplies, Mode::Down, Mode::Delay(Duration::from_secs(2))];

/// What a choice makes of a call that the store didn't answer.
fn judge(choice: &str, came: &Came, mode: Mode) {
    let Came { operation, took, answer } = came;
    let said = format!("{choice}, {mode:?}, {operation}: {answer:?} after {took:?}");
    assert!(*took < TIMEOUT + LATE, "{said}");
    // What waits until the store is back is answered, and says that nobody has counted it yet.
    let waits = matches!(*operation, "release" | "settle");
    let by_the_store = matches!(answer, Ok(Some(Source::Store)));
    assert!(!by_the_store && (choice != "refuse" || waits || answer.is_err()), "{said}: the store was away");
    match answer {
        Ok(Some(Source::Fallback)) => assert_eq!(choice, "memory", "{said}"),
        Ok(_) => {}
        Err(error) => {
            let kinds = [ErrorKind::Timeout, ErrorKind::Unavailable];
            assert!(kinds.contains(&error.kind()), "{said}");
            // Who waited in vain can't know what was done; who only asked has nothing to fear.
            if error.kind() == ErrorKind::Timeout || !came.changes() {
                assert_eq!(error.may_have_charged(), came.changes(), "{said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_in_time_whatever_was_chosen() {
    for choice in CHOICES {
        for mode in MODES {
            let stage = Stage::choosing(choice).await;
            let calls = Calls::prepare(&stage.limiters).await;
            stage.fail(mode).await;
            let all = calls.make().await;
            for came in &all {
                judge(choice, came, mode);
            }
            // What decides whether somebody gets in is what the choice is about.
            for came in
                all.iter().filter(|came| matches!(came.operation, "hit" | "acquire" | "reserve" | "check"))
            {
                let source = came.answer.as_ref().ok().copied().flatten();
                let wanted = [
                    ("refuse", None),
                    ("allow", Some(Source::Uncounted)),
                    ("memory", Some(Source::Fallback)),
                ];
                assert!(
                    wanted.contains(&(choice, source)),
                    "{choice}, {mode:?}, {}: {source:?}",
                    came.operation
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_circuit_answers_at_once() {
    let vars = [("LIMITER_BREAKER_FAILURES", "3"), ("LIMITER_BREAKER_OPEN_MS", "60000")];
    let stage = Stage::with(&vars).await;
    let calls = Calls::prepare(&stage.limiters).await;
    stage.fail(Mode::Stall).await;
    let first = calls.make().await;
    assert!(first.iter().take(3).all(|came| came.took >= TIMEOUT), "the first three wait");
    for came in first.iter().skip(3).chain(&calls.make().await) {
        assert!(came.took < TIMEOUT / 3, "{} took {:?}", came.operation, came.took);
        if let Some(error) = came.error() {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(!error.may_have_charged(), "{error}");
        }
    }
}
