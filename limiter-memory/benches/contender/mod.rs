//! Who is measured.

mod allocator;

use std::hash::{BuildHasher, Hash};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter as Keyed};
use hashbrown::HashMap;
use limiter_core::{Charge, Key, Limit, RateLimiter, RateLimiterExt};
use limiter_memory::{Config, MemoryBackend};

pub(crate) use allocator::{Counting, allocated};

/// A key of sixteen bytes, as governor's users would choose for speed.
pub(crate) type Bytes = [u8; 16];

pub(crate) trait Contender: Send + Sync {
    fn name(&self) -> &'static str;
    fn hit_all(&self, order: &[u32]);
}

/// The least that a limiter in memory can do: 128 locks, a map, a token bucket, yes or no. Its keys stand in the
/// map as they are; nothing bounds it, nothing is told but the answer.
pub(crate) struct Floor {
    keys: Vec<Bytes>,
    shards: Vec<Padded>,
    hasher: foldhash::quality::RandomState,
    clock: quanta::Clock,
    per_ns: u64,
    full: u64,
}

#[repr(align(128))]
struct Padded(Mutex<HashMap<Bytes, (u64, u64), foldhash::quality::RandomState>>);

impl Floor {
    pub(crate) fn new(keys: usize, allowed: bool) -> Self {
        let shard = || Padded(Mutex::new(HashMap::with_hasher(foldhash::quality::RandomState::default())));
        let (per_ns, full) = if allowed { (1 << 20, 1 << 60) } else { (0, 1 << 20) };
        Self {
            keys: (0..keys).map(bytes_of).collect(),
            shards: std::iter::repeat_with(shard).take(128).collect(),
            hasher: foldhash::quality::RandomState::default(),
            clock: quanta::Clock::new(),
            per_ns,
            full,
        }
    }

    fn hit(&self, key: &Bytes) -> bool {
        let shard = &self.shards[(self.hasher.hash_one(key) >> 57) as usize];
        let now = self.clock.delta_as_nanos(0, self.clock.raw());
        let mut map = shard.0.lock().unwrap();
        let (level, at) = map.entry(*key).or_insert((self.full, now));
        *level = level.saturating_add(now.saturating_sub(*at) * self.per_ns).min(self.full);
        *at = now;
        let fits = *level >= 1 << 20;
        if fits {
            *level -= 1 << 20;
        }
        fits
    }
}

impl Contender for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn hit_all(&self, order: &[u32]) {
        for key in order {
            black_box(self.hit(&self.keys[*key as usize]));
        }
    }
}

/// How this package is called.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Call {
    /// `hit_now`, with the keys at hand.
    Now,
    /// `hit_one`, with the keys at hand.
    One,
    /// `hit_one`, with each key built from its text.
    FromText,
}

/// This package, through `Arc<dyn RateLimiter>` as a service holds it.
pub(crate) struct Ours {
    name: &'static str,
    backend: Arc<MemoryBackend>,
    limiter: Arc<dyn RateLimiter>,
    keys: Vec<Key>,
    texts: Vec<[u8; 12]>,
    limit: Limit,
    call: Call,
}

impl Ours {
    pub(crate) fn new(name: &'static str, keys: usize, limit: Limit, call: Call) -> Self {
        let backend = Arc::new(MemoryBackend::new(Config::default().with_capacity(keys)).unwrap());
        let text = |number| format!("{number:012}").into_bytes().try_into().unwrap();
        let texts: Vec<[u8; 12]> = (0..keys).map(text).collect();
        let at_hand = if call == Call::FromText { 0 } else { keys };
        let keys = texts[..at_hand].iter().map(key_of).collect();
        Self { name, limiter: backend.clone(), backend, keys, texts, limit, call }
    }

    pub(crate) fn counters(&self) -> usize {
        self.backend.rate_counters()
    }

    pub(crate) fn key_bytes(&self) -> usize {
        self.keys.capacity() * size_of::<Key>() + self.texts.capacity() * size_of::<[u8; 12]>()
    }

    fn hit_one(&self, key: &Key) -> bool {
        let hit = pin!(self.limiter.hit_one(key, &self.limit));
        match hit.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(decision) => decision.unwrap().is_allowed(),
            Poll::Pending => unreachable!("memory answers at once"),
        }
    }
}

fn key_of(text: &[u8; 12]) -> Key {
    Key::new("hits", str::from_utf8(text).unwrap()).unwrap()
}

impl Contender for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn hit_all(&self, order: &[u32]) {
        match self.call {
            Call::Now => {
                for key in order {
                    let decision =
                        self.limiter.hit_now(&[Charge::new(&self.keys[*key as usize], &self.limit)]);
                    black_box(decision.is_some_and(|decision| decision.unwrap().is_allowed()));
                }
            }
            Call::One => {
                for key in order {
                    black_box(self.hit_one(&self.keys[*key as usize]));
                }
            }
            Call::FromText => {
                for key in order {
                    black_box(self.hit_one(&key_of(&self.texts[*key as usize])));
                }
            }
        }
    }
}

/// governor's keyed limiter on its default store and clock.
pub(crate) struct Governor<K: Hash + Eq + Clone> {
    name: &'static str,
    limiter: DefaultKeyedRateLimiter<K>,
    keys: Vec<K>,
}

impl<K: Hash + Eq + Clone + From16> Governor<K> {
    pub(crate) fn new(name: &'static str, keys: usize, allowed: bool) -> Self {
        let quota = if allowed {
            Quota::per_second(NonZeroU32::MAX)
        } else {
            Quota::with_period(Duration::from_secs(86_400)).unwrap()
        };
        Self {
            name,
            limiter: Keyed::keyed(quota),
            keys: (0..keys).map(|key| K::from16(bytes_of(key))).collect(),
        }
    }

    pub(crate) fn key_bytes(&self) -> usize {
        self.keys.capacity() * size_of::<K>()
    }
}

impl<K: Hash + Eq + Clone + Send + Sync> Contender for Governor<K> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn hit_all(&self, order: &[u32]) {
        for key in order {
            black_box(self.limiter.check_key(&self.keys[*key as usize]).is_ok());
        }
    }
}

/// A key made from sixteen bytes of text.
pub(crate) trait From16 {
    fn from16(bytes: Bytes) -> Self;
}

impl From16 for Bytes {
    fn from16(bytes: Bytes) -> Self {
        bytes
    }
}

impl From16 for String {
    fn from16(bytes: Bytes) -> Self {
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

fn bytes_of(number: usize) -> Bytes {
    format!("hits{number:012}").into_bytes().try_into().unwrap()
}
