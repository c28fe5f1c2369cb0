//! Asks for a lease. Where its scopes don't all live together it goes part by part, and what was granted is taken back
//! when a later part has no room: it may refuse too much for a moment, and never admits too much.

mod told;

use limiter_core::{Acquired, Acquisition, Error, ErrorKind, Full, LeaseRequest, Result, Source};

use self::told::{Standing, Told, told};
use super::keys::keys_of;
use crate::reply::unexpected;
use crate::script::{Script, script};
use crate::store::{Store, Words};

static ACQUIRE: Script = script!("acquire");
static WITHDRAW: Script = script!("withdraw");

/// A request on its way.
#[derive(Debug)]
pub(super) struct Acquire {
    store: Store,
    request: LeaseRequest,
    names: Vec<String>,
}

/// What a part has granted.
#[derive(Debug)]
struct Grant {
    part: Vec<usize>,
    expires_ms: u64,
    scopes: Vec<Standing>,
}

/// What is known of all scopes so far.
#[derive(Debug, Default)]
struct Known {
    in_use: Vec<u64>,
    denied_by: Option<usize>,
    grants: Vec<Grant>,
}

impl Acquire {
    pub(super) fn new(store: &Store, request: &LeaseRequest) -> Self {
        let names = request.scopes().iter().map(|scope| store.names.slots(scope.key())).collect();
        Self { store: store.clone(), request: request.clone(), names }
    }

    /// The scopes that live together.
    pub(super) fn parts(&self) -> Vec<Vec<usize>> {
        self.store.parts(&self.names)
    }

    pub(super) async fn run(self, parts: Vec<Vec<usize>>) -> Result<Acquisition> {
        let mut known = Known { in_use: vec![0; self.names.len()], ..Known::default() };
        for part in parts {
            if let Err(error) = self.ask(part, &mut known).await {
                return Err(self.failed(error, known.grants).await);
            }
        }
        let Some(denied_by) = known.denied_by else {
            return Ok(Acquisition::Acquired(Acquired {
                lease: self.request.lease(),
                in_use: known.in_use,
                source: Source::Store,
            }));
        };
        self.withdraw_all(&known.grants).await.map_err(Error::possibly_charged)?;
        let new = |grant: &Grant| grant.new_in().collect::<Vec<_>>();
        for place in known.grants.iter().flat_map(new) {
            known.in_use[place] = known.in_use[place].saturating_sub(self.request.permits());
        }
        Ok(Acquisition::Full(Full { denied_by, in_use: known.in_use, source: Source::Store }))
    }

    /// Asks a part for a lease, or, once another has denied, whether it has room.
    async fn ask(&self, part: Vec<usize>, known: &mut Known) -> Result<()> {
        let ttl_ms = if known.denied_by.is_none() { self.request.ttl_ms() } else { 0 };
        let told = self.send(&part, ttl_ms).await?;
        let (Told::Granted { scopes, .. } | Told::Asked(scopes)) = &told else {
            return Err(self.conflict(&told));
        };
        for (place, scope) in part.iter().zip(scopes) {
            known.in_use[*place] = scope.in_use;
        }
        match told {
            Told::Granted { expires_ms, scopes } => known.grants.push(Grant { part, expires_ms, scopes }),
            Told::Asked(scopes) => {
                let denies = part.iter().zip(&scopes).filter(|(_, scope)| scope.denies());
                let first = denies.map(|(place, _)| *place).min();
                known.denied_by = known.denied_by.into_iter().chain(first).min();
            }
            Told::Conflict { .. } => {}
        }
        Ok(())
    }

    /// One call.
    async fn send(&self, part: &[usize], ttl_ms: u64) -> Result<Told> {
        let caps = part.iter().map(|place| self.request.scopes()[*place].cap());
        let numbers: Vec<_> = [self.request.permits(), ttl_ms].into_iter().chain(caps).collect();
        let words = Words { numbers: &numbers, word: self.request.id().as_str() };
        let changes = ttl_ms > 0;
        let reply = self.store.run(&ACQUIRE, ("acquire", changes), &self.keys(part), words).await?;
        told(&reply, part.len(), changes).map_err(|error| {
            let error = error.with_operation("acquire");
            if changes { error.possibly_charged() } else { error }
        })
    }

    /// A part failed: what others have granted is taken back. Where the failure isn't an answer of the store, that may
    /// take as long again, and the caller doesn't wait for it.
    async fn failed(self, error: Error, grants: Vec<Grant>) -> Error {
        if grants.is_empty() {
            return error;
        }
        if error.kind() == ErrorKind::Conflict {
            return match self.withdraw_all(&grants).await {
                Ok(()) => error,
                Err(_) => error.possibly_charged(),
            };
        }
        tokio::spawn(async move { self.withdraw_all(&grants).await });
        error.possibly_charged()
    }

    /// Goes on where a part fails; tells the first failure.
    async fn withdraw_all(&self, grants: &[Grant]) -> Result<()> {
        let mut first_failure = Ok(());
        for grant in grants {
            first_failure = first_failure.and(self.withdraw(grant).await);
        }
        first_failure
    }

    async fn withdraw(&self, grant: &Grant) -> Result<()> {
        let before = grant.scopes.iter().map(|scope| scope.before_ms());
        let numbers: Vec<_> = std::iter::once(grant.expires_ms).chain(before).collect();
        let words = Words { numbers: &numbers, word: self.request.id().as_str() };
        self.store.run(&WITHDRAW, ("acquire", true), &self.keys(&grant.part), words).await.map(drop)
    }

    fn keys(&self, part: &[usize]) -> Vec<String> {
        part.iter().flat_map(|place| keys_of(&self.names[*place])).collect()
    }

    fn conflict(&self, told: &Told) -> Error {
        let Told::Conflict { held } = told else {
            return unexpected("isn't an answer to an acquire");
        };
        let (id, permits) = (self.request.id(), self.request.permits());
        let message = format!("lease {id} holds {held} permits, asked for again with {permits}");
        Error::new(ErrorKind::Conflict, message).with_operation("acquire")
    }
}

impl Grant {
    /// The scopes in which the lease wasn't live before.
    fn new_in(&self) -> impl Iterator<Item = usize> {
        let new = self.part.iter().zip(&self.scopes).filter(|(_, scope)| scope.before_ms() == 0);
        new.map(|(place, _)| *place)
    }
}
