//! Slots that are held for a time.

use std::fmt;
use std::time::Duration;

use crate::charge::{check_amount, check_count};
use crate::error::{Error, Result};
use crate::exact::EXACT;
use crate::id::LeaseId;
use crate::key::Key;
use crate::outcome::Source;

/// The longest time to live of a lease or a reservation.
pub const MAX_TTL: Duration = Duration::from_secs(30 * 86_400);

/// A key and how many permits may be held of it at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    key: Key,
    cap: u64,
}

impl Scope {
    /// At most `cap` permits of a key, up to 2^53 − 1: checked by [`LeaseRequest::new`]. A cap of 0 grants
    /// nothing new.
    pub const fn new(key: Key, cap: u64) -> Self {
        Self { key, cap }
    }

    /// Whose permits.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// How many at a time.
    pub const fn cap(&self) -> u64 {
        self.cap
    }
}

/// What is asked of [`acquire`](crate::SlotLimiter::acquire): permits in one or more scopes, for a time.
///
/// It carries the id of the lease to be, so that the same request can be repeated when its answer was lost.
///
/// ```
/// use std::time::Duration;
/// use limiter_core::{Key, LeaseRequest, Scope};
///
/// let scopes = [Scope::new(Key::all("streams")?, 1000), Scope::new(Key::new("streams", "u1")?, 5)];
/// let request = LeaseRequest::new(scopes, Duration::from_secs(30))?;
/// assert_eq!(request.permits(), 1);
/// # Ok::<(), limiter_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    id: LeaseId,
    scopes: Box<[Scope]>,
    permits: u64,
    ttl_ms: u64,
}

impl LeaseRequest {
    /// One permit in each of the scopes, for `ttl` unless renewed. The TTL counts in whole milliseconds, what
    /// is beyond them is cut off.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for no scopes, more than 64, a key named twice, a
    /// cap above 2^53 − 1, a TTL below 1 ms or above 30 days.
    pub fn new(scopes: impl Into<Box<[Scope]>>, ttl: Duration) -> Result<Self> {
        let scopes = scopes.into();
        check_keys("scopes", &scopes.iter().map(Scope::key).collect::<Vec<_>>())?;
        scopes.iter().try_for_each(|scope| check_amount("cap", scope.cap))?;
        Ok(Self { id: LeaseId::random()?, scopes, permits: 1, ttl_ms: ttl_ms(ttl)? })
    }

    /// The same request for several permits in each scope.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for 0 or more than 2^53 − 1.
    pub fn with_permits(mut self, permits: u64) -> Result<Self> {
        if !(1..=EXACT).contains(&permits) {
            return Err(Error::invalid("permits", permits, "1 to 9007199254740991 (2^53 - 1)"));
        }
        self.permits = permits;
        Ok(self)
    }

    /// The same request under an id of one's own choice: for tests and for repeating a lost request.
    #[must_use]
    pub fn with_id(mut self, id: LeaseId) -> Self {
        self.id = id;
        self
    }

    /// The id of the lease to be.
    pub const fn id(&self) -> &LeaseId {
        &self.id
    }

    /// The scopes, in the order in which a refusal names the first that is full.
    pub const fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Permits in each scope.
    pub const fn permits(&self) -> u64 {
        self.permits
    }

    /// The time to live in milliseconds.
    pub const fn ttl_ms(&self) -> u64 {
        self.ttl_ms
    }

    /// The lease that this request makes once it is granted: also what to release when it isn't known whether
    /// it was.
    pub fn lease(&self) -> Lease {
        let keys = self.scopes.iter().map(|scope| scope.key.clone()).collect();
        Lease { id: self.id.clone(), keys, permits: self.permits, ttl_ms: self.ttl_ms }
    }
}

/// A lease that was granted: what to renew and to release. It doesn't release by itself: a guard that does is
/// given by the `LeaseKeeper` of limiter-layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    id: LeaseId,
    keys: Box<[Key]>,
    permits: u64,
    ttl_ms: u64,
}

