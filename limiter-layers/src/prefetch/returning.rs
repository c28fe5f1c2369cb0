//! Gives back what demand leaves over, and at the end everything.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use limiter_core::{Error, ErrorKind, Result, Source};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::stock::Stock;
use super::table::Return;
use crate::layer::Ending;

/// How often it is looked after what is held.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How many refunds may be under way.
const MOST_CALLS: usize = 8;
/// How long the end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Gives back what demand leaves over, in a task, and at the end everything.
#[derive(Debug)]
pub(super) struct Returning {
    stock: Arc<Stock>,
    runtime: Handle,
}

impl Returning {
    pub(super) const fn new(stock: Arc<Stock>, runtime: Handle) -> Self {
        Self { stock, runtime }
    }

    /// Looks after what is held, until the last handle of the layer has gone; then everything is given back. Where
    /// nothing is remembered it waits to be woken.
    pub(super) async fn run(self, mut handles: watch::Receiver<()>, woken: Arc<Notify>) {
        loop {
            let look = async {
                if self.stock.table.is_empty() {
                    woken.notified().await;
                }
                sleep(LOOK_EVERY).await;
            };
            tokio::select! {
                _ = handles.changed() => break,
                () = look => {}
            }
            let overdue = self.stock.table.overdue(self.stock.now());
            self.give_back(overdue).await;
        }
        // That it failed was logged, and nobody is there to be told.
        drop(self.end().await);
    }

    /// Gives back one after the other, a few at a time.
    async fn give_back(&self, returns: Vec<Return>) {
        let mut calls = JoinSet::new();
        for back in returns {
            if calls.len() == MOST_CALLS {
                drop(calls.join_next().await);
            }
            let stock = Arc::clone(&self.stock);
            calls.spawn_on(async move { stock.give_back(back, Source::Store).await }, &self.runtime);
        }
        while calls.join_next().await.is_some() {}
    }
}

#[async_trait]
impl Ending for Returning {
    async fn end(&self) -> Result<()> {
        let all = async {
            let held = self.stock.table.close(self.stock.now());
            self.give_back(held).await;
            // Flights give back what they bring, and the task what it has taken out.
            self.stock.table.traffic.ended().await
        };
        let left = match timeout(ENDS_WITHIN, all).await {
            Ok(0) => return Ok(()),
            Ok(lost) => format!("{lost} blocks of permits couldn't be given back"),
            Err(_) => format!("not all permits were given back within {ENDS_WITHIN:?}"),
        };
        Err(Error::new(ErrorKind::Unavailable, format!("{left}; they count until they expire"))
            .with_operation("shutdown"))
    }
}
