//! Renews and releases many leases at once: one call for those whose keys live together.
//!
//! A lease whose keys don't is renewed piece by piece; if a piece is lost, the others are released.

use std::collections::BTreeMap;

use limiter_core::{Error, Lease, LeaseId, Result};
use redis::Value;
use tokio::task::JoinSet;

use super::keys::keys_of;
use crate::key::tag;
use crate::reply::{numbers, unexpected};
use crate::script::{Script, script};
use crate::store::{Store, Words};
use crate::task::{ended_with_its_runtime, to_its_end};

static RENEW: Script = script!("renew");
static RELEASE: Script = script!("release");

/// The most leases and the most keys in one call, so that no call keeps the server to itself.
const MOST_LEASES: usize = 100;
const MOST_KEYS: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Renew,
    Release,
}

/// Those keys of a lease that live together.
#[derive(Debug)]
struct Piece {
    /// The place of the lease.
    lease: usize,
    id: LeaseId,
    names: Vec<String>,
    ttl_ms: u64,
}

/// Answers for each lease whether it is live, or was.
pub(super) async fn run(store: &Store, verb: Verb, leases: &[Lease]) -> Result<Vec<bool>> {
    let mut batches = together(store, pieces(store, leases));
    match batches.len() {
        0 => Ok(Vec::new()),
        1 => send(store, verb, &batches.remove(0)).await,
        _ => {
            let (store, count) = (store.clone(), leases.len());
            let patience = store.connection.response_timeout();
            to_its_end(verb.operation(), patience, async move { run_all(store, verb, batches, count).await })
                .await
        }
    }
}

async fn run_all(store: Store, verb: Verb, batches: Vec<Vec<Piece>>, leases: usize) -> Result<Vec<bool>> {
    let (told, failure) = send_all(&store, verb, batches).await;
    let mut live = vec![true; leases];
    for (piece, lives) in &told {
        live[piece.lease] &= lives;
    }
    if verb == Verb::Renew {
        let left = told.into_iter().filter(|(piece, lives)| *lives && !live[piece.lease]);
        let left = together(&store, left.map(|(piece, _)| piece).collect());
        let (_, failure) = send_all(&store, Verb::Release, left).await;
        failure.map_or(Ok(()), Err)?;
    }
    failure.map_or(Ok(live), Err)
}

/// Sends all batches at once. Goes on where one fails; tells the first failure.
async fn send_all(
    store: &Store,
    verb: Verb,
    batches: Vec<Vec<Piece>>,
) -> (Vec<(Piece, bool)>, Option<Error>) {
    let mut under_way = JoinSet::new();
    for pieces in batches {
        let store = store.clone();
        under_way.spawn(async move { (send(&store, verb, &pieces).await, pieces) });
    }
    let (mut told, mut failure) = (Vec::new(), None);
    while let Some(ended) = under_way.join_next().await {
        match ended {
            Ok((Ok(live), pieces)) => told.extend(pieces.into_iter().zip(live)),
            Ok((Err(error), _)) => failure = failure.or(Some(error)),
            Err(ended) => failure = failure.or(Some(ended_with_its_runtime(verb.operation(), ended))),
        }
    }
    let others_changed = !told.is_empty();
    (told, failure.map(|error| if others_changed { error.possibly_charged() } else { error }))
}

/// One call.
async fn send(store: &Store, verb: Verb, pieces: &[Piece]) -> Result<Vec<bool>> {
    let keys: Vec<_> = pieces.iter().flat_map(|piece| &piece.names).flat_map(|name| keys_of(name)).collect();
    let told: Vec<_> = pieces.iter().flat_map(|piece| verb.numbers(piece)).collect();
    let ids: Vec<_> = pieces.iter().map(|piece| piece.id.as_str()).collect();
    let words = Words { numbers: &told, word: ids.join(" ") };
    let reply = store.run(verb.script(), (verb.operation(), true), &keys, words).await?;
    answers(&reply, pieces.len()).map_err(|error| error.with_operation(verb.operation()).possibly_charged())
}

fn pieces(store: &Store, leases: &[Lease]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(leases.len());
    for (place, lease) in leases.iter().enumerate() {
        let names: Vec<_> = lease.keys().iter().map(|key| store.names.slots(key)).collect();
        for part in store.parts(&names) {
            let names = part.into_iter().map(|place| names[place].clone()).collect();
            pieces.push(Piece { lease: place, id: lease.id().clone(), names, ttl_ms: lease.ttl_ms() });
        }
    }
    pieces
}

/// Pieces that can go in one call, the leases of each in their order.
fn together(store: &Store, pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut by_tag: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
    for piece in pieces {
        let apart = store.connection.is_cluster();
        let tag = piece.names.first().filter(|_| apart).map_or("", |name| tag(name)).to_owned();
        by_tag.entry(tag).or_default().push(piece);
    }
    by_tag.into_values().flat_map(shared_out).collect()
}

/// Pieces of one tag, no more in one call than is good for others.
fn shared_out(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut batches: Vec<Vec<Piece>> = Vec::new();
    let mut keys = 0;
    for piece in pieces {
        keys += piece.names.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < MOST_LEASES && keys <= MOST_KEYS => batch.push(piece),
            _ => {
                keys = piece.names.len();
                batches.push(vec![piece]);
            }
        }
    }
    batches
}

fn answers(reply: &Value, count: usize) -> Result<Vec<bool>> {
    let told = numbers(reply)?;
    if told.len() != count || told.iter().any(|number| !matches!(number, 0 | 1)) {
        return Err(unexpected("isn't a yes or no for each lease"));
    }
    Ok(told.into_iter().map(|number| number == 1).collect())
}

impl Verb {
    const fn operation(self) -> &'static str {
        match self {
            Self::Renew => "renew",
            Self::Release => "release",
        }
    }

    fn script(self) -> &'static Script {
        match self {
            Self::Renew => &RENEW,
            Self::Release => &RELEASE,
        }
    }

    fn numbers(self, piece: &Piece) -> Vec<u64> {
        let keys = piece.names.len() as u64;
        match self {
            Self::Renew => vec![keys, piece.ttl_ms],
            Self::Release => vec![keys],
        }
    }
}

#[cfg(test)]
mod tests {
    use limiter_core::ErrorKind;

    use super::*;

    fn packed(numbers: &[f64]) -> Value {
        Value::BulkString(numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    fn piece(keys: usize) -> Piece {
        let names = vec![String::from("limiter:{streams:u1}:s"); keys];
        Piece { lease: 0, id: LeaseId::parse("l1").unwrap(), names, ttl_ms: 1 }
    }

    #[test]
    fn no_call_holds_more_than_is_good_for_others() {
        let sizes = |pieces: Vec<Piece>| shared_out(pieces).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes((0..250).map(|_| piece(1)).collect()), [100, 100, 50]);
        assert_eq!(sizes((0..250).map(|_| piece(2)).collect()), [100, 100, 50]);
        assert_eq!(sizes((0..9).map(|_| piece(64)).collect()), [4, 4, 1]);
        assert_eq!(sizes(vec![]), [0; 0]);
    }

    #[test]
    fn there_is_a_yes_or_no_for_each_lease() {
        assert_eq!(answers(&packed(&[1.0, 0.0]), 2).unwrap(), [true, false]);
        for wrong in
            [packed(&[1.0]), packed(&[1.0, 0.0, 0.0]), packed(&[1.0, 2.0]), packed(&[1.0, -1.0]), Value::Nil]
        {
            assert_eq!(answers(&wrong, 2).unwrap_err().kind(), ErrorKind::Protocol, "{wrong:?}");
        }
    }
}
