//! What is let through in shadow mode, and what is counted all the same.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{
    Acquired, Acquisition, Charge, Control, ErrorKind, Key, Lease, LeaseId, LeaseRequest, Limit, Period,
    Quota, QuotaCharge, QuotaTracker, QuotaTrackerExt, RateLimiter, RateLimiterExt, Reservation, Reserved,
    Scope, SlotLimiter, SlotLimiterExt, Source,
};
use limiter_layers::{Layer, LeaseKeeper, Shadow, ShadowLayer, Slot};

use crate::store::{Fault, Store};

const S: Duration = Duration::from_secs(1);

fn shadowed() -> (Arc<Store>, Shadow<Arc<Store>>) {
    let store = Store::new();
    (Arc::clone(&store), Shadow::new(store))
}

fn key(subject: &str) -> Key {
    Key::new("chat", subject).unwrap()
}

fn request(cap: u64) -> LeaseRequest {
    LeaseRequest::new([Scope::new(key("u1"), cap)], 30 * S).unwrap()
}

async fn acquired(slots: &impl SlotLimiter, request: &LeaseRequest) -> Acquired {
    match slots.acquire(request).await.unwrap() {
        Acquisition::Acquired(acquired) => acquired,
        Acquisition::Full(full) => panic!("{full}"),
    }
}

#[tokio::test]
async fn a_denied_hit_is_allowed_and_not_counted() {
    for at_once in [true, false] {
        let (store, shadow) = shadowed();
        let (user, limit) = (key("u1"), Limit::fixed_window(2, 60 * S).unwrap());
        let charges = [Charge::new(&user, &limit)];
        let hit =
            async || if at_once { shadow.hit_now(&charges).unwrap() } else { shadow.hit(&charges).await };
        for nth in 1..=4 {
            let decision = hit().await.unwrap();
            let wanted = if nth <= 2 { (Source::Store, 1) } else { (Source::Shadow, 0) };
            assert!(decision.is_allowed());
            assert_eq!((decision.source(), decision.outcomes().len()), wanted, "hit {nth}");
        }
        let left = |limit| async move { store.model.peek(&[Charge::new(&key("u1"), &limit)]).await.unwrap() };
        let wider = Limit::fixed_window(10, 60 * S).unwrap();
        assert_eq!(left(wider).await.outcomes()[0].remaining(), 8, "two were charged");
    }
}

#[tokio::test]
async fn a_limit_that_counts_denied_hits_goes_on_counting_them() {
    let (store, shadow) = shadowed();
    let (user, limit) = (key("u1"), Limit::fixed_window(2, 60 * S).unwrap().counting_denied().unwrap());
    for _ in 0..5 {
        assert!(shadow.hit_one(&user, &limit).await.unwrap().is_allowed());
    }
    let wider = Limit::fixed_window(10, 60 * S).unwrap();
    let peeked = store.model.peek(&[Charge::new(&user, &wider)]).await.unwrap();
    assert_eq!(peeked.outcomes()[0].remaining(), 5);
}

#[tokio::test]
async fn a_peek_is_allowed_and_a_receipt_of_nothing_isnt_sent() {
    let (store, shadow) = shadowed();
    let (user, limit) = (key("u1"), Limit::fixed_window(1, 60 * S).unwrap());
    let charges = [Charge::new(&user, &limit)];
    let first = shadow.hit(&charges).await.unwrap();
    assert_eq!(shadow.peek(&charges).await.unwrap().source(), Source::Shadow);
    let second = shadow.hit(&charges).await.unwrap();
    store.asked();
    shadow.refund(second.into_receipt(&charges).unwrap()).await.unwrap();
    assert_eq!(store.asked(), [""; 0]);
    shadow.refund(first.into_receipt(&charges).unwrap()).await.unwrap();
    assert_eq!(store.asked(), ["refund"]);
    assert_eq!(shadow.hit(&charges).await.unwrap().source(), Source::Store, "the refund counts");
}

