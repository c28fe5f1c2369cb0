//! Numbers at the edge of what is exact, over the wire, in the store and back.

use std::time::Duration;

use limiter_core::{
    Charge, EXACT, LeaseRequest, Limit, QuotaTracker, RateLimiter, RateLimiterExt, Reserved, Scope,
    SlotLimiter,
};
use testservers::redis::Redis;

use crate::operations::{LONG, key, reservation, yearly};
use crate::server::client;

const TTL: Duration = Duration::from_secs(60);

#[tokio::test]
async fn costs_and_counts_of_rates_are_exact() {
    let server = Redis::start().unwrap();
    let rates = client(&server.url()).await;
    let limit = Limit::fixed_window(EXACT, LONG).unwrap();
    let key = key("rates");
    let mut used = 0;
    for cost in [EXACT - 3, 1, 1] {
        let decision = rates.hit_cost(&key, &limit, cost).await.unwrap();
        used += cost;
        assert_eq!(decision.outcomes()[0].remaining(), EXACT - used);
        let peeked = rates.peek(&[Charge::new(&key, &limit)]).await.unwrap();
        assert_eq!(peeked.outcomes()[0].remaining(), EXACT - used);
    }
    assert!(!rates.hit_cost(&key, &limit, 2).await.unwrap().is_allowed());
    let last = [Charge::new(&key, &limit)];
    let receipt = rates.hit(&last).await.unwrap().into_receipt(&last).unwrap();
    assert!(!rates.hit(&last).await.unwrap().is_allowed());
    rates.refund(receipt).await.unwrap();
    assert_eq!(rates.peek(&last).await.unwrap().outcomes()[0].remaining(), 1);
}

#[tokio::test]
async fn a_count_of_denied_hits_stops_at_the_largest_number() {
    let server = Redis::start().unwrap();
    let rates = client(&server.url()).await;
    let limit = Limit::fixed_window(EXACT - 1, LONG).unwrap().counting_denied().unwrap();
    let key = key("denied");
    for _ in 0..3 {
        assert!(!rates.hit_cost(&key, &limit, EXACT).await.unwrap().is_allowed());
    }
    let wider = Limit::fixed_window(EXACT, LONG).unwrap();
    assert_eq!(rates.peek(&[Charge::new(&key, &wider)]).await.unwrap().outcomes()[0].remaining(), 0);
    let receipt = {
        let charges = [Charge::new(&key, &limit).with_cost(EXACT)];
        rates.hit(&charges).await.unwrap().into_receipt(&charges).unwrap()
    };
    rates.refund(receipt).await.unwrap();
    assert_eq!(rates.peek(&[Charge::new(&key, &wider)]).await.unwrap().outcomes()[0].remaining(), EXACT);
}

#[tokio::test]
async fn permits_are_exact() {
    let server = Redis::start().unwrap();
    let slots = client(&server.url()).await;
    let request = |permits| {
        let request = LeaseRequest::new([Scope::new(key("slots"), EXACT)], TTL).unwrap();
        request.with_permits(permits).unwrap()
    };
    let many = request(EXACT - 1);
    assert_eq!(slots.acquire(&many).await.unwrap().in_use(), [EXACT - 1]);
    assert!(!slots.acquire(&request(2)).await.unwrap().is_acquired());
    assert_eq!(slots.acquire(&request(1)).await.unwrap().in_use(), [EXACT]);
    assert_eq!(slots.in_use(&key("slots")).await.unwrap(), EXACT);
    let mut held: Vec<_> =
        slots.leases(&key("slots")).await.unwrap().iter().map(|held| held.permits).collect();
    held.sort_unstable();
    assert_eq!(held, [1, EXACT - 1]);
    assert_eq!(slots.release(&[many.lease()]).await.unwrap(), [true]);
    assert_eq!(slots.in_use(&key("slots")).await.unwrap(), 1);
}

#[tokio::test]
async fn amounts_of_quotas_are_exact() {
    let server = Redis::start().unwrap();
    let quotas = client(&server.url()).await;
    let (key, quota) = (key("quotas"), yearly(EXACT));
    let almost = reservation(std::slice::from_ref(&key), EXACT, EXACT - 2, TTL);
    let Reserved::Granted(outcomes) = quotas.reserve(&almost).await.unwrap() else { panic!("refused") };
    assert_eq!((outcomes[0].reserved, outcomes[0].remaining), (EXACT - 2, 2));
    assert!(
        !quotas.reserve(&reservation(std::slice::from_ref(&key), EXACT, 3, TTL)).await.unwrap().is_granted()
    );
    assert_eq!(quotas.record(&key, &quota, 1).await.unwrap().remaining, 1);
    let settled = quotas.settle(&almost.settlement(&[EXACT - 3]).unwrap()).await.unwrap();
    assert_eq!((settled[0].used, settled[0].reserved, settled[0].remaining), (EXACT - 2, 0, 2));
    for expected in [EXACT - 1, EXACT, EXACT] {
        assert_eq!(quotas.record(&key, &quota, 1).await.unwrap().used, expected);
    }
    assert_eq!(quotas.record(&key, &quota, EXACT).await.unwrap().used, EXACT);
    assert_eq!(quotas.check(&key, &quota).await.unwrap().used, EXACT);
}
