//! Calls over several partitions of a cluster whose nodes are slow.

use std::time::{Duration, Instant};

use limiter_core::{Charge, ErrorKind, QuotaTracker, RateLimiter, SlotLimiter};
use limiter_testkit::proxy::Mode;
use tokio::time::sleep;

use crate::lost_on_cluster::Proxied;
use crate::operations::{LONG, lease, one_of_each, reservation};

const ALLOWED: Duration = Duration::from_millis(400);
/// What a call may take beyond.
const SLACK: Duration = Duration::from_millis(100);

#[tokio::test]
async fn calls_over_several_partitions_take_no_longer_than_others() {
    let proxied = Proxied::start().await;
    let backend = proxied.client(ALLOWED).await;
    let keys = proxied.keys("slow");
    let keys: [_; 3] = keys.try_into().unwrap();
    let limits = one_of_each(100, LONG);
    let charges: Vec<_> = keys.iter().map(|key| Charge::new(key, &limits[0])).collect();
    let (leased, reserved) = (lease(&keys, 9, LONG / 20), reservation(&keys, 99, 1, LONG / 20));
    let settlement = reserved.settlement(&[1, 1, 1]).unwrap();
    // All scripts are known, and all nodes connected to.
    for _ in 0..2 {
        let receipt = backend.hit(&charges).await.unwrap().into_receipt(&charges).unwrap();
        backend.refund(receipt).await.unwrap();
    }
    assert!(backend.acquire(&leased).await.unwrap().is_acquired());
    assert_eq!(backend.renew(&[leased.lease()]).await.unwrap(), [true]);
    assert_eq!(backend.release(&[leased.lease()]).await.unwrap(), [true]);
    assert!(backend.reserve(&reserved).await.unwrap().is_granted());
    let _ = backend.settle(&settlement).await.unwrap();
    let receipt = backend.hit(&charges).await.unwrap().into_receipt(&charges).unwrap();

    // Each node answers within the time that a call may take, all together don't.
    for proxy in &proxied.proxies {
        proxy.set(Mode::Delay(Duration::from_millis(120))).await;
    }
    let again = reservation(&keys, 99, 1, LONG / 20);
    let calls: [(&str, bool, _); 6] = [
        ("peek", false, in_time(async { backend.peek(&charges).await.map(drop) }).await),
        ("hit", true, in_time(async { backend.hit(&charges).await.map(drop) }).await),
        ("refund", true, in_time(backend.refund(receipt)).await),
        ("acquire", true, in_time(async { backend.acquire(&leased).await.map(drop) }).await),
        ("reserve", true, in_time(async { backend.reserve(&again).await.map(drop) }).await),
        ("settle", true, in_time(async { backend.settle(&settlement).await.map(drop) }).await),
    ];
    for (call, changes, answer) in calls {
        if let Err(error) = answer {
            assert_eq!(
                (error.kind(), error.may_have_charged()),
                (ErrorKind::Timeout, changes),
                "{call}: {error}"
            );
        }
    }
}

async fn in_time(call: impl Future<Output = limiter_core::Result<()>>) -> limiter_core::Result<()> {
    let begun = Instant::now();
    // On a busy machine a wait takes longer than it was asked to.
    let wait = async {
        sleep(ALLOWED).await;
        begun.elapsed()
    };
    let (waited, (answer, taken)) = tokio::join!(wait, async { (call.await, begun.elapsed()) });
    assert!(taken <= waited + SLACK, "it took {taken:?}: {answer:?}");
    answer
}
