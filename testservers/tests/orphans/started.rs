//! This test program once more, with one test for itself alone: [`STARTED`] tells it that it is that one.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const STARTED: &str = "TESTSERVERS_STARTED";

/// Whether this is the program that a test has started.
pub(crate) fn is_started() -> bool {
    env::var_os(STARTED).is_some()
}

/// This program once more, with one test.
pub(crate) fn again(test: &str) -> Command {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args([test, "--exact", "--nocapture"]).env(STARTED, "1").stdout(Stdio::piped());
    program
}

/// What the started program tells of its server: where it listens, and the folder of all servers there.
pub(crate) struct Told {
    port: u16,
    base: PathBuf,
    /// Whatever else there is to tell.
    pub(crate) more: Vec<String>,
}

/// Tells of a server with this folder.
pub(crate) fn tell(address: SocketAddr, folder: &Path, more: &[String]) {
    let base = folder.parent().unwrap().display();
    println!("\ntold {} {base} {}", address.port(), more.join(" "));
    std::io::stdout().flush().unwrap();
}

/// What it tells while it runs, or before it ended.
pub(crate) fn hear(child: &mut Child) -> Told {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find(|line| line.starts_with("told ")).expect("it ended before it told");
    let words: Vec<&str> = told.trim().split(' ').collect();
    // Whatever else it prints has to go somewhere.
    thread::spawn(|| lines.for_each(drop));
    let more = words[3..].iter().map(|word| (*word).to_owned()).collect();
    Told { port: words[1].parse().unwrap(), base: PathBuf::from(words[2]), more }
}

impl Told {
    fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    pub(crate) fn must_be_there(&self) {
        assert!(self.base.exists() && self.answers());
    }

    pub(crate) fn wait_until_gone(&self) {
        wait_until("the server answers, its folder exists", || {
            let left = (self.answers(), self.base.exists());
            if left == (false, false) { Ok(()) } else { Err(left) }
        });
    }
}

/// Waits for it, not for ever; `left` says what isn't so.
pub(crate) fn wait_until<L: std::fmt::Debug>(left: &str, mut is_so: impl FnMut() -> Result<(), L>) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(seen) = is_so() {
        assert!(Instant::now() < deadline, "{left}: {seen:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A folder with these programs, as far as there are any.
pub(crate) fn programs(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = env::var_os("PATH").unwrap();
    for name in names {
        let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
        if let Some(program) = found {
            symlink(program, folder.path().join(name)).unwrap();
        }
    }
    folder
}
