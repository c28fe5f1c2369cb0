//! The end: a last try to send what waits.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Control, Error, ErrorKind, Result};
use tokio::join;
use tokio::time::Instant;

use super::queue::Queue;
use super::release::Release;
use super::settle::Settle;
use crate::layer::Ending;

const LONGEST: Duration = Duration::from_secs(5);

/// What waits for the store, and the fallback: both are to be ended before the store is.
#[derive(Debug)]
pub(super) struct Outstanding {
    releases: Arc<Queue<Release>>,
    settlements: Arc<Queue<Settle>>,
    fallback: Option<Arc<dyn Control>>,
}

impl Outstanding {
    pub(super) const fn new(
        releases: Arc<Queue<Release>>,
        settlements: Arc<Queue<Settle>>,
        fallback: Option<Arc<dyn Control>>,
    ) -> Self {
        Self { releases, settlements, fallback }
    }
}

#[async_trait]
impl Ending for Outstanding {
    async fn end(&self) -> Result<()> {
        let until = Instant::now() + LONGEST;
        let (releases, settlements) = join!(self.releases.end(until), self.settlements.end(until));
        let fallback = match &self.fallback {
            Some(fallback) => fallback.shutdown().await,
            None => Ok(()),
        };
        if releases + settlements == 0 {
            return fallback;
        }
        let message =
            format!("{settlements} settlements and {releases} releases couldn't be sent within {LONGEST:?}");
        Err(Error::new(ErrorKind::Unavailable, message).with_operation("shutdown"))
    }
}
