//! Child processes that never outlive xtask.
//!
//! Each child leads a process group of its own, so that what it starts in turn dies with it: when it is dropped
//! (a failure or a panic on the way included), and when xtask itself is interrupted or terminated.

use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{OrFail, Result, failed};

/// How often a child is looked at while waiting for it.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long children have to end by themselves once xtask is interrupted.
const GRACE: Duration = Duration::from_secs(6);
/// What a shell reports for a program that was interrupted.
const INTERRUPTED_EXIT: i32 = 130;

static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static ENDING: AtomicBool = AtomicBool::new(false);
static WATCHED: AtomicBool = AtomicBool::new(false);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A running child and all that it starts.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    ended: bool,
}

impl Process {
    /// Starts the command in a process group of its own.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Held across the start: an interrupt sees either no child or a child it can end.
        let mut running = running();
        if ENDING.load(Ordering::SeqCst) {
            return failed("interrupted");
        }
        let program = command.get_program().display().to_string();
        let child = command.spawn().or_fail(format!("starting `{program}`"))?;
        running.push(child.id());
        Ok(Self { child, ended: false })
    }

    /// The pipes to it, as far as the command asked for them.
    pub(crate) fn pipes(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until it ends.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().or_fail("waiting for a child process")?;
        self.forget();
        Ok(status)
    }

    /// Waits until it ends, at most so long; `None` when it is still running then.
    pub(crate) fn wait_at_most(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().or_fail("waiting for a child process")? {
                self.forget();
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Asks it to end, as `kill` does.
    pub(crate) fn terminate(&self) {
        if !self.ended {
            signal(self.child.id(), Signal::Terminate);
        }
    }

    fn forget(&mut self) {
        self.ended = true;
        running().retain(|id| *id != self.child.id());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        signal(self.child.id(), Signal::Kill);
        // Where there are no process groups, the child itself is all that can be reached.
        self.child.kill().ok();
        self.child.wait().ok();
        self.forget();
    }
}

/// From now on an interrupt (or a request to terminate) ends the children first, then servers, then xtask.
pub(crate) fn end_children_when_interrupted() -> Result {
    ctrlc::set_handler(|| {
        let first = !INTERRUPTED.swap(true, Ordering::SeqCst);
        if first && WATCHED.load(Ordering::SeqCst) {
            return;
        }
        end_all();
        // After the children, which may still have had something to say to them.
        testservers::end_all();
        std::process::exit(INTERRUPTED_EXIT);
    })
    .or_fail("listening for Ctrl-C")
}

/// From now on the first interrupt is only noted, for a verb that ends its child itself. A second one still ends
/// everything.
pub(crate) fn watch_for_interrupt() -> impl Fn() -> bool {
    WATCHED.store(true, Ordering::SeqCst);
    || INTERRUPTED.load(Ordering::SeqCst)
}

/// Returns unless xtask is being ended; then what the verb made of its dead children is of no interest.
pub(crate) fn stay_if_interrupted() {
    while ENDING.load(Ordering::SeqCst) {
        thread::sleep(LOOK_EVERY);
    }
}

fn end_all() {
    ENDING.store(true, Ordering::SeqCst);
    let signal_all = |what| running().iter().for_each(|id| signal(*id, what));
    signal_all(Signal::Terminate);
    let deadline = Instant::now() + GRACE;
    while !running().is_empty() && Instant::now() < deadline {
        thread::sleep(LOOK_EVERY);
    }
    signal_all(Signal::Kill);
}

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

#[cfg(unix)]
fn signal(group: u32, what: Signal) {
    use nix::sys::signal::{self, killpg};
    use nix::unistd::Pid;

    let what = match what {
        Signal::Terminate => signal::SIGTERM,
        Signal::Kill => signal::SIGKILL,
    };
    // A group that has ended by itself can't be signalled, and needn't be.
    if let Ok(group) = i32::try_from(group) {
        killpg(Pid::from_raw(group), what).ok();
    }
}

#[cfg(not(unix))]
fn signal(_group: u32, _what: Signal) {}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    use nix::sys::signal::kill;
    use nix::unistd::Pid;

    use super::*;

    #[test]
    fn a_dropped_child_takes_its_own_children_along() {
        let script = "sleep 60 & echo $!; wait";
        let mut shell = Command::new("sh");
        let mut process = Process::spawn(shell.args(["-c", script]).stdout(Stdio::piped())).unwrap();
        let mut line = String::new();
        let stdout = process.pipes().stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let grandchild = Pid::from_raw(line.trim().parse().unwrap());
        assert!(kill(grandchild, None).is_ok());

        drop(process);
        let deadline = Instant::now() + Duration::from_secs(5);
        while runs(grandchild) {
            assert!(Instant::now() < deadline, "the grandchild outlived its dropped parent");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// A process that was killed but not yet reaped by init counts as gone.
    fn runs(process: Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
        kill(process, None).is_ok() && !stat.is_ok_and(|stat| stat.contains(") Z "))
    }

    #[test]
    fn waiting_is_bounded_and_ends_with_the_child() {
        let mut process = Process::spawn(Command::new("sleep").arg("60")).unwrap();
        assert!(process.wait_at_most(Duration::from_millis(20)).unwrap().is_none());
        process.terminate();
        let status = process.wait_at_most(Duration::from_secs(5)).unwrap().unwrap();
        assert!(!status.success());
    }
}
