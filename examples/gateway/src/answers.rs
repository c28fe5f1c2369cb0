//! What is answered: JSON, and a refusal that says what was too much and when to come again.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use limiter_factory::{Charge, Error, ErrorKind, Quota, QuotaOutcome, Retry};
use serde_json::{Value, json};

/// 200 with this body.
pub fn ok(body: Value) -> Response {
    Json(body).into_response()
}

/// 404: there is nothing here.
pub async fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "not_found")
}

/// 400: the caller's mistake.
pub fn bad_request(detail: &str) -> Response {
    let body = json!({"error": "bad_request", "detail": detail});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// 500: ours.
pub fn internal(why: &str) -> Response {
    tracing::error!("{why}");
    error(StatusCode::INTERNAL_SERVER_ERROR, "internal")
}

/// An answer that is only an error's name.
pub fn error(status: StatusCode, name: &str) -> Response {
    (status, Json(json!({ "error": name }))).into_response()
}

/// 429: a rate was used up by this charge.
pub fn rate_limited(charge: &Charge<'_>, retry: Retry) -> Response {
    let limit = json!({"space": charge.key().space(), "limit": charge.limit().to_string()});
    refused(json!({"error": "rate_limited", "limit": limit}), Some(retry))
}

/// 429: too many at a time. When one of them ends isn't known, and while the store is down nor how many there are.
pub fn too_many(name: &str, scope: &str, space: &str, cap: u64, in_use: Option<u64>) -> Response {
    let limit = json!({"space": space, "cap": cap});
    refused(json!({"error": name, "scope": scope, "limit": limit, "in_use": in_use}), None)
}

/// 429: at or over a quota of bytes.
pub fn quota_exceeded(space: &str, quota: &Quota, outcome: &QuotaOutcome) -> Response {
    let body = json!({
        "error": "quota_exceeded",
        "kind": "bytes",
        "current": outcome.used.saturating_add(outcome.reserved),
        "limit": {"space": space, "limit": quota.to_string()},
        "max": quota.max(),
    });
    refused(body, outcome.retry_after)
}

/// A call on the limiters that failed, as an answer: `?` makes one.
#[derive(Debug)]
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(cause) = self;
        if cause.kind() == ErrorKind::InvalidRequest {
            return bad_request(cause.message());
        }
        tracing::error!(error = %cause, "a limiter failed");
        if cause.is_transient() {
            error(StatusCode::SERVICE_UNAVAILABLE, "limiter_unavailable")
        } else {
            error(StatusCode::INTERNAL_SERVER_ERROR, "limiter_error")
        }
    }
}

/// 429 with the wait in the body, and in the header too where there is one.
fn refused(mut body: Value, retry: Option<Retry>) -> Response {
    let seconds = retry.and_then(Retry::after_secs).map(|seconds| seconds.max(1));
    if let Value::Object(fields) = &mut body {
        fields.insert("retry_after_seconds".to_owned(), json!(seconds));
    }
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
