//! Faults of stores that can't charge several keys in one step.

use async_trait::async_trait;
use limiter_core::{Charge, Decision, Error, ErrorKind, RateLimiter, Result, check_charges};
use limiter_testkit::Model;

use super::calls::{Calls, calls_apart};
use super::denials::OneByOne;
use crate::judge::{caught_by, caught_by_none};

#[test]
fn nothing_given_back() {
    let case = "rates::what_is_denied_over_several_keys_is_given_back";
    caught_by(case, || calls_apart(OneByOne { several_keys: true }));
}

/// Allows what the first key allows.
#[derive(Debug)]
struct TheFirstKeyAlone;

#[async_trait]
impl Calls for TheFirstKeyAlone {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        check_charges(charges)?;
        let one_key = charges.iter().all(|charge| charge.key() == charges[0].key());
        let decision = right.peek(charges).await?;
        if one_key || !decision.is_allowed() {
            return right.hit(charges).await;
        }
        let _ = right.hit(&charges[..1]).await?;
        Ok(decision)
    }
}

#[test]
fn the_first_key_alone() {
    caught_by("rates::what_fits_several_keys_is_charged_or_unsupported", || calls_apart(TheFirstKeyAlone));
}

/// Says that it can't charge several keys in one call.
#[derive(Debug)]
struct OneKeyACall;

#[async_trait]
impl Calls for OneKeyACall {
    async fn hit(&self, right: &Model, charges: &[Charge<'_>]) -> Result<Decision> {
        if charges.iter().any(|charge| charge.key() != charges[0].key()) {
            return Err(Error::new(ErrorKind::Unsupported, "a call has one key here"));
        }
        right.hit(charges).await
    }
}

#[test]
fn saying_so_is_right() {
    caught_by_none(|| calls_apart(OneKeyACall));
}
