//! Connections from a client that the application has made.

use std::time::Duration;

use redis::aio::SendError;
use redis::{ConnectionInfo, ProtocolVersion, PushInfo, PushKind};
use tokio::time::timeout;

use super::open::{End, Open};
use super::server::{greet, settings};
use crate::error::{Failure, Refusal};

/// A client that the application has made, with its own settings.
#[derive(Debug)]
pub(super) struct Client {
    info: ConnectionInfo,
    pub(super) timeout: Duration,
}

impl Client {
    pub(super) fn new(client: &redis::Client, timeout: Duration) -> Self {
        Self { info: client.get_connection_info().clone(), timeout }
    }

    pub(super) async fn open(&self) -> Result<Open, Refusal> {
        let opened = timeout(self.timeout, async {
            let open = match self.dial(ProtocolVersion::RESP3).await {
                Err(error) if Failure::declines_resp3(&error) => self.dial(ProtocolVersion::RESP2).await,
                opened => opened,
            };
            let open = open.map_err(|error| Refusal::by_client(&error))?;
            greet(&open).await.map(|()| open)
        });
        match opened.await {
            Ok(outcome) => outcome.map_err(|refusal| refusal.at(&self.describe())),
            Err(_) => Err(Refusal::slow(self.timeout).at(&self.describe())),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("redis at {}, database {}", self.info.addr(), self.info.redis_settings().db())
    }

    /// By RESP3 the library tells when a connection is lost that nobody uses at the time.
    async fn dial(&self, protocol: ProtocolVersion) -> redis::RedisResult<Open> {
        let login = self.info.redis_settings().clone().set_protocol(protocol);
        let client = redis::Client::open(self.info.clone().set_redis_settings(login))?;
        let end = End::default();
        let mut settings = settings();
        if protocol == ProtocolVersion::RESP3 {
            let end = end.clone();
            settings = settings.set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    end.come();
                }
                Ok::<(), SendError>(())
            });
        }
        let connection = client.get_multiplexed_async_connection_with_config(&settings).await?;
        Ok(Open::new(connection, end, None))
    }
}
