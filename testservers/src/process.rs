//! One server's process: started with its output going into a log, ended in several ways.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{self, PID_FILE};
use crate::patience::until;
use crate::signal::{self, Signal};
use crate::{family, shared_memory, spawner};

const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long a server may take to end once asked.
const END: Duration = Duration::from_secs(10);
/// As much of the end of a log as is shown.
const LOG_LINES: usize = 15;

/// Held whole, so that one which is just being dropped elsewhere is waited for as well.
static RUNNING: Mutex<Vec<Arc<Running>>> = Mutex::new(Vec::new());
static ENDING: AtomicBool = AtomicBool::new(false);

/// Kills every server of this process, waits until they are gone, and removes their folders. From then on none can be
/// started.
///
/// For a program that is about to end without dropping them: servers end then by themselves, but a moment later.
pub fn end_all() {
    let running = {
        let running = lock(&RUNNING);
        ENDING.store(true, Ordering::SeqCst);
        running.clone()
    };
    for server in &running {
        server.end();
    }
    base::remove();
}

/// A server's process, and those that it starts.
#[derive(Debug)]
pub(crate) struct Process {
    running: Arc<Running>,
    log: Log,
}

#[derive(Debug)]
struct Running {
    child: Mutex<Child>,
    folder: PathBuf,
    /// What it has left behind is cleared away: what lies in the folder now may be the next one's.
    cleared: AtomicBool,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// Where this process begins; before it stands what earlier ones said.
    from: u64,
}

impl Process {
    /// Runs the command, which [`spawner::bound`] has begun, in the folder, in a process group of its own, so that an
    /// interrupt from the keyboard doesn't reach it.
    pub(crate) fn start(mut command: Command, folder: &Path) -> io::Result<Arc<Self>> {
        let path = folder.join("log");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let log = Log { path, from: file.metadata()?.len() };
        command.current_dir(folder).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Self::register(command, folder.to_owned(), log)
    }

    fn register(command: Command, folder: PathBuf, log: Log) -> io::Result<Arc<Self>> {
        // Held across the start: `end_all` sees either no server or one that it can end.
        let mut all = lock(&RUNNING);
        if ENDING.load(Ordering::SeqCst) {
            return Err(io::Error::other("this program is ending"));
        }
        let child = spawner::spawn(command)?;
        let number = child.id();
        let running = Arc::new(Running { child: Mutex::new(child), folder, cleared: AtomicBool::new(false) });
        all.push(Arc::clone(&running));
        drop(all);
        let process = Arc::new(Self { running, log });
        if !spawner::binds() {
            fs::write(process.running.folder.join(PID_FILE), number.to_string())?;
        }
        Ok(process)
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> io::Result<Option<ExitStatus>> {
        lock(&self.running.child).try_wait()
    }

    /// Ends it and all that it has started without asking (SIGKILL), and waits until they are gone.
    pub(crate) fn kill(&self) {
        self.running.end();
    }

    /// Asks it to end (SIGTERM), and waits until it is gone. One that doesn't in 10 s is killed.
    pub(crate) fn stop(&self) {
        self.stop_by(Signal::Terminate);
    }

    /// Like [`stop`](Self::stop), for a server to which SIGTERM says something else.
    pub(crate) fn stop_by(&self, what: Signal) {
        self.send(what);
        self.resume();
        let gone = || if matches!(self.ended(), Ok(None)) { Err(()) } else { Ok(()) };
        until(END, LOOK_EVERY, gone).ok();
        self.kill();
    }

    /// Holds it and all that it has started (SIGSTOP): they keep their connections and answer nothing.
    pub(crate) fn pause(&self) {
        let mut child = lock(&self.running.child);
        if matches!(child.try_wait(), Ok(None)) {
            for process in hold(child.id()) {
                signal::send(process, Signal::Stop);
                wait_until_held(process);
            }
        }
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub(crate) fn resume(&self) {
        let mut child = lock(&self.running.child);
        if matches!(child.try_wait(), Ok(None)) {
            for process in family::descendants(child.id()) {
                signal::send(process, Signal::Continue);
            }
            signal::send(child.id(), Signal::Continue);
        }
    }

    /// Only to one that hasn't been waited for: its number may be another's by now.
    fn send(&self, what: Signal) {
        let mut child = lock(&self.running.child);
        if matches!(child.try_wait(), Ok(None)) {
            signal::send(child.id(), what);
        }
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> io::Result<String> {
        let mut file = File::open(&self.log.path)?;
        file.seek(SeekFrom::Start(self.log.from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The end of what it has said, to be shown.
    pub(crate) fn log_end(&self) -> String {
        let log = self.log().unwrap_or_else(|error| format!("(its log can't be read: {error})"));
        let log = if log.is_empty() { "(it said nothing)" } else { &log };
        let lines: Vec<&str> = log.lines().collect();
        let end = &lines[lines.len().saturating_sub(LOG_LINES)..];
        end.iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        lock(&RUNNING).retain(|running| !Arc::ptr_eq(running, &self.running));
    }
}

impl Running {
    fn end(&self) {
        let mut child = lock(&self.child);
        let family = if matches!(child.try_wait(), Ok(None)) { hold(child.id()) } else { Vec::new() };
        // It is held and can't ask how they ended, so none of their numbers is another's by now.
        for process in &family {
            signal::send(*process, Signal::Kill);
        }
        child.kill().ok();
        child.wait().ok();
        let gone = |process: &u32| if family::is_gone(*process) { Ok(()) } else { Err(()) };
        for process in &family {
            until(END, LOOK_EVERY, || gone(process)).ok();
        }
        if !self.cleared.swap(true, Ordering::SeqCst) {
            shared_memory::release(&self.folder);
            fs::remove_file(self.folder.join(PID_FILE)).ok();
        }
    }
}

/// Holds a process that hasn't been waited for, and says what it has started.
fn hold(process: u32) -> Vec<u32> {
    signal::send(process, Signal::Stop);
    wait_until_held(process);
    family::descendants(process)
}

fn wait_until_held(process: u32) {
    until(END, LOOK_EVERY, || if family::is_held(process) { Ok(()) } else { Err(()) }).ok();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
