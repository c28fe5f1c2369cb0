//! What wraps a backend.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use limiter_core::{Backend, Capabilities, Control, Result};

/// What wraps any backend and makes a backend of it.
///
/// The last one that wraps is the outermost: it is asked first.
pub trait Layer: Debug + Send + Sync {
    /// The backend with this around it.
    fn wrap(&self, backend: Backend) -> Backend;
}

/// What a layer has to end before its store does: to give back what it holds, to send what it kept.
#[async_trait]
pub(crate) trait Ending: Debug + Send + Sync + 'static {
    /// Ends it. A second time does nothing.
    async fn end(&self) -> Result<()>;
}

/// The control of a wrapped backend.
#[derive(Debug)]
pub(crate) struct Around {
    inner: Arc<dyn Control>,
    words: String,
    capabilities: Capabilities,
    ending: Option<Arc<dyn Ending>>,
}

impl Around {
    /// The control of a backend that a layer wraps, which says of itself in a few words how it is set.
    pub(crate) fn new(inner: Arc<dyn Control>, words: impl Into<String>) -> Self {
        let capabilities = inner.capabilities();
        Self { inner, words: words.into(), capabilities, ending: None }
    }

    /// The same, where the layer changes what the backend can do.
    #[must_use]
    pub(crate) fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The same, with something to end before the store is.
    #[must_use]
    pub(crate) fn with_ending(mut self, ending: Arc<dyn Ending>) -> Self {
        self.ending = Some(ending);
        self
    }
}

#[async_trait]
impl Control for Around {
    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }

    async fn shutdown(&self) -> Result<()> {
        let ended = match &self.ending {
            Some(ending) => ending.end().await,
            None => Ok(()),
        };
        let inner = self.inner.shutdown().await;
        ended.and(inner)
    }

    fn describe(&self) -> String {
        format!("{}, {}", self.inner.describe(), self.words)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}
