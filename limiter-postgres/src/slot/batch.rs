//! Renews and releases many leases at once. Where somebody holds a row, the leases that need it are parted from the others,
//! which don't wait for it.

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

/// A lease as it is sent.
#[derive(Clone, Debug)]
struct Entry {
    /// Its place among all that are asked about.
    place: usize,
    id: String,
    ttl_ms: i64,
    rows: Vec<Vec<u8>>,
}

/// Leases that go in one call.
#[derive(Clone, Debug, Default)]
struct Batch {
    entries: Vec<Entry>,
    /// Whether it waits for rows that somebody else holds.
    waits: bool,
}

/// What came of a call.
#[derive(Debug)]
enum Told {
    /// For each lease whether it is live, or was.
    Live(Vec<bool>),
    /// Somebody else holds this row: nothing was done.
    Held(Vec<u8>),
}

/// Answers for each lease whether it is live, or was. Goes on where a call fails; tells the first failure.
pub(super) async fn run(store: &Store, durable: bool, verb: Verb, leases: &[Lease]) -> Result<Vec<bool>> {
    let (mut live, mut any_done, mut failure) = (vec![false; leases.len()], false, None);
    let mut under_way = JoinSet::new();
    let mut next = batches(store, leases);
    loop {
        for batch in next.drain(..) {
            let store = store.clone();
            under_way.spawn(async move { (send(&store, durable, verb, &batch).await, batch) });
        }
        let Some(ended) = under_way.join_next().await else { break };
        match ended.map_err(|ended| ended_with_its_runtime(verb.name(), ended))? {
            (Ok(Told::Live(told)), batch) => {
                any_done = true;
                for (entry, told) in batch.entries.iter().zip(told) {
                    live[entry.place] = told;
                }
            }
            (Ok(Told::Held(row)), batch) => next = batch.parted(&row),
            (Err(error), _) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        None => Ok(live),
        Some(error) => Err(if any_done { error.possibly_charged() } else { error }),
    }
}

/// One call.
async fn send(store: &Store, durable: bool, verb: Verb, batch: &Batch) -> Result<Told> {
    let (rows, call) = (batch.rows(), batch.call(verb));
    let told = if batch.waits || batch.entries.len() == 1 {
        store.change(durable, &rows, call).await?
    } else {
        match store.change_now(durable, call).await? {
            Ok(told) => told,
            Err(place) => {
                let row = rows.into_iter().nth(place.saturating_sub(1));
                return row.map(Told::Held).ok_or_else(|| unexpected("names a row that wasn't asked for"));
            }
        }
    };
    let live = answers(&told, batch.entries.len());
    live.map(Told::Live).map_err(|error| error.with_operation(verb.name()).possibly_charged())
}

/// Leases in their order, no more in one call than is good for others.
fn batches(store: &Store, leases: &[Lease]) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (place, lease) in leases.iter().enumerate() {
        let rows = lease.keys().iter().map(|key| store.names.key(key)).collect();
        let (id, ttl_ms) = (lease.id().to_string(), lease.ttl_ms().cast_signed());
        let entry = Entry { place, id, ttl_ms, rows };
        match batches.last_mut() {
            Some(batch) if batch.has_room_for(&entry) => batch.entries.push(entry),
            _ => batches.push(Batch { entries: vec![entry], waits: false }),
        }
    }
    batches
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
}

impl Batch {
    fn has_room_for(&self, entry: &Entry) -> bool {
        let keys: usize = self.entries.iter().map(|entry| entry.rows.len()).sum();
        self.entries.len() < MOST_LEASES && keys + entry.rows.len() <= MOST_KEYS
    }

    /// Its rows, each once, in the order in which they come first.
    fn rows(&self) -> Vec<Vec<u8>> {
        let mut seen = HashSet::new();
        let rows = self.entries.iter().flat_map(|entry| &entry.rows);
        rows.filter(|row| seen.insert(*row)).cloned().collect()
    }

    fn call(&self, verb: Verb) -> Call {
        let of = |number: fn(&Entry) -> i64| Argument::Numbers(self.entries.iter().map(number).collect());
        // At most 64.
        let counts = of(|entry| i64::try_from(entry.rows.len()).unwrap_or(i64::MAX));
        let ids = self.entries.iter().map(|entry| entry.id.clone()).collect();
        let call = Call::new(verb.name(), verb.name(), true).with(Argument::Ids(ids)).with(counts);
        let call = match verb {
            Verb::Renew => call.with(of(|entry| entry.ttl_ms)),
            Verb::Release => call,
        };
        call.with(Argument::Keys(self.entries.iter().flat_map(|entry| entry.rows.clone()).collect()))
    }

    /// Those that need a row and wait for it, and the others.
    fn parted(self, row: &[u8]) -> Vec<Self> {
        let needs = |entry: &Entry| entry.rows.iter().any(|other| other == row);
        let (waiting, others): (Vec<_>, Vec<_>) = self.entries.into_iter().partition(needs);
        let batches = [Self { entries: waiting, waits: true }, Self { entries: others, waits: false }];
        batches.into_iter().filter(|batch| !batch.entries.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(place: usize, rows: &[u8]) -> Entry {
        let rows = rows.iter().map(|row| vec![*row]).collect();
        Entry { place, id: place.to_string(), ttl_ms: 1, rows }
    }

    fn batch(entries: Vec<Entry>) -> Batch {
        Batch { entries, waits: false }
    }

    #[test]
    fn no_call_holds_more_than_is_good_for_others() {
        let many = |leases: usize, keys: usize| {
            batch((0..leases).map(|place| entry(place, &vec![1; keys])).collect())
        };
        assert!(many(99, 1).has_room_for(&entry(0, &[1])) && !many(100, 1).has_room_for(&entry(0, &[1])));
        assert!(many(3, 64).has_room_for(&entry(0, &[1; 64])) && !many(4, 64).has_room_for(&entry(0, &[1])));
        assert!(
            many(2, 100).has_room_for(&entry(0, &[1; 56])) && !many(2, 100).has_room_for(&entry(0, &[1; 57]))
        );
    }

    #[test]
    fn rows_are_named_once_in_the_order_in_which_they_come_first() {
        let batch = batch(vec![entry(0, &[3, 1]), entry(1, &[2, 3]), entry(2, &[1])]);
        assert_eq!(batch.rows(), [[3], [1], [2]]);
    }

    #[test]
    fn those_that_need_a_row_are_parted_from_the_others() {
        let places = |batch: &Batch| batch.entries.iter().map(|entry| entry.place).collect::<Vec<_>>();
        let all = batch(vec![entry(0, &[3, 1]), entry(1, &[2]), entry(2, &[1])]);
        let parted = all.clone().parted(&[1]);
        assert_eq!(parted.iter().map(places).collect::<Vec<_>>(), [vec![0, 2], vec![1]]);
        assert_eq!(parted.iter().map(|batch| batch.waits).collect::<Vec<_>>(), [true, false]);
        let all = batch(vec![entry(0, &[1]), entry(1, &[1, 2])]);
        let parted = all.parted(&[1]);
        assert_eq!(parted.iter().map(places).collect::<Vec<_>>(), [vec![0, 1]]);
    }
}
