//! A Redis behind a network that fails, and limiters that stand before it.

use std::time::Duration;

use limiter_factory::{Limiters, from_vars};
use limiter_testkit::proxy::{Mode, Proxy};
use testservers::redis::Redis;
use tokio::time::{Instant, sleep};

/// What `LIMITER_WHEN_UNAVAILABLE` may be for all three.
pub(crate) const CHOICES: [&str; 3] = ["refuse", "allow", "memory"];

/// How long a call may take by the variables.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(300);
/// What it may take longer.
pub(crate) const LATE: Duration = Duration::from_millis(100);

const PASSWORD: &str = "hunter2";

pub(crate) struct Stage {
    server: Redis,
    proxy: Proxy,
    pub(crate) limiters: Limiters,
}

impl Stage {
    /// Limiters by these variables, besides those that say where the store is.
    pub(crate) async fn with(vars: &[(&str, &str)]) -> Self {
        let server = Redis::with(&["--requirepass", PASSWORD]).unwrap();
        let proxy = Proxy::start(server.address()).await.unwrap();
        let limiters = limiters(&proxy, vars).await;
        Self { server, proxy, limiters }
    }

    /// The same with a choice for when the store is unavailable.
    pub(crate) async fn choosing(choice: &str) -> Self {
        Self::with(&[("LIMITER_WHEN_UNAVAILABLE", choice)]).await
    }

    /// More limiters on the same store, as another process would have them.
    pub(crate) async fn others(&self, vars: &[(&str, &str)]) -> Limiters {
        limiters(&self.proxy, vars).await
    }

    pub(crate) async fn fail(&self, mode: Mode) {
        self.proxy.set(mode).await;
    }

    /// Connections that the store was asked for so far.
    pub(crate) fn connections(&self) -> u64 {
        self.proxy.counts().connections
    }

    /// Ends the failure, and waits until the store answers through the network again.
    pub(crate) async fn heal(&self) {
        self.proxy.set(Mode::Forward).await;
        let begun = Instant::now();
        while self.limiters.ping().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(5), "the store isn't found again");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Calls of scripts that the server has executed.
    pub(crate) fn scripts_run(&self) -> u64 {
        let stats = self.server.cli(&["-a", PASSWORD, "--no-auth-warning", "INFO", "commandstats"]).unwrap();
        let calls = |line: &str| line.split_once("calls=")?.1.split(',').next()?.parse::<u64>().ok();
        let evals = stats.lines().filter(|line| line.starts_with("cmdstat_evalsha:"));
        evals.filter_map(calls).sum()
    }

    /// A secret that nothing may show.
    pub(crate) const fn password() -> &'static str {
        PASSWORD
    }
}

async fn limiters(proxy: &Proxy, vars: &[(&str, &str)]) -> Limiters {
    let url = format!("redis://:{PASSWORD}@{}?response_timeout=500ms", proxy.address());
    let millis = TIMEOUT.as_millis().to_string();
    let own = [("RATE_LIMITER", "redis"), ("REDIS_URL", &*url), ("LIMITER_TIMEOUT_MS", &*millis)];
    from_vars(own.into_iter().chain(vars.iter().copied())).await.unwrap()
}
