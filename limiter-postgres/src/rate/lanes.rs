//! Hits of many callers in one statement: those that come while one is under way go together in the next.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use limiter_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::alone::Alone;
use super::asked::{Answer, Asked, Told};
use super::lane::see_to;
use super::line::Line;
use super::queue::{LONGEST, Refused};
use super::sending::Sending;
use super::shared::Shared;
use crate::store::Store;

/// The ways on which hits go to the server: a few statements at a time, and those that wait for rows.
#[derive(Clone)]
pub(super) struct Lanes(Arc<Shared>);

impl Lanes {
    pub(super) fn new(store: Store, durable: bool) -> Self {
        Self(Arc::new(Shared::new(Sending { store, durable })))
    }

    /// Sends lines, each of another counter, and waits for the numbers that are told of them.
    ///
    /// A caller that gives up before they were sent takes them back; later they are charged all the same.
    pub(super) async fn hit(&self, mut lines: Vec<Line>) -> Result<(Vec<Line>, Vec<i64>)> {
        let deadline = self.0.sending.store.deadline();
        loop {
            match self.sent(lines, deadline).await?.wait().await {
                Told::Answer(answer) => return answer,
                Told::Unsent(again) => lines = again,
            }
        }
    }

    /// From now on nothing is sent but what waits already.
    pub(super) fn close(&self) {
        self.0.queue().close();
        self.0.come.notify_waiters();
    }

    /// Sends lines, or puts them into the queue and sees to it that somebody does.
    async fn sent(&self, lines: Vec<Line>, deadline: Instant) -> Result<Answer> {
        let shared = &self.0;
        let rows: Vec<_> = lines.iter().map(|line| shared.hasher.hash_one(line.counter())).collect();
        let alone = shared.queue().begin_alone(&rows);
        let (asked, answer) = Asked::new(lines, rows, deadline);
        match alone {
            Some(driven) => Alone::new(Arc::clone(shared), driven, asked).await,
            None => self.queue(asked)?,
        }
        Ok(answer)
    }

    /// Puts a call into the queue, and sees to it that somebody sends it, and that what it may have to wait for is done.
    fn queue(&self, asked: Asked) -> Result<()> {
        let (next, alone) = {
            let mut queue = self.0.queue();
            (queue.push(asked).map_err(refusal)?, queue.take_alone())
        };
        if let Some(alone) = alone {
            alone.hand_over();
        }
        see_to(&self.0, next);
        Ok(())
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

fn refusal(refused: Refused) -> Error {
    let text = match refused {
        Refused::Closed => "this limiter was shut down".to_owned(),
        Refused::Full => {
            format!("{LONGEST} calls wait for the database already: it is down, or too slow for as many")
        }
    };
    Error::new(ErrorKind::Unavailable, text)
}
