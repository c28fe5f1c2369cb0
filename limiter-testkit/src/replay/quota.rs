//! Calls on quotas.

use std::time::Duration;

use limiter_core::{QuotaCharge, QuotaTracker, Reservation, ReservationId, Result, Settlement};
use serde::Deserialize;

use super::answer::{Answer, QuotaAnswer, Reserve, Settle};
use super::words::{KeyText, QuotaText};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmountText {
    pub(super) key: KeyText,
    quota: QuotaText,
    amount: u64,
}

pub(super) async fn check(quotas: &dyn QuotaTracker, key: &KeyText, quota: &QuotaText) -> Result<Answer> {
    let outcome = quotas.check(&key.build()?, &quota.build()?).await?;
    Ok(Answer::Quota(QuotaAnswer::from(&outcome)))
}

pub(super) async fn record(
    quotas: &dyn QuotaTracker,
    key: &KeyText,
    quota: &QuotaText,
    amount: u64,
) -> Result<Answer> {
    let outcome = quotas.record(&key.build()?, &quota.build()?, amount).await?;
    Ok(Answer::Quota(QuotaAnswer::from(&outcome)))
}

pub(super) async fn reserve(
    quotas: &dyn QuotaTracker,
    id: &str,
    charges: &[AmountText],
    ttl_ms: u64,
) -> Result<Answer> {
    let reservation = Reservation::new(amounts(charges)?, Duration::from_millis(ttl_ms))?
        .with_id(ReservationId::parse(id)?);
    let reserved = quotas.reserve(&reservation).await?;
    Ok(Answer::Reserve(Reserve::from(&reserved)))
}

pub(super) async fn settle(quotas: &dyn QuotaTracker, id: &str, charges: &[AmountText]) -> Result<Answer> {
    let settlement = Settlement::new(ReservationId::parse(id)?, amounts(charges)?)?;
    let outcomes = quotas.settle(&settlement).await?;
    Ok(Answer::Settle(Settle::from(outcomes.as_slice())))
}

fn amounts(charges: &[AmountText]) -> Result<Vec<QuotaCharge>> {
    let build = |line: &AmountText| Ok(QuotaCharge::new(line.key.build()?, line.quota.build()?, line.amount));
    charges.iter().map(build).collect()
}
