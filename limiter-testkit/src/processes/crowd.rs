//! Copies of the test program, seen from the test that started them.

use std::env;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::line::{self, STORE, Said, TEST};

/// How long a copy may be silent when something is wanted of it.
const LONGEST: Duration = Duration::from_secs(40);
/// How much of what the harness wrote is shown with a failure.
const SHOWN_LINES: usize = 12;

/// Copies of the test program that work on one store.
///
/// Each runs one test of the program; what they say to each other are values that serde can read. Dropped, it ends
/// its copies as [`Crowd::kill`] does. It needs a tokio runtime with I/O and time.
#[derive(Debug)]
pub struct Crowd {
    copies: Vec<Copy>,
}

/// One copy.
#[derive(Debug)]
struct Copy {
    /// For errors: which, and of what test.
    name: String,
    child: Child,
    work: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    /// What else came, the last of it.
    other_lines: Vec<String>,
}

impl Crowd {
    /// Starts so many copies, each to run the one test of that name, its path without the crate's name, such as
    /// `slots::holders`. Comes back when all have said that they are [`ready`](super::Member::ready).
    ///
    /// # Errors
    /// When the program can't be started again, when there is no such test in it, or when a copy fails or isn't ready
    /// within 40 s.
    pub async fn start(test: &str, store: &str, copies: usize) -> io::Result<Self> {
        let copies = (0..copies).map(|number| Copy::start(test, store, number)).collect::<io::Result<_>>()?;
        let mut crowd = Self { copies };
        for copy in &mut crowd.copies {
            match copy.listen::<()>().await? {
                Some(Said::Ready) => {}
                _ => return Err(copy.gone().await),
            }
        }
        Ok(crowd)
    }

    /// How many copies were started.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// Whether none was started.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// Gives one copy a piece of work, to be had with [`Member::work`](super::Member::work).
    ///
    /// # Errors
    /// When there is no such copy (they count from 0), or it is gone.
    pub async fn tell<W: Serialize>(&mut self, copy: usize, work: &W) -> io::Result<()> {
        self.copy(copy)?.tell(&as_line(work)?).await
    }

    /// Gives every copy the same piece of work. All were ready, so they begin together.
    ///
    /// # Errors
    /// When one is gone.
    pub async fn tell_all<W: Serialize>(&mut self, work: &W) -> io::Result<()> {
        let line = as_line(work)?;
        for copy in &mut self.copies {
            copy.tell(&line).await?;
        }
        Ok(())
    }

    /// The next thing that a copy tells; `None` once it is gone and has told all.
    ///
    /// # Errors
    /// When there is no such copy, it failed, it said something of another type, or said nothing for 40 s.
    ///
    /// # Cancellation
    /// A dropped future takes nothing.
    pub async fn next<A: DeserializeOwned>(&mut self, copy: usize) -> io::Result<Option<A>> {
        let copy = self.copy(copy)?;
        loop {
            match copy.listen().await? {
                Some(Said::Answer(answer)) => return Ok(Some(answer)),
                Some(Said::Ready) => {}
                Some(Said::Failed(why)) => return Err(io::Error::other(format!("{}: {why}", copy.name))),
                None => return Ok(None),
            }
        }
    }

    /// The next thing that each copy tells, in their order.
    ///
    /// # Errors
    /// As [`Crowd::next`], and when a copy is gone.
    pub async fn one_each<A: DeserializeOwned>(&mut self) -> io::Result<Vec<A>> {
        let mut answers = Vec::with_capacity(self.len());
        for number in 0..self.len() {
            match self.next(number).await? {
                Some(answer) => answers.push(answer),
                None => return Err(self.copies[number].gone().await),
            }
        }
        Ok(answers)
    }

    /// Ends one copy without any chance to clean up (SIGKILL), and waits until it is gone. A second time does
    /// nothing. What it told before can still be had.
    ///
    /// # Errors
    /// When there is no such copy, or the system doesn't end it.
    pub async fn kill(&mut self, copy: usize) -> io::Result<()> {
        self.copy(copy)?.child.kill().await
    }

    /// Lets every copy end, and waits for it.
    ///
    /// # Errors
    /// When one isn't gone within 40 s.
    pub async fn end(mut self) -> io::Result<()> {
        for copy in &mut self.copies {
            copy.work = None;
        }
        for copy in &mut self.copies {
            within(&copy.name, copy.child.wait()).await?;
        }
        Ok(())
    }

    fn copy(&mut self, number: usize) -> io::Result<&mut Copy> {
        let copies = self.copies.len();
        let none = || format!("no copy {number}: {copies} were started, counted from 0");
        self.copies.get_mut(number).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, none()))
    }
}

impl Copy {
    fn start(test: &str, store: &str, number: usize) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args([test, "--exact", "--nocapture", "--test-threads=1", "--include-ignored"])
            .env(TEST, test)
            .env(STORE, store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let unpiped = || io::Error::other("a copy without pipes");
        let lines = BufReader::new(child.stdout.take().ok_or_else(unpiped)?).lines();
        let work = Some(child.stdin.take().ok_or_else(unpiped)?);
        let name = format!("copy {number} of the test {test}");
        Ok(Self { name, child, work, lines, other_lines: Vec::new() })
    }

    async fn tell(&mut self, line: &str) -> io::Result<()> {
        let told = match &mut self.work {
            Some(work) => work.write_all(line.as_bytes()).await,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        match told {
            Ok(()) => Ok(()),
            Err(_) => Err(self.gone().await),
        }
    }

    async fn listen<A: DeserializeOwned>(&mut self) -> io::Result<Option<Said<A>>> {
        while let Some(line) = within(&self.name, self.lines.next_line()).await? {
            if let Some(said) = line::read(&line)? {
                return Ok(Some(said));
            }
            if self.other_lines.len() == SHOWN_LINES {
                self.other_lines.remove(0);
            }
            self.other_lines.push(line);
        }
        Ok(None)
    }

    /// That it ended too soon.
    async fn gone(&mut self) -> io::Error {
        let status = within(&self.name, self.child.wait()).await;
        let ended = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        io::Error::other(format!(
            "{} ended too soon ({ended}). Does the program have a test of that name, and does it call \
             `processes::Member::here` or `processes::take_part` first? It wrote: {}",
            self.name,
            self.other_lines.join("\n")
        ))
    }
}

fn as_line<W: Serialize>(work: &W) -> io::Result<String> {
    Ok(format!("{}\n", serde_json::to_string(work)?))
}

async fn within<T>(name: &str, answer: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(LONGEST, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("{name}: silent for {LONGEST:?}"))),
    }
}
