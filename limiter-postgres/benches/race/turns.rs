//! Who hits which key next, and until when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Keys by their number, drawn by whichever caller is free, until the time is up.
#[derive(Clone)]
pub(crate) struct Turns {
    order: Arc<[u32]>,
    drawn: Arc<AtomicUsize>,
    end: Instant,
}

impl Turns {
    pub(crate) fn new(order: &Arc<[u32]>, end: Instant) -> Self {
        Self { order: Arc::clone(order), drawn: Arc::default(), end }
    }

    /// The next key.
    pub(crate) fn next(&self) -> Option<usize> {
        if Instant::now() >= self.end {
            return None;
        }
        let place = self.drawn.fetch_add(1, Ordering::Relaxed);
        Some(self.order[place % self.order.len()] as usize)
    }

    /// How many were drawn.
    pub(crate) fn drawn(&self) -> usize {
        self.drawn.load(Ordering::Relaxed)
    }
}
