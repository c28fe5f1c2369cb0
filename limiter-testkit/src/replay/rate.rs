//! Calls on rates.

use limiter_core::{Charge, Decision, Key, Limit, RateLimiter, Receipt, Result, Source};
use serde::Deserialize;

use super::answer::{Answer, Rates};
use super::words::{KeyText, LimitText};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HitText {
    pub(super) key: KeyText,
    limit: LimitText,
    cost: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundText {
    pub(super) key: KeyText,
    limit: LimitText,
    cost: u64,
    charged_at_ms: u64,
}

pub(super) async fn hit(rates: &dyn RateLimiter, charges: &[HitText]) -> Result<Answer> {
    let owned = owned(charges)?;
    answer(&rates.hit(&borrowed(&owned)).await?)
}

pub(super) async fn peek(rates: &dyn RateLimiter, charges: &[HitText]) -> Result<Answer> {
    let owned = owned(charges)?;
    answer(&rates.peek(&borrowed(&owned)).await?)
}

pub(super) async fn refund(rates: &dyn RateLimiter, charges: &[RefundText]) -> Result<Answer> {
    let mut receipt = Receipt::new(Source::Store);
    for line in charges {
        let (key, limit) = (line.key.build()?, line.limit.build()?);
        receipt.add(&Charge::new(&key, &limit).with_cost(line.cost), line.charged_at_ms)?;
    }
    rates.refund(receipt).await?;
    Ok(Answer::Done)
}

pub(super) async fn reset(rates: &dyn RateLimiter, key: &KeyText, limit: &LimitText) -> Result<Answer> {
    rates.reset(&key.build()?, &limit.build()?).await?;
    Ok(Answer::Done)
}

fn owned(charges: &[HitText]) -> Result<Vec<(Key, Limit, u64)>> {
    charges.iter().map(|line| Ok((line.key.build()?, line.limit.build()?, line.cost))).collect()
}

fn borrowed(owned: &[(Key, Limit, u64)]) -> Vec<Charge<'_>> {
    owned.iter().map(|(key, limit, cost)| Charge::new(key, limit).with_cost(*cost)).collect()
}

fn answer(decision: &Decision) -> Result<Answer> {
    Rates::of(decision).map(Answer::Rates)
}
