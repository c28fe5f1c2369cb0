//! Servers whose process ends without dropping them.
//!
//! Each test starts this program once more, for itself alone: [`STARTED`] tells it that it is that one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops when anything is off")]
#![allow(clippy::print_stdout, reason = "so one process tells another")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testservers::redis::Redis;

const STARTED: &str = "TESTSERVERS_STARTED";

/// This program once more, with one test.
fn again(test: &str) -> Command {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args([test, "--exact", "--nocapture"]).env(STARTED, "1").stdout(Stdio::piped());
    program
}

/// What the started program tells of its server: where it listens, and the folder of all servers there.
struct Told {
    port: u16,
    base: PathBuf,
}

fn tell(server: &Redis) {
    let folder = server.cli(&["CONFIG", "GET", "dir"]).unwrap();
    println!("\ntold {} {}", server.port(), folder.lines().nth(1).unwrap());
    std::io::stdout().flush().unwrap();
}

/// What it tells while it runs, or before it ended.
fn hear(child: &mut Child) -> Told {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find(|line| line.starts_with("told ")).expect("it ended before it told");
    let words: Vec<&str> = told.split(' ').collect();
    // Whatever else it prints has to go somewhere.
    thread::spawn(|| lines.for_each(drop));
    Told { port: words[1].parse().unwrap(), base: Path::new(words[2]).parent().unwrap().to_owned() }
}

impl Told {
    fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    fn wait_until_gone(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.answers() || self.base.exists() {
            let left = (self.answers(), self.base.exists());
            assert!(Instant::now() < deadline, "the server answers, its folder exists: {left:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// As a program that is started for itself alone: a server, until somebody kills it.
fn serve_until_killed() -> ! {
    // From a thread that ends, as those of tests do, and the server must not end with it.
    let server = thread::spawn(|| Redis::start().unwrap()).join().unwrap();
    thread::sleep(Duration::from_millis(100));
    tell(&server);
    loop {
        thread::park();
    }
}

#[test]
fn a_server_dies_with_a_killed_process() {
    if env::var_os(STARTED).is_some() {
        serve_until_killed();
    }
    let mut child = again("a_server_dies_with_a_killed_process").spawn().unwrap();
    let told = hear(&mut child);
    assert!(told.base.exists() && told.answers());
    child.kill().unwrap();
    child.wait().unwrap();
    told.wait_until_gone();
}

/// Where nothing binds it to the process, the guard kills it.
#[test]
fn a_server_dies_with_a_killed_process_where_there_is_no_setpriv() {
    if env::var_os(STARTED).is_some() {
        serve_until_killed();
    }
    let path =
        programs(&["sh", "cat", "rm", "sleep", "redis-server", "redis-cli", "valkey-server", "valkey-cli"]);
    let mut program = again("a_server_dies_with_a_killed_process_where_there_is_no_setpriv");
    let mut child = program.env("PATH", path.path()).spawn().unwrap();
    let told = hear(&mut child);
    assert!(told.base.exists() && told.answers());
    child.kill().unwrap();
    child.wait().unwrap();
    told.wait_until_gone();
}

/// A folder with these programs, as far as there are any.
fn programs(names: &[&str]) -> TempDir {
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

#[test]
fn a_server_in_a_static_ends_with_its_process() {
    static KEPT: OnceLock<Redis> = OnceLock::new();
    if env::var_os(STARTED).is_some() {
        tell(KEPT.get_or_init(|| Redis::start().unwrap()));
        return;
    }
    let mut child =
        again("a_server_in_a_static_ends_with_its_process").stderr(Stdio::null()).spawn().unwrap();
    let told = hear(&mut child);
    assert!(child.wait().unwrap().success());
    told.wait_until_gone();
}

#[test]
fn a_program_that_is_about_to_end_can_end_all_at_once() {
    if env::var_os(STARTED).is_some() {
        let server = Redis::start().unwrap();
        tell(&server);
        let address = server.address();
        testservers::end_all();
        assert!(TcpStream::connect(address).is_err());
        assert!(Redis::start().unwrap_err().to_string().contains("is ending"));
        return;
    }
    let mut child = again("a_program_that_is_about_to_end_can_end_all_at_once").spawn().unwrap();
    let told = hear(&mut child);
    assert!(child.wait().unwrap().success());
    told.wait_until_gone();
}
