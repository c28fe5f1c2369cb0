//! What is answered from the cache, and what isn't.

use std::time::Duration;

use limiter_core::{Algorithm, Charge, ErrorKind, Key, Limit, Outcome, RateLimiter, Retry, Source};

use crate::store::{Rig, each, key};

const S: Duration = Duration::from_secs(1);

fn wait(outcome: &Outcome) -> Duration {
    outcome.retry_after().unwrap().after().unwrap()
}

#[tokio::test]
async fn a_denial_is_answered_without_asking_until_it_ends() {
    for limit in each(2) {
        let (rig, user) = (Rig::new(), key("u1"));
        assert!(rig.asked(&user, &limit, 2).await.is_allowed());
        let told = wait(&rig.asked(&user, &limit, 1).await.outcomes()[0]);
        let quarter = told / 4;
        for _ in 0..3 {
            rig.clock.advance(quarter);
            assert_eq!(rig.cached(&user, &limit, 1).await, rig.truth(&user, &limit, 1).await, "{limit}");
        }
        let left = wait(&rig.truth(&user, &limit, 1).await);
        // A hundredth before the end the store may be asked, but not sooner.
        rig.clock.advance(left.saturating_sub(told / 100));
        rig.cached(&user, &limit, 1).await;
        rig.clock.advance(told / 100);
        assert!(rig.asked(&user, &limit, 1).await.is_allowed(), "{limit}");
        while rig.asked(&user, &limit, 1).await.is_allowed() {}
        rig.cached(&user, &limit, 1).await;
    }
}

#[tokio::test]
async fn a_lower_cost_is_asked_and_after_it_the_higher_one_too() {
    for limit in each(5) {
        let (rig, user) = (Rig::new(), key("u1"));
        assert!(rig.asked(&user, &limit, 3).await.is_allowed());
        assert!(!rig.asked(&user, &limit, 3).await.is_allowed());
        rig.cached(&user, &limit, 3).await;
        assert!(rig.asked(&user, &limit, 1).await.is_allowed(), "{limit}");
        let denied = rig.asked(&user, &limit, 3).await;
        assert_eq!(denied.outcomes()[0], rig.truth(&user, &limit, 3).await, "{limit}");
    }
}

#[tokio::test]
async fn a_cost_of_zero_asks_and_leaves_what_is_remembered() {
    for limit in each(1) {
        let (rig, user) = (Rig::new(), key("u1"));
        rig.asked(&user, &limit, 1).await.outcomes();
        rig.asked(&user, &limit, 1).await.outcomes();
        assert!(rig.asked(&user, &limit, 0).await.is_allowed());
        rig.cached(&user, &limit, 1).await;
    }
}

#[tokio::test]
async fn a_higher_cost_is_told_from_the_cache_only_where_its_wait_is_known() {
    let [fixed, others @ ..] = each(5);
    let (rig, user) = (Rig::new(), key("u1"));
    assert!(rig.asked(&user, &fixed, 4).await.is_allowed());
    assert!(!rig.asked(&user, &fixed, 2).await.is_allowed());
    assert_eq!(rig.cached(&user, &fixed, 5).await, rig.truth(&user, &fixed, 5).await);
    let never = rig.asked(&user, &fixed, 6).await;
    assert_eq!(never.retry_after(), Some(Retry::Never));
    for limit in others {
        assert!(rig.asked(&user, &limit, 4).await.is_allowed());
        assert!(!rig.asked(&user, &limit, 2).await.is_allowed());
        let denied = rig.asked(&user, &limit, 4).await;
        assert_eq!(denied.outcomes()[0], rig.truth(&user, &limit, 4).await, "{limit}");
    }
}

#[tokio::test]
async fn what_never_fits_is_asked() {
    for limit in each(5) {
        let (rig, user) = (Rig::new(), key("u1"));
        for _ in 0..2 {
            assert_eq!(rig.asked(&user, &limit, 6).await.retry_after(), Some(Retry::Never));
        }
    }
}

