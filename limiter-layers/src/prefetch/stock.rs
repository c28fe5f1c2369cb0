//! What a layer holds, of which store, and within which bounds.

use std::fmt;
use std::sync::Arc;

use limiter_core::{Algorithm, Charge, Limit, RateLimiter, Receipt, Result, Source};

use super::table::{Return, Table};
use crate::moment::{Moment, Watch};

/// What a layer holds, of which store, and within which bounds.
#[derive(Debug)]
pub(super) struct Stock {
    pub(super) store: Arc<dyn RateLimiter>,
    pub(super) table: Table,
    pub(super) bounds: Bounds,
    watch: Watch,
}

/// How much may be held of one counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Units.
    pub(super) most: u64,
    /// One part in so many of the limit's capacity, and of what is left of it.
    pub(super) share: u64,
}

impl Stock {
    pub(super) fn new(store: Arc<dyn RateLimiter>, bounds: Bounds, watch: Watch) -> Self {
        Self { store, table: Table::new(), bounds, watch }
    }

    pub(super) fn now(&self) -> Moment {
        self.watch.now()
    }

    /// Gives back what was charged there and nobody has used, unless the counter was reset since. It isn't repeated: it
    /// may have been done. When it fails, that much stays counted until it expires by itself.
    pub(super) async fn give_back(&self, mut back: Return, source: Source) {
        // Kept until the store has answered: a reset waits for it.
        let sending = back.rest.since.send();
        let given = match &sending {
            Some(_) => self.refund(&back, source).await,
            None => Ok(()),
        };
        match given {
            Ok(()) => back.under_way.unload(),
            Err(error) => {
                let (space, units) = (back.key.space(), back.rest.units);
                tracing::debug!(space, units, %error, "permits not given back");
            }
        }
    }

    async fn refund(&self, back: &Return, source: Source) -> Result<()> {
        let charge = Charge::new(&back.key, &back.limit).with_cost(back.rest.units);
        let mut receipt = Receipt::new(source);
        receipt.add(&charge, back.rest.charged_at_ms)?;
        self.store.refund(receipt).await
    }
}

impl Bounds {
    /// The most units to hold of a limit.
    pub(super) const fn of(&self, limit: &Limit) -> u64 {
        let share = limit.capacity() / self.share;
        if share < self.most { share } else { self.most }
    }

    /// Whether permits for such a call can be asked for in advance: for a single counter that knows neither the time of
    /// each charge nor denied ones, and of which more than one unit may be held.
    pub(super) fn apply_to(&self, charge: &Charge<'_>) -> bool {
        let limit = charge.limit();
        let blocks = matches!(
            limit.algorithm(),
            Algorithm::FixedWindow | Algorithm::SlidingWindow | Algorithm::TokenBucket
        );
        let most = self.of(limit);
        blocks && !limit.counts_denied() && most > 1 && (1..=most).contains(&charge.cost())
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { most, share } = self;
        write!(f, "prefetches up to {most} permits of a limit, and one part in {share} of it")
    }
}
