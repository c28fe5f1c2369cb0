//! The store comes back: what was let through, held and used meanwhile finds its place, once.

use std::time::Duration;

use limiter_factory::{
    Limiters, QuotaTracker, QuotaTrackerExt, RateLimiterExt, Slot, SlotLimiter, Source, limit,
};
use limiter_testkit::proxy::Mode;
use tokio::time::{Instant, sleep};

use crate::calls::{daily, key, request, reservation};
use crate::stage::{CHOICES, Stage};

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(8), "not so after 8 s: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn used(limiters: &Limiters, subject: &str) -> u64 {
    limiters.quotas().used(&key(subject), &daily(1_000_000)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_decides_again_once_it_is_back() {
    for choice in CHOICES {
        for mode in [Mode::Down, Mode::Stall, Mode::DropReplies] {
            let vars = [("LIMITER_WHEN_UNAVAILABLE", choice), ("LIMITER_BREAKER_FAILURES", "2")];
            let stage = Stage::with(&vars).await;
            let (user, limit) = (key("u1"), limit!("3/hour"));
            for _ in 0..3 {
                assert!(stage.limiters.rates().hit_one(&user, &limit).await.unwrap().is_allowed());
            }
            stage.fail(mode).await;
            for _ in 0..5 {
                drop(stage.limiters.rates().hit_one(&user, &limit).await);
            }
            stage.heal().await;
            until("the store decides", async || {
                let decision = stage.limiters.rates().hit_one(&user, &limit).await;
                decision.is_ok_and(|decision| decision.source() == Source::Store && !decision.is_allowed())
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_meanwhile_is_counted_once_in_the_end() {
    for choice in ["refuse", "allow"] {
        for mode in [Mode::Down, Mode::Stall, Mode::DropReplies] {
            let stage = Stage::choosing(choice).await;
            let quotas = stage.limiters.quotas();
            let before = [1, 2, 3].map(|_| reservation("u1", 10));
            for reservation in &before {
                assert!(quotas.reserve(reservation).await.unwrap().is_granted());
            }
            stage.fail(mode).await;
            for reservation in &before {
                // It waits here until the store is back.
                drop(quotas.settle(&reservation.settlement(&[7]).unwrap()).await.unwrap());
            }
            let meanwhile = reservation("u1", 10);
            let mut wanted = 21;
            match quotas.reserve(&meanwhile).await {
                Ok(reserved) => {
                    assert!(reserved.is_granted());
                    drop(quotas.settle(&meanwhile.settlement(&[5]).unwrap()).await.unwrap());
                    wanted += 5;
                }
                // The store may have heard it.
                Err(error) if error.may_have_charged() => quotas.cancel(&meanwhile).await.unwrap(),
                Err(_) => {}
            }
            assert_eq!(wanted > 21, choice == "allow");
            stage.heal().await;
            until("all is counted", async || used(&stage.limiters, "u1").await >= wanted).await;
            sleep(Duration::from_millis(300)).await;
            let after = quotas.check(&key("u1"), &daily(1_000_000)).await.unwrap();
            assert_eq!(
                (after.used, after.reserved, after.source),
                (wanted, 0, Source::Store),
                "{choice}, {mode:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_were_dropped_meanwhile_are_free_in_the_end() {
    for choice in CHOICES {
        for mode in [Mode::Down, Mode::Stall, Mode::DropReplies] {
            let stage = Stage::choosing(choice).await;
            let slots = stage.limiters.slots();
            let Slot::Acquired(before) = slots.acquire(&request("u1", 3)).await.unwrap() else {
                panic!("full")
            };
            stage.fail(mode).await;
            let mut meanwhile = Vec::new();
            for _ in 0..5 {
                meanwhile.extend(slots.acquire(&request("u1", 3)).await.ok());
            }
            let got = meanwhile.iter().filter(|slot| slot.is_acquired()).count();
            // The process counts for itself: three by its own count.
            let wanted = [("refuse", 0), ("allow", 5), ("memory", 3)];
            assert!(wanted.contains(&(choice, got)), "{choice}, {mode:?}: {got}");
            drop((before, meanwhile));
            stage.heal().await;
            let others = stage.others(&[]).await;
            until("no slot is in use", async || {
                others.slots().in_use(&key("u1")).await.is_ok_and(|held| held == 0)
            })
            .await;
            let Slot::Acquired(after) = slots.acquire(&request("u1", 1)).await.unwrap() else {
                panic!("full")
            };
            assert_eq!(after.source(), Source::Store);
            assert!(after.release().await.unwrap());
            let leases = stage.limiters.backend().slots.leases(&key("u1")).await.unwrap();
            assert!(leases.is_empty(), "{choice}, {mode:?}: {leases:?}");
        }
    }
}