#[tokio::test]
async fn another_limit_on_the_same_counter_is_asked() {
    for (small, large) in each(2).into_iter().zip(each(4)) {
        let (rig, user) = (Rig::new(), key("u1"));
        assert!(rig.asked(&user, &small, 2).await.is_allowed());
        assert!(!rig.asked(&user, &small, 1).await.is_allowed());
        let windows = large.algorithm() != Algorithm::TokenBucket;
        assert_eq!(rig.asked(&user, &large, 1).await.is_allowed(), windows, "{large}");
        assert!(!rig.asked(&user, &small, 1).await.is_allowed(), "what was remembered may have changed");
    }
    let (rig, user) = (Rig::new(), key("u1"));
    let bucket = Limit::token_bucket(2, 10 * S).unwrap();
    assert!(rig.asked(&user, &bucket, 2).await.is_allowed());
    assert!(!rig.asked(&user, &bucket, 1).await.is_allowed());
    assert!(!rig.asked(&user, &bucket.with_burst(3).unwrap(), 1).await.is_allowed());
}

#[tokio::test]
async fn counters_of_other_keys_and_windows_are_asked() {
    let (rig, user) = (Rig::new(), key("u1"));
    let limit = Limit::fixed_window(1, 10 * S).unwrap();
    rig.hit(&user, &limit, 1).await.outcomes();
    assert!(!rig.asked(&user, &limit, 1).await.is_allowed());
    let others = [
        key("u2"),
        Key::new("chat.u", "1").unwrap(),
        Key::new("login", "u1").unwrap(),
        user.with_partition("p").unwrap(),
    ];
    for other in others {
        assert!(rig.asked(&other, &limit, 1).await.is_allowed());
    }
    for limit in [Limit::fixed_window(1, 20 * S).unwrap(), Limit::sliding_window(1, 10 * S).unwrap()] {
        assert!(rig.asked(&user, &limit, 1).await.is_allowed());
    }
    rig.cached(&user, &limit, 1).await;
}

#[tokio::test]
async fn a_call_with_a_limit_that_counts_denied_hits_is_asked() {
    let limit = Limit::fixed_window(1, 10 * S).unwrap();
    let counting = Limit::sliding_window(1, 10 * S).unwrap().counting_denied().unwrap();
    let (rig, user) = (Rig::new(), key("u1"));
    rig.hit(&user, &counting, 1).await.outcomes();
    for _ in 0..3 {
        assert!(!rig.asked(&user, &counting, 1).await.is_allowed());
    }

    rig.hit(&user, &limit, 1).await.outcomes();
    rig.hit(&user, &limit, 1).await.outcomes();
    rig.cached(&user, &limit, 1).await;
    let before = rig.store.asked();
    for charges in [
        [Charge::new(&user, &limit), Charge::new(&user, &counting)],
        [Charge::new(&user, &counting), Charge::new(&user, &limit)],
    ] {
        assert_eq!(rig.cache.hit(&charges).await.unwrap().source(), Source::Store);
    }
    assert_eq!(rig.store.asked(), before + 2);
}

#[tokio::test]
async fn of_several_charges_the_one_that_is_known_denies_in_its_place() {
    let limit = Limit::fixed_window(1, 10 * S).unwrap();
    let (rig, user, other) = (Rig::new(), key("u1"), key("u2"));
    rig.hit(&user, &limit, 1).await.outcomes();
    rig.hit(&user, &limit, 1).await.outcomes();
    let charges = [Charge::new(&other, &limit), Charge::new(&user, &limit)];
    let before = rig.store.asked();
    let denied = rig.cache.hit(&charges).await.unwrap();
    assert_eq!((denied.source(), denied.is_allowed(), rig.store.asked()), (Source::Cache, false, before));
    assert_eq!(denied.outcomes(), &rig.store.model.peek(&charges).await.unwrap().outcomes()[1..]);
    assert!(rig.asked(&other, &limit, 1).await.is_allowed(), "the other wasn't charged");
}

