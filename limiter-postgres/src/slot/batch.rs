//! Renews and releases many leases at once.

use std::collections::HashSet;

use limiter_core::{Lease, Result};
use sqlx::postgres::PgRow;
use tokio::task::JoinSet;

use crate::call::{Argument, Call};
use crate::reply::{column, unexpected};
use crate::store::Store;
use crate::task::ended_with_its_runtime;

/// The most leases and the most keys in one call, so that no call holds others up for long.
const MOST_LEASES: usize = 100;
const MOST_KEYS: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Renew,
    Release,
}

/// Leases that go in one call.
#[derive(Debug, Default)]
struct Batch {
    ids: Vec<String>,
    /// For each lease how many keys it has.
    counts: Vec<i64>,
    ttls: Vec<i64>,
    /// One lease's after the other's.
    keys: Vec<Vec<u8>>,
}

/// Answers for each lease whether it is live, or was.
pub(super) async fn run(store: &Store, durable: bool, verb: Verb, leases: &[Lease]) -> Result<Vec<bool>> {
    let mut batches = batches(store, leases);
    match batches.len() {
        0 => Ok(Vec::new()),
        1 => send(store, durable, verb, batches.remove(0)).await,
        _ => send_all(store, durable, verb, batches).await,
    }
}

/// Sends all batches at once. Goes on where one fails; tells the first failure.
async fn send_all(store: &Store, durable: bool, verb: Verb, batches: Vec<Batch>) -> Result<Vec<bool>> {
    let mut answers: Vec<_> = batches.iter().map(|_| Ok(Vec::new())).collect();
    let mut under_way = JoinSet::new();
    for (place, batch) in batches.into_iter().enumerate() {
        let store = store.clone();
        under_way.spawn(async move { (place, send(&store, durable, verb, batch).await) });
    }
    while let Some(ended) = under_way.join_next().await {
        let (place, answer) = ended.map_err(|ended| ended_with_its_runtime(verb.name(), ended))?;
        answers[place] = answer;
    }
    let any_done = answers.iter().any(Result::is_ok);
    let live = answers.into_iter().collect::<Result<Vec<_>>>();
    live.map(|live| live.concat()).map_err(|error| if any_done { error.possibly_charged() } else { error })
}

/// One call.
async fn send(store: &Store, durable: bool, verb: Verb, batch: Batch) -> Result<Vec<bool>> {
    let (count, rows) = (batch.ids.len(), each_once(&batch.keys));
    let told = store.change(durable, &rows, verb.call(batch)).await?;
    answers(&told, count).map_err(|error| error.with_operation(verb.name()).possibly_charged())
}

/// Leases in their order, no more in one call than is good for others.
fn batches(store: &Store, leases: &[Lease]) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for lease in leases {
        match batches.last_mut() {
            Some(batch) if batch.has_room_for(lease) => batch.push(store, lease),
            _ => {
                let mut batch = Batch::default();
                batch.push(store, lease);
                batches.push(batch);
            }
        }
    }
    batches
}

/// Keys in the order in which they come first.
fn each_once(keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut seen = HashSet::new();
    keys.iter().filter(|key| seen.insert(*key)).cloned().collect()
}

fn answers(rows: &[PgRow], count: usize) -> Result<Vec<bool>> {
    let [row] = rows else {
        return Err(unexpected("isn't one row"));
    };
    let live: Vec<bool> = column(row, "live")?;
    if live.len() == count { Ok(live) } else { Err(unexpected("isn't a yes or no for each lease")) }
}

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Renew => "renew",
            Self::Release => "release",
        }
    }

    fn call(self, batch: Batch) -> Call {
        let call = Call::new(self.name(), self.name(), true).with(Argument::Ids(batch.ids));
        let call = call.with(Argument::Numbers(batch.counts));
        let call = match self {
            Self::Renew => call.with(Argument::Numbers(batch.ttls)),
            Self::Release => call,
        };
        call.with(Argument::Keys(batch.keys))
    }
}

impl Batch {
    fn has_room_for(&self, lease: &Lease) -> bool {
        self.ids.len() < MOST_LEASES && self.keys.len() + lease.keys().len() <= MOST_KEYS
    }

    fn push(&mut self, store: &Store, lease: &Lease) {
        self.ids.push(lease.id().to_string());
        // At most 64.
        self.counts.push(i64::try_from(lease.keys().len()).unwrap_or(i64::MAX));
        self.ttls.push(lease.ttl_ms().cast_signed());
        self.keys.extend(lease.keys().iter().map(|key| store.names.key(key)));
    }
}
