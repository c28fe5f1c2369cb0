//! Every call that a backend takes, by its name.

use std::time::Duration;

use limiter_core::{
    Backend, Charge, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, Receipt, Reservation, Result,
    Scope, Source, limit,
};

pub(crate) const LIMIT: Limit = limit!("5/day");
const TTL: Duration = Duration::from_secs(60);

/// Each call, and whether it changes something.
pub(crate) const ALL: [(&str, bool); 14] = [
    ("hit", true),
    ("peek", false),
    ("refund", true),
    ("reset", true),
    ("acquire", true),
    ("renew", true),
    ("release", true),
    ("in_use", false),
    ("leases", false),
    ("check", false),
    ("record", true),
    ("reserve", true),
    ("settle", true),
    ("reset quota", true),
];

pub(crate) fn key() -> Key {
    Key::new("chat", "u1").unwrap()
}

/// Makes one call, and tells whether it was answered.
pub(crate) async fn ask(backend: &Backend, operation: &str) -> Result<()> {
    let Backend { rates, slots, quotas, .. } = backend;
    let (key, quota) = (key(), Quota::new(100, Period::Year).unwrap());
    let charges = [Charge::new(&key, &LIMIT)];
    let request = LeaseRequest::new([Scope::new(key.clone(), 1)], TTL).unwrap();
    let leases = [request.lease()];
    let reservation = Reservation::new([QuotaCharge::new(key.clone(), quota, 1)], TTL).unwrap();
    match operation {
        "hit" => rates.hit(&charges).await.map(drop),
        "peek" => rates.peek(&charges).await.map(drop),
        "refund" => rates.refund(receipt(&charges[0])).await,
        "reset" => rates.reset(&key, &LIMIT).await,
        "acquire" => slots.acquire(&request).await.map(drop),
        "renew" => slots.renew(&leases).await.map(drop),
        "release" => slots.release(&leases).await.map(drop),
        "in_use" => slots.in_use(&key).await.map(drop),
        "leases" => slots.leases(&key).await.map(drop),
        "check" => quotas.check(&key, &quota).await.map(drop),
        "record" => quotas.record(&key, &quota, 1).await.map(drop),
        "reserve" => quotas.reserve(&reservation).await.map(drop),
        "settle" => quotas.settle(&reservation.cancellation()).await.map(drop),
        "reset quota" => quotas.reset(&key, &quota).await,
        _ => panic!("no operation is called {operation}"),
    }
}

fn receipt(charge: &Charge<'_>) -> Receipt {
    let mut receipt = Receipt::new(Source::Store);
    receipt.add(charge, 1_700_000_000_000).unwrap();
    receipt
}
