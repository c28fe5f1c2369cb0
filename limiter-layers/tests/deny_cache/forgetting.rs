//! Refunds and resets through the cache: what was denied before them isn't known to last.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use limiter_core::{Charge, Decision, Key, Limit, RateLimiter, Receipt};

use tokio::task::JoinHandle;

use crate::store::{Rig, each, key};

/// One unit used of one, and what gives it back.
async fn used(limit: &Limit) -> (Rig, Key, Receipt) {
    let (rig, user) = (Rig::new(), key("u1"));
    let charges = [Charge::new(&user, limit)];
    let receipt = rig.hit(&user, limit, 1).await.into_receipt(&charges).unwrap();
    rig.clock.advance(Duration::from_millis(10));
    (rig, user, receipt)
}

/// The same, and the next is known to be denied.
async fn denied(limit: &Limit) -> (Rig, Key, Receipt) {
    let (rig, user, receipt) = used(limit).await;
    assert!(!rig.hit(&user, limit, 1).await.is_allowed());
    rig.cached(&user, limit, 1).await;
    (rig, user, receipt)
}

fn poll_once(future: Pin<&mut impl Future>) -> bool {
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
}

#[tokio::test]
async fn a_refund_is_followed_by_asking() {
    for limit in each(1) {
        let (rig, user, receipt) = denied(&limit).await;
        rig.cache.refund(receipt).await.unwrap();
        rig.asked(&user, &limit, 1).await.outcomes();
    }
}

#[tokio::test]
async fn a_reset_is_followed_by_asking() {
    for limit in each(1) {
        let (rig, user, _receipt) = denied(&limit).await;
        RateLimiter::reset(&*rig.cache, &user, &limit).await.unwrap();
        assert!(rig.asked(&user, &limit, 1).await.is_allowed());
    }
}

#[tokio::test]
async fn what_isnt_given_back_stays_remembered() {
    let [limit, other, ..] = each(1);
    let (rig, user, _receipt) = denied(&limit).await;
    RateLimiter::reset(&*rig.cache, &user, &other).await.unwrap();
    RateLimiter::reset(&*rig.cache, &key("u2"), &limit).await.unwrap();
    rig.cached(&user, &limit, 1).await;
}

#[tokio::test]
async fn a_refund_of_several_charges_forgets_them_all() {
    let [limit, ..] = each(1);
    let (rig, users) = (Rig::new(), [key("u1"), key("u2"), key("u3")]);
    let charges = users.each_ref().map(|user| Charge::new(user, &limit));
    let receipt = rig.cache.hit(&charges).await.unwrap().into_receipt(&charges).unwrap();
    assert!(!rig.cache.hit(&charges).await.unwrap().is_allowed());
    rig.cache.refund(receipt).await.unwrap();
    for user in &users {
        assert!(rig.asked(user, &limit, 1).await.is_allowed());
    }
}

/// A hit that the store has denied, and whose answer is on its way.
async fn denied_on_its_way(rig: &Rig, user: &Key, limit: &Limit) -> JoinHandle<Decision> {
    rig.store.answers().hold();
    let before = rig.store.asked();
    let (cache, user, limit) = (Arc::clone(&rig.cache), user.clone(), *limit);
    let task = tokio::spawn(async move { cache.hit(&[Charge::new(&user, &limit)]).await.unwrap() });
    while rig.store.asked() == before {
        tokio::task::yield_now().await;
    }
    task
}

async fn arrives(rig: &Rig, denied: JoinHandle<Decision>) {
    rig.store.answers().let_go();
    assert!(!denied.await.unwrap().is_allowed());
}

#[tokio::test]
async fn an_answer_from_before_a_refund_that_comes_after_it_isnt_remembered() {
    for limit in each(1) {
        let (rig, user, receipt) = used(&limit).await;
        let denied = denied_on_its_way(&rig, &user, &limit).await;
        rig.cache.refund(receipt).await.unwrap();
        arrives(&rig, denied).await;
        rig.asked(&user, &limit, 1).await.outcomes();
    }
}

#[tokio::test]
async fn an_answer_from_before_a_refund_that_comes_during_it_isnt_remembered() {
    for limit in each(1) {
        let (rig, user, receipt) = used(&limit).await;
        rig.store.returns().hold();
        let denied = denied_on_its_way(&rig, &user, &limit).await;
        let mut refunding = Box::pin(rig.cache.refund(receipt));
        assert!(!poll_once(refunding.as_mut()));
        arrives(&rig, denied).await;
        rig.asked(&user, &limit, 1).await.outcomes();
    }
}

/// It was asked after the refund was, and decided before it.
#[tokio::test]
async fn an_answer_that_overtakes_a_refund_is_forgotten_with_it() {
    for limit in each(1) {
        let (rig, user, receipt) = used(&limit).await;
        rig.store.returns().hold();
        let mut refunding = Box::pin(rig.cache.refund(receipt));
        assert!(!poll_once(refunding.as_mut()));
        // Each of them: the store may have made it by now, and not told.
        for _ in 0..2 {
            assert!(!rig.asked(&user, &limit, 1).await.is_allowed());
        }
        rig.store.returns().let_go();
        refunding.await.unwrap();
        rig.asked(&user, &limit, 1).await.outcomes();
    }
}

#[tokio::test]
async fn an_answer_that_overtakes_a_reset_and_comes_after_it_isnt_remembered() {
    for limit in each(1) {
        let (rig, user, _receipt) = used(&limit).await;
        rig.store.returns().hold();
        let mut resetting = Box::pin(RateLimiter::reset(&*rig.cache, &user, &limit));
        assert!(!poll_once(resetting.as_mut()));
        let denied = denied_on_its_way(&rig, &user, &limit).await;
        rig.store.returns().let_go();
        resetting.await.unwrap();
        arrives(&rig, denied).await;
        assert!(rig.asked(&user, &limit, 1).await.is_allowed());
    }
}

/// A refund whose future is dropped may be made all the same.
#[tokio::test]
async fn a_dropped_refund_is_followed_by_asking() {
    for limit in each(1) {
        let (rig, user, receipt) = used(&limit).await;
        rig.store.returns().hold();
        let mut refunding = Box::pin(rig.cache.refund(receipt));
        assert!(!poll_once(refunding.as_mut()));
        assert!(!rig.asked(&user, &limit, 1).await.is_allowed());
        drop(refunding);
        rig.asked(&user, &limit, 1).await.outcomes();
    }
}