#[tokio::test]
async fn errors_pass_as_they_are() {
    let (store, shadow) = shadowed();
    let (user, limit, quota) =
        (key("u1"), Limit::fixed_window(1, 60 * S).unwrap(), Quota::new(1, Period::Day).unwrap());
    store.fault(Fault::Fails(ErrorKind::Unavailable));
    assert_eq!(shadow.hit_one(&user, &limit).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(shadow.acquire(&request(1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(shadow.check(&user, &quota).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_refused_acquire_gets_a_lease_that_stands_nowhere() {
    let (store, shadow) = shadowed();
    let held = acquired(&shadow, &request(1)).await;
    assert_eq!(held.source, Source::Store);
    let second = request(1).with_permits(3).unwrap();
    let let_through = acquired(&shadow, &second).await;
    assert_eq!((let_through.source, &*let_through.in_use), (Source::Shadow, &[1][..]));
    assert_eq!((let_through.lease.permits(), let_through.lease.ttl_ms()), (3, 30_000));
    assert_eq!(let_through.lease.keys(), second.lease().keys());
    assert_eq!(acquired(&shadow, &second).await.lease, let_through.lease, "the same when it is repeated");
    assert_eq!(shadow.in_use(&key("u1")).await.unwrap(), 1);
    assert_eq!(shadow.leases(&key("u1")).await.unwrap().len(), 1);
    store.asked();
    for _ in 0..2 {
        assert!(shadow.renew_one(&let_through.lease).await.unwrap());
        assert!(shadow.release_one(&let_through.lease).await.unwrap());
    }
    assert_eq!(store.asked(), [""; 0], "nothing is sent");
    assert!(shadow.release_one(&held.lease).await.unwrap());
}

#[tokio::test]
async fn leases_of_both_kinds_are_answered_in_their_order() {
    let (store, shadow) = shadowed();
    let held = acquired(&shadow, &request(2)).await.lease;
    let gone = acquired(&shadow, &request(2)).await.lease;
    let nowhere = acquired(&shadow, &request(1)).await.lease;
    let other = acquired(&shadow, &request(1)).await.lease;
    assert!(store.model.release_one(&gone).await.unwrap());
    store.asked();
    let leases = [nowhere.clone(), gone.clone(), held.clone(), other.clone()];
    assert_eq!(shadow.renew(&leases).await.unwrap(), [true, false, true, true]);
    assert_eq!(shadow.release(&leases).await.unwrap(), [true, false, true, true]);
    assert_eq!(shadow.release(&leases).await.unwrap(), [true, false, false, true]);
    let sent = format!("{} {}", gone.id(), held.id());
    assert_eq!(
        store.asked(),
        [format!("renew {sent}"), format!("release {sent}"), format!("release {sent}")]
    );
}

#[tokio::test]
async fn the_longest_id_has_room_for_the_mark() {
    let (_store, shadow) = shadowed();
    let longest = request(0).with_id(LeaseId::parse(&"x".repeat(64)).unwrap());
    let lease: Lease = acquired(&shadow, &longest).await.lease;
    assert!(lease.id().as_str().starts_with("shadow-xxx"));
}

#[tokio::test(start_paused = true)]
async fn a_keeper_keeps_a_lease_that_stands_nowhere() {
    let (_store, shadow) = shadowed();
    let keeper = LeaseKeeper::new(Arc::new(shadow));
    let Slot::Acquired(guard) = keeper.acquire(&request(0)).await.unwrap() else { panic!("refused") };
    assert_eq!(guard.source(), Source::Shadow);
    tokio::time::sleep(300 * S).await;
    assert!(!guard.is_lost());
    assert!(guard.release().await.unwrap());
    keeper.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_refused_check_is_allowed_with_the_numbers_of_the_refusal() {
    let (_store, shadow) = shadowed();
    let (user, quota) = (key("u1"), Quota::new(10, Period::Day).unwrap());
    assert!(shadow.record(&user, &quota, 12).await.unwrap().is_allowed());
    let outcome = shadow.check(&user, &quota).await.unwrap();
    assert!(outcome.is_allowed());
    assert_eq!((outcome.source, outcome.used, outcome.remaining), (Source::Shadow, 12, 0));
    QuotaTracker::reset(&shadow, &user, &quota).await.unwrap();
    assert_eq!(shadow.check(&user, &quota).await.unwrap().source, Source::Store);
}

#[tokio::test]
async fn a_refused_reserve_is_granted_and_what_it_is_settled_with_counts() {
    let (_store, shadow) = shadowed();
    let (user, all, quota) = (key("u1"), key(""), Quota::new(10, Period::Day).unwrap());
    let large = Quota::new(1_000, Period::Day).unwrap();
    let charges = [QuotaCharge::new(all.clone(), large, 20), QuotaCharge::new(user.clone(), quota, 20)];
    let reservation = Reservation::new(charges, 60 * S).unwrap();
    let Reserved::Granted(outcomes) = shadow.reserve(&reservation).await.unwrap() else { panic!("refused") };
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(|outcome| outcome.is_allowed() && outcome.source == Source::Shadow));
    assert_eq!(shadow.check(&all, &large).await.unwrap().reserved, 0, "nothing is set aside");
    let _ = shadow.settle(&reservation.settlement(&[15, 15]).unwrap()).await.unwrap();
    assert_eq!(shadow.used(&user, &quota).await.unwrap(), 15);
    assert_eq!(shadow.used(&all, &large).await.unwrap(), 15);
    shadow.cancel(&reservation).await.unwrap();
}

#[tokio::test]
async fn only_what_is_named_is_in_shadow_mode() {
    let (limit, quota) = (Limit::fixed_window(0, 60 * S).unwrap(), Quota::new(0, Period::Day).unwrap());
    let layer = ShadowLayer::default();
    let cases = [
        (layer, [false; 3], "nothing in shadow mode"),
        (layer.with_rates(), [true, false, false], "rates in shadow mode: never refused"),
        (layer.with_slots(), [false, true, false], "slots in shadow mode: never refused"),
        (layer.with_quotas(), [false, false, true], "quotas in shadow mode: never refused"),
        (
            layer.with_rates().with_quotas(),
            [true, false, true],
            "rates and quotas in shadow mode: never refused",
        ),
    ];
    for (layer, wanted, words) in cases {
        let backend = layer.wrap(Store::new().backend());
        let got = [
            backend.rates.hit_one(&key("u1"), &limit).await.unwrap().is_allowed(),
            backend.slots.acquire(&request(0)).await.unwrap().is_acquired(),
            backend.quotas.check(&key("u1"), &quota).await.unwrap().is_allowed(),
        ];
        assert_eq!(got, wanted);
        assert_eq!(Control::describe(&*backend.control), format!("the model, {words}"));
    }
}
