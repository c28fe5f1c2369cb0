//! Who hits which key next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Keys by their number, each drawn once by whichever caller is free, so that none is idle before the end.
#[derive(Clone)]
pub(crate) struct Turns {
    order: Arc<[u32]>,
    next: Arc<AtomicUsize>,
}

impl Turns {
    pub(crate) fn new(order: &Arc<[u32]>) -> Self {
        Self { order: Arc::clone(order), next: Arc::default() }
    }

    /// The next key.
    pub(crate) fn next(&self) -> Option<usize> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        self.order.get(place).map(|key| *key as usize)
    }
}
