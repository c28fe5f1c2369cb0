//! What the server has used.

use std::ops::Sub;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use super::PATIENCE;

/// A connection that asks the server about itself.
pub(crate) struct Server(MultiplexedConnection);

/// Microseconds, from the server's start until then.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    pub(crate) scripts: f64,
    pub(crate) processor: f64,
}

impl Server {
    pub(crate) async fn connect(url: &str) -> Self {
        Self(connection(url).await)
    }

    pub(crate) async fn used(&mut self) -> Used {
        let info: String =
            redis::cmd("INFO").arg("commandstats").arg("cpu").query_async(&mut self.0).await.unwrap();
        let evalsha = value(&info, "cmdstat_evalsha:").and_then(|stats| value(stats, "usec="));
        let seconds = |name| number(value(&info, name)) * 1e6;
        Used { scripts: number(evalsha), processor: seconds("used_cpu_user:") + seconds("used_cpu_sys:") }
    }
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { scripts: self.scripts - earlier.scripts, processor: self.processor - earlier.processor }
    }
}

/// A connection as the library makes it, but for its patience.
pub(super) async fn connection(url: &str) -> MultiplexedConnection {
    let settings = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection_with_config(&settings).await.unwrap()
}

/// What stands after a name, up to the end of the line.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(name)?;
    after.lines().next()
}

/// The number at the beginning; 0 for what the server hasn't done yet.
fn number(text: Option<&str>) -> f64 {
    let text = text.unwrap_or_default();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    text[..end].parse().unwrap_or(0.0)
}
