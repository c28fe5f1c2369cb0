//! Runs a test within a recorder and a listener of its own.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::runtime::Builder;
use tracing::Level;
use tracing::subscriber::with_default;

use crate::listener::Listener;

/// Where metrics and traces of a test go.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    snapshotter: Snapshotter,
    pub(crate) listener: Listener,
}

impl Scene {
    /// The metrics since this was last asked: name and labels, and a counter's or gauge's value, or how many values a
    /// histogram has.
    pub(crate) fn metrics(&self) -> BTreeMap<String, f64> {
        let taken = self.snapshotter.snapshot().into_vec();
        taken.into_iter().map(|(key, _, _, value)| (named(key.key()), number(&value))).collect()
    }

    /// The metrics of one name.
    pub(crate) fn metrics_of(&self, name: &str) -> Vec<(String, f64)> {
        let of_name = |(key, value): (String, f64)| Some((key.strip_prefix(name)?.to_owned(), value));
        self.metrics().into_iter().filter_map(of_name).filter(|(_, value)| *value != 0.0).collect()
    }
}

/// On one thread, with paused time.
pub(crate) fn play<T>(act: impl AsyncFnOnce(Scene) -> T) -> T {
    play_at(Level::TRACE, act)
}

pub(crate) fn play_at<T>(most: Level, act: impl AsyncFnOnce(Scene) -> T) -> T {
    let recorder = DebuggingRecorder::new();
    let listener = Listener::of(most);
    let scene = Scene { snapshotter: recorder.snapshotter(), listener: listener.clone() };
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let run = || with_default(listener, || runtime.block_on(act(scene)));
    metrics::with_local_recorder(&recorder, run)
}

fn named(key: &metrics::Key) -> String {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    format!("{}{{{}}}", key.name(), labels.join(","))
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn number(value: &DebugValue) -> f64 {
    match value {
        DebugValue::Counter(count) => *count as f64,
        DebugValue::Gauge(value) => value.into_inner(),
        DebugValue::Histogram(values) => values.len() as f64,
    }
}
