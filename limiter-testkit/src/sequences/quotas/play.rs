//! A candidate's quotas and the reference's, side by side.

use std::sync::Arc;
use std::time::Duration;

use limiter_core::{Key, ManualClock, QuotaCharge, QuotaTracker, Reservation, ReservationId, Settlement};

use super::call::{Call, Line};
use crate::broken::Kept;
use crate::candidate::Candidate;
use crate::sequences::keys::alike;
use crate::sequences::play::Play;
use crate::sequences::reference::{End, Reference, agreed, expect};
use crate::trial::Trial;

/// A candidate's quotas and the reference's.
pub(super) struct QuotasBeside {
    quotas: Arc<dyn QuotaTracker>,
    reference: Reference,
    keys: Vec<Key>,
    /// What the ids of this sequence begin with.
    mark: String,
}

impl Play for QuotasBeside {
    type Call = Call;

    fn new(candidate: &Candidate, clock: &ManualClock, trial: &Trial) -> Kept<Self> {
        let quotas = candidate.backend().quotas.clone();
        let keys = alike(candidate, trial)?.to_vec();
        let mark = keys[0].subject().replace('.', "-");
        Ok(Self { quotas, reference: Reference::new(clock), keys, mark })
    }

    async fn make(&mut self, call: &Call) -> Result<(), End> {
        let (quotas, Reference { keeping, dropping }) = (&self.quotas, &self.reference);
        match call {
            Call::Check(Line { key, quota, .. }) => {
                let key = &self.keys[*key];
                let wanted = agreed(keeping.check(key, quota).await, &dropping.check(key, quota).await)?;
                expect(&wanted, quotas.check(key, quota).await).map(drop)
            }
            Call::Record(Line { key, quota, amount }) => {
                let (key, amount) = (&self.keys[*key], *amount);
                let dropped = dropping.record(key, quota, amount).await;
                let wanted = agreed(keeping.record(key, quota, amount).await, &dropped)?;
                expect(&wanted, quotas.record(key, quota, amount).await).map(drop)
            }
            Call::Reserve { number, lines, ttl_ms } => self.reserve(*number, lines, *ttl_ms).await,
            Call::Settle { number, lines } => self.settle(*number, lines).await,
            Call::Reset(Line { key, quota, .. }) => {
                let key = &self.keys[*key];
                let dropped = QuotaTracker::reset(dropping, key, quota).await;
                let wanted = agreed(QuotaTracker::reset(keeping, key, quota).await, &dropped)?;
                expect(&wanted, quotas.reset(key, quota).await).map(drop)
            }
        }
    }
}

impl QuotasBeside {
    async fn reserve(&self, number: u8, lines: &[Line], ttl_ms: u64) -> Result<(), End> {
        let request = Reservation::new(self.charges(lines), Duration::from_millis(ttl_ms));
        let (Ok(request), Ok(id)) = (request, self.id(number)) else {
            // What is invalid is refused when it is built, whatever the backend.
            return Ok(());
        };
        let request = request.with_id(id);
        let Reference { keeping, dropping } = &self.reference;
        let wanted = agreed(keeping.reserve(&request).await, &dropping.reserve(&request).await)?;
        expect(&wanted, self.quotas.reserve(&request).await).map(drop)
    }

    async fn settle(&self, number: u8, lines: &[Line]) -> Result<(), End> {
        let Ok(request) = self.id(number).and_then(|id| Settlement::new(id, self.charges(lines))) else {
            return Ok(());
        };
        let Reference { keeping, dropping } = &self.reference;
        let wanted = agreed(keeping.settle(&request).await, &dropping.settle(&request).await)?;
        expect(&wanted, self.quotas.settle(&request).await).map(drop)
    }

    fn charges(&self, lines: &[Line]) -> Vec<QuotaCharge> {
        let charge = |line: &Line| QuotaCharge::new(self.keys[line.key].clone(), line.quota, line.amount);
        lines.iter().map(charge).collect()
    }

    fn id(&self, number: u8) -> limiter_core::Result<ReservationId> {
        ReservationId::parse(&format!("{}-{number}", self.mark))
    }
}
