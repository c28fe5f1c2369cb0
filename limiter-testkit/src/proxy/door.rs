//! The port of a proxy, which can be shut without being lost to somebody else.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A port on which connections are accepted or refused.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    /// Bound and never listening: keeps the port while nobody listens on it.
    _held: TcpSocket,
    listener: Option<TcpListener>,
}

impl Door {
    /// A free port of the loopback interface.
    pub(super) fn open_anywhere() -> io::Result<Self> {
        let held = bound((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = held.local_addr()?;
        let listener = Some(bound(address)?.listen(BACKLOG)?);
        Ok(Self { address, _held: held, listener })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on connections are refused, those included that wait to be accepted.
    pub(super) fn shut(&mut self) {
        self.listener = None;
    }

    pub(super) fn open(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            self.listener = Some(bound(self.address)?.listen(BACKLOG)?);
        }
        Ok(())
    }

    /// The next connection; never while it is shut.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match &self.listener {
            Some(listener) => listener.accept().await.map(|(client, _)| client),
            None => pending().await,
        }
    }
}

/// A socket that shares its port with the other one of the door.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}
