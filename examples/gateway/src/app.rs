//! What every handler shares.

use limiter_factory::Limiters;
use tokio::sync::watch;

use crate::config::Config;

/// The limiters, the settings, and whether the gateway is about to end.
#[derive(Debug)]
pub struct App {
    /// Rates, slots and quotas.
    pub limiters: Limiters,
    /// How much of them.
    pub config: Config,
    closing: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

impl App {
    /// An app that is open.
    pub fn new(limiters: Limiters, config: Config) -> Self {
        Self { limiters, config, closing: watch::Sender::new(false), running: watch::Sender::new(0) }
    }

    /// Tells everything that waits for [`App::closing`] to end.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Completes once the gateway is about to end.
    pub fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.closing.subscribe();
        async move {
            // An error says that the app has gone, which is as good as closing.
            drop(closing.wait_for(|closing| *closing).await);
        }
    }

    /// Marks work that outlives its request as running, for as long as the mark lives.
    #[must_use = "the work counts as running for as long as the mark lives"]
    pub fn running(&self) -> Running {
        self.running.send_modify(|running| *running += 1);
        Running(self.running.clone())
    }

    /// Completes once no such work runs.
    pub async fn idle(&self) {
        let mut running = self.running.subscribe();
        drop(running.wait_for(|running| *running == 0).await);
    }
}

/// A mark that work is running.
#[derive(Debug)]
pub struct Running(watch::Sender<usize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}
