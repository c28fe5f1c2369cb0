//! A request's JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::answers;

/// The request's body as JSON, whatever type it says it has; refused with JSON too.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| answers::bad_request(&rejection.body_text()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| answers::bad_request(&error.to_string()))
    }
}