impl Lease {
    /// A lease from its parts, for backends, layers and their tests.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for no keys, more than 64, a key named twice, a TTL
    /// below 1 ms or above 30 days.
    pub fn new(id: LeaseId, keys: impl Into<Box<[Key]>>, ttl: Duration) -> Result<Self> {
        let keys = keys.into();
        check_keys("keys", &keys.iter().collect::<Vec<_>>())?;
        Ok(Self { id, keys, permits: 1, ttl_ms: ttl_ms(ttl)? })
    }

    /// The id.
    pub const fn id(&self) -> &LeaseId {
        &self.id
    }

    /// The keys in which it holds permits.
    pub const fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Permits it was granted in each key; 1 for one that was built from its parts. What renews and releases a lease
    /// goes by its id alone.
    pub const fn permits(&self) -> u64 {
        self.permits
    }

    /// How long a renewal lasts, in milliseconds.
    pub const fn ttl_ms(&self) -> u64 {
        self.ttl_ms
    }
}

/// The answer to an acquire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an acquisition that nobody looks at limits nothing, and holds its slots until the TTL runs out"]
pub enum Acquisition {
    /// Granted in every scope.
    Acquired(Acquired),
    /// Refused; nothing is held.
    Full(Full),
}

/// A granted acquire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquired {
    /// What to renew and release.
    pub lease: Lease,
    /// Permits held in each scope, in the request's order, this lease among them; empty where it isn't known.
    pub in_use: Vec<u64>,
    /// Where the answer comes from.
    pub source: Source,
}

/// A refused acquire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Full {
    /// The first scope in the request's order that has no room.
    pub denied_by: usize,
    /// Permits held in each scope, in the request's order; empty where it isn't known.
    pub in_use: Vec<u64>,
    /// Where the answer comes from.
    pub source: Source,
}

impl Full {
    /// The scope that denied, out of those of the request; `None` when these aren't the request's.
    pub fn scope_of<'a>(&self, scopes: &'a [Scope]) -> Option<&'a Scope> {
        scopes.get(self.denied_by)
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scope {} is full", self.denied_by)
    }
}

impl std::error::Error for Full {}

impl Acquisition {
    /// Whether it was granted.
    pub const fn is_acquired(&self) -> bool {
        matches!(self, Self::Acquired(_))
    }

    /// Where the answer comes from.
    pub const fn source(&self) -> Source {
        match self {
            Self::Acquired(acquired) => acquired.source,
            Self::Full(full) => full.source,
        }
    }

    /// Permits held in each scope after the call, in the request's order; empty where it isn't known.
    pub fn in_use(&self) -> &[u64] {
        match self {
            Self::Acquired(acquired) => &acquired.in_use,
            Self::Full(full) => &full.in_use,
        }
    }

    /// The lease when granted, the refusal as an error otherwise.
    ///
    /// # Errors
    /// The refusal.
    pub fn into_result(self) -> Result<Lease, Full> {
        match self {
            Self::Acquired(acquired) => Ok(acquired.lease),
            Self::Full(full) => Err(full),
        }
    }
}

/// A live lease as a key's list of leases shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLease {
    /// Whose.
    pub id: LeaseId,
    /// How many permits.
    pub permits: u64,
    /// The store's time at which it runs out unless renewed, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
}

/// A time to live in whole milliseconds, within its bounds.
pub(crate) fn ttl_ms(ttl: Duration) -> Result<u64> {
    match u64::try_from(ttl.as_millis()) {
        Ok(ttl_ms) if ttl_ms > 0 && ttl <= MAX_TTL => Ok(ttl_ms),
        _ => Err(Error::invalid("ttl", format_args!("{ttl:?}"), "1 ms to 30 days")),
    }
}

fn check_keys(field: &str, keys: &[&Key]) -> Result<()> {
    check_count(field, keys.len())?;
    for (index, key) in keys.iter().enumerate() {
        if let Some(first) = keys[..index].iter().position(|earlier| earlier == key) {
            let what = format!("those at {first} and {index}: one key of {:?}", key.space());
            return Err(Error::invalid(field, what, "each key once in a call"));
        }
    }
    Ok(())
}
