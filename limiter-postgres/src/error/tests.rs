//! Each failure means what it means on purpose.

use limiter_core::ErrorKind::{self, Capacity, Config, Internal, Protocol, Timeout, Unavailable};

use super::*;

/// The kind of a code's error, and whether it says that the call may have been executed.
fn error(code: &str, fatal: bool, completed: bool) -> (ErrorKind, bool) {
    let error = judged(code, fatal, completed, || None).into_error("hit", true);
    assert!(!error.message().is_empty());
    (error.kind(), error.may_have_charged())
}

#[test]
fn what_leaves_the_connection_alive_has_undone_its_transaction() {
    for (code, kind) in [
        ("0A000", Unavailable),
        ("22003", Protocol),
        ("22P02", Protocol),
        ("22001", Protocol),
        ("23505", Protocol),
        ("23514", Protocol),
        ("25000", Config),
        ("25006", Unavailable),
        ("25P02", Protocol),
        ("26000", Config),
        ("28000", Config),
        ("28P01", Config),
        ("3D000", Config),
        ("3F000", Config),
        ("40001", Unavailable),
        ("40P01", Unavailable),
        ("40002", Unavailable),
        ("42501", Config),
        ("42703", Config),
        ("42883", Config),
        ("42P01", Config),
        ("42P05", Config),
        ("42601", Protocol),
        ("53000", Unavailable),
        ("53100", Capacity),
        ("53200", Capacity),
        ("53300", Unavailable),
        ("53400", Capacity),
        ("54000", Protocol),
        ("55000", Unavailable),
        ("55P03", Timeout),
        ("57014", Timeout),
        ("58030", Unavailable),
        ("F0001", Unavailable),
        ("P0001", Protocol),
        ("XX000", Unavailable),
        ("XX001", Unavailable),
        ("", Protocol),
        ("ZZZZZ", Protocol),
    ] {
        assert_eq!(error(code, false, false), (kind, false), "{code}");
        assert_eq!(error(code, false, true), (kind, false), "{code}");
    }
}

#[test]
fn what_ends_a_session_may_come_after_the_commit_once_the_statement_was_complete() {
    for (code, kind) in [
        ("57P01", Unavailable),
        ("57P05", Unavailable),
        ("57P03", Unavailable),
        ("57P04", Unavailable),
        ("53300", Unavailable),
        ("28000", Config),
        ("25P03", Timeout),
    ] {
        assert_eq!(error(code, true, false), (kind, false), "{code}");
        assert_eq!(error(code, true, true), (kind, true), "{code}");
    }
    // A crash asks nobody what was done.
    for code in ["57P02", "XX000", "58030", "53100"] {
        assert!(error(code, true, false).1, "{code}");
    }
}

#[test]
fn a_connection_that_failed_may_have_committed() {
    for code in ["08000", "08003", "08006", "08007", "08P01", "40003"] {
        for fatal in [false, true] {
            assert_eq!(error(code, fatal, false), (Unavailable, true), "{code}");
        }
    }
}

#[test]
fn what_may_succeed_at_once_is_told_apart() {
    let again =
        |code, fatal, completed| matches!(judged(code, fatal, completed, || None), Failure::NothingDone(_));
    for code in ["40001", "40P01", "0A000"] {
        assert!(again(code, false, false), "{code}");
    }
    for code in ["57P01", "57P05"] {
        assert!(again(code, true, false), "{code}");
        // The statement was complete: it may be committed.
        assert!(!again(code, true, true), "{code}");
    }
    for code in ["57P02", "57P03", "57014", "25006", "40003", "08006", "53300", "42P01"] {
        assert!(!again(code, true, false), "{code}");
    }
}

#[test]
fn a_row_that_somebody_holds_is_told_by_its_place() {
    assert!(matches!(judged("55P03", false, false, || Some(3)), Failure::Held(3)));
    assert!(matches!(judged("55P03", false, false, || None), Failure::LockTimeout));
    let error = Failure::Held(3).into_error("hit", true);
    assert_eq!((error.kind(), error.may_have_charged()), (Timeout, false));
}

#[test]
fn errors_say_what_to_do() {
    let text = |code| judged(code, false, false, || None).into_error("hit", true).message().to_owned();
    for code in ["3F000", "42P01", "42703", "42883"] {
        assert!(text(code).contains("LIMITER_MIGRATE") && text(code).contains(code), "{}", text(code));
    }
    assert!(text("26000").contains("LIMITER_PGBOUNCER") && text("08P01").contains("LIMITER_PGBOUNCER"));
    assert!(text("42501").contains("grant"), "{}", text("42501"));
    assert!(text("53300").contains("max_connections"), "{}", text("53300"));
    assert!(text("28000").contains("pg_hba.conf"), "{}", text("28000"));
}

#[test]
fn what_the_system_didnt_take_was_never_executed() {
    let of = |kind: io::ErrorKind, completed| {
        let failure = Failure::of(&sqlx::Error::Io(kind.into()), completed).into_error("hit", true);
        (failure.kind(), failure.may_have_charged())
    };
    assert_eq!(of(io::ErrorKind::BrokenPipe, false), (Unavailable, false));
    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof, io::ErrorKind::TimedOut] {
        assert_eq!(of(kind, false), (Unavailable, true), "{kind:?}");
        assert_eq!(Fate::after(&sqlx::Error::Io(kind.into())), Fate::CloseAll);
    }
    let encode = sqlx::Error::Encode("too long".into());
    assert_eq!(Fate::after(&encode), Fate::Keep);
    let error = Failure::of(&encode, false).into_error("hit", true);
    assert_eq!((error.kind(), error.may_have_charged()), (Internal, false));
    assert!(
        Failure::of(&sqlx::Error::Protocol("secret".into()), false)
            .into_error("hit", true)
            .may_have_charged()
    );
}

#[test]
fn what_changes_nothing_never_charges() {
    for failure in [Failure::timed_out(), Failure::ended(), lost("reset"), strange()] {
        assert!(failure.clone().into_error("hit", true).may_have_charged());
        assert!(!failure.into_error("peek", false).may_have_charged());
    }
}
