//! Keys that nobody else has, and that are alike but for what tells them apart.

use limiter_core::{Key, Result};

use crate::candidate::Candidate;
use crate::trial::Trial;

/// How many keys [`alike`] makes.
pub(super) const ALIKE: usize = 8;

/// Keys that a store mixes up easily.
pub(super) fn alike(candidate: &Candidate, trial: &Trial) -> Result<[Key; ALIKE]> {
    let base = trial.key("s")?;
    let (space, subject) = (base.space(), base.subject());
    let inside = |key: Key| match candidate.partition() {
        Some(partition) => key.with_partition(partition),
        None => Ok(key),
    };
    let first = subject.chars().next().map_or(0, char::len_utf8);
    let (front, rest) = subject.split_at(first);
    Ok([
        base.clone(),
        inside(Key::new(space, &format!("{subject}."))?)?,
        inside(Key::new(&format!("{space}2"), subject)?)?,
        inside(Key::new(&format!("{space}{front}"), rest)?)?,
        inside(Key::new(space, &format!("{subject}\0"))?)?,
        inside(Key::new(space, &format!("{{{subject}}}:\n"))?)?,
        inside(Key::new(space, &format!("{subject}{}", "é".repeat(200)))?)?,
        cut(&base, candidate)?,
    ])
}

/// The same bytes, the last of them as a partition where the candidate leaves that open.
fn cut(base: &Key, candidate: &Candidate) -> Result<Key> {
    let (space, subject) = (base.space(), base.subject());
    match (subject.char_indices().last(), candidate.partition()) {
        (Some((last, _)), None) => Key::new(space, &subject[..last])?.with_partition(&subject[last..]),
        (_, partition) => {
            Key::new(space, &format!("{subject}:"))?.with_partition(partition.unwrap_or(subject))
        }
    }
}
