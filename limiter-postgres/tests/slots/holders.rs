//! Holders of slots that are killed without a chance to clean up.

use std::time::{Duration, Instant};

use limiter_core::SlotLimiter;
use limiter_testkit::processes::{Crowd, Member};
use tokio::time::sleep;

use crate::store::{Store, client, key, wanting};

const PROCESSES: usize = 6;
const CAP: u64 = 4;
const TTL: Duration = Duration::from_secs(3);

/// A process that takes slots and gives them back for as long as it is told, and then takes one for good: tells when it
/// has that.
async fn hold(mut member: Member) {
    let slots = client(member.store()).await;
    member.ready().unwrap();
    let for_ms: u64 = member.work().await.unwrap();
    let until = Instant::now() + Duration::from_millis(for_ms);
    let mut had = 0_u64;
    loop {
        let acquired = slots.acquire(&wanting(&[key("u1")], CAP, TTL)).await.unwrap().into_result();
        if let Ok(lease) = acquired {
            had += 1;
            if Instant::now() > until {
                member.tell(&had).unwrap();
                sleep(Duration::from_mins(1)).await;
            }
            sleep(Duration::from_millis(10)).await;
            assert_eq!(slots.renew(std::slice::from_ref(&lease)).await.unwrap(), [true]);
            assert_eq!(slots.release(&[lease]).await.unwrap(), [true]);
        }
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn killed_holders_never_let_too_many_in_and_give_every_slot_back() {
    if let Some(member) = Member::here() {
        return hold(member).await;
    }
    let store = Store::new();
    let slots = client(&store.url).await;
    let test = "holders::killed_holders_never_let_too_many_in_and_give_every_slot_back";
    let mut crowd = Crowd::start(test, &store.url, PROCESSES).await.unwrap();
    // Two are killed in the midst of taking and giving back, the others once they hold a slot.
    crowd.tell_all(&900).await.unwrap();
    let begun = Instant::now();
    for (number, at_ms) in [(0, 230), (1, 460)] {
        while begun.elapsed() < Duration::from_millis(at_ms) {
            assert!(store.live() <= CAP);
        }
        crowd.kill(number).await.unwrap();
    }
    let mut had = 0;
    for number in 2..PROCESSES {
        had += crowd.next::<u64>(number).await.unwrap().unwrap();
        assert!(store.live() <= CAP);
    }
    assert!(had > 6, "{had}");
    assert_eq!(store.live(), CAP, "each of those that are left holds one");
    for number in 2..PROCESSES {
        crowd.kill(number).await.unwrap();
    }
    let killed_ms = store.now_ms();

    // They are held until their time is up, and all back within a second more.
    let leases = slots.leases(&key("u1")).await.unwrap();
    let latest = leases.iter().map(|held| held.expires_ms).max().unwrap();
    let ttl_ms = u64::try_from(TTL.as_millis()).unwrap();
    assert!(latest <= killed_ms + ttl_ms);
    let mut back = 0;
    while back < CAP {
        if slots.acquire(&wanting(&[key("u1")], CAP, TTL * 100)).await.unwrap().is_acquired() {
            back += 1;
        }
        assert!(store.now_ms() < killed_ms + ttl_ms + 1000, "{back} are back");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(slots.in_use(&key("u1")).await.unwrap(), CAP);
}
