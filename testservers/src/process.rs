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
use crate::spawner;

const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long a server may take to end once asked.
const END: Duration = Duration::from_secs(10);
/// As much of the end of a log as is shown.
const LOG_LINES: usize = 15;

/// Held whole, so that one which is just being dropped elsewhere is waited for as well.
static RUNNING: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(Vec::new());
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
    for child in &running {
        end(child);
    }
    base::remove();
}

/// A server's process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Arc<Mutex<Child>>,
    pid_file: PathBuf,
    log: Log,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// Where this process begins; before it stands what earlier ones said.
    from: u64,
}

impl Process {
    /// Starts the program in the folder, in a process group of its own, so that an interrupt from the keyboard
    /// doesn't reach it.
    pub(crate) fn start(program: &Path, arguments: &[String], folder: &Path) -> io::Result<Arc<Self>> {
        let path = folder.join("log");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let log = Log { path, from: file.metadata()?.len() };
        let mut command = spawner::bound(program);
        command.args(arguments).current_dir(folder);
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Self::register(command, folder.join(PID_FILE), log)
    }

    fn register(command: Command, pid_file: PathBuf, log: Log) -> io::Result<Arc<Self>> {
        // Held across the start: `end_all` sees either no server or one that it can end.
        let mut running = lock(&RUNNING);
        if ENDING.load(Ordering::SeqCst) {
            return Err(io::Error::other("this program is ending"));
        }
        let child = spawner::spawn(command)?;
        let number = child.id();
        let child = Arc::new(Mutex::new(child));
        running.push(Arc::clone(&child));
        drop(running);
        let process = Arc::new(Self { child, pid_file, log });
        if !spawner::binds() {
            fs::write(&process.pid_file, number.to_string())?;
        }
        Ok(process)
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> io::Result<Option<ExitStatus>> {
        lock(&self.child).try_wait()
    }

    /// Its number, as the system counts.
    pub(crate) fn number(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Ends it without asking (SIGKILL), and waits until it is gone.
    pub(crate) fn kill(&self) {
        end(&self.child);
        fs::remove_file(&self.pid_file).ok();
    }

    /// Asks it to end (SIGTERM), and waits until it is gone. One that doesn't in 10 s is killed.
    pub(crate) fn stop(&self) {
        self.send(Signal::Terminate);
        self.send(Signal::Continue);
        let gone = || if matches!(self.ended(), Ok(None)) { Err(()) } else { Ok(()) };
        until(END, LOOK_EVERY, gone).ok();
        self.kill();
    }

    /// Holds it (SIGSTOP): it keeps its connections and answers nothing.
    pub(crate) fn pause(&self) {
        self.send(Signal::Stop);
        let number = self.number();
        until(END, LOOK_EVERY, || if signal::is_held(number) { Ok(()) } else { Err(()) }).ok();
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub(crate) fn resume(&self) {
        self.send(Signal::Continue);
    }

    /// Only to one that hasn't been waited for: its number may be another's by now.
    fn send(&self, what: Signal) {
        let mut child = lock(&self.child);
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
        lock(&RUNNING).retain(|child| !Arc::ptr_eq(child, &self.child));
    }
}

fn end(child: &Mutex<Child>) {
    let mut child = lock(child);
    child.kill().ok();
    child.wait().ok();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
