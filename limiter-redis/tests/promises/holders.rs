//! Holders of slots that are killed without a chance to clean up.

use std::time::{Duration, Instant};

use limiter_core::SlotLimiter;
use limiter_testkit::processes::{Crowd, Member};
use redis::aio::MultiplexedConnection;
use testservers::redis::Redis;
use tokio::time::sleep;

use crate::operations::{key, lease};
use crate::server::{client, now_ms, raw};

const PROCESSES: usize = 6;
const CAP: u64 = 4;
const TTL: Duration = Duration::from_millis(1500);

/// Live leases as the server itself has them, past all scripts of ours.
async fn live(raw: &mut MultiplexedConnection) -> u64 {
    let text = "local t = redis.call('TIME') \
                return redis.call('ZCOUNT', KEYS[1], '(' .. (t[1] * 1000 + math.floor(t[2] / 1000)), '+inf')";
    let mut count = redis::cmd("EVAL");
    count.arg(text).arg(1).arg("limiter:{promise:slots}:s");
    count.query_async(raw).await.unwrap()
}

/// A process that takes slots and gives them back for as long as it is told, and then takes one for good: tells when it
/// has that.
async fn hold(mut member: Member) {
    let slots = client(member.store()).await;
    member.ready().unwrap();
    let for_ms: u64 = member.work().await.unwrap();
    let until = Instant::now() + Duration::from_millis(for_ms);
    let mut had = 0_u64;
    loop {
        let acquired = slots.acquire(&lease(&[key("slots")], CAP, TTL)).await.unwrap().into_result();
        if let Ok(lease) = acquired {
            had += 1;
            if Instant::now() > until {
                member.tell(&had).unwrap();
                sleep(Duration::from_secs(60)).await;
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
    let server = Redis::start().unwrap();
    let (slots, mut raw) = (client(&server.url()).await, raw(&server).await);
    let test = "holders::killed_holders_never_let_too_many_in_and_give_every_slot_back";
    let mut crowd = Crowd::start(test, &server.url(), PROCESSES).await.unwrap();
    // Two are killed in the midst of taking and giving back, the others once they hold a slot.
    crowd.tell_all(&700).await.unwrap();
    let begun = Instant::now();
    for (number, at_ms) in [(0, 230), (1, 460)] {
        while begun.elapsed() < Duration::from_millis(at_ms) {
            assert!(live(&mut raw).await <= CAP);
        }
        crowd.kill(number).await.unwrap();
    }
    let mut had = 0;
    for number in 2..PROCESSES {
        had += crowd.next::<u64>(number).await.unwrap().unwrap();
        assert!(live(&mut raw).await <= CAP);
    }
    assert!(had > 20, "{had}");
    assert_eq!(live(&mut raw).await, CAP, "each of those that are left holds one");
    for number in 2..PROCESSES {
        crowd.kill(number).await.unwrap();
    }
    let killed_ms = now_ms(&mut raw).await;

    // They are held until their time is up, and all back within a second more.
    let latest = slots.leases(&key("slots")).await.unwrap().iter().map(|held| held.expires_ms).max().unwrap();
    let ttl_ms = i64::try_from(TTL.as_millis()).unwrap();
    assert!(i64::try_from(latest).unwrap() <= killed_ms + ttl_ms);
    let mut back = 0;
    while back < CAP {
        let was_ms = now_ms(&mut raw).await;
        assert!(was_ms <= killed_ms + ttl_ms + 1000, "{back} are back");
        let acquired = slots.acquire(&lease(&[key("slots")], CAP, Duration::from_secs(60))).await.unwrap();
        back += u64::from(acquired.is_acquired());
        let live = live(&mut raw).await;
        assert!(live <= CAP && live >= back, "{live} are live, {back} are back");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(slots.in_use(&key("slots")).await.unwrap(), CAP);
}
