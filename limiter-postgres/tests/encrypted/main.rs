//! Encrypted connections: each `sslmode` with servers that have TLS, that have none, and that show a certificate which isn't
//! to be trusted.
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends")]

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(feature = "tls")]
mod files;
#[cfg(feature = "tls")]
mod modes;
#[cfg(feature = "tls")]
mod strangers;
mod way;
