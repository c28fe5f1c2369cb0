//! What is wrong with a URL.

use limiter_core::{Error, ErrorKind};

use crate::quoted::quoted;

/// What is wrong with a part of a URL, in words without a secret.
#[derive(Debug)]
pub struct Fault {
    what: String,
    /// The same without what the part held.
    what_hidden: String,
    accepted: String,
}

impl Fault {
    /// What is wrong, and what is accepted in its place.
    pub fn new(what: impl Into<String>, accepted: &str) -> Self {
        let what = what.into();
        Self { what_hidden: what.clone(), what, accepted: accepted.to_owned() }
    }

    /// A part that holds something else than it may.
    pub fn held(part: &str, held: &str, accepted: &str) -> Self {
        Self::new(format!("{part} is {}", quoted(held)), accepted).or_hidden(format!("{part} is wrong"))
    }

    /// What is said where it isn't certain that what the part held is no password.
    #[must_use]
    pub fn or_hidden(self, what_hidden: String) -> Self {
        Self { what_hidden, ..self }
    }

    /// Shows what the part held only where that can't be a password.
    #[must_use]
    pub fn shown_if(self, harmless: bool) -> Self {
        if harmless { self } else { Self { what: self.what_hidden.clone(), ..self } }
    }

    /// As an error that shows the URL's scheme and nothing else of it.
    pub fn in_url(self, scheme: &str) -> Error {
        Error::new(ErrorKind::Config, format!("URL {scheme}://…: {}; accepted: {}", self.what, self.accepted))
    }
}
