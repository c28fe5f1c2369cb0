//! What a hit charged, to give it back.

use crate::charge::{Charge, check_amount};
use crate::error::Result;
use crate::key::Key;
use crate::limit::Limit;
use crate::outcome::Source;

/// What a hit charged. [`refund`](crate::RateLimiter::refund) takes it by value and it isn't `Clone`, so that
/// nothing is given back twice.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "dropping a receipt keeps the charge"]
pub struct Receipt {
    lines: Vec<ReceiptLine>,
    source: Source,
}

/// One charge of a [`Receipt`].
#[derive(Debug, PartialEq, Eq)]
pub struct ReceiptLine {
    key: Key,
    limit: Limit,
    cost: u64,
    charged_at_ms: u64,
}

impl Receipt {
    /// An empty receipt for charges made there.
    pub const fn new(source: Source) -> Self {
        Self { lines: Vec::new(), source }
    }

    /// Adds a charge that was made at a time of the store. A service gets its receipts from
    /// [`Decision::into_receipt`](crate::Decision::into_receipt); this is for layers, backends and their tests.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for a cost above 2^53 − 1.
    pub fn add(&mut self, charge: &Charge<'_>, charged_at_ms: u64) -> Result<()> {
        check_amount("cost", charge.cost())?;
        let (key, limit) = (charge.key().clone(), *charge.limit());
        self.lines.push(ReceiptLine { key, limit, cost: charge.cost(), charged_at_ms });
        Ok(())
    }

    /// The charges that were made.
    pub fn lines(&self) -> &[ReceiptLine] {
        &self.lines
    }

    /// Where they were made.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Whether nothing was charged.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl ReceiptLine {
    /// Key, limit and cost as they were charged.
    pub const fn charge(&self) -> Charge<'_> {
        Charge::new(&self.key, &self.limit).with_cost(self.cost)
    }

    /// The store's time of the charge.
    pub const fn charged_at_ms(&self) -> u64 {
        self.charged_at_ms
    }
}
