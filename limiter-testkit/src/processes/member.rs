//! A copy of the test program, seen from within.

use std::env;
use std::fmt;
use std::io::{self, BufRead, Write};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::line::{self, STORE, Said, TEST};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Where the store of the test is that this process is a copy for; `None` in the test program itself.
///
/// A function that makes a [`Candidate`](crate::Candidate) looks here first: in a copy it connects to that store
/// instead of starting or emptying one.
pub fn store() -> Option<String> {
    env::var(STORE).ok()
}

/// Whether this process is a copy of the test program that a [`Crowd`](super::Crowd) started.
pub fn is_copy() -> bool {
    env::var_os(TEST).is_some()
}

/// A copy of the test program, seen from within: it takes work and tells what came of it.
///
/// The process ends as soon as the test that started it is done with it, or gone, whatever it is doing then.
#[derive(Debug)]
pub struct Member {
    store: String,
    work: UnboundedReceiver<String>,
}

impl Member {
    /// This process as a copy; `None` in the test program itself, and the second time.
    pub fn here() -> Option<Self> {
        let store = store().filter(|_| is_copy() && !TAKEN.swap(true, Ordering::SeqCst))?;
        let (sender, work) = mpsc::unbounded_channel();
        thread::spawn(move || read_until_the_end(&sender));
        Some(Self { store, work })
    }

    /// Where the store is.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// Says that the store is reached and work can come: nobody begins before all are ready.
    ///
    /// # Errors
    /// When the test that started it can't be told.
    pub fn ready(&self) -> io::Result<()> {
        say(&Said::<()>::Ready)
    }

    /// The next piece of work.
    ///
    /// # Errors
    /// When it isn't of that type.
    ///
    /// # Cancellation
    /// A dropped future takes nothing.
    pub async fn work<W: DeserializeOwned>(&mut self) -> io::Result<W> {
        match self.work.recv().await {
            Some(text) => line::work(&text),
            None => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the test that started this copy is gone"))
            }
        }
    }

    /// Tells something that came of the work: an answer, or how far it is.
    ///
    /// # Errors
    /// When it can't be written as JSON, or the test that started it can't be told.
    pub fn tell<A: Serialize>(&self, answer: &A) -> io::Result<()> {
        say(&Said::Answer(answer))
    }

    /// Says why it can't go on: the test's next question to this copy fails with it.
    ///
    /// # Errors
    /// When the test that started it can't be told.
    pub fn fail(&self, why: impl fmt::Display) -> io::Result<()> {
        say(&Said::<()>::Failed(why.to_string()))
    }
}

/// Written past what the harness captures, in one piece.
fn say<A: Serialize>(said: &Said<A>) -> io::Result<()> {
    let line = line::written(said)?;
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// Ends the process when there can be no more work, also in the midst of some: a copy outlives no test.
fn read_until_the_end(work: &UnboundedSender<String>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if work.send(line).is_err() {
            break;
        }
    }
    process::exit(0);
}
