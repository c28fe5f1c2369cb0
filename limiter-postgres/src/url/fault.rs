//! What is wrong with a URL.

use limiter_core::{Error, ErrorKind};

use crate::quoted::quoted;

/// What is wrong with a part of a URL, in words without a secret.
#[derive(Debug)]
pub(super) struct Fault {
    what: String,
    accepted: String,
}

impl Fault {
    /// What is wrong, and what is accepted in its place.
    pub(super) fn new(what: impl Into<String>, accepted: &str) -> Self {
        Self { what: what.into(), accepted: accepted.to_owned() }
    }

    /// A part that holds something else than it may.
    pub(super) fn held(part: &str, held: &str, accepted: &str) -> Self {
        Self::new(format!("{part} is {}", quoted(held)), accepted)
    }

    /// As an error that shows the URL's scheme and nothing else of it.
    pub(super) fn in_url(self, scheme: &str) -> Error {
        let text = format!("URL {scheme}://…: {}; accepted: {}", self.what, self.accepted);
        Error::new(ErrorKind::Config, text)
    }
}
