//! A store as the three limiters see it: a connection, names, and whose clock counts.

use std::sync::Arc;

use limiter_core::{Clock, Result};
use redis::{ToRedisArgs, Value};

use crate::call::Call;
use crate::connection::Connection;
use crate::key::{Names, tag};
use crate::script::Script;

/// A store as the three limiters see it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) connection: Connection,
    pub(crate) names: Names,
    /// Handed in by tests; else the server's own clock counts.
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

/// What a script is given besides its keys.
#[derive(Debug)]
pub(crate) struct Words<'a, W> {
    /// Whole numbers, packed as little-endian doubles.
    pub(crate) numbers: &'a [u64],
    /// A mode or ids; may be empty.
    pub(crate) word: W,
}

impl Store {
    /// Runs a script on keys that live together.
    pub(crate) async fn run<W: ToRedisArgs>(
        &self,
        script: &'static Script,
        (operation, changes): (&'static str, bool),
        keys: &[impl ToRedisArgs],
        words: Words<'_, W>,
    ) -> Result<Value> {
        let mut call = Call::new(script, operation, changes, keys.len(), 8 * words.numbers.len());
        for key in keys {
            call.arg(key);
        }
        call.arg(packed(words.numbers)).arg(words.word);
        if let Some(clock) = &self.clock {
            call.arg(clock.now_ms());
        }
        self.connection.run(call).await
    }

    /// Whether all names live together.
    pub(crate) const fn is_one(&self) -> bool {
        !self.connection.is_cluster()
    }

    /// The places of names that live together, in the order in which their first stands: all in one part, unless the
    /// store is a cluster; no part without a name.
    pub(crate) fn parts(&self, names: &[impl AsRef<str>]) -> Vec<Vec<usize>> {
        if self.is_one() && !names.is_empty() {
            return vec![(0..names.len()).collect()];
        }
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let together = |part: &&mut Vec<usize>| {
                part.first().is_some_and(|first| tag(names[*first].as_ref()) == tag(name.as_ref()))
            };
            match parts.iter_mut().find(together) {
                Some(part) => part.push(place),
                None => parts.push(vec![place]),
            }
        }
        parts
    }
}

#[expect(clippy::cast_precision_loss, reason = "no number is above 2^53 - 1")]
fn packed(numbers: &[u64]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(8 * numbers.len());
    for number in numbers {
        packed.extend_from_slice(&(*number as f64).to_le_bytes());
    }
    packed
}
