//! Sets of limits: their text, their rules, and the charges they make.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use limiter_core::{Error, ErrorKind, Key, Limit, LimitSet, check_charges, limit};

fn set(text: &str) -> LimitSet {
    text.parse().unwrap()
}

/// `count` limits, each of a window of its own.
fn windows(count: u64) -> Vec<Limit> {
    (1..=count).map(|ms| format!("5/{ms}ms").parse().unwrap()).collect()
}

fn joined(limits: &[Limit]) -> String {
    limits.iter().map(Limit::to_string).collect::<Vec<_>>().join(";")
}

#[test]
fn sets_are_read_and_written_in_order() {
    let (minute, hour) = (limit!("5/min"), limit!("60/hour"));
    for text in ["5/min; 60/hour", "5/min;60/hour", " 5/min ;\n60 per 60 min "] {
        assert_eq!(set(text).as_slice(), [minute, hour], "{text:?}");
        assert_eq!(set(text).to_string(), "5/min; 60/hour");
    }
    assert_eq!(set("60/hour; 5/min").as_slice(), [hour, minute]);
    assert_eq!(set("5/min"), LimitSet::from(minute));
    let all = "5/min; fixed 5/min; log 5/min; bucket 5/min burst 6 counting denied; unlimited";
    assert_eq!(set(all).to_string(), all);
    assert_eq!(set(all).len(), 5);
}

#[test]
fn a_set_holds_up_to_64_limits() {
    let most = windows(64);
    assert_eq!(LimitSet::new(most.clone()).unwrap(), set(&joined(&most)));
    let error = LimitSet::new(windows(65)).unwrap_err();
    assert_eq!(error.message(), "limit set is longer than 64; accepted: 1 to 64 limits");
    let text = joined(&windows(65));
    let error = text.parse::<LimitSet>().unwrap_err();
    assert_eq!(error.at(), text.rfind(';').unwrap() + 1);
    assert_eq!(error.problem(), "one limit too many: \"5/65ms\"");
    assert_eq!(error.accepted(), "1 to 64 limits in a set");
}

#[test]
fn a_set_is_not_empty() {
    let error = LimitSet::new([]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.message(), "limit set is empty; accepted: 1 to 64 limits");
}

#[test]
fn a_set_names_each_counter_once() {
    let error = LimitSet::new([limit!("5/min"), limit!("fixed 6/min"), limit!("7/60s")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.message(),
        "a limit set counts twice in one counter, 5/min and 7/min; accepted: each algorithm and window once",
    );
}

#[test]
fn a_set_charges_one_unit_of_each_limit() -> Result<(), Error> {
    let key = Key::new("chat", "u1")?;
    let limits = set("5/min; fixed 60/hour");
    let charges: Vec<_> = limits.charges(&key).collect();
    check_charges(&charges)?;
    assert_eq!(limits.charges(&key).len(), 2);
    let made: Vec<_> = charges.iter().map(|charge| (charge.key(), *charge.limit(), charge.cost())).collect();
    assert_eq!(made, [(&key, limit!("5/min"), 1), (&key, limit!("fixed 60/hour"), 1)]);
    assert!((&limits).into_iter().eq(limits.iter()));
    Ok(())
}
