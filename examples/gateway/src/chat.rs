//! Messages: so many per user or anonymous address, and so many per address whoever calls.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use limiter_factory::{Charge, Decision, Key, RateLimiterExt};
use serde::Deserialize;
use serde_json::json;

use crate::answers::{self, Failure};
use crate::app::App;
use crate::caller::Caller;
use crate::json_body::JsonBody;

/// Messages of a signed-in user.
pub const USER: &str = "chat.user";
/// Messages of an anonymous caller, by address: the same limits, but other counters than any user's.
pub const ANONYMOUS: &str = "chat.anonymous";
/// Messages from an address, whoever sends them.
pub const ADDRESS: &str = "chat.address";

/// What is sent.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// The message.
    pub text: String,
}

/// `POST /chat/message`: every limit is charged in one step, or none is.
///
/// # Errors
/// The limiters'.
pub async fn message(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(message): JsonBody<Message>,
) -> Result<Response, Failure> {
    let space = if caller.is_signed_in() { USER } else { ANONYMOUS };
    let own = Key::new(space, caller.subject())?;
    let address = Key::new(ADDRESS, caller.address())?;
    let mut charges: Vec<_> = app.config.chat_user_limits.charges(&own).collect();
    charges.push(Charge::new(&address, &app.config.chat_address_limit));

    match app.limiters.rates().hit_all(&charges).await? {
        Decision::Allowed(allowed) => {
            tracing::debug!(bytes = message.text.len(), "a message");
            Ok(answers::ok(json!({"ok": true, "remaining": allowed.remaining()})))
        }
        Decision::Denied(denied) => {
            Ok(answers::rate_limited(&charges[denied.charge()], denied.retry_after()))
        }
    }
}
