//! Event streams: a slot that lives exactly as long as the response's body.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::Frame;
use limiter_factory::{Full, Key, LeaseRequest, Scope, Slot, SlotGuard};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::answers::{self, Failure};
use crate::app::App;
use crate::caller::Caller;

/// All open streams.
pub const TOTAL: &str = "streams.total";
/// The open streams of a user.
pub const USER: &str = "streams.user";

const TICK: Duration = Duration::from_secs(1);

/// `GET /events`: a stream of events, refused before its first byte when there are too many.
///
/// # Errors
/// The limiters'.
pub async fn stream(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Failure> {
    let config = &app.config;
    let scopes = [
        Scope::new(Key::all(TOTAL)?, config.streams_total),
        Scope::new(Key::new(USER, caller.subject())?, config.streams_per_user),
    ];
    let request = LeaseRequest::new(scopes, config.stream_ttl)?;
    match app.limiters.slots().acquire(&request).await? {
        Slot::Acquired(guard) => Ok(events(Events::new(&app, &caller, guard))),
        Slot::Full(full) => Ok(refused(&request, &full)),
    }
}

/// The two caps are two different things to the caller: others take up all, or they themselves do.
fn refused(request: &LeaseRequest, full: &Full) -> Response {
    let scope = &request.scopes()[full.denied_by];
    let name = if scope.key().space() == TOTAL { "total" } else { "user" };
    let (space, in_use) = (scope.key().space(), full.in_use.get(full.denied_by).copied());
    answers::too_many("too_many_streams", name, space, scope.cap(), in_use)
}

fn events(events: Events) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::new(events)).into_response()
}

/// The body of the response. The slot lives in `end`: when the connection goes, by whichever end, the server
/// drops the body, and with it the slot's guard.
struct Events {
    hello: Option<Bytes>,
    ticks: Interval,
    ticked: u64,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Events {
    fn new(app: &App, caller: &Caller, guard: SlotGuard) -> Self {
        let closing = app.closing();
        let end = async move {
            tokio::select! {
                () = guard.lost() => tracing::warn!("a stream's lease was lost, so the stream ends"),
                () = closing => {}
            }
        };
        let mut ticks = interval_at(Instant::now() + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { hello: Some(event(&json!({"hello": caller.subject()}))), ticks, ticked: 0, end: Box::pin(end) }
    }
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(hello) = self.hello.take() {
            return Poll::Ready(Some(Ok(Frame::data(hello))));
        }
        if self.end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        ready!(self.ticks.poll_tick(cx));
        self.ticked += 1;
        Poll::Ready(Some(Ok(Frame::data(event(&json!({"tick": self.ticked}))))))
    }
}

fn event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}
