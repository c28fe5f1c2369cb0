//! A store that compares and swaps, as a backend: load, decide, commit, and again while another was faster.

use super::name::{Part, name};
use super::state::{State, Stored};
use super::store::{CasStore, CasWrite, Loaded};
use crate::error::{Error, ErrorKind, Result};
use crate::exact::EXACT;
use crate::key::Key;

/// How often a call is tried before it errs. Each attempt that fails means that another call got through, so that of
/// 256 callers on one key each needs 256 attempts or so where nobody's pause lets the others go ahead.
const MOST_ATTEMPTS: u32 = 2000;

/// Rates, slots and quotas over a [`CasStore`]: for a store that can only load values and swap them.
///
/// # Behavior
/// A call loads the values of its keys, decides, and commits what changed, provided that all it loaded still stands: also
/// what it only looked at, so that a decision over several keys is one of one moment. A call that changes nothing commits
/// nothing. Where another was faster it is tried again, up to 2000 times; a commit that erred is never sent again.
///
/// All that is counted of one key in rates stands in one value, likewise its leases, and its quotas. So several limits of
/// one key are one swap on every store; calls over several keys need one that
/// [commits several](CasStore::commits_several). Each call writes the values that it changes whole: a sliding log costs 16
/// bytes a charge, a lease or reservation up to 81, and so does an id that is remembered as settled.
///
/// # Errors
/// Those of the store. [`Protocol`](crate::ErrorKind::Protocol) for a value that can't be read, which is never taken as
/// new; [`Unavailable`](crate::ErrorKind::Unavailable) when another call was faster each time: then nothing was charged.
/// [`Unsupported`](crate::ErrorKind::Unsupported), before anything is loaded, for a call over several keys on a store that
/// swaps one at a time. [`renew`](crate::SlotLimiter::renew) and [`release`](crate::SlotLimiter::release) of many leases
/// go in steps of up to 64 keys, there of one; where a later step errs, the earlier ones are done, and the call may be
/// repeated.
///
/// # Cancellation
/// A dropped call has made its commit or hasn't: never a part of it.
#[derive(Debug)]
pub struct CasBackend<S> {
    store: S,
}

impl<S: CasStore> CasBackend<S> {
    /// A backend over a store.
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Decides on the states of some keys as of one moment, and stores those that the decision changed. `keys` are
    /// different ones; `decide` gets their states in their order, and the store's clock. It may be asked again, and
    /// what it errs with changes nothing.
    pub(super) async fn decide<C, T>(
        &self,
        operation: &'static str,
        part: Part,
        keys: &[&Key],
        decide: impl FnMut(&mut [C], u64) -> Result<T> + Send,
    ) -> Result<T>
    where
        C: State + Send,
    {
        let decided = self.decide_named(keys.iter().map(|key| name(part, key)).collect(), decide).await;
        decided.map_err(|error| error.with_operation(operation))
    }

    /// Checks how many keys a call names, before anything is loaded.
    pub(super) fn check_keys(&self, operation: &'static str, keys: usize) -> Result<()> {
        if keys <= 1 || self.store.commits_several() {
            return Ok(());
        }
        let message =
            format!("the call names {keys} keys; accepted: 1, since this store swaps one at a time");
        Err(Error::new(ErrorKind::Unsupported, message).with_operation(operation))
    }

    async fn decide_named<C, T>(
        &self,
        names: Vec<Vec<u8>>,
        mut decide: impl FnMut(&mut [C], u64) -> Result<T> + Send,
    ) -> Result<T>
    where
        C: State + Send,
    {
        for attempt in 1..=MOST_ATTEMPTS {
            let Loaded { now_ms, values } = checked(&names, self.store.load(&names).await?)?;
            let read = values.iter().map(|value| Stored::read::<C>(value.as_deref()));
            let mut states = read.collect::<Result<Vec<_>>>()?;
            let answer = decide(&mut states, now_ms)?;
            let writes = writes(&names, values, states, now_ms);
            if writes.iter().all(|write| write.after == write.before) || self.store.commit(&writes).await? {
                return Ok(answer);
            }
            self.store.pause(attempt).await;
        }
        let message =
            format!("nothing was changed: another call was faster in each of {MOST_ATTEMPTS} attempts");
        Err(Error::new(ErrorKind::Unavailable, message))
    }
}

fn checked(names: &[Vec<u8>], loaded: Loaded) -> Result<Loaded> {
    if loaded.values.len() != names.len() {
        let message = format!("the store loaded {} values for {} names", loaded.values.len(), names.len());
        return Err(Error::new(ErrorKind::Protocol, message));
    }
    if loaded.now_ms > EXACT {
        let message = format!("the store's clock shows {} ms; accepted: up to 2^53 - 1", loaded.now_ms);
        return Err(Error::new(ErrorKind::Protocol, message));
    }
    Ok(loaded)
}

/// The writes of a call. Those of names that it doesn't change are among them: what was decided holds only while they
/// stay as they were.
fn writes<C: State>(
    names: &[Vec<u8>],
    values: Vec<Option<Vec<u8>>>,
    states: Vec<C>,
    clock_ms: u64,
) -> Vec<CasWrite> {
    let pairs = names.iter().zip(values).zip(states);
    let write = |((name, before), state): ((&Vec<u8>, Option<Vec<u8>>), C)| {
        let Stored { value: after, expires_ms } = Stored::write(state, before.as_deref(), clock_ms);
        CasWrite { name: name.clone(), before, after, expires_ms }
    };
    let mut writes: Vec<_> = pairs.map(write).collect();
    writes.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    writes
}