#[tokio::test]
async fn each_charge_that_the_store_denied_is_remembered() {
    let limit = Limit::fixed_window(1, 10 * S).unwrap();
    let (rig, users) = (Rig::new(), [key("u1"), key("u2")]);
    let charges = users.each_ref().map(|user| Charge::new(user, &limit));
    assert!(rig.cache.hit(&charges).await.unwrap().is_allowed());
    assert_eq!(rig.cache.hit(&charges).await.unwrap().source(), Source::Store);
    assert_eq!(rig.cache.hit(&charges).await.unwrap().outcomes().len(), 2);
    for user in &users {
        rig.cached(user, &limit, 1).await;
    }
}

#[tokio::test]
async fn a_call_that_is_invalid_is_told_so() {
    let limit = Limit::fixed_window(1, 10 * S).unwrap();
    let (rig, user) = (Rig::new(), key("u1"));
    rig.hit(&user, &limit, 1).await.outcomes();
    rig.hit(&user, &limit, 1).await.outcomes();
    let twice = [Charge::new(&user, &limit), Charge::new(&user, &limit)];
    assert_eq!(rig.cache.hit(&twice).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn only_what_the_counters_deny_is_remembered() {
    let others = [Source::Overflow, Source::Prefetched, Source::Fallback, Source::Uncounted, Source::Shadow];
    for source in others {
        let limit = Limit::fixed_window(1, 10 * S).unwrap();
        let (rig, user) = (Rig::new(), key("u1"));
        rig.store.answers_from(source);
        rig.hit(&user, &limit, 1).await.outcomes();
        for _ in 0..2 {
            assert_eq!(rig.asked(&user, &limit, 1).await.source(), source);
        }
    }
}

#[tokio::test]
async fn an_answer_at_hand_is_remembered_and_one_from_the_cache_is_at_hand() {
    let limit = Limit::fixed_window(1, 10 * S).unwrap();
    let (rig, user) = (Rig::immediate(), key("u1"));
    let charges = [Charge::new(&user, &limit)];
    let hit_now = || rig.cache.hit_now(&charges).unwrap().unwrap();
    assert!(hit_now().is_allowed());
    assert_eq!((hit_now().source(), hit_now().source()), (Source::Store, Source::Cache));

    let rig = Rig::new();
    assert!(rig.cache.hit_now(&charges).is_none());
    rig.hit(&user, &limit, 1).await.outcomes();
    rig.hit(&user, &limit, 1).await.outcomes();
    assert_eq!(rig.cache.hit_now(&charges).unwrap().unwrap().source(), Source::Cache);
}

#[tokio::test]
async fn a_peek_is_asked() {
    let limit = Limit::sliding_window(1, 10 * S).unwrap();
    let (rig, user) = (Rig::new(), key("u1"));
    rig.hit(&user, &limit, 1).await.outcomes();
    rig.hit(&user, &limit, 1).await.outcomes();
    let peeked = rig.cache.peek(&[Charge::new(&user, &limit)]).await.unwrap();
    assert_eq!(peeked.source(), Source::Store);
}

#[tokio::test]
async fn no_more_is_remembered_than_there_are_entries() {
    let limit = Limit::fixed_window(1, 3600 * S).unwrap();
    let rig = Rig::of(100, false);
    let users: Vec<Key> = (0..2_000).map(|user| key(&user.to_string())).collect();
    for user in &users {
        rig.hit(user, &limit, 1).await.outcomes();
        rig.hit(user, &limit, 1).await.outcomes();
    }
    let known = || {
        let charges = users.iter().map(|user| [Charge::new(user, &limit)]);
        charges.filter(|charges| rig.cache.hit_now(charges).is_some()).count()
    };
    // What is on its way out may be answered from a little longer.
    known();
    assert!((1..=100).contains(&known()), "{} of 2000 known", known());
    let (none, user) = (Rig::of(0, false), key("u1"));
    none.hit(&user, &limit, 1).await.outcomes();
    for _ in 0..600 {
        none.hit(&user, &limit, 1).await.outcomes();
    }
    assert!(none.store.asked() > 500, "nothing stays in a cache of none");
}
