//! Scripts that run on the server.

use std::sync::LazyLock;

/// A script: its text, and the SHA-1 by which the server knows it once it has seen it.
#[derive(Debug)]
pub(crate) struct Script {
    source: &'static str,
    sha: LazyLock<String, fn() -> String>,
}

impl Script {
    /// A script of this text; `sha` is to be [`sha`] of the same text.
    pub(crate) const fn new(source: &'static str, sha: fn() -> String) -> Self {
        Self { source, sha: LazyLock::new(sha) }
    }

    /// The text.
    pub(crate) const fn source(&self) -> &'static str {
        self.source
    }

    /// The SHA-1 of the text in hexadecimal digits.
    pub(crate) fn sha(&self) -> &str {
        &self.sha
    }
}

/// The SHA-1 of a script in hexadecimal digits.
pub(crate) fn sha(source: &str) -> String {
    sha1_smol::Sha1::from(source).digest().to_string()
}
