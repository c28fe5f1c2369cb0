//! What can go wrong, by kind.

use std::error::Error as StdError;
use std::fmt;

/// The result of a call on a limiter. A denial is an answer, never an `Err`.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What kind of failure an [`Error`] is: what a caller decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Wrong or missing configuration. Stops the start.
    Config,
    /// The request breaks a rule that is checked before anything is sent: the caller's mistake.
    InvalidRequest,
    /// The id is in use with other permits or another amount. Nothing was changed.
    Conflict,
    /// The store has no room for a new counter, lease or reservation. Nothing was changed.
    Capacity,
    /// No answer in time. The call may have been executed: see [`Error::may_have_charged`].
    Timeout,
    /// The store can't be reached or doesn't accept calls now.
    Unavailable,
    /// The store answered something that isn't an answer.
    Protocol,
    /// This backend can't do what was asked, and never will.
    Unsupported,
    /// A lease ran out before it was renewed. Its slot may belong to somebody else by now.
    LeaseLost,
    /// A failure inside this process that isn't the caller's doing, such as no entropy for an id.
    Internal,
}

impl ErrorKind {
    /// The kind in words, as it stands at the front of an error's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "configuration",
            Self::InvalidRequest => "invalid request",
            Self::Conflict => "conflict",
            Self::Capacity => "no room",
            Self::Timeout => "timed out",
            Self::Unavailable => "store unavailable",
            Self::Protocol => "unexpected reply",
            Self::Unsupported => "unsupported",
            Self::LeaseLost => "lease lost",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failed call: its kind, what went wrong, the operation, and what it was about.
///
/// ```
/// use limiter_core::{ErrorKind, Key};
///
/// let error = Key::new("no spaces", "u1").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidRequest);
/// assert!(error.to_string().contains("A-Z a-z 0-9 _ . -"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    source: Option<BoxError>,
    may_have_charged: bool,
}

impl Error {
    /// An error of a kind. The message says what is wrong, with the value, and what is accepted.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            context: Vec::new(),
            source: None,
            may_have_charged: false,
        }))
    }

    /// A value that breaks a rule: the field, the value as it was given, what is accepted.
    pub fn invalid(field: &str, value: impl fmt::Display, accepted: &str) -> Self {
        Self::new(ErrorKind::InvalidRequest, format!("{field} is {value}; accepted: {accepted}"))
    }

    /// Names the operation that failed, such as `hit` or `renew`.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// Adds what it was about. Never pass a secret or a key's subject.
    #[must_use]
    pub fn with_context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says that the store may have executed the call although no answer came.
    #[must_use]
    pub fn possibly_charged(mut self) -> Self {
        self.0.may_have_charged = true;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What went wrong, without the kind and the context.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, where it is known.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// What it was about, as name and value.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Capacity | ErrorKind::Timeout | ErrorKind::Unavailable)
    }

    /// Whether the call may have been executed although it failed here. Repeating a `hit` then may
    /// charge twice; `acquire`, `renew`, `release`, `reserve` and `settle` carry an id and may be repeated.
    pub fn may_have_charged(&self) -> bool {
        self.0.may_have_charged
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.kind)?;
        if let Some(operation) = self.0.operation {
            write!(f, " ({operation})")?;
        }
        write!(f, ": {}", self.0.message)?;
        for (name, value) in &self.0.context {
            write!(f, ", {name}: {value}")?;
        }
        if self.0.may_have_charged {
            f.write_str(" (it may have been executed)")?;
        }
        Ok(())
    }
}

/// The same text as [`Display`](fmt::Display), and what caused it: it is what a program shows whose `main` returns
/// it, or that unwraps it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "; caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
