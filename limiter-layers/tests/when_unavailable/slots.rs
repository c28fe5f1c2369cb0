use std::time::Duration;

use limiter_core::{
    Acquisition, ErrorKind, LeaseId, LeaseRequest, Scope, SlotLimiter, SlotLimiterExt, Source,
};
use limiter_layers::WhenUnavailable::{Allow, Fallback, Refuse};
use limiter_layers::{LeaseKeeper, Slot};
use tokio::time::sleep;

use crate::rig::{CHOICES, Rig, TTL, lease, request, streams};
use crate::store::State;

#[tokio::test(start_paused = true)]
async fn a_refused_acquire_errs_as_the_store_does() {
    let rig = Rig::new(Refuse);
    for (state, kind) in [(State::Down, ErrorKind::Unavailable), (State::RequestsLost, ErrorKind::Timeout)] {
        rig.store.set(state);
        let error = rig.backend.slots.acquire(&request(1)).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (kind, "planted"));
    }
    assert_eq!(rig.held().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_let_through_is_counted_by_nobody_and_stays_good() {
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    for _ in 0..20 {
        let Acquisition::Acquired(got) = rig.backend.slots.acquire(&request(5)).await.unwrap() else {
            panic!("full")
        };
        assert_eq!((got.source, got.in_use), (Source::Uncounted, vec![]));
        for state in [State::Down, State::Well] {
            rig.store.set(state);
            assert!(rig.backend.slots.renew_one(&got.lease).await.unwrap());
        }
        assert!(rig.backend.slots.release_one(&got.lease).await.unwrap());
        rig.store.set(State::Down);
    }
    assert_eq!(rig.held().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_never_fits_is_never_let_through() {
    let rig = Rig::new(Allow);
    rig.store.set(State::Down);
    let scopes = [Scope::new(streams(), 5), Scope::new(crate::rig::chat(), 0)];
    let refused = rig.backend.slots.acquire(&LeaseRequest::new(scopes, TTL).unwrap()).await.unwrap();
    let Acquisition::Full(full) = refused else { panic!("let through") };
    assert_eq!((full.denied_by, full.source), (1, Source::Uncounted));
}

#[tokio::test(start_paused = true)]
async fn the_fallback_holds_its_leases_to_the_cap_and_gets_them_back() {
    let rig = Rig::new(Fallback);
    let of_store = lease(&rig).await;
    rig.store.set(State::Down);
    let first = rig.backend.slots.acquire(&request(2)).await.unwrap();
    assert_eq!((first.source(), first.in_use()), (Source::Fallback, &[1][..]));
    let second = rig.backend.slots.acquire(&request(2)).await.unwrap();
    let third = rig.backend.slots.acquire(&request(2)).await.unwrap();
    assert_eq!((third.is_acquired(), third.source(), third.in_use()), (false, Source::Fallback, &[2][..]));

    rig.recover().await;
    let (first, second) = (first.into_result().unwrap(), second.into_result().unwrap());
    assert!(rig.backend.slots.renew_one(&first).await.unwrap());
    assert_eq!(rig.held().await, (1, 2), "each where it was granted");
    let live = rig.backend.slots.release(&[first.clone(), of_store, second, first]).await.unwrap();
    assert_eq!(live, [true, true, true, false]);
    assert_eq!(rig.held().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn leases_of_both_are_renewed_in_one_call_each_by_its_own() {
    let rig = Rig::new(Fallback);
    let of_store = lease(&rig).await;
    rig.store.set(State::Down);
    let of_fallback = lease(&rig).await;
    let error = rig.backend.slots.renew(&[of_fallback.clone(), of_store.clone()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "nobody else renews the store's");
    rig.store.set(State::Well);
    let unknown = request(1).lease();
    let leases = [of_fallback.clone(), unknown.clone(), of_store.clone(), unknown];
    assert_eq!(rig.backend.slots.renew(&leases).await.unwrap(), [true, false, true, false]);
    sleep(TTL * 9 / 10).await;
    assert_eq!(rig.held().await, (1, 1), "both were prolonged");
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_the_store_stays_good_where_calls_are_let_through() {
    for (choice, renewed) in [(Refuse, false), (Allow, true), (Fallback, false)] {
        let rig = Rig::new(choice);
        let lease = lease(&rig).await;
        rig.store.set(State::Down);
        assert_eq!(rig.backend.slots.renew_one(&lease).await.is_ok_and(|live| live), renewed, "{choice:?}");
        sleep(TTL).await;
        rig.store.set(State::Well);
        assert!(!rig.backend.slots.renew_one(&lease).await.unwrap(), "it never comes back to life");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_grant_was_lost_is_held_in_the_fallback_alone() {
    for choice in [Allow, Fallback] {
        let rig = Rig::new(choice);
        rig.store.set(State::AnswersLost);
        let granted = rig.backend.slots.acquire(&request(5)).await.unwrap();
        assert_ne!(granted.source(), Source::Store);
        rig.recover().await;
        assert_eq!(rig.held().await, (0, u64::from(choice == Fallback)), "{choice:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_acquire_finds_its_lease_wherever_that_is() {
    let rig = Rig::new(Fallback);
    let request = request(5);
    rig.store.set(State::AnswersLost);
    let first = rig.backend.slots.acquire(&request).await.unwrap();
    rig.store.set(State::Well);
    let again = rig.backend.slots.acquire(&request).await.unwrap();
    assert_eq!(again.source(), Source::Fallback, "its release isn't sent yet");
    assert_eq!(first.into_result().unwrap(), again.into_result().unwrap());
    rig.recover().await;
    assert_eq!(rig.held().await, (0, 1));
    let late = rig.backend.slots.acquire(&request).await.unwrap();
    assert_eq!(late.source(), Source::Store);
    assert_eq!(rig.held().await, (1, 0), "the fallback's went");
}

#[tokio::test(start_paused = true)]
async fn who_never_saw_the_grant_releases_what_was_asked_for() {
    let rig = Rig::new(Fallback);
    let request = request(5);
    rig.store.set(State::AnswersLost);
    let _unseen = rig.backend.slots.acquire(&request).await.unwrap();
    assert!(rig.backend.slots.release_one(&request.lease()).await.unwrap());
    rig.recover().await;
    assert_eq!(rig.held().await, (0, 0));
    let calls = rig.fallback.calls();
    sleep(2 * TTL).await;
    rig.backend.slots.release_one(&request.lease()).await.unwrap();
    assert_eq!(rig.fallback.calls(), calls, "nobody asks it once it can't hold any");
}

#[tokio::test(start_paused = true)]
async fn ids_like_our_own_are_refused_and_long_ones_arent_let_through() {
    for (choice, prefix) in [(Allow, "uncounted-"), (Fallback, "fallback-")] {
        let rig = Rig::new(choice);
        let id = |text: &str| request(5).with_id(LeaseId::parse(text).unwrap());
        let error = rig.backend.slots.acquire(&id(&format!("{prefix}1"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        rig.store.set(State::Down);
        let (fits, too_long) = ("x".repeat(64 - prefix.len()), "x".repeat(65 - prefix.len()));
        assert!(rig.backend.slots.acquire(&id(&fits)).await.unwrap().is_acquired());
        let error = rig.backend.slots.acquire(&id(&too_long)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_is_told_by_the_fallback_or_not_at_all() {
    for choice in CHOICES {
        let rig = Rig::new(choice);
        rig.store.set(State::Down);
        if choice == Fallback {
            lease(&rig).await;
            assert_eq!(rig.backend.slots.in_use(&streams()).await.unwrap(), 1);
            assert_eq!(rig.backend.slots.leases(&streams()).await.unwrap().len(), 1);
        } else {
            assert_eq!(
                rig.backend.slots.in_use(&streams()).await.unwrap_err().kind(),
                ErrorKind::Unavailable
            );
            assert_eq!(
                rig.backend.slots.leases(&streams()).await.unwrap_err().kind(),
                ErrorKind::Unavailable
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_keeper_keeps_what_the_fallback_granted_through_an_outage_and_beyond() {
    let rig = Rig::new(Fallback);
    let keeper = LeaseKeeper::new(rig.backend.slots.clone());
    rig.store.set(State::Down);
    let Slot::Acquired(guard) = keeper.acquire(&request(5)).await.unwrap() else { panic!("full") };
    for state in [State::Down, State::Well] {
        rig.store.set(state);
        sleep(5 * TTL).await;
        assert!(!guard.is_lost(), "{state:?}");
        assert_eq!(rig.held().await, (0, 1));
    }
    assert!(guard.release().await.unwrap());
    assert_eq!(rig.held().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_fails_leaves_the_error_to_the_caller() {
    let rig = Rig::new(Fallback);
    rig.store.set(State::Down);
    rig.fallback.set(State::Fails(ErrorKind::Capacity));
    let error = rig.backend.slots.acquire(&request(5)).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Capacity && error.to_string().contains("store unavailable"),
        "{error}"
    );
    assert_eq!(rig.backend.slots.acquire(&request(5)).await.unwrap_err().kind(), ErrorKind::Capacity);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(rig.held().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_down_keeps_no_release_from_the_store() {
    let rig = Rig::new(Fallback);
    let (alone, with_others) = (lease(&rig).await, lease(&rig).await);
    rig.store.set(State::Down);
    let of_fallback = lease(&rig).await;
    rig.store.set(State::Well);
    rig.fallback.set(State::Down);
    assert!(rig.backend.slots.release_one(&alone).await.unwrap(), "the fallback had nothing of it");
    assert_eq!(rig.held().await, (1, 1));
    let both = [with_others, of_fallback];
    let error = rig.backend.slots.release(&both).await.unwrap_err();
    assert_eq!((error.kind(), rig.held().await), (ErrorKind::Unavailable, (0, 1)));
    rig.fallback.set(State::Well);
    assert_eq!(rig.backend.slots.release(&both).await.unwrap(), [false, true]);
}
