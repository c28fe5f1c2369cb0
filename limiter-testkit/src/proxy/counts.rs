//! What has passed through a proxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What has passed through a [`Proxy`](super::Proxy) so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that were accepted.
    pub connections: u64,
    /// Bytes of requests that the server was sent.
    pub bytes_to_server: u64,
    /// Bytes of replies that clients were sent.
    pub bytes_to_clients: u64,
    /// Requests that the server answered and of which the reply was swallowed: it has executed them. What a client
    /// sends before the reply comes counts as one request.
    pub requests_swallowed: u64,
}

/// The same while it is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic(Arc<Atomics>);

#[derive(Debug, Default)]
struct Atomics {
    connections: AtomicU64,
    bytes_to_server: AtomicU64,
    bytes_to_clients: AtomicU64,
    requests_swallowed: AtomicU64,
}

impl Traffic {
    pub(super) fn counts(&self) -> Counts {
        let Atomics { connections, bytes_to_server, bytes_to_clients, requests_swallowed } = &*self.0;
        Counts {
            connections: connections.load(Ordering::SeqCst),
            bytes_to_server: bytes_to_server.load(Ordering::SeqCst),
            bytes_to_clients: bytes_to_clients.load(Ordering::SeqCst),
            requests_swallowed: requests_swallowed.load(Ordering::SeqCst),
        }
    }

    pub(super) fn connected(&self) {
        self.0.connections.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn to_server(&self, bytes: usize) {
        self.0.bytes_to_server.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    pub(super) fn to_client(&self, bytes: usize) {
        self.0.bytes_to_clients.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    pub(super) fn swallowed(&self) {
        self.0.requests_swallowed.fetch_add(1, Ordering::SeqCst);
    }
}
