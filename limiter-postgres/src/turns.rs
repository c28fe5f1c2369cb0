//! Who waits for which row: one statement of this process at a time, so that a row that somebody holds for long takes
//! one connection, not all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// The rows that are waited for, and who has each.
type Rows = HashMap<Vec<u8>, Arc<tokio::sync::Mutex<()>>>;

/// The rows that are waited for.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    rows: Arc<Mutex<Rows>>,
    connections: Arc<Semaphore>,
}

/// The turn to have a row. In order of coming, and ended by dropping it.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    row: Vec<u8>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Turns for a pool of so many connections, of which at most half wait for rows.
    pub(crate) fn new(pool_size: u32) -> Self {
        let connections = Arc::new(Semaphore::new((pool_size as usize / 2).max(1)));
        Self { rows: Arc::default(), connections }
    }

    /// The first of these rows that somebody waits for.
    pub(crate) fn waited_for(&self, rows: &[Vec<u8>]) -> Option<usize> {
        let waited_for = self.lock();
        if waited_for.is_empty() { None } else { rows.iter().position(|row| waited_for.contains_key(row)) }
    }

    /// Waits until it is one's turn to have a row.
    pub(crate) async fn turn(&self, row: &[u8]) -> Turn {
        let mutex = Arc::clone(self.lock().entry(row.to_vec()).or_default());
        let mut turn = Turn { turns: self.clone(), row: row.to_vec(), guard: None };
        turn.guard = Some(mutex.lock_owned().await);
        turn
    }

    /// Leave to let one more connection wait on the server.
    pub(crate) async fn connection(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let mut rows = self.turns.lock();
        if let Entry::Occupied(row) = rows.entry(std::mem::take(&mut self.row))
            // Those who come to wait get theirs under the same lock.
            && Arc::strong_count(row.get()) == 1
        {
            row.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const A_MOMENT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_row_has_one_turn_at_a_time_and_others_go_on() {
        let turns = Turns::new(10);
        let first = turns.turn(b"a").await;
        assert!(timeout(A_MOMENT, turns.turn(b"a")).await.is_err());
        let other = timeout(A_MOMENT, turns.turn(b"b")).await.unwrap();
        assert_eq!(turns.waited_for(&[b"c".to_vec(), b"a".to_vec()]), Some(1));
        assert_eq!(turns.waited_for(&[b"c".to_vec()]), None);
        drop(first);
        let second = timeout(A_MOMENT, turns.turn(b"a")).await.unwrap();
        drop((second, other));
    }

    #[tokio::test]
    async fn half_of_the_connections_may_wait_and_one_at_least() {
        for (pool_size, may) in [(2, 1), (3, 1), (5, 2), (10, 5)] {
            let turns = Turns::new(pool_size);
            let mut held = Vec::new();
            for _ in 0..may {
                held.push(timeout(A_MOMENT, turns.connection()).await.unwrap());
            }
            assert!(timeout(A_MOMENT, turns.connection()).await.is_err(), "{pool_size}");
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_rows_that_nobody_waits_for() {
        let turns = Turns::new(4);
        let first = turns.turn(b"a").await;
        let _ = timeout(A_MOMENT, turns.turn(b"a")).await;
        drop(first);
        assert!(turns.lock().is_empty());
    }
}
