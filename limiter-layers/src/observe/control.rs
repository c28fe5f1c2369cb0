//! The control of a backend that is observed: a ping tells whether the store is up.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use limiter_core::{Capabilities, Control, Result};

use super::observed::Observe;
use super::operation::Operation;
use super::what::What;

#[async_trait]
impl<L: Control> Control for Observe<L> {
    async fn ping(&self) -> Result<()> {
        self.watch.begin(Operation::Ping, What::Nothing).run(self.inner.ping()).await
    }

    async fn shutdown(&self) -> Result<()> {
        self.inner.shutdown().await
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}
