//! Primaries that sentinels know.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use limiter_core::ErrorKind;
use redis::{FromRedisValue, Value, cmd};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::open::Open;
use super::server::{Access, Server, ask, place};
use crate::error::{Failure, Refusal};
use crate::target::{Address, Login};

/// The primary of a service, whichever server that is at the time: the sentinels are asked for each connection.
#[derive(Debug)]
pub(super) struct Sentinels {
    watchers: Vec<Server>,
    service: String,
    primary: Access,
    /// The one that was of use last is asked first.
    first: AtomicUsize,
}

impl Sentinels {
    /// `login` is for the sentinels, `primary` for what they name.
    pub(super) fn new(sentinels: &[Address], service: &str, login: &Login, primary: Access) -> Self {
        let access = Access { login: login.clone(), database: 0, ..primary.clone() };
        let server = |address: &Address| Server { address: address.clone(), access: access.clone() };
        Self {
            watchers: sentinels.iter().map(server).collect(),
            service: service.to_owned(),
            primary,
            first: AtomicUsize::new(0),
        }
    }

    /// A connection to the primary, and where that is as the sentinels say.
    pub(super) async fn open(self: &Arc<Self>) -> Result<(Open, Address), Refusal> {
        let longest = self.patience();
        let found = timeout(longest, self.search()).await;
        found.unwrap_or_else(|_| Err(Refusal::slow(longest).at(&self.describe())))
    }

    /// How long a connection may take: all that the sentinels may, and the primary.
    pub(super) fn patience(&self) -> Duration {
        2 * self.primary.timeout
    }

    pub(super) fn describe(&self) -> String {
        let addresses: Vec<_> = self.watchers.iter().map(|server| place(&server.address)).collect();
        let (service, database) = (&self.service, self.primary.database);
        format!("redis service {service}, database {database}, of the sentinels at {}", addresses.join(", "))
    }

    async fn search(self: &Arc<Self>) -> Result<(Open, Address), Refusal> {
        let mut refusal = None;
        let mut tried = Vec::new();
        let mut asked = self.ask_all();
        while let Some(Ok((sentinel, named))) = asked.join_next().await {
            match named {
                // Some may not have heard yet of a failover.
                Ok(named) if tried.contains(&named) => {}
                Ok(named) => match self.open_primary(&named).await {
                    Ok(open) => {
                        self.prefer(sentinel);
                        return Ok((open, named));
                    }
                    Err(refused) => {
                        tried.push(named);
                        refusal = Some(refused);
                    }
                },
                Err(refused) => refusal = refusal.filter(|_: &Refusal| !tried.is_empty()).or(Some(refused)),
            }
        }
        Err(refusal.unwrap_or_else(|| Refusal::new(ErrorKind::Config, "no sentinel is named")))
    }

    /// Asks one after the other, without waiting long for one that hangs.
    fn ask_all(self: &Arc<Self>) -> JoinSet<(usize, Result<Address, Refusal>)> {
        let (first, count) = (self.first.load(Ordering::Relaxed), self.watchers.len());
        let mut asked = JoinSet::new();
        let mut head_start = Duration::ZERO;
        for sentinel in (0..count).map(|turn| (first + turn) % count) {
            let asking = Arc::clone(self);
            asked.spawn(async move {
                sleep(head_start).await;
                (sentinel, asking.named_by(sentinel, &mut None).await)
            });
            head_start += self.primary.timeout / 10;
        }
        asked
    }

    /// The next time that sentinel is asked first.
    pub(super) fn prefer(&self, sentinel: usize) {
        self.first.store(sentinel, Ordering::Relaxed);
    }

    /// How many sentinels there are.
    pub(super) fn count(&self) -> usize {
        self.watchers.len()
    }

    /// What a sentinel says is the primary, over the connection to it that was kept, which is kept again.
    pub(super) async fn named_by(
        &self,
        sentinel: usize,
        kept: &mut Option<Open>,
    ) -> Result<Address, Refusal> {
        let sentinel = &self.watchers[sentinel];
        let open = match kept.take() {
            Some(open) => open,
            None => sentinel.open().await?,
        };
        let named = timeout(sentinel.access.timeout, self.named_over(&open)).await;
        let named = named.unwrap_or_else(|_| Err(Refusal::slow(sentinel.access.timeout)));
        *kept = named.is_ok().then_some(open);
        named.map_err(|refusal| refusal.at(&format!("sentinel at {}", place(&sentinel.address))))
    }

    async fn named_over(&self, open: &Open) -> Result<Address, Refusal> {
        let question = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.service).to_owned();
        let answer = ask(open, &question).await.map_err(Failure::into_refusal)?;
        if answer == Value::Nil {
            let text = format!("it knows no service {}; see SENTINEL MASTERS there", self.service);
            return Err(Refusal::new(ErrorKind::Config, text));
        }
        match <(String, u16)>::from_redis_value(answer) {
            Ok((host, port)) => Ok(Address { host, port }),
            Err(_) => Err(Refusal::new(ErrorKind::Protocol, "it gave no address")),
        }
    }

    /// A connection to a server that says itself that it is the primary.
    pub(super) async fn open_primary(&self, address: &Address) -> Result<Open, Refusal> {
        let server = Server { address: address.clone(), access: self.primary.clone() };
        let open = server.open().await?;
        let role =
            timeout(self.primary.timeout, ask(&open, &cmd("ROLE"))).await.unwrap_or(Err(Failure::TimedOut));
        match role {
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
