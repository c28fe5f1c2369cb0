//! From the first connection to the last lease.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use limiter_factory::Limiters;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::app::App;
use crate::config::Config;
use crate::{answers, chat, events, scan, usage, widget};

/// How long requests that are under way may take to end once the gateway shuts down.
const GRACE: Duration = Duration::from_secs(3);
/// How long the leases may take to drain after that.
const DRAIN: Duration = Duration::from_secs(1);

/// Serves until `shutdown` completes; then stops accepting, ends open streams, lets running requests end for up
/// to 3 s, and releases every lease.
///
/// # Errors
/// The listener's, or that the leases couldn't be drained.
///
/// # Cancellation
/// Dropping it stops accepting and leaves leases to their TTL.
pub async fn serve(
    listener: TcpListener,
    limiters: Limiters,
    config: Config,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let app = Arc::new(App::new(limiters, config));
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(app.closing());
    let mut server = pin!(server.into_future());
    tokio::select! {
        ended = &mut server => return ended,
        () = shutdown => app.close(),
    }
    let ending = async {
        let ended = server.await;
        app.idle().await;
        ended
    };
    if let Ok(ended) = timeout(GRACE, ending).await {
        ended?;
    } else {
        tracing::warn!("some requests didn't end within {GRACE:?}");
    }
    drain(&app.limiters).await
}

async fn drain(limiters: &Limiters) -> io::Result<()> {
    match timeout(DRAIN, limiters.shutdown()).await {
        Ok(drained) => drained.map_err(io::Error::other),
        Err(_) => Err(io::Error::other(format!("the leases didn't drain within {DRAIN:?}"))),
    }
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/chat/message", post(chat::message))
        .route("/events", get(events::stream))
        .route("/scan", post(scan::reserved))
        .route("/scan/quick", post(scan::quick))
        .route("/widget/keys/resolve", post(widget::resolve))
        .route("/usage/{user}", get(usage::of_user))
        .route("/health", get(usage::health))
        .fallback(answers::not_found)
        .method_not_allowed_fallback(answers::not_found)
        .with_state(app)
}
