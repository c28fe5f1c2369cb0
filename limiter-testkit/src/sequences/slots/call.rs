//! What can be asked of slots.

use std::fmt;

use crate::sequences::play;

/// How many keys there are.
pub(super) const KEYS: usize = 4;

/// A lease, by its number and the places of its keys.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) lease: u8,
    pub(super) keys: Vec<usize>,
    pub(super) ttl_ms: u64,
}

/// What is asked for a lease: permits in scopes, each a key by its place and a cap.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) lease: u8,
    pub(super) scopes: Vec<(usize, u64)>,
    pub(super) permits: u64,
    pub(super) ttl_ms: u64,
}

/// One call, after which all that is held is looked at.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Acquire(Request),
    Renew(Vec<Held>),
    Release(Vec<Held>),
}

impl Request {
    /// The lease that it asks for.
    pub(super) fn held(&self) -> Held {
        let keys = self.scopes.iter().map(|(key, _)| *key).collect();
        Held { lease: self.lease, keys, ttl_ms: self.ttl_ms }
    }

    fn simpler(&self) -> Vec<Self> {
        let fewer = (0..self.scopes.len()).filter(|_| self.scopes.len() > 1).map(|place| {
            let mut request = self.clone();
            request.scopes.remove(place);
            request
        });
        let less = [1, self.permits / 2].into_iter().filter(|permits| (1..self.permits).contains(permits));
        let less = less.map(|permits| Self { permits, ..self.clone() });
        fewer.chain(less).collect()
    }
}

impl play::Call for Call {
    fn simpler(&self) -> Vec<Self> {
        match self {
            Self::Acquire(request) => request.simpler().into_iter().map(Self::Acquire).collect(),
            Self::Renew(leases) => fewer(leases).map(Self::Renew).collect(),
            Self::Release(leases) => fewer(leases).map(Self::Release).collect(),
        }
    }
}

fn fewer(leases: &[Held]) -> impl Iterator<Item = Vec<Held>> {
    (0..leases.len()).filter(|_| leases.len() > 1).map(|place| {
        let mut leases = leases.to_vec();
        leases.remove(place);
        leases
    })
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire(Request { lease, scopes, permits, ttl_ms }) => {
                let scope = |(key, cap): &(usize, u64)| format!("key {} (cap {cap})", key + 1);
                let scopes = scopes.iter().map(scope).collect::<Vec<_>>().join(" and ");
                write!(f, "acquire lease {lease}: {permits} for {ttl_ms} ms of {scopes}")
            }
            Self::Renew(leases) => {
                let told = |held: &Held| format!("{held} for {} ms", held.ttl_ms);
                write!(f, "renew {}", listed(leases, told))
            }
            Self::Release(leases) => write!(f, "release {}", listed(leases, Held::to_string)),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(|key| format!("key {}", key + 1)).collect();
        write!(f, "lease {} of {}", self.lease, keys.join(" and "))
    }
}

fn listed(leases: &[Held], told: impl Fn(&Held) -> String) -> String {
    if leases.is_empty() {
        return "nothing".to_owned();
    }
    leases.iter().map(told).collect::<Vec<_>>().join(", ")
}
