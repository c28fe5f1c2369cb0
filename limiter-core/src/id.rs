//! Ids that make a repeated call safe.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new id that nobody else has: 128 random bits.
            ///
            /// # Errors
            /// [`Internal`](crate::ErrorKind::Internal) when the system gives no randomness.
            pub fn random() -> Result<Self> {
                random_text().map(Self)
            }

            /// An id from text, for backends, layers and their tests; services use [`Self::random`].
            ///
            /// # Errors
            /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) unless it is 1 to 64 of `A-Z a-z 0-9 _ -`.
            pub fn parse(text: &str) -> Result<Self> {
                check(text, $field).map(|()| Self(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id!(
    /// Names a lease: chosen before it is asked for, so that an acquire whose answer was lost can be repeated.
    LeaseId,
    "lease id"
);

id!(
    /// Names a reservation: chosen before it is asked for, so that reserve and settle can be repeated.
    ReservationId,
    "reservation id"
);

const ACCEPTED: &str = "1 to 64 of A-Z a-z 0-9 _ -";

fn check(text: &str, field: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    let shown: String = text.chars().take(65).collect();
    Err(Error::invalid(field, format_args!("{shown:?}"), ACCEPTED))
}

fn random_text() -> Result<Arc<str>> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, "no randomness for an id").with_source(error))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)).into())
}
