//! A cap that is lowered while several processes hold slots under it.

use limiter_core::{Lease, SlotLimiter};
use limiter_testkit::processes::{Crowd, Member};

use crate::store::{LONG, Store, client, key, wanting};

const PROCESSES: usize = 3;

/// So many tries to get in under a cap; `None`: one is to be given back.
type Work = Option<(u64, u64)>;

/// Tells after each piece of work how many slots it holds.
async fn take_and_leave(mut member: Member) {
    let slots = client(member.store()).await;
    let mut held: Vec<Lease> = Vec::new();
    member.ready().unwrap();
    while let Ok(work) = member.work::<Work>().await {
        if let Some((tries, cap)) = work {
            for _ in 0..tries {
                let acquired = slots.acquire(&wanting(&[key("u1")], cap, LONG)).await.unwrap();
                held.extend(acquired.into_result());
            }
        } else {
            let lease = held.pop().unwrap();
            assert_eq!(slots.release(&[lease]).await.unwrap(), [true]);
        }
        member.tell(&held.len()).unwrap();
    }
}

#[tokio::test]
async fn a_lowered_cap_lets_nobody_in_until_enough_have_left() {
    if let Some(member) = Member::here() {
        return take_and_leave(member).await;
    }
    let store = Store::new();
    let test = "caps::a_lowered_cap_lets_nobody_in_until_enough_have_left";
    let mut crowd = Crowd::start(test, &store.url, PROCESSES).await.unwrap();
    crowd.tell_all(&Some((10, 6))).await.unwrap();
    let mut held: Vec<usize> = crowd.one_each().await.unwrap();
    assert_eq!(held.iter().sum::<usize>(), 6);
    for left in (2..6).rev() {
        let leaver = held.iter().position(|held| *held > 0).unwrap();
        crowd.tell(leaver, &None::<(u64, u64)>).await.unwrap();
        held[leaver] = crowd.next(leaver).await.unwrap().unwrap();
        assert_eq!(store.live(), left);
        // The third that leaves makes room under a cap of 3.
        crowd.tell_all(&Some((5, 3))).await.unwrap();
        held = crowd.one_each().await.unwrap();
        assert_eq!(held.iter().sum::<usize>() as u64, left.max(3), "after {} left", 6 - left);
    }
    crowd.end().await.unwrap();
}
