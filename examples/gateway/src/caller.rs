//! Who calls.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use limiter_factory::{Error, ErrorKind};

use crate::address::{client, subject};
use crate::answers::Failure;
use crate::app::App;

/// A signed-in user, or whoever is at an address.
#[derive(Clone, Debug)]
pub struct Caller {
    user: Option<String>,
    address: String,
}

impl Caller {
    /// Whether it is a signed-in user.
    pub const fn is_signed_in(&self) -> bool {
        self.user.is_some()
    }

    /// The user, or the address of an anonymous caller: whose use is counted.
    pub fn subject(&self) -> &str {
        self.user.as_deref().unwrap_or(&self.address)
    }

    /// The client's address, whoever calls.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, app)
            .await
            .map_err(|_| Error::new(ErrorKind::Internal, "the connection's address is unknown"))?;
        let lines = parts.headers.get_all("x-forwarded-for").iter();
        let lines: Vec<_> = lines.map(HeaderValue::as_bytes).collect();
        Ok(Self {
            user: text(&parts.headers, "x-user-id")?,
            address: subject(client(peer.ip(), &lines, &app.config.trusted_proxies)),
        })
    }
}

/// A header that names somebody: `None` when it is missing or empty.
///
/// # Errors
/// [`InvalidRequest`](ErrorKind::InvalidRequest) when it isn't UTF-8.
pub fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Error> {
    let bytes = headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|_| Error::invalid(name, "bytes", "UTF-8"))?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}
