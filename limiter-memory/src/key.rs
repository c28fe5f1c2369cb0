//! From a counter's identity to its place.

use limiter_core::{Error, ErrorKind, Key, Limit, MAX_SPACE_BYTES, MAX_SUBJECT_BYTES, Result};

/// What stands for a counter in the tables: 128 bits of a keyed hash over key, algorithm and window.
///
/// Two different identities meet with a probability of 2^-128, whoever chose them: the hash is taken at random
/// from a family that is strongly universal, and nothing that depends on it is told to anybody. Among a million
/// counters the chance is below 10^-26.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) high: u64,
    pub(crate) low: u64,
}

/// Makes fingerprints, with secret factors of this backend's own: two for each word of an identity.
///
/// Each half of a fingerprint is the upper half of `f0 + f1·w1 + f2·w2 + …` modulo 2^128, over the identity's
/// 64-bit words and random 128-bit factors. The first word holds the lengths of the key's parts, algorithm and
/// window, so that no two identities have the same words.
/// Source: D. Lemire and O. Kaser, "Strongly universal string hashing is fast", The Computer Journal 57(11), 2014,
/// the family MULTILINEAR.
pub(crate) struct Fingerprinter {
    /// The constant term, and the factors of the first word.
    first: [Factors; 2],
    others: Box<[Factors]>,
}

#[derive(Clone, Copy)]
struct Factors {
    high: u128,
    low: u128,
}

impl Factors {
    fn random() -> Result<Self> {
        let mut secret = [[0; 16]; 2];
        getrandom::fill(secret.as_flattened_mut()).map_err(|error| {
            Error::new(ErrorKind::Internal, "no randomness to hash with").with_source(error)
        })?;
        let [high, low] = secret.map(u128::from_le_bytes);
        Ok(Self { high, low })
    }
}

/// Words of the longest space, subject and partition.
const MOST_WORDS: usize = (MAX_SPACE_BYTES + 2 * MAX_SUBJECT_BYTES).div_ceil(8);

impl Fingerprinter {
    pub(crate) fn random() -> Result<Self> {
        let others = (0..MOST_WORDS).map(|_| Factors::random()).collect::<Result<_>>()?;
        Ok(Self { first: [Factors::random()?, Factors::random()?], others })
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
    pub(crate) fn of(&self, key: &Key, limit: &Limit) -> Fingerprint {
        let (text, space_bytes, subject_bytes) = key.parts();
        let partition_bytes = text.len() as u64 - u64::from(space_bytes) - u64::from(subject_bytes);
        // 35 bits of window and 3 of algorithm, 6 of a space's length from 1 to 64, 10 each of the others'.
        let lengths = u64::from(space_bytes - 1) << 20 | u64::from(subject_bytes) << 10 | partition_bytes;
        let first = u128::from(class_of(limit) << 26 | lengths);
        let [constant, factors] = self.first;
        let mut high = constant.high.wrapping_add(factors.high.wrapping_mul(first));
        let mut low = constant.low.wrapping_add(factors.low.wrapping_mul(first));
        for (word, factors) in key.words().zip(&*self.others) {
            high = high.wrapping_add(factors.high.wrapping_mul(u128::from(word)));
            low = low.wrapping_add(factors.low.wrapping_mul(u128::from(word)));
        }
        Fingerprint { high: upper_half(high), low: upper_half(low) }
    }
}

#[inline]
const fn upper_half(sum: u128) -> u64 {
    (sum >> 64) as u64
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the upper half is meant to go")]
const fn lower_half(product: u128) -> u64 {
    product as u64
}

impl Fingerprint {
    /// The fingerprint of the shared counter, for an algorithm and window, that this one falls to.
    pub(crate) fn shared(self, places: usize, limit: &Limit) -> Self {
        let place = self.shared_place(places) as u64;
        // A multiplication by an odd number is a bijection: identities stay apart, and the bits that say shard,
        // group and tag are well mixed.
        let mix = |word: u64| word.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self { high: mix(class_of(limit)), low: mix(place << 40 | class_of(limit)) }
    }

    /// Which of the shared places.
    pub(crate) fn shared_place(self, places: usize) -> usize {
        spread(self.seat().rotate_left(16), places)
    }

    /// Where it belongs: the upper bits say the shard, those in the middle the group, the lowest the tag.
    ///
    /// The fingerprint itself tells identities apart and no more: it is a linear function, and would lay keys that
    /// are alike at equal distances, crowding some shards. A product of its halves isn't.
    #[inline]
    pub(crate) fn seat(self) -> u64 {
        let product =
            u128::from(self.high ^ 0xA076_1D64_78BD_642F) * u128::from(self.low ^ 0xE703_7ED1_A0B4_28DB);
        upper_half(product) ^ lower_half(product)
    }
}

/// A number below `places`, from the upper bits of a hash.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the product's upper half is below `places`")]
pub(crate) fn spread(hash: u64, places: usize) -> usize {
    ((u128::from(hash) * places as u128) >> 64) as usize
}

/// Algorithm and window, which tell apart the counters of one key.
#[inline]
fn class_of(limit: &Limit) -> u64 {
    limit.window_ms() << 3 | limit.algorithm() as u64
}
