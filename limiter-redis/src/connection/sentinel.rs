//! Primaries that sentinels know.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use limiter_core::ErrorKind;
use redis::{FromRedisValue, Value, cmd};
use tokio::time::timeout;

use super::open::Open;
use super::server::{Access, Server, ask, place};
use crate::error::{Failure, Refusal};
use crate::target::{Address, Login};

/// The primary of a service, whichever server that is at the time: the sentinels are asked for each connection.
#[derive(Debug)]
pub(super) struct Sentinels {
    sentinels: Vec<Server>,
    service: String,
    primary: Access,
    /// The one that was of use last is asked first.
    first: AtomicUsize,
}

impl Sentinels {
    /// `login` is for the sentinels, `primary` for what they name.
    pub(super) fn new(sentinels: &[Address], service: &str, login: &Login, primary: Access) -> Self {
        // One of them that hangs leaves time for the others.
        let timeout = primary.timeout / 4;
        let access = Access { login: login.clone(), database: 0, tls: primary.tls.clone(), timeout };
        let server = |address: &Address| Server { address: address.clone(), access: access.clone() };
        Self {
            sentinels: sentinels.iter().map(server).collect(),
            service: service.to_owned(),
            primary,
            first: AtomicUsize::new(0),
        }
    }

    /// A connection to the primary.
    pub(super) async fn open(&self) -> Result<Open, Refusal> {
        let longest = self.patience();
        match timeout(longest, self.search()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refusal::slow(longest).at(&self.describe())),
        }
    }

    /// How long a connection may take: all that the sentinels may, and the primary.
    pub(super) fn patience(&self) -> Duration {
        2 * self.primary.timeout
    }

    pub(super) fn describe(&self) -> String {
        let addresses: Vec<_> = self.sentinels.iter().map(|server| place(&server.address)).collect();
        let (service, database) = (&self.service, self.primary.database);
        format!("redis service {service}, database {database}, of the sentinels at {}", addresses.join(", "))
    }

    async fn search(&self) -> Result<Open, Refusal> {
        let (first, count) = (self.first.load(Ordering::Relaxed), self.sentinels.len());
        let mut refusal = Refusal::new(ErrorKind::Config, "no sentinel is named");
        let mut tried = Vec::new();
        for turn in 0..count {
            let asked = (first + turn) % count;
            refusal = match self.named_by(&self.sentinels[asked]).await {
                // Some may not have heard yet of a failover.
                Ok(named) if tried.contains(&named) => continue,
                Ok(named) => match self.open_primary(named.clone()).await {
                    Ok(open) => {
                        self.first.store(asked, Ordering::Relaxed);
                        return Ok(open);
                    }
                    Err(refusal) => {
                        tried.push(named);
                        refusal
                    }
                },
                Err(refusal) if tried.is_empty() => refusal,
                Err(_) => continue,
            };
        }
        Err(refusal)
    }

    /// What that sentinel says is the primary.
    async fn named_by(&self, sentinel: &Server) -> Result<Address, Refusal> {
        let name = format!("sentinel at {}", place(&sentinel.address));
        let open = sentinel.open().await?;
        let question = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.service).to_owned();
        let answer = timeout(sentinel.access.timeout, ask(&open, &question)).await;
        let answer = answer.map_err(|_| Refusal::slow(sentinel.access.timeout).at(&name))?;
        let answer = answer.map_err(|failure| failure.into_refusal().at(&name))?;
        if answer == Value::Nil {
            let text = format!("it knows no service {}; see SENTINEL MASTERS there", self.service);
            return Err(Refusal::new(ErrorKind::Config, text).at(&name));
        }
        match <(String, u16)>::from_redis_value(answer) {
            Ok((host, port)) => Ok(Address { host, port }),
            Err(_) => Err(Refusal::new(ErrorKind::Protocol, "it gave no address").at(&name)),
        }
    }

    /// A connection to a server that says itself that it is the primary.
    async fn open_primary(&self, address: Address) -> Result<Open, Refusal> {
        let server = Server { address, access: self.primary.clone() };
        let open = server.open().await?;
        let role = timeout(self.primary.timeout, ask(&open, &cmd("ROLE"))).await;
        match role.map_err(|_| Failure::TimedOut).flatten() {
            Ok(role) if is_primary(&role) => Ok(open),
            // Who may not ask takes the sentinels' word for it; a replica takes no writes anyway.
            Err(failure) if failure.is_no_permission() => Ok(open),
            Ok(_) => {
                Err(Refusal::new(ErrorKind::Unavailable, "it isn't the primary; is a failover under way?")
                    .at(&server.describe()))
            }
            Err(failure) => Err(failure.into_refusal().at(&server.describe())),
        }
    }
}

fn is_primary(role: &Value) -> bool {
    match role {
        Value::Array(parts) => matches!(parts.first(), Some(Value::BulkString(role)) if role == b"master"),
        _ => false,
    }
}
