//! Redis.

use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use testservers::redis::Redis;

use crate::started::{self, again, hear, is_started, programs};

fn tell(server: &Redis) {
    let folder = server.cli(&["CONFIG", "GET", "dir"]).unwrap();
    started::tell(server.address(), Path::new(folder.lines().nth(1).unwrap()), &[]);
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
    if is_started() {
        serve_until_killed();
    }
    let mut child = again("redis::a_server_dies_with_a_killed_process").spawn().unwrap();
    let told = hear(&mut child);
    told.must_be_there();
    child.kill().unwrap();
    child.wait().unwrap();
    told.wait_until_gone();
}

/// Where nothing binds it to the process, the guard kills it.
#[test]
fn a_server_dies_with_a_killed_process_where_there_is_no_setpriv() {
    if is_started() {
        serve_until_killed();
    }
    let path =
        programs(&["sh", "cat", "rm", "sleep", "redis-server", "redis-cli", "valkey-server", "valkey-cli"]);
    let mut program = again("redis::a_server_dies_with_a_killed_process_where_there_is_no_setpriv");
    let mut child = program.env("PATH", path.path()).spawn().unwrap();
    let told = hear(&mut child);
    told.must_be_there();
    child.kill().unwrap();
    child.wait().unwrap();
    told.wait_until_gone();
}

#[test]
fn a_server_in_a_static_ends_with_its_process() {
    static KEPT: OnceLock<Redis> = OnceLock::new();
    if is_started() {
        tell(KEPT.get_or_init(|| Redis::start().unwrap()));
        return;
    }
    let mut program = again("redis::a_server_in_a_static_ends_with_its_process");
    let mut child = program.stderr(Stdio::null()).spawn().unwrap();
    let told = hear(&mut child);
    assert!(child.wait().unwrap().success());
    told.wait_until_gone();
}

#[test]
fn a_program_that_is_about_to_end_can_end_all_at_once() {
    if is_started() {
        let server = Redis::start().unwrap();
        tell(&server);
        let address = server.address();
        testservers::end_all();
        assert!(TcpStream::connect(address).is_err());
        assert!(Redis::start().unwrap_err().to_string().contains("is ending"));
        return;
    }
    let mut child = again("redis::a_program_that_is_about_to_end_can_end_all_at_once").spawn().unwrap();
    let told = hear(&mut child);
    assert!(child.wait().unwrap().success());
    told.wait_until_gone();
}
