//! What a wrong backend says that it can do.

use async_trait::async_trait;
use limiter_core::{Capabilities, Control, Result};

/// Says so, and is right in all else that a backend is asked apart from limiting.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Capabilities);

#[async_trait]
impl Control for Told {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn describe(&self) -> String {
        "wrong".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        self.0
    }
}
