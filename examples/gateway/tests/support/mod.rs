//! A gateway in this process, and a client that speaks to it over real sockets.
#![allow(dead_code, reason = "each test uses its own part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on ends")]

pub(crate) mod down;
pub(crate) mod http;
pub(crate) mod settles;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gateway::Config;
use limiter_factory::{Backend, Clock, Limiters};
use limiter_memory::MemoryBackend;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use self::http::{Request, get};

/// A gateway that serves until it is stopped.
pub(crate) struct Gateway {
    pub(crate) addr: SocketAddr,
    pub(crate) limiters: Limiters,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Gateway {
    /// One that counts in this process.
    pub(crate) async fn start(vars: &[(&str, &str)]) -> Self {
        Self::on(memory(), vars).await
    }

    /// One that counts in a backend of the test's own.
    pub(crate) async fn on(backend: Backend, vars: &[(&str, &str)]) -> Self {
        let config = Config::from_vars(vars.iter().copied()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let limiters = Limiters::from_backend(backend);
        let ended = tokio::spawn(gateway::serve(listener, limiters.clone(), config, shutdown));
        Self { addr, limiters, stop, ended }
    }

    /// Stops it, and waits until it has ended; tells how long that took.
    pub(crate) async fn stop(self) -> Duration {
        let asked = Instant::now();
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        asked.elapsed()
    }

    pub(crate) async fn send(&self, request: Request) -> http::Answer {
        request.send(self.addr).await
    }

    /// What `/usage` tells of a user.
    pub(crate) async fn usage(&self, user: &str) -> Value {
        let answer = self.send(get(&format!("/usage/{user}"))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

/// A memory backend.
pub(crate) fn memory() -> Backend {
    limiter_memory::backend(limiter_memory::Config::default()).unwrap()
}

/// A memory backend on a clock of the test's own.
pub(crate) fn on_clock(clock: impl Clock) -> Backend {
    let config = limiter_memory::Config::default();
    let backend = MemoryBackend::with_clock(config, Arc::new(clock)).unwrap();
    Backend::new("memory", Arc::new(backend))
}

/// Asks until the answer is as it should be, for up to a time.
pub(crate) async fn within<T, F>(time: Duration, mut ask: impl FnMut() -> F, good: impl Fn(&T) -> bool) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    let until = Instant::now() + time;
    loop {
        let answer = ask().await;
        if good(&answer) {
            return answer;
        }
        assert!(Instant::now() < until, "after {time:?} it still is {answer:?}");
        sleep(Duration::from_millis(5)).await;
    }
}
