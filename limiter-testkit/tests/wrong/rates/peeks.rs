//! Faults about looking.

use async_trait::async_trait;
use limiter_core::{Charge, Decision, RateLimiter, Result};
use limiter_testkit::Model;

use super::calls::{Calls, calls, retold};
use crate::judge::caught_by;

/// Looks by hitting.
#[derive(Debug)]
struct APeekIsAHit;

#[async_trait]
impl Calls for APeekIsAHit {
    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.peek(charges).await?;
        if decision.is_allowed() {
            let _ = right.hit(charges).await?;
        }
        Ok(decision)
    }
}

#[test]
fn a_peek_is_a_hit() {
    caught_by("rates::a_peek_changes_nothing", || calls(APeekIsAHit));
}

/// Counts a peek that denies, where the limit counts denied hits.
#[derive(Debug)]
struct DeniedPeeksCounted;

#[async_trait]
impl Calls for DeniedPeeksCounted {
    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.peek(charges).await?;
        if !decision.is_allowed() {
            let _ = right.hit(charges).await?;
        }
        Ok(decision)
    }
}

#[test]
fn denied_peeks_counted() {
    caught_by("rates::a_peek_changes_nothing", || calls(DeniedPeeksCounted));
}

/// Tells what would be left after the hit.
#[derive(Debug)]
struct APeekTellsTheFuture;

#[async_trait]
impl Calls for APeekTellsTheFuture {
    async fn peek(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        let decision = right.peek(charges).await?;
        Ok(retold(&decision, |outcome, told| {
            told.remaining = told.remaining.saturating_sub(charges[outcome.charge()].cost());
        }))
    }
}

#[test]
fn a_peek_tells_the_future() {
    caught_by("rates::a_peek_tells_what_a_hit_would_be_told", || calls(APeekTellsTheFuture));
}
