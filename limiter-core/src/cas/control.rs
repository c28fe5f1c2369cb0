//! What a backend is asked apart from limiting: its store answers.
#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;

use super::backend::CasBackend;
use super::store::CasStore;
use crate::backend::{Capabilities, Control};
use crate::error::Result;

#[async_trait]
impl<S: CasStore + Control> Control for CasBackend<S> {
    async fn ping(&self) -> Result<()> {
        self.store().ping().await
    }

    async fn shutdown(&self) -> Result<()> {
        self.store().shutdown().await
    }

    fn describe(&self) -> String {
        self.store().describe()
    }

    /// What the store can do. Whether several keys are one step is told by [`CasStore::commits_several`], and no hit is
    /// answered at once.
    fn capabilities(&self) -> Capabilities {
        let atomic_keys = self.store().commits_several();
        Capabilities { atomic_keys, immediate: false, ..self.store().capabilities() }
    }
}
