//! Processes that reserve and settle over several counters, half of which are killed on the way.

use std::time::Duration;

use limiter_core::{EXACT, QuotaCharge, QuotaTracker, Reservation};
use limiter_testkit::processes::{Crowd, Member};
use tokio::time::sleep;

use crate::store::{Store, client, key, reservation_id, yearly};

const PROCESSES: usize = 8;
const TTL: Duration = Duration::from_secs(2);

fn reservation(id: &str, amount: u64) -> Reservation {
    let charges = ["all", "u1"].map(|name| QuotaCharge::new(key(name), yearly(EXACT), amount));
    Reservation::new(charges, TTL).unwrap().with_id(reservation_id(id))
}

/// Reserves and settles again and again. Tells the number of each settle before it is sent, and again after it.
async fn reserve_and_settle(mut member: Member) {
    let quotas = client(member.store()).await;
    member.ready().unwrap();
    let Ok(mark) = member.work::<u64>().await else { return };
    for number in 0_u64.. {
        let reservation = reservation(&format!("p{mark}-{number}"), 10);
        if let Err(error) = quotas.reserve(&reservation).await {
            return member.fail(error).unwrap();
        }
        member.tell(&number).unwrap();
        let actual = actual(mark, number);
        if let Err(error) = quotas.settle(&reservation.settlement(&[actual, actual]).unwrap()).await {
            return member.fail(error).unwrap();
        }
        member.tell(&number).unwrap();
        if number == 60 {
            return;
        }
    }
}

/// Past what was set aside, or less.
const fn actual(mark: u64, number: u64) -> u64 {
    (mark + 3 * number) % 17
}

#[tokio::test]
async fn what_half_of_them_left_behind_adds_up_to_the_unit() {
    if let Some(member) = Member::here() {
        return reserve_and_settle(member).await;
    }
    let store = Store::new();
    let quotas = client(&store.url).await;
    let mut crowd =
        Crowd::start("crowds::what_half_of_them_left_behind_adds_up_to_the_unit", &store.url, PROCESSES)
            .await
            .unwrap();
    for mark in 0..PROCESSES {
        crowd.tell(mark, &(mark as u64)).await.unwrap();
    }
    // How often each was heard of.
    let mut heard = [0_u64; PROCESSES];
    for mark in (0..PROCESSES).step_by(2) {
        while heard[mark] < 5 + 4 * mark as u64 && crowd.next::<u64>(mark).await.unwrap().is_some() {
            heard[mark] += 1;
        }
        crowd.kill(mark).await.unwrap();
    }
    for (mark, heard) in heard.iter_mut().enumerate() {
        while crowd.next::<u64>(mark).await.unwrap().is_some() {
            *heard += 1;
        }
    }
    let mut wanted = 0;
    for (mark, heard) in heard.into_iter().enumerate() {
        // Told of once, it may have been sent or not; told of twice, it was counted.
        let (mark, last) = (mark as u64, (heard - 1) / 2);
        let actual_of_last = actual(mark, last);
        let begun = reservation(&format!("p{mark}-{last}"), 10);
        let _ = quotas.settle(&begun.settlement(&[actual_of_last; 2]).unwrap()).await.unwrap();
        wanted += (0..=last).map(|number| actual(mark, number)).sum::<u64>();
    }
    sleep(TTL).await;
    for name in ["all", "u1"] {
        let outcome = quotas.check(&key(name), &yearly(EXACT)).await.unwrap();
        assert_eq!((outcome.used, outcome.reserved), (wanted, 0), "{name}");
    }
}
