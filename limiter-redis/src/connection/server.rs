//! How one server is connected to.

use std::io;
use std::time::Duration;

use limiter_core::ErrorKind;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::socket2::{SockRef, TcpKeepalive};
use redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, Value, cmd};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::open::{End, Open};
use super::tls::Tls;
use crate::error::{Failure, Refusal};
use crate::target::{Address, Login};

/// How many calls may wait to be written.
const QUEUE: usize = 1024;
/// How many bytes are written at once, before more is taken from the queue.
const WRITE_BYTES: usize = 64 * 1024;
/// A peer that vanished without a word is noticed after this while of silence and a few probes,
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(15))
    .with_interval(Duration::from_secs(5))
    .with_retries(3);
/// or when what was sent to it isn't acknowledged for so long.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// One server, and how to get in.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) access: Access,
}

/// How to get into a server, wherever it is.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) login: Login,
    pub(super) database: i64,
    pub(super) tls: Option<Tls>,
    /// For all that it takes: the name, the connection, TLS, the greeting.
    pub(super) timeout: Duration,
}

impl Server {
    /// A connection that is logged in, to a server that answers.
    pub(super) async fn open(&self) -> Result<Open, Refusal> {
        let opened = timeout(self.access.timeout, async {
            let open = self.dial().await?;
            self.log_in(&open).await?;
            greet(&open).await.map(|()| open)
        });
        match opened.await {
            Ok(outcome) => outcome.map_err(|refusal| refusal.at(&self.describe())),
            Err(_) if self.access.tls.is_some() => Err(Refusal::slow(self.access.timeout)
                .or("does it speak TLS at this port?")
                .at(&self.describe())),
            Err(_) => Err(Refusal::slow(self.access.timeout).at(&self.describe())),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("redis at {}, database {}", place(&self.address), self.access.database)
    }

    async fn dial(&self) -> Result<Open, Refusal> {
        let Address { host, port } = &self.address;
        let stream = reach(host, *port, self.access.timeout).await.map_err(|error| Refusal::io(&error))?;
        settle(&stream).map_err(|error| Refusal::io(&error))?;
        match &self.access.tls {
            None => over(stream).await,
            Some(tls) => over(tls.connect(host, stream).await?).await,
        }
    }

    async fn log_in(&self, open: &Open) -> Result<(), Refusal> {
        let Login { user, password } = &self.access.login;
        if let Some(password) = password {
            let mut auth = cmd("AUTH");
            auth.arg(user.as_deref()).arg(password);
            ask(open, &auth).await.map_err(Failure::into_login_refusal)?;
        }
        if self.access.database != 0 {
            let select = cmd("SELECT").arg(self.access.database).to_owned();
            ask(open, &select)
                .await
                .map_err(|failure| failure.into_database_refusal(self.access.database))?;
        }
        Ok(())
    }
}

/// An address in words.
pub(super) fn place(Address { host, port }: &Address) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Finds out whether the server answers commands: it may still be loading, or ask for a password.
pub(super) async fn greet(open: &Open) -> Result<(), Refusal> {
    match ask(open, &cmd("PING")).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.is_no_permission() => Ok(()),
        Err(Failure::Lost(_)) => {
            let text = "it ended the connection before it answered; has it as many clients as its maxclients allows, or \
                        does it ask for TLS?";
            Err(Refusal::new(ErrorKind::Unavailable, text))
        }
        Err(failure) => Err(failure.into_refusal()),
    }
}

/// A command of the greeting.
pub(super) async fn ask(open: &Open, command: &Cmd) -> Result<Value, Failure> {
    match open.clone().send(command).await {
        Ok(Value::ServerError(error)) => Err(Failure::Answer(error)),
        Ok(value) => Ok(value),
        Err(error) => Err(Failure::broken(&error)),
    }
}

/// A name may stand for several addresses: one that is silent leaves the others their share of the time.
async fn reach(host: &str, port: u16, allowed: Duration) -> io::Result<TcpStream> {
    let addresses: Vec<_> = lookup_host((host, port)).await?.collect();
    let share = allowed / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "its name stands for no address");
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::Error::new(io::ErrorKind::TimedOut, format!("{address} is silent")),
        }
    }
    Err(failed)
}

fn settle(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    socket.set_tcp_keepalive(&KEEPALIVE)
}

/// Requests and answers over a stream, many at a time.
async fn over<S>(stream: S) -> Result<Open, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Logging in is done by ourselves: the library takes whatever a server says then for a wrong password.
    let bare = RedisConnectionInfo::default().set_skip_set_lib_name();
    let connected = MultiplexedConnection::new_with_config(&bare, stream, settings());
    let (connection, driver) = connected.await.map_err(|error| Failure::broken(&error).into_refusal())?;
    let end = End::default();
    let at_the_end = Ending(end.clone());
    let driver = tokio::spawn(async move {
        let _at_the_end = at_the_end;
        driver.await;
    });
    Ok(Open::new(connection, end, Some(driver.abort_handle())))
}

/// The timeouts are kept by whoever calls.
pub(super) fn settings() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None)
        .set_pipeline_buffer_size(QUEUE)
        .set_write_backpressure_boundary(WRITE_BYTES)
}

/// Tells of the end however the task ends.
struct Ending(End);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.come();
    }
}
