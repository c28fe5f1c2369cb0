//! A public widget's key, looked up at some cost: who keeps knocking stays out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use limiter_factory::{Charge, Decision, Error, ErrorKind, Key, Limit, RateLimiterExt};
use serde::Deserialize;
use serde_json::json;

use crate::answers::{self, Failure};
use crate::app::App;
use crate::caller::{self, Caller};
use crate::json_body::JsonBody;

/// Look-ups of a session, or of an address without one.
pub const SESSION: &str = "widget.session";
/// Look-ups of a key that is real.
pub const KEY: &str = "widget.key";

/// What is asked for.
#[derive(Debug, Deserialize)]
pub struct Lookup {
    /// A public key, real or made up.
    pub public_key: String,
}

/// `POST /widget/keys/resolve`: the session is charged before the look-up, the key only once it proved real, so
/// that made-up keys mint no counters.
///
/// # Errors
/// The limiters', except that a store which is down lets through.
pub async fn resolve(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(lookup): JsonBody<Lookup>,
) -> Result<Response, Failure> {
    let Some(widget) = &app.config.widget else {
        return Ok(answers::not_found().await);
    };
    let session = caller::text(&headers, "x-session-id")?;
    let session = Key::new(SESSION, session.as_deref().unwrap_or(caller.address()))?;
    if let Some(refusal) = charge(&app, &session, &widget.session_limit).await? {
        return Ok(refusal);
    }
    if !widget.keys.contains(&lookup.public_key) {
        return Ok(answers::error(StatusCode::NOT_FOUND, "unknown_key"));
    }
    let key = Key::new(KEY, &lookup.public_key)?;
    let refusal = charge(&app, &key, &widget.key_limit).await?;
    Ok(refusal.unwrap_or_else(|| answers::ok(json!({"resolved": lookup.public_key}))))
}

/// The refusal, unless there is room, or nobody there to ask.
async fn charge(app: &App, key: &Key, limit: &Limit) -> Result<Option<Response>, Error> {
    match app.limiters.rates().hit_one(key, limit).await {
        Ok(Decision::Allowed(_)) => Ok(None),
        Ok(Decision::Denied(denied)) => {
            let charge = Charge::new(key, limit);
            Ok(Some(answers::rate_limited(&charge, denied.retry_after())))
        }
        Err(error) if is_down(&error) => {
            tracing::warn!(%error, space = key.space(), "the store is down, the widget lets through");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Not when it is full: else a flood of made-up sessions would let itself through.
fn is_down(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}
