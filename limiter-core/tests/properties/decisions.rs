//! What a decision tells of its outcomes: the longest wait, the binding charge, the receipt.

use std::time::Duration;

use limiter_core::{Charge, Decision, ErrorKind, Full, Key, Limit, Outcome, Retry, Scope, Source};
use proptest::prelude::*;

use crate::cases::cases;

fn after(ms: u64) -> Retry {
    Retry::After(Duration::from_millis(ms))
}

fn of(outcomes: &[Outcome]) -> Decision {
    Decision::new(Source::Store, outcomes.iter().copied())
}

#[test]
fn the_longest_wait_binds_a_denial_and_never_is_the_longest() {
    let (fits, short) = (Outcome::fitting(0, 0, 9), Outcome::refused(1, 4, 9, Some(5)));
    let (long, never) = (Outcome::refused(2, 3, 9, Some(700)), Outcome::refused(3, 2, 9, None));
    let denied = of(&[fits, short, long]);
    assert!(!denied.is_allowed());
    assert_eq!(denied.retry_after(), Some(after(700)));
    assert_eq!(denied.binding(), Some(&long));
    assert_eq!(denied.into_result().unwrap_err().charge(), 2);
    let denied = of(&[fits, short, never, long]);
    assert_eq!(denied.retry_after(), Some(Retry::Never));
    assert_eq!(denied.binding().map(Outcome::charge), Some(3));
}

#[test]
fn a_denial_names_its_charge_and_a_refusal_its_scope() {
    let keys = ["a", "b"].map(|subject| Key::new("chat", subject).unwrap());
    let limit = Limit::fixed_window(5, Duration::from_secs(1)).unwrap();
    let charges = [Charge::new(&keys[0], &limit), Charge::new(&keys[1], &limit)];
    let denied =
        of(&[Outcome::fitting(0, 1, 9), Outcome::refused(1, 0, 9, Some(5))]).into_result().unwrap_err();
    assert_eq!(denied.charge_of(&charges).map(Charge::key), Some(&keys[1]));
    assert!(denied.charge_of(&charges[..1]).is_none(), "not the charges of the call");
    let scopes = [Scope::new(keys[0].clone(), 3), Scope::new(keys[1].clone(), 1)];
    let full = Full { denied_by: 1, in_use: vec![0, 1], source: Source::Store };
    assert_eq!(full.scope_of(&scopes), Some(&scopes[1]));
    assert!(full.scope_of(&scopes[..1]).is_none());
}

#[test]
fn the_first_of_equals_binds() {
    let equal = [1, 2, 3].map(|charge| Outcome::refused(charge, 0, 9, Some(40)));
    assert_eq!(of(&equal).binding().map(Outcome::charge), Some(1));
    let never = [4, 5].map(|charge| Outcome::refused(charge, 0, 9, None));
    assert_eq!(of(&never).binding().map(Outcome::charge), Some(4));
    let left = [(0, 7), (1, 2), (2, 2), (3, 5)].map(|(charge, left)| Outcome::fitting(charge, left, 0));
    assert_eq!(of(&left).binding().map(Outcome::charge), Some(1));
}

#[test]
fn the_least_left_binds_what_is_allowed() {
    let allowed = of(&[Outcome::fitting(0, 9, 0), Outcome::fitting(1, 3, 0), Outcome::fitting(2, 4, 0)]);
    assert_eq!(allowed.retry_after(), None);
    assert_eq!(allowed.binding().map(Outcome::charge), Some(1));
    assert_eq!(allowed.into_result().unwrap().remaining(), Some(3));
}

#[test]
fn a_decision_that_nobody_counted_is_allowed_and_knows_nothing() {
    let decision = Decision::new(Source::Uncounted, []);
    assert!(decision.is_allowed());
    assert_eq!((decision.binding(), decision.source()), (None, Source::Uncounted));
    assert_eq!(decision.into_result().unwrap().remaining(), None);
}

#[test]
fn a_wait_in_whole_seconds_is_rounded_up() {
    let seconds = [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (59_001, 60)];
    for (ms, wanted) in seconds {
        assert_eq!(after(ms).after_secs(), Some(wanted), "{ms} ms");
    }
    assert_eq!(Retry::Never.after_secs(), None);
    assert!(Retry::Never > after(u64::MAX), "never is the longest wait");
}

#[test]
fn a_receipt_holds_what_was_charged_and_nothing_else() {
    let keys = ["a", "b", "c"].map(|subject| Key::new("chat", subject).unwrap());
    let limit = Limit::fixed_window(5, Duration::from_secs(1)).unwrap();
    let charges = [0, 1, 2].map(|at| Charge::new(&keys[at], &limit).with_cost(at as u64 + 1));
    let outcomes = [
        Outcome::refused(0, 0, 9, Some(1)).charged_at(40),
        Outcome::fitting(1, 0, 9),
        Outcome::refused(2, 0, 9, None).charged_at(50),
    ];
    let receipt = of(&outcomes).into_receipt(&charges).unwrap();
    let lines: Vec<_> = receipt
        .lines()
        .iter()
        .map(|line| (line.charge().key().subject(), line.charge().cost(), line.charged_at_ms()))
        .collect();
    assert_eq!(lines, [("a", 1, 40), ("c", 3, 50)]);
    let error = of(&outcomes).into_receipt(&charges[..2]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("receipt is 2 charges"), "{error}");
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_decision_keeps_every_outcome_in_its_place(
        parts in prop::collection::vec((0..=limiter_core::EXACT, any::<u32>(), prop::option::of(any::<u32>())), 0..64),
    ) {
        let outcome = |(place, (remaining, reset, wait)): (usize, &(u64, u32, Option<u32>))| match wait {
            None => Outcome::fitting(place, *remaining, (*reset).into()),
            Some(wait) => Outcome::refused(place, *remaining, (*reset).into(), Some((*wait).into())).charged_at(7),
        };
        let outcomes: Vec<_> = parts.iter().enumerate().map(outcome).collect();
        let decision = of(&outcomes);
        prop_assert_eq!(decision.outcomes(), &outcomes[..]);
        prop_assert_eq!(decision.is_allowed(), parts.iter().all(|(_, _, wait)| wait.is_none()));
        for (place, (outcome, (remaining, reset, wait))) in decision.outcomes().iter().zip(&parts).enumerate() {
            prop_assert_eq!((outcome.charge(), outcome.remaining()), (place, *remaining));
            prop_assert_eq!(outcome.reset_after(), Duration::from_millis((*reset).into()));
            prop_assert_eq!(outcome.retry_after(), wait.map(|wait| after(wait.into())));
            prop_assert_eq!(outcome.charged_at_ms(), wait.map(|_| 7));
        }
    }
}
