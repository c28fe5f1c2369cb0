//! How a user stands. Nothing is charged by asking.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use limiter_factory::{Algorithm, Charge, EXACT, Error, Key, Limit, MAX_LOG_UNITS, Outcome, Retry};
use serde_json::{Value, json};

use crate::answers::{self, Failure};
use crate::app::App;
use crate::{chat, events, scan, widget};

/// `GET /usage/{user}`: the user's counts, their caps, and what is left.
///
/// # Errors
/// The limiters'.
pub async fn of_user(
    State(app): State<Arc<App>>,
    user: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let Path(user) = match user {
        Ok(user) => user,
        Err(rejection) => return Ok(answers::bad_request(&rejection.body_text())),
    };
    Ok(answers::ok(json!({
        "user": user,
        "chat": chat(&app, &user).await?,
        "streams": streams(&app, &user).await?,
        "scans": scans(&app, &user).await?,
        "bytes": bytes(&app, &user).await?,
        "widget": widget(&app, &user).await?,
    })))
}

/// `GET /health`: whether the store answers.
///
/// # Errors
/// Why it doesn't.
pub async fn health(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    app.limiters.ping().await?;
    Ok(answers::ok(json!({"ok": true, "limiter": app.limiters.name()})))
}

async fn chat(app: &App, user: &str) -> Result<Value, Error> {
    let key = Key::new(chat::USER, user)?;
    let mut lines = Vec::new();
    for limit in &app.config.chat_user_limits {
        let used = used(app, &key, limit).await?;
        let remaining = limit.capacity().saturating_sub(used);
        lines.push(json!({"limit": limit.to_string(), "used": used, "remaining": remaining}));
    }
    Ok(Value::Array(lines))
}

async fn streams(app: &App, user: &str) -> Result<Value, Error> {
    let slots = app.limiters.slots().slots();
    Ok(json!({
        "open": slots.in_use(&Key::new(events::USER, user)?).await?,
        "cap": app.config.streams_per_user,
        "total_open": slots.in_use(&Key::all(events::TOTAL)?).await?,
    }))
}

async fn scans(app: &App, user: &str) -> Result<Value, Error> {
    let running = app.limiters.slots().in_use(&Key::new(scan::USER, user)?).await?;
    Ok(json!({"running": running, "cap": app.config.scans_per_user}))
}

async fn bytes(app: &App, user: &str) -> Result<Value, Error> {
    let key = Key::new(scan::BYTES, user)?;
    let outcome = app.limiters.quotas().check(&key, &app.config.scan_quota).await?;
    Ok(json!({
        "used": outcome.used,
        "reserved": outcome.reserved,
        "remaining": outcome.remaining,
        "reset_after_seconds": seconds(outcome.reset_after),
    }))
}

async fn widget(app: &App, user: &str) -> Result<Value, Error> {
    let Some(widget) = &app.config.widget else {
        return Ok(json!({"session_hits": 0, "key_hits": 0}));
    };
    Ok(json!({
        "session_hits": used(app, &Key::new(widget::SESSION, user)?, &widget.session_limit).await?,
        "key_hits": used(app, &Key::new(widget::KEY, user)?, &widget.key_limit).await?,
    }))
}

/// The units a counter holds, those past its limit too.
async fn used(app: &App, key: &Key, limit: &Limit) -> Result<u64, Error> {
    let widest = widest(limit)?;
    let stands = app.limiters.rates().peek(&[Charge::new(key, &widest)]).await?;
    let left = stands.outcomes().first().map_or(0, Outcome::remaining);
    Ok(widest.capacity().saturating_sub(left))
}

/// The widest limit on the same counter, which belongs to key, algorithm and window: what is left of it tells
/// how much was counted. A bucket's count depends on its rate, so it stays as it is.
fn widest(limit: &Limit) -> Result<Limit, Error> {
    let window = limit.window();
    Ok(match limit.algorithm() {
        Algorithm::FixedWindow => Limit::fixed_window(EXACT, window)?,
        Algorithm::SlidingWindow => Limit::sliding_window(EXACT / limit.window_ms(), window)?,
        Algorithm::SlidingLog => Limit::sliding_log(MAX_LOG_UNITS, window)?,
        _ => *limit,
    })
}

fn seconds(wait: Duration) -> u64 {
    Retry::After(wait).after_secs().unwrap_or(0)
}
