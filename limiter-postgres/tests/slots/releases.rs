//! Releases that come twice, late, or from somebody else, by several processes at once.

use std::time::{Duration, Instant};

use limiter_core::{Lease, SlotLimiter, SlotLimiterExt};
use limiter_testkit::processes::{Crowd, Member};
use tokio::time::sleep;

use crate::store::{LONG, Store, client, key, lease_id, take, wanting};

const PROCESSES: usize = 4;
const CAP: u64 = 3;
const FOR: Duration = Duration::from_millis(900);

/// Takes a slot, lets its time pass or not, and releases it twice, and a stranger's too. Tells how often.
async fn release_too_much(mut member: Member) {
    let slots = client(member.store()).await;
    member.ready().unwrap();
    let () = member.work().await.unwrap();
    let (begun, mut had) = (Instant::now(), 0_u64);
    while begun.elapsed() < FOR {
        let late = had.is_multiple_of(3);
        let ttl = if late { Duration::from_millis(15) } else { LONG };
        let stranger = Lease::new(lease_id("stranger"), [key("u1")], LONG).unwrap();
        slots.release_one(&stranger).await.unwrap();
        if let Ok(lease) = slots.acquire(&wanting(&[key("u1")], CAP, ttl)).await.unwrap().into_result() {
            had += 1;
            sleep(Duration::from_millis(if late { 20 } else { 5 })).await;
            let live = slots.release(&[lease.clone(), lease]).await.unwrap();
            assert_eq!(live, [!late, false]);
        }
    }
    member.tell(&had).unwrap();
}

#[tokio::test]
async fn releases_twice_late_or_of_others_free_nobodys_slot() {
    if let Some(member) = Member::here() {
        return release_too_much(member).await;
    }
    let store = Store::new();
    let slots = client(&store.url).await;
    // Two of the three are held all the time.
    let held = [
        take(&slots, &wanting(&[key("u1")], CAP, LONG)).await,
        take(&slots, &wanting(&[key("u1")], CAP, LONG)).await,
    ];
    let test = "releases::releases_twice_late_or_of_others_free_nobodys_slot";
    let mut crowd = Crowd::start(test, &store.url, PROCESSES).await.unwrap();
    crowd.tell_all(&()).await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < FOR {
        let live = slots.in_use(&key("u1")).await.unwrap();
        assert!((2..=CAP).contains(&live), "{live}");
    }
    let had: Vec<u64> = crowd.one_each().await.unwrap();
    crowd.end().await.unwrap();
    assert!(had.iter().sum::<u64>() > 5, "{had:?}");
    assert_eq!(slots.in_use(&key("u1")).await.unwrap(), 2);
    assert_eq!(slots.renew(&held).await.unwrap(), [true, true]);
    take(&slots, &wanting(&[key("u1")], CAP, LONG)).await;
    assert!(
        !slots.acquire(&wanting(&[key("u1")], CAP, LONG)).await.unwrap().is_acquired(),
        "nobody left a credit"
    );
}
