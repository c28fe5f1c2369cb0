//! The control of parts that live in several stores.

use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{Capabilities, Control, Result};

use crate::join::{Joined, all};

/// The stores in which the parts live, each with what it counts, in words.
#[derive(Debug)]
pub(crate) struct Rooms(Vec<(String, Arc<dyn Control>)>);

impl Rooms {
    pub(crate) const fn new(rooms: Vec<(String, Arc<dyn Control>)>) -> Self {
        Self(rooms)
    }
}

/// All at once; the first that has failed is told.
#[async_trait]
impl Control for Rooms {
    async fn ping(&self) -> Result<()> {
        let pings = self.0.iter().map(|(parts, control)| -> Joined<'_, _> {
            Box::pin(
                async move { control.ping().await.map_err(|error| error.with_context("store of", parts)) },
            )
        });
        all(pings.collect()).await.into_iter().collect()
    }

    async fn shutdown(&self) -> Result<()> {
        let ends = self.0.iter().map(|(parts, control)| -> Joined<'_, _> {
            Box::pin(async move {
                control.shutdown().await.map_err(|error| error.with_context("store of", parts))
            })
        });
        all(ends.collect()).await.into_iter().collect()
    }

    fn describe(&self) -> String {
        let rooms = self.0.iter().map(|(parts, control)| format!("{parts}: {}", control.describe()));
        rooms.collect::<Vec<_>>().join("; ")
    }

    /// What every store can do, and what any may do.
    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::NONE.with_atomic_keys().with_durable().with_shared().with_immediate();
        for (_, control) in &self.0 {
            let one = control.capabilities();
            can.atomic_keys &= one.atomic_keys;
            can.durable &= one.durable;
            can.shared &= one.shared;
            can.immediate &= one.immediate;
            can.early_refusals |= one.early_refusals;
        }
        can
    }
}
