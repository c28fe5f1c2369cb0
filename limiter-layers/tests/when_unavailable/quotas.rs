use std::time::Duration;

use limiter_core::{
    ErrorKind, Period, Quota, QuotaCharge, QuotaTracker, QuotaTrackerExt, Reservation, Retry, Source,
};
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};
use tokio::time::sleep;

use crate::rig::{CHOICES, Rig, TTL, bytes, day, reservation};
use crate::store::State;

const TEN_MINUTES: Duration = Duration::from_secs(600);
const ALMOST_TEN_MINUTES: Duration = Duration::from_secs(599);

#[tokio::test(start_paused = true)]
async fn refused_calls_err_as_the_store_does() {
    let rig = Rig::new(Refuse);
    for (state, kind) in [(State::Down, ErrorKind::Unavailable), (State::RequestsLost, ErrorKind::Timeout)] {
        rig.store.set(state);
        let quotas = &rig.backend.quotas;
        assert_eq!(quotas.check(&bytes(), &day()).await.unwrap_err().kind(), kind);
        assert_eq!(quotas.record(&bytes(), &day(), 1).await.unwrap_err().kind(), kind);
        assert_eq!(quotas.reserve(&reservation(1)).await.unwrap_err().kind(), kind);
        assert_eq!(quotas.reset(&bytes(), &day()).await.unwrap_err().kind(), kind);
    }
    rig.recover().await;
    assert_eq!((rig.used().await, rig.reserved().await), ((0, 0), (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn what_is_let_through_tells_an_unused_quota_by_the_calendar() {
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    let told = rig.backend.quotas.check(&bytes(), &day()).await.unwrap();
    assert_eq!((told.used, told.reserved, told.remaining), (0, 0, 1_000_000));
    assert_eq!((told.is_allowed(), told.source), (true, Source::Uncounted));
    assert!(told.reset_after > Duration::ZERO && told.reset_after <= Duration::from_secs(86_400));
    let reserved = rig.backend.quotas.reserve(&reservation(7)).await.unwrap();
    assert!(reserved.is_granted());
    assert_eq!(reserved.outcomes()[0].source, Source::Uncounted);
}

#[tokio::test(start_paused = true)]
async fn what_never_fits_is_never_let_through() {
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    let nothing = Quota::new(0, Period::Day).unwrap();
    let told = rig.backend.quotas.check(&bytes(), &nothing).await.unwrap();
    assert_eq!(told.retry_after, Some(Retry::Never));
    let charges =
        [QuotaCharge::new(bytes(), day(), 1_000_000), QuotaCharge::new(crate::rig::chat(), day(), 1_000_001)];
    let reserved = rig.backend.quotas.reserve(&Reservation::new(charges, TTL).unwrap()).await.unwrap();
    assert!(!reserved.is_granted());
    assert_eq!(reserved.refused().unwrap().0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_counted_once_or_errs() {
    for choice in CHOICES {
        let rig = Rig::new(choice);
        let record = async |units| rig.backend.quotas.record(&bytes(), &day(), units).await;
        rig.store.set(State::Down);
        let counted = record(5).await;
        rig.store.set(State::AnswersLost);
        let error = record(70).await.unwrap_err();
        assert!(error.may_have_charged(), "nobody knows whether it was counted");
        rig.recover().await;
        let expected = match choice {
            Refuse => (70, 0),
            Allow => (75, 0),
            Fallback => (70, 5),
        };
        assert_eq!((rig.used().await, counted.is_ok()), (expected, choice != Refuse), "{choice:?}");
        if let Ok(outcome) = counted {
            assert!(outcome.is_allowed());
            assert_eq!(outcome.source, if choice == Allow { Source::Uncounted } else { Source::Fallback });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_amount_above_the_exact_ones_is_never_let_through() {
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    let error = rig.backend.quotas.record(&bytes(), &day(), 1 << 53).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn the_fallback_settles_what_it_granted_however_late() {
    let rig = Rig::new(Fallback);
    rig.store.set(State::Down);
    let (soon, late) = (reservation(100), reservation(200));
    for reservation in [&soon, &late] {
        let reserved = rig.backend.quotas.reserve(reservation).await.unwrap();
        assert_eq!((reserved.is_granted(), reserved.outcomes()[0].source), (true, Source::Fallback));
    }
    assert_eq!(rig.reserved().await, (0, 300));
    rig.recover().await;
    let settled = rig.backend.quotas.settle_one(&soon, 40).await.unwrap();
    assert_eq!((settled.used, settled.source), (40, Source::Fallback));
    sleep(ALMOST_TEN_MINUTES).await;
    sleep(TTL / 2).await;
    assert_eq!(rig.backend.quotas.settle_one(&late, 2).await.unwrap().source, Source::Fallback);
    sleep(ALMOST_TEN_MINUTES).await;
    let again = rig.backend.quotas.settle_one(&late, 2).await.unwrap();
    assert_eq!((again.used, again.source), (42, Source::Fallback), "counted once");
    assert_eq!((rig.used().await, rig.reserved().await), ((0, 42), (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn the_store_settles_what_it_granted_and_what_was_let_through() {
    for choice in CHOICES {
        let rig = Rig::new(choice);
        let (of_store, let_through) = (reservation(100), reservation(200));
        assert!(rig.backend.quotas.reserve(&of_store).await.unwrap().is_granted());
        rig.store.set(State::Down);
        let mut settled = 40;
        if choice == Allow {
            assert!(rig.backend.quotas.reserve(&let_through).await.unwrap().is_granted());
            rig.settle(&let_through, 3).await;
            settled += 3;
        }
        let told = rig.backend.quotas.settle_one(&of_store, 40).await.unwrap();
        assert_eq!((told.is_allowed(), told.source), (true, Source::Uncounted));
        rig.recover().await;
        assert_eq!((rig.used().await, rig.reserved().await), ((settled, 0), (0, 0)), "{choice:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reservation_whose_grant_was_lost_is_set_aside_in_the_fallback_alone() {
    let rig = Rig::new(Fallback);
    let reservation = reservation(100);
    rig.store.set(State::AnswersLost);
    assert!(rig.backend.quotas.reserve(&reservation).await.unwrap().is_granted());
    assert_eq!(rig.reserved().await, (100, 100), "until the store can be told");
    rig.recover().await;
    assert_eq!(rig.reserved().await, (0, 100));
    let again = rig.backend.quotas.reserve(&reservation).await.unwrap();
    assert_eq!((again.is_granted(), again.outcomes()[0].source), (true, Source::Fallback));
    rig.settle(&reservation, 60).await;
    assert_eq!((rig.used().await, rig.reserved().await), ((0, 60), (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_the_fallback_refused_goes_to_the_store_again() {
    let rig = Rig::new(Fallback);
    let (whole, reservation) = (reservation(1_000_000), reservation(1));
    rig.store.set(State::Down);
    assert!(rig.backend.quotas.reserve(&whole).await.unwrap().is_granted());
    let refused = rig.backend.quotas.reserve(&reservation).await.unwrap();
    assert_eq!((refused.is_granted(), refused.outcomes()[0].source), (false, Source::Fallback));
    rig.store.set(State::Well);
    let granted = rig.backend.quotas.reserve(&reservation).await.unwrap();
    assert_eq!((granted.is_granted(), granted.outcomes()[0].source), (true, Source::Store));
    rig.settle(&reservation, 1).await;
    assert_eq!(rig.used().await, (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_settle_repeated_while_it_waits_or_after_counts_once() {
    let rig = Rig::new(Refuse);
    let reservation = reservation(100);
    assert!(rig.backend.quotas.reserve(&reservation).await.unwrap().is_granted());
    for state in [State::AnswersLost, State::Down, State::RequestsLost] {
        rig.store.set(state);
        rig.settle(&reservation, 40).await;
    }
    rig.store.set(State::Well);
    rig.settle(&reservation, 40).await;
    rig.recover().await;
    rig.settle(&reservation, 40).await;
    assert_eq!((rig.used().await, rig.reserved().await), ((40, 0), (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn the_first_of_two_settles_counts_also_while_it_waits() {
    let rig = Rig::new(Refuse);
    let reservation = reservation(100);
    rig.store.set(State::Down);
    rig.settle(&reservation, 40).await;
    rig.store.set(State::Well);
    rig.settle(&reservation, 50).await;
    rig.recover().await;
    assert_eq!(rig.used().await, (40, 0));
}

#[tokio::test(start_paused = true)]
async fn a_reservation_whose_settle_waits_cant_be_made_again() {
    for choice in CHOICES {
        let rig = Rig::new(choice);
        let reservation = reservation(100);
        assert!(rig.backend.quotas.reserve(&reservation).await.unwrap().is_granted());
        rig.store.set(State::Down);
        rig.settle(&reservation, 40).await;
        rig.store.set(State::Well);
        for _ in 0..2 {
            let error = rig.backend.quotas.reserve(&reservation).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{choice:?}");
            rig.recover().await;
        }
        assert_eq!(rig.reserved().await, (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_fallback_tells_and_is_reset_with_the_store() {
    let rig = Rig::new(Fallback);
    rig.store.set(State::Down);
    assert!(rig.backend.quotas.record(&bytes(), &day(), 5).await.unwrap().is_allowed());
    let told = rig.backend.quotas.check(&bytes(), &day()).await.unwrap();
    assert_eq!((told.used, told.source), (5, Source::Fallback));
    assert_eq!(rig.backend.quotas.reset(&bytes(), &day()).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(rig.used().await, (0, 5));
    rig.store.set(State::Well);
    rig.backend.quotas.reset(&bytes(), &day()).await.unwrap();
    assert_eq!(rig.used().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn more_reservations_than_may_be_remembered_are_refused() {
    let rig = Rig::with_queue(Fallback, 2);
    rig.store.set(State::Down);
    for _ in 0..2 {
        assert!(rig.backend.quotas.reserve(&reservation(1)).await.unwrap().is_granted());
    }
    let one_more = reservation(1);
    let error = rig.backend.quotas.reserve(&one_more).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Unavailable && error.to_string().contains("2 reservations"),
        "{error}"
    );
    assert_eq!(rig.reserved().await, (0, 2));
    sleep(TTL + TEN_MINUTES).await;
    assert!(rig.backend.quotas.reserve(&one_more).await.unwrap().is_granted(), "room for new ones by now");
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_fails_leaves_the_error_to_the_caller() {
    let rig = Rig::new(Fallback);
    rig.store.set(State::Down);
    rig.fallback.set(State::Fails(ErrorKind::Capacity));
    let reservation = reservation(1);
    let error = rig.backend.quotas.reserve(&reservation).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Capacity && error.to_string().contains("store unavailable"),
        "{error}"
    );
    assert!(rig.backend.quotas.record(&bytes(), &day(), 1).await.is_err());
    assert!(QuotaTracker::check(&rig.backend.quotas, &bytes(), &day()).await.is_err());
    rig.store.set(State::Well);
    let granted = rig.backend.quotas.reserve(&reservation).await.unwrap();
    assert_eq!(granted.outcomes()[0].source, Source::Store, "it isn't the fallback's");
}
