//! What shadow mode reports.

use std::time::Duration;

use limiter_core::{
    Charge, Key, LeaseRequest, Limit, Period, Quota, QuotaCharge, QuotaTracker, RateLimiter, Reservation,
    Scope, SlotLimiter,
};
use limiter_layers::Shadow;

use crate::scene::play;
use crate::store::Store;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn each_refusal_is_an_event_and_counts_once() {
    let (lines, metrics) = play(async |scene| {
        let shadow = Shadow::new(Store::new());
        let (user, other) = (Key::new("chat", "secret-u1").unwrap(), Key::new("login", "secret-u1").unwrap());
        let (one, two) = (Limit::fixed_window(1, MINUTE).unwrap(), Limit::fixed_window(2, MINUTE).unwrap());
        let charges = [Charge::new(&other, &two), Charge::new(&user, &one)];
        for _ in 0..2 {
            assert!(shadow.hit(&charges).await.unwrap().is_allowed());
        }
        assert!(shadow.hit_now(&charges).unwrap().unwrap().is_allowed());
        assert!(shadow.peek(&charges[1..]).await.unwrap().is_allowed());
        let scopes = [Scope::new(user.clone(), 1), Scope::new(other.clone(), 0)];
        assert!(shadow.acquire(&LeaseRequest::new(scopes, MINUTE).unwrap()).await.unwrap().is_acquired());
        let quota = Quota::new(0, Period::Day).unwrap();
        assert!(shadow.check(&user, &quota).await.unwrap().is_allowed());
        let large = Quota::new(100, Period::Day).unwrap();
        let charges = [QuotaCharge::new(other, large, 1), QuotaCharge::new(user, quota, 1)];
        assert!(shadow.reserve(&Reservation::new(charges, MINUTE).unwrap()).await.unwrap().is_granted());
        (scene.listener.lines(), scene.metrics())
    });
    let rate = r#"INFO event in nothing message=would have refused part="rates" space="chat" limit=fixed 1/min retry_after=retry after 40s"#;
    let quota = r#"INFO event in nothing message=would have refused part="quotas" space="chat" limit=0/day retry_after=never fits"#;
    let slot =
        r#"INFO event in nothing message=would have refused part="slots" space="login" limit=0 at a time"#;
    assert_eq!(lines, [rate, rate, rate, slot, quota, quota]);
    let wanted = [
        ("limiter_shadow_refusals_total{part=quotas,space=chat,limit=0/day}", 2.0),
        ("limiter_shadow_refusals_total{part=rates,space=chat,limit=fixed 1/min}", 3.0),
        ("limiter_shadow_refusals_total{part=slots,space=login,limit=0 at a time}", 1.0),
    ];
    assert_eq!(metrics.into_iter().collect::<Vec<_>>(), wanted.map(|(name, count)| (name.to_owned(), count)));
}
