//! The task of a proxy: takes orders, accepts connections, and carries each in a task of its own.

use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::carry::Connection;
use super::counts::Traffic;
use super::door::Door;
use super::mode::Mode;
use super::watched::Watched;

/// A mode for all connections or the next one.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) mode: Mode,
    pub(super) next: bool,
    /// Told once it is in force.
    pub(super) done: oneshot::Sender<()>,
}

/// What stands between the port and the server.
#[derive(Debug)]
pub(super) struct Link {
    upstream: Vec<SocketAddr>,
    mode: watch::Sender<Mode>,
    next: Option<Mode>,
    traffic: Traffic,
}

impl Link {
    pub(super) fn new(upstream: Vec<SocketAddr>, mode: watch::Sender<Mode>, traffic: Traffic) -> Self {
        Self { upstream, mode, next: None, traffic }
    }

    /// Runs until the proxy is dropped; the connections end with it.
    pub(super) async fn run(mut self, mut door: Door, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order, &mut door),
                    None => return,
                },
                Ok(client) = door.accept() => {
                    connections.spawn(self.connection(client).run());
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    fn obey(&mut self, order: Order, door: &mut Door) {
        if order.next {
            self.next = Some(order.mode);
        } else {
            self.turn(order.mode, door);
        }
        // Nobody waits any more where the caller's future was dropped.
        order.done.send(()).ok();
    }

    fn turn(&mut self, mode: Mode, door: &mut Door) {
        if mode.refuses() {
            door.shut();
        } else if door.open().is_err() {
            // The port is held, so only a system out of sockets comes here: then it goes on refusing.
            door.shut();
        }
        self.mode.send_replace(mode);
    }

    fn connection(&mut self, client: TcpStream) -> Connection {
        self.traffic.connected();
        // What is refused to all isn't accepted; of one alone it means that it is gone at once.
        let own = self.next.take().map(|mode| if mode.refuses() { Mode::Down } else { mode });
        let mode = Watched::new(self.mode.subscribe(), own);
        Connection::new(client, self.upstream.clone(), mode, self.traffic.clone())
    }
}
