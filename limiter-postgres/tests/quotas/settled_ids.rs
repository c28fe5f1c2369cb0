//! For how long a settled id is remembered when something else changes its counter in between.

use std::time::Duration;

use limiter_core::{Clock, ManualClock, Period, Quota, QuotaCharge, QuotaTracker, Settlement};
use limiter_postgres::PostgresBackend;

use crate::store::{Store, client_by, key, reservation_id};

/// 2024-02-29T23:59:00Z.
const BEFORE_MIDNIGHT_MS: u64 = 1_709_251_140_000;

fn charge(amount: u64) -> QuotaCharge {
    QuotaCharge::new(key("u1"), Quota::new(100, Period::Day).unwrap(), amount)
}

async fn settle(quotas: &PostgresBackend, amount: u64) -> u64 {
    let settlement = Settlement::new(reservation_id("r1"), [charge(amount)]).unwrap();
    quotas.settle(&settlement).await.unwrap()[0].used
}

async fn record(quotas: &PostgresBackend, amount: u64) -> u64 {
    let charge = charge(0);
    quotas.record(charge.key(), charge.quota(), amount).await.unwrap().used
}

#[tokio::test]
async fn a_turn_of_the_period_forgets_none() {
    let clock = ManualClock::new(BEFORE_MIDNIGHT_MS);
    let quotas = client_by(&Store::new().url, &clock).await;
    assert_eq!(settle(&quotas, 7).await, 7);
    clock.advance(Duration::from_mins(2));
    assert_eq!(record(&quotas, 2).await, 2);
    assert_eq!(settle(&quotas, 7).await, 2);
    clock.set_ms(BEFORE_MIDNIGHT_MS + 599_999);
    assert_eq!(settle(&quotas, 7).await, 2);
    clock.set_ms(BEFORE_MIDNIGHT_MS + 600_000);
    assert_eq!(settle(&quotas, 7).await, 9);
}

#[tokio::test]
async fn what_a_wrong_clock_has_settled_is_forgotten_with_the_rest() {
    let clock = ManualClock::new(BEFORE_MIDNIGHT_MS);
    let quotas = client_by(&Store::new().url, &clock).await;
    assert_eq!(settle(&quotas, 7).await, 7);
    clock.set_ms(clock.now_ms() - 60_001);
    assert_eq!(record(&quotas, 2).await, 2);
    assert_eq!(settle(&quotas, 7).await, 9);
}

#[tokio::test]
async fn a_small_step_back_forgets_none() {
    let clock = ManualClock::new(BEFORE_MIDNIGHT_MS);
    let quotas = client_by(&Store::new().url, &clock).await;
    assert_eq!(settle(&quotas, 7).await, 7);
    clock.set_ms(clock.now_ms() - 60_000);
    assert_eq!(record(&quotas, 2).await, 9);
    assert_eq!(settle(&quotas, 7).await, 9);
}
