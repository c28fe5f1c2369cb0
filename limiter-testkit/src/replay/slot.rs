//! Calls on slots.

use std::time::Duration;

use limiter_core::{Acquisition, Error, ErrorKind, Lease, LeaseId, LeaseRequest, Result, Scope, SlotLimiter};
use serde::Deserialize;

use super::answer::{Acquire, Answer, InUse, Live};
use super::words::KeyText;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeText {
    pub(super) key: KeyText,
    cap: u64,
}

/// A release says nothing of a time to live, and a lease isn't built without one.
const ANY_TTL_MS: u64 = 1_000;

pub(super) async fn acquire(
    slots: &dyn SlotLimiter,
    id: &str,
    scopes: &[ScopeText],
    permits: u64,
    ttl_ms: u64,
) -> Result<Answer> {
    let scopes = scopes.iter().map(|scope| Ok(Scope::new(scope.key.build()?, scope.cap)));
    let request = LeaseRequest::new(scopes.collect::<Result<Vec<_>>>()?, Duration::from_millis(ttl_ms))?
        .with_permits(permits)?
        .with_id(LeaseId::parse(id)?);
    let acquisition = slots.acquire(&request).await?;
    if let Acquisition::Acquired(acquired) = &acquisition
        && acquired.lease != request.lease()
    {
        return Err(unexpected("the lease isn't the one that was asked for"));
    }
    Ok(Answer::Acquire(Acquire::from(&acquisition)))
}

pub(super) async fn renew(
    slots: &dyn SlotLimiter,
    id: &str,
    keys: &[KeyText],
    ttl_ms: u64,
) -> Result<Answer> {
    live(&slots.renew(&[lease(id, keys, ttl_ms)?]).await?)
}

pub(super) async fn release(slots: &dyn SlotLimiter, id: &str, keys: &[KeyText]) -> Result<Answer> {
    live(&slots.release(&[lease(id, keys, ANY_TTL_MS)?]).await?)
}

pub(super) async fn in_use(slots: &dyn SlotLimiter, key: &KeyText) -> Result<Answer> {
    let in_use = slots.in_use(&key.build()?).await?;
    Ok(Answer::InUse(InUse { in_use }))
}

fn lease(id: &str, keys: &[KeyText], ttl_ms: u64) -> Result<Lease> {
    let keys = keys.iter().map(KeyText::build).collect::<Result<Vec<_>>>()?;
    Lease::new(LeaseId::parse(id)?, keys, Duration::from_millis(ttl_ms))
}

fn live(answers: &[bool]) -> Result<Answer> {
    match answers {
        [live] => Ok(Answer::Live(Live { live: *live })),
        _ => Err(unexpected("not one answer for one lease")),
    }
}

fn unexpected(what: &str) -> Error {
    Error::new(ErrorKind::Protocol, what)
}
