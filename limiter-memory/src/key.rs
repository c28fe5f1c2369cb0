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
pub(crate) struct Fingerprinter(Box<[Factors]>);

#[derive(Clone, Copy)]
struct Factors {
    high: u128,
    low: u128,
}

/// Lengths, algorithm and window; space, subject and partition; and the constant term.
const MOST_FACTORS: usize = 2 + (MAX_SPACE_BYTES + 2 * MAX_SUBJECT_BYTES).div_ceil(8);

impl Fingerprinter {
    pub(crate) fn random() -> Result<Self> {
        let mut secret = vec![0; MOST_FACTORS * 32];
        getrandom::fill(&mut secret).map_err(|error| {
            Error::new(ErrorKind::Internal, "no randomness to hash with").with_source(error)
        })?;
        let (numbers, _) = secret.as_chunks::<16>();
        let (pairs, _) = numbers.as_chunks::<2>();
        let factors = |[high, low]: &[[u8; 16]; 2]| Factors {
            high: u128::from_le_bytes(*high),
            low: u128::from_le_bytes(*low),
        };
        Ok(Self(pairs.iter().map(factors).collect()))
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call costs a tenth of a warm hit")]
    pub(crate) fn of(&self, key: &Key, limit: &Limit) -> Fingerprint {
        let (text, space_bytes, subject_bytes) = key.parts();
        let partition_bytes = text.len() as u64 - u64::from(space_bytes) - u64::from(subject_bytes);
        // 35 bits of window and 3 of algorithm, 6 of a space's length from 1 to 64, 10 each of the others'.
        let lengths = u64::from(space_bytes - 1) << 20 | u64::from(subject_bytes) << 10 | partition_bytes;
        let mut factors = self.0.iter();
        let mut sum = factors.next().map_or((0, 0), |constant| (constant.high, constant.low));
        let words = std::iter::once(class_of(limit) << 26 | lengths).chain(key.words());
        for (word, factors) in words.zip(factors) {
            sum.0 = sum.0.wrapping_add(factors.high.wrapping_mul(u128::from(word)));
            sum.1 = sum.1.wrapping_add(factors.low.wrapping_mul(u128::from(word)));
        }
        Fingerprint { high: upper_half(sum.0), low: upper_half(sum.1) }
    }
}

#[inline]
const fn upper_half(sum: u128) -> u64 {
    (sum >> 64) as u64
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
        spread(self.low, places)
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
