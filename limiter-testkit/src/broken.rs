//! What a backend did that it had promised not to.

use std::error::Error;
use std::fmt;

/// A promise that was kept, or how it was broken.
pub type Kept<T = ()> = Result<T, Broken>;

/// A broken promise: which one, what was asked, what answer was wanted, what came.
///
/// ```text
/// broken promise: a denied hit charges nothing
///   asked:  hit suite/u1 by 2/366d cost 1, at 1700000000000
///   wanted: allowed
///   got:    denied, 0 remaining, retry after 23241.6s
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Broken(Box<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    promise: String,
    asked: String,
    wanted: String,
    got: String,
}

impl Broken {
    /// A promise that was broken: in its words, what was asked, wanted and got.
    pub fn new(
        promise: impl Into<String>,
        asked: impl Into<String>,
        wanted: impl fmt::Display,
        got: impl fmt::Display,
    ) -> Self {
        let (wanted, got) = (wanted.to_string(), got.to_string());
        Self(Box::new(Parts { promise: promise.into(), asked: asked.into(), wanted, got }))
    }

    /// The promise in words.
    pub fn promise(&self) -> &str {
        &self.0.promise
    }

    /// What was asked.
    pub fn asked(&self) -> &str {
        &self.0.asked
    }

    /// What answer was wanted.
    pub fn wanted(&self) -> &str {
        &self.0.wanted
    }

    /// What came.
    pub fn got(&self) -> &str {
        &self.0.got
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { promise, asked, wanted, got } = &*self.0;
        write!(f, "broken promise: {promise}\n  asked:  {asked}\n  wanted: {wanted}\n  got:    {got}")
    }
}

/// The same text as [`Display`](fmt::Display): it is what a test shows that unwraps it.
impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Broken {}
